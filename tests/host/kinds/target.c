/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the probes of this folder look at: calls add_numbers() and passes a USDT probe ten times each.
 * The probe's note is written by hand in the form of systemtap's <sys/sdt.h>; its argument is the
 * constant 42.
 */
#include <stdio.h>

static void usdt_point(void)
{
	__asm__ volatile("990: nop\n"
	                 ".pushsection .note.stapsdt,\"\",\"note\"\n"
	                 ".balign 4\n"
	                 ".4byte 992f-991f, 994f-993f, 3\n"
	                 "991: .asciz \"stapsdt\"\n"
	                 "992: .balign 4\n"
	                 "993: .8byte 990b, _.stapsdt.base, 0\n"
	                 ".asciz \"target\"\n"
	                 ".asciz \"point\"\n"
	                 ".asciz \"-4@$42\"\n"
	                 "994: .balign 4\n"
	                 ".popsection\n"
	                 ".pushsection .stapsdt.base,\"aG\",\"progbits\",.stapsdt.base,comdat\n"
	                 ".weak _.stapsdt.base\n"
	                 ".hidden _.stapsdt.base\n"
	                 "_.stapsdt.base: .space 1\n"
	                 ".size _.stapsdt.base, 1\n"
	                 ".popsection\n");
}

__attribute__((noinline, noclone)) int add_numbers(int a, int b);
int add_numbers(int a, int b)
{
	__asm__ volatile("" : "+r"(a));
	return a + b;
}

int main(void)
{
	int sum = 0;

	for (int i = 0; i < 10; i++) {
		sum += add_numbers(i, 100);
		usdt_point();
	}
	return sum != 1045;
}
