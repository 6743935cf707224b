// SPDX-License-Identifier: Apache-2.0
#include "kernel/refusal.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "kernel/version.h"
#include "util/alloc.h"
#include "util/cleanup.h"
#include "util/file.h"

#define ENOTSUPP 524 /* the kernel's own, which libc has no word for */

/* As in linux/capability.h; the last two are missing from older headers. */
enum capability { CAPABILITY_SYS_ADMIN = 21, CAPABILITY_PERFMON = 38, CAPABILITY_BPF = 39 };

static bool has(const struct kernel *k, enum capability c)
{
	return k->capabilities & (1ull << c);
}

static bool in_user_namespace(void)
{
	_cleanup_(freep) char *line = NULL;
	unsigned long inside, outside, count;

	return !file_read_line("/proc/self/uid_map", &line) &&
	       sscanf(line, "%lu %lu %lu", &inside, &outside, &count) == 3 && count != UINT32_MAX;
}

bool refusal_is_lockdown(const struct kernel *k)
{
	return k->lockdown && streq(k->lockdown, "confidentiality");
}

char *refusal_unprivileged(const struct kernel *k)
{
	const char *missing;

	if (has(k, CAPABILITY_SYS_ADMIN))
		return NULL;
	if (k->code < KERNEL_CODE(5, 8, 0))
		return xstrdup("no permission to load BPF programs: run as root "
		               "(before Linux 5.8 it takes CAP_SYS_ADMIN)");
	if (has(k, CAPABILITY_BPF) && has(k, CAPABILITY_PERFMON))
		return NULL;
	missing = has(k, CAPABILITY_BPF)       ? "CAP_PERFMON is missing"
	          : has(k, CAPABILITY_PERFMON) ? "CAP_BPF is missing"
	                                       : "CAP_BPF and CAP_PERFMON are missing";
	return xasprintf("no permission to load BPF programs (%s): "
	                 "run as root, or give CAP_BPF and CAP_PERFMON",
	                 missing);
}

char *refusal_reason(const struct kernel *k, int r)
{
	char *denied;

	if (r == -ENOTSUPP)
		return xstrdup("this kernel does not support it");
	if (r != -EPERM && r != -EACCES)
		return xstrdup(strerror(-r));
	denied = refusal_unprivileged(k);
	if (denied)
		return denied;
	if (in_user_namespace())
		return xstrdup("not allowed inside a user namespace: run outside of it "
		               "(containers: without user remapping)");
	if (refusal_is_lockdown(k))
		return xstrdup(REFUSAL_LOCKDOWN);
	return xstrdup("not permitted although the capabilities are there: a seccomp filter or a "
	               "security policy forbids it (containers: --privileged, or a seccomp "
	               "profile that allows bpf and perf_event_open)");
}
