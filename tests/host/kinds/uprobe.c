/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/*
 * ---
 * name: uprobe
 * summary: Calls of a function in user space
 * options:
 *   binary: {type: string, default: "@TARGET@", help: whose function}
 * attach:
 *   - {uprobe: "${binary}:add_numbers", function: on_entry}
 * ---
 */
#include <quern.h>

struct uprobe {
	EVENT_HEADER;
	u64 value;
};
EVENT(uprobe);

int on_entry(struct pt_regs *ctx)
{
	struct uprobe e;

	EVENT_INIT(&e);
	e.value = PT_REGS_PARM2(ctx);
	EVENT_EMIT(uprobe, ctx, &e, sizeof(e));
	return 0;
}
