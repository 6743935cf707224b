/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/*
 * ---
 * name: usdt
 * summary: A static probe in a program, with its argument
 * attach:
 *   - {usdt: "@TARGET@:target:point", function: on_point}
 * ---
 */
#include <quern.h>

struct usdt {
	EVENT_HEADER;
	u64 value;
};
EVENT(usdt);

int on_point(struct pt_regs *ctx)
{
	struct usdt e;
	int argument = 0;

	EVENT_INIT(&e);
	bpf_usdt_readarg(1, ctx, &argument);
	e.value = argument;
	EVENT_EMIT(usdt, ctx, &e, sizeof(e));
	return 0;
}
