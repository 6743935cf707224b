/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/*
 * ---
 * name: sampling
 * summary: The CPU clock, 99 times a second on each CPU
 * attach:
 *   - {perf_event: cpu-clock, sample_freq: 99, function: on_sample}
 * ---
 */
#include <quern.h>

struct sampling {
	EVENT_HEADER;
	u64 value;
};
EVENT(sampling);

int on_sample(struct bpf_perf_event_data *ctx)
{
	struct sampling e;

	EVENT_INIT(&e);
	e.value = PT_REGS_IP(&ctx->regs);
	EVENT_EMIT(sampling, ctx, &e, sizeof(e));
	return 0;
}
