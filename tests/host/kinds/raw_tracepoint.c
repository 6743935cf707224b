/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/*
 * ---
 * name: raw_tracepoint
 * summary: A raw tracepoint, by the name of the function
 * ---
 */
#include <quern.h>

struct raw_tracepoint {
	EVENT_HEADER;
	u64 value;
};
EVENT(raw_tracepoint);

RAW_TRACEPOINT_PROBE(sched_process_exec)
{
	struct raw_tracepoint e;

	EVENT_INIT(&e);
	e.value = 1;
	EVENT_EMIT(raw_tracepoint, ctx, &e, sizeof(e));
	return 0;
}
