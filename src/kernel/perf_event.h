/* SPDX-License-Identifier: Apache-2.0 */
/* perf_event_open(2), which libc does not wrap. */
#pragma once

#include <errno.h>
#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A descriptor (close-on-exec), or a negative errno. */
static inline int perf_event_open(struct perf_event_attr *attr, int pid, int cpu)
{
	long fd = syscall(SYS_perf_event_open, attr, pid, cpu, -1, PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : (int)fd;
}
