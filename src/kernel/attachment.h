/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts behind attach_program(), one function for each family of attach points. Each adds the
 * descriptors it opens to the attachment and reports its own failure; the caller frees what was
 * opened until then.
 */
#pragma once

#include "kernel/attach.h"

struct attachment {
	int *fds; /* closed in reverse order */
	size_t n_fds, fds_cap;
	bool look_only; /* attach_check(): find everything, open nothing */
};

struct perf_event_attr;

void attachment_add(struct attachment *a, int fd);

/* Open the event with the program on it. A negative errno without a message: callers know more. */
int attach_event(struct perf_event_attr *attr, int pid, int cpu, int prog_fd, struct attachment *a);
/* Once for all CPUs: a process's event follows it; one for all processes (-1) lives on CPU 0. */
int attach_probe_event(struct perf_event_attr *attr, int pid, int prog_fd, struct attachment *a);
/* The same for a source of events in sysfs: "kprobe", "uprobe". */
int attach_source_event(const char *source, struct perf_event_attr *attr, bool on_return, int pid,
                        int prog_fd, struct attachment *a);
int attach_read_number(const char *path, uint64_t *ret);

/* kprobe, uprobe, USDT, tracepoint and sampling: by perf_event_open(2). */
int attach_kernel_probe(const struct kernel *k, const struct attach_spec *spec, int prog_fd,
                        struct attachment *a, struct diag *diag);
int attach_user_probe(const struct kernel *k, const struct attach_spec *spec, int prog_fd,
                      struct attachment *a, struct diag *diag);
int attach_tracepoint(const struct kernel *k, const struct attach_spec *spec, int prog_fd,
                      struct attachment *a, struct diag *diag);
int attach_sampling(const struct kernel *k, const struct attach_spec *spec, int prog_fd,
                    struct attachment *a, struct diag *diag);

/* Raw tracepoints, functions by BTF (kfunc, kretfunc, kmod_ret, LSM), XDP: by links of bpf(2). */
int attach_raw_tracepoint(const struct kernel *k, const struct attach_spec *spec, int prog_fd,
                          struct attachment *a, struct diag *diag);
int attach_btf_function(const struct kernel *k, const struct attach_spec *spec, int prog_fd,
                        struct attachment *a, struct diag *diag);
int attach_xdp(const struct kernel *k, const struct attach_spec *spec, int prog_fd,
               struct attachment *a, struct diag *diag);

/* By a packet socket that nobody reads. */
int attach_socket_filter(const struct kernel *k, const struct attach_spec *spec, int prog_fd,
                         struct attachment *a, struct diag *diag);

/* The interface's index, or a negative errno with a message that names the nearest. */
int attach_interface(const struct attach_spec *spec, struct diag *diag);

/* The trace event of this name in any category that is nearest in spelling, as a heap string. */
char *attach_nearest_event(const struct kernel *k, const char *category, const char *name);

/* "kprobe foo: cannot attach: <the reason behind r>"; returns r. */
int attach_failed(const struct kernel *k, const struct attach_spec *spec, int r, struct diag *diag);
