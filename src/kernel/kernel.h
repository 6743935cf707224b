/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Facts about the running kernel, asked once at start (kernel_probe) and read-only afterwards. Each
 * question is asked in one place, so that a test can inject its absence: the environment variable
 * QUERN_WITHOUT (a comma-separated list of "kprobe,btf,ringbuf,raw_tracepoint,tracefs,fentry,lsm")
 * makes the agent believe that the kernel lacks them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/diag.h"

struct kernel {
	char *release; /* uname -r */
	char *version; /* uname -v: identifies the build */
	char *machine; /* uname -m */
	char *host;    /* node name */
	uint32_t
		code; /* LINUX_VERSION_CODE: from the vDSO note or the Debian version, as libbpf does */
	uint32_t possible_cpus;
	uint32_t online_cpus;
	char *btf;     /* path of the kernel's BTF, NULL: none */
	char *tracefs; /* folder that holds events/, NULL: none could be had */
	bool has_bpf;  /* bpf(2) is there and lets us create maps */
	bool has_ringbuf;
	bool has_kprobe; /* perf's kprobe source, and lockdown lets us use it */
	bool has_uprobe;
	bool has_raw_tracepoint;
	bool has_fentry;
	bool has_lsm;          /* BPF LSM active */
	char *bpf_denied;      /* why has_bpf is false, with the remedy; NULL if it is true */
	char *lockdown;        /* "none", "integrity", "confidentiality", NULL: no such file */
	uint64_t capabilities; /* effective set */
	struct functions *functions; /* behind kernel_has_function(), which may be called by any
					thread; NULL in a struct that a test puts together */
};

/*
 * Ask. `mount_tracefs`: when tracefs is not mounted where libbcc and we look for it, enter a mount
 * namespace of our own and mount it there (nothing of this is visible to the host or survives us);
 * must be called before any thread is started. Never fails: what is missing is recorded as missing.
 */
struct kernel *kernel_probe(bool mount_tracefs);
struct kernel *kernel_free(struct kernel *k);

bool kernel_has_tracepoint(const struct kernel *k, const char *category, const char *name);

/*
 * Can this function carry a kprobe? Asked of BTF (the kernel's and its modules'), or of kallsyms where there is no BTF; the first question reads all names, the others cost nothing.
 */
bool kernel_has_function(const struct kernel *k, const char *function);
