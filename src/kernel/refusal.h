/* SPDX-License-Identifier: Apache-2.0 */
/* Why the kernel says no, in words that name the remedy. */
#pragma once

#include <stdbool.h>

#include "kernel/kernel.h"

#define REFUSAL_LOCKDOWN                                                                           \
	"kernel lockdown is in confidentiality mode, which forbids kprobes, tracefs and BPF that " \
	"reads kernel memory: boot with lockdown=integrity"

/* Lockdown's strict mode: no kprobes, no tracefs, no BPF that reads kernel memory. */
bool refusal_is_lockdown(const struct kernel *k);

/* May the process load programs at all? NULL: yes; else why not, as a heap string. */
char *refusal_unprivileged(const struct kernel *k);

/*
 * Why something was refused with the negative errno `r` to a process that may load programs: for
 * EPERM and EACCES lockdown, a policy or a missing capability; else what the number means. Heap
 * string, made to stand behind "…: ".
 */
char *refusal_reason(const struct kernel *k, int r);
