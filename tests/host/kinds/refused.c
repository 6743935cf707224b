/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/*
 * ---
 * name: refused
 * summary: A map value that may be missing, which the verifier does not take
 * ---
 */
#include <quern.h>

struct refused {
	EVENT_HEADER;
	u64 value;
};
EVENT(refused);

BPF_HASH(counts, u64, u64);

TRACEPOINT_PROBE(sched, sched_process_exec)
{
	u64 key = 1;
	u64 *count = counts.lookup(&key);

	*count += 1;
	return 0;
}
