/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A USDT probe as <sys/sdt.h> of systemtap writes it, by hand, so that tests need no further package.
 * Each use is one location of the probe quern:point, whose counter of listeners is usdt_semaphore.
 */
#pragma once

#define USDT_POINT()                                                                               \
	__asm__ volatile("990: nop\n"                                                              \
	                 ".pushsection .note.stapsdt,\"\",\"note\"\n"                              \
	                 ".balign 4\n"                                                             \
	                 ".4byte 992f-991f, 994f-993f, 3\n"                                        \
	                 "991: .asciz \"stapsdt\"\n"                                               \
	                 "992: .balign 4\n"                                                        \
	                 "993: .8byte 990b\n"                                                      \
	                 ".8byte _.stapsdt.base\n"                                                 \
	                 ".8byte usdt_semaphore\n"                                                 \
	                 ".asciz \"quern\"\n"                                                      \
	                 ".asciz \"point\"\n"                                                      \
	                 ".asciz \"\"\n"                                                           \
	                 "994: .balign 4\n"                                                        \
	                 ".popsection\n"                                                           \
	                 ".ifndef _.stapsdt.base\n"                                                \
	                 ".pushsection .stapsdt.base,\"aG\",\"progbits\",.stapsdt.base,comdat\n"   \
	                 ".weak _.stapsdt.base\n"                                                  \
	                 ".hidden _.stapsdt.base\n"                                                \
	                 "_.stapsdt.base: .space 1\n"                                              \
	                 ".size _.stapsdt.base, 1\n"                                               \
	                 ".popsection\n"                                                           \
	                 ".endif\n")

extern volatile unsigned short usdt_semaphore;
#define USDT_SEMAPHORE()                                                                           \
	volatile unsigned short usdt_semaphore                                                     \
		__attribute__((section(".probes"), used, visibility("default")))
