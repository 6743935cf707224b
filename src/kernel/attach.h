/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attaching programs. Whatever is used here is bound to a file descriptor of this process: perf
 * events (kprobe, uprobe, tracepoint, sampling), links, raw tracepoints, a packet socket. So no
 * attachment outlives the agent, SIGKILL included; tracefs's kprobe_events and pinned XDP programs,
 * which would, are not used.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/kernel.h"
#include "util/diag.h"

enum attach_kind {
	ATTACH_NONE, /* a function that nothing attaches: tail-call target, test body */
	ATTACH_KPROBE,
	ATTACH_KRETPROBE,
	ATTACH_TRACEPOINT,
	ATTACH_RAW_TRACEPOINT,
	ATTACH_KFUNC,
	ATTACH_KRETFUNC,
	ATTACH_KMOD_RET, /* bcc's kmod_ret__ */
	ATTACH_LSM,
	ATTACH_UPROBE,
	ATTACH_URETPROBE,
	ATTACH_USDT,
	ATTACH_PERF_EVENT,
	ATTACH_SOCKET_FILTER,
	ATTACH_XDP,
};

struct attach_spec {
	enum attach_kind kind;
	char *category; /* tracepoint */
	char *target;   /* kernel function, tracepoint, LSM hook, symbol or "+0xOFFSET", USDT probe
			      name, perf event name, interface ("" or "any": all, for socket filters) */
	char *binary;   /* uprobe, USDT: path of the executable or library */
	char *provider; /* USDT */
	int32_t pid;    /* uprobe, USDT, perf event: this process only; -1: all */
	uint64_t sample_period, sample_freq; /* perf event: one of them */
};

void attach_spec_done(struct attach_spec *s);
void attach_spec_copy(const struct attach_spec *from, struct attach_spec *to);

/*
 * What BCC's naming convention says of a function: "kprobe__", "kretprobe__", "tracepoint__cat__name",
 * "raw_tracepoint__", "kfunc__", "kretfunc__", "kmod_ret__", "lsm__" (and bcc's short forms).
 * ATTACH_NONE for any other name. Syscall names behind kprobe__ are given the kernel's own prefix
 * (kprobe__sys_open, and bcc's syscall__open -> __x64_sys_open).
 */
void attach_spec_from_name(const struct kernel *k, const char *function, struct attach_spec *ret);

const char *attach_kind_name(enum attach_kind kind); /* "kprobe", … */
/* "tracepoint syscalls:sys_enter_openat": for tables and messages. Heap. */
char *attach_spec_describe(const struct attach_spec *s);

/* The program type and expected attach type to load it with. */
uint32_t attach_program_type(enum attach_kind kind);
uint32_t attach_expected_type(enum attach_kind kind);

struct attachment;

/*
 * Attach a loaded program. On failure a message with the reason and the remedy: no such tracepoint,
 * no kprobes in this kernel, lockdown, missing capability, no such symbol (with near ones) …
 */
int attach_program(const struct kernel *k, const struct attach_spec *spec, int prog_fd,
                   struct attachment **ret, struct diag *diag);
/*
 * Would it attach? Everything that attach_program() looks up is looked up, with the same messages,
 * and nothing is attached. What only the kernel can answer is taken for granted.
 */
int attach_check(const struct kernel *k, const struct attach_spec *spec, struct diag *diag);
struct attachment *attachment_free(struct attachment *a); /* detaches */
