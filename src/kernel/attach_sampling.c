// SPDX-License-Identifier: Apache-2.0
#include "kernel/attachment.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <string.h>

#include "kernel/cpus.h"
#include "util/alloc.h"
#include "util/cleanup.h"

static const struct {
	const char *name;
	uint32_t type;
	uint64_t config;
} counters[] = {
	{"cpu-clock", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK},
	{"task-clock", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_TASK_CLOCK},
	{"page-faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS},
	{"minor-faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS_MIN},
	{"major-faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS_MAJ},
	{"context-switches", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CONTEXT_SWITCHES},
	{"cpu-migrations", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_MIGRATIONS},
	{"alignment-faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_ALIGNMENT_FAULTS},
	{"emulation-faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_EMULATION_FAULTS},
	{"cpu-cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES},
	{"cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES},
	{"instructions", PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS},
	{"cache-references", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_REFERENCES},
	{"cache-misses", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_MISSES},
	{"branches", PERF_TYPE_HARDWARE, PERF_COUNT_HW_BRANCH_INSTRUCTIONS},
	{"branch-misses", PERF_TYPE_HARDWARE, PERF_COUNT_HW_BRANCH_MISSES},
	{"bus-cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_BUS_CYCLES},
	{"ref-cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_REF_CPU_CYCLES},
};

static int find_counter(const struct attach_spec *spec, struct perf_event_attr *attr,
                        struct diag *diag)
{
	const char *names[ARRAY_SIZE(counters)], *near;

	for (size_t i = 0; i < ARRAY_SIZE(counters); i++) {
		names[i] = counters[i].name;
		if (streq(spec->target, names[i])) {
			attr->type = counters[i].type;
			attr->config = counters[i].config;
			return 0;
		}
	}
	near = nearest_word(spec->target, names, ARRAY_SIZE(names));
	return diag_error(diag, -ENOENT,
	                  "perf_event %s: no such event; %s%s (cpu-clock, page-faults, "
	                  "context-switches, cpu-cycles, instructions and so on)",
	                  spec->target, near ? "did you mean " : "expected perf's own name",
	                  near ? near : "");
}

static int sampling_failed(const struct kernel *k, const struct attach_spec *spec, int r,
                           struct diag *diag)
{
	if (r == -ENOENT || r == -EOPNOTSUPP || r == -ENODEV)
		return diag_error(diag, r,
		                  "perf_event %s: this machine does not count it (virtual machines "
		                  "often have no hardware counters): use cpu-clock",
		                  spec->target);
	return attach_failed(k, spec, r, diag);
}

int attach_sampling(const struct kernel *k, const struct attach_spec *spec, int prog_fd,
                    struct attachment *a, struct diag *diag)
{
	_cleanup_(freep) uint32_t *cpus = NULL;
	struct perf_event_attr attr = {};
	size_t n;
	int r = find_counter(spec, &attr, diag);

	if (r)
		return r;
	if (!spec->sample_freq == !spec->sample_period)
		return diag_error(diag, -EINVAL,
		                  "perf_event %s: expected one of sample_freq (a second) and "
		                  "sample_period (events)",
		                  spec->target);
	attr.freq = spec->sample_freq != 0;
	attr.sample_period = spec->sample_freq ? spec->sample_freq : spec->sample_period;
	if (spec->pid >= 0) {
		r = attach_event(&attr, spec->pid, -1, prog_fd, a);
		return r ? sampling_failed(k, spec, r, diag) : 0;
	}
	n = cpus_list(CPUS_ONLINE, &cpus);
	for (size_t i = 0; i < n; i++) {
		r = attach_event(&attr, -1, (int)cpus[i], prog_fd, a);
		/* Went offline since the list was read: the others still count. */
		if (r == -ENODEV)
			diag_warning(diag, "perf_event %s: not on CPU %u, which is offline",
			             spec->target, cpus[i]);
		else if (r)
			return sampling_failed(k, spec, r, diag);
	}
	return a->n_fds || a->look_only ? 0 : sampling_failed(k, spec, -ENODEV, diag);
}
