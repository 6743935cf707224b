/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/*
 * ---
 * name: tracepoint
 * summary: A tracepoint named in the front matter
 * attach:
 *   - {tracepoint: "sched:sched_process_exec", function: on_exec}
 * ---
 */
#include <quern.h>

struct tracepoint {
	EVENT_HEADER;
	u64 value;
};
EVENT(tracepoint);

int on_exec(void *ctx)
{
	struct tracepoint e;

	EVENT_INIT(&e);
	EVENT_EMIT(tracepoint, ctx, &e, sizeof(e));
	return 0;
}
