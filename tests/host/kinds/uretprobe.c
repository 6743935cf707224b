/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/*
 * ---
 * name: uretprobe
 * summary: Returns of a function in user space
 * attach:
 *   - {uretprobe: "@TARGET@:add_numbers", function: on_return}
 * ---
 */
#include <quern.h>

struct uretprobe {
	EVENT_HEADER;
	u64 value;
};
EVENT(uretprobe);

int on_return(struct pt_regs *ctx)
{
	struct uretprobe e;

	EVENT_INIT(&e);
	e.value = PT_REGS_RC(ctx);
	EVENT_EMIT(uretprobe, ctx, &e, sizeof(e));
	return 0;
}
