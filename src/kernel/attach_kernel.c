// SPDX-License-Identifier: Apache-2.0
#include "kernel/attachment.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <string.h>

#include "kernel/refusal.h"
#include "kernel/symbols.h"
#include "util/cleanup.h"

static int open_kprobe(const struct attach_spec *spec, const char *function, int prog_fd,
                       struct attachment *a)
{
	struct perf_event_attr attr = {.config1 = (uintptr_t)function};

	return attach_source_event("kprobe", &attr, spec->kind == ATTACH_KRETPROBE, -1, prog_fd, a);
}

static int open_variants(const struct attach_spec *spec, const struct symbols_match *m, int prog_fd,
                         struct attachment *a, struct diag *diag)
{
	for (size_t i = 0; i < m->n_variants; i++) {
		int r = open_kprobe(spec, m->variants[i], prog_fd, a);

		if (r)
			return r;
		diag_warning(diag,
		             "%s %s: attached to %s, which the compiler made of it: "
		             "its arguments may differ",
		             attach_kind_name(spec->kind), spec->target, m->variants[i]);
	}
	return 0;
}

/* The kernel has refused the function by its own name: a variant of it may do, or we say why. */
static int retry_kprobe(const struct kernel *k, const struct attach_spec *spec, int refused,
                        int prog_fd, struct attachment *a, struct diag *diag)
{
	_cleanup_(symbols_match_done) struct symbols_match m = {};
	const char *kind = attach_kind_name(spec->kind);
	int r = symbols_kallsyms("/proc/kallsyms", spec->target, &m);

	if (r)
		return attach_failed(k, spec, refused, diag);
	if (m.exact && refused == -EADDRNOTAVAIL)
		return diag_error(diag, refused,
		                  "%s %s: the kernel has several functions of this name and will "
		                  "not choose: probe one that calls it, or a tracepoint",
		                  kind, spec->target);
	if (m.exact && a->look_only)
		return 0;
	if (m.exact)
		return diag_error(diag, refused,
		                  "%s %s: the kernel does not let this function be probed (%s): "
		                  "probe one that calls it, or a tracepoint",
		                  kind, spec->target, strerror(-refused));
	if (m.n_variants) {
		r = open_variants(spec, &m, prog_fd, a, diag);
		return r ? attach_failed(k, spec, r, diag) : 0;
	}
	if (m.nearest)
		return diag_error(diag, -ENOENT,
		                  "%s %s: no such function in this kernel; did you mean %s?", kind,
		                  spec->target, m.nearest);
	return diag_error(diag, -ENOENT,
	                  "%s %s: no such function in this kernel (the compiler may have inlined "
	                  "it): probe one that calls it; /proc/kallsyms lists them",
	                  kind, spec->target);
}

int attach_kernel_probe(const struct kernel *k, const struct attach_spec *spec, int prog_fd,
                        struct attachment *a, struct diag *diag)
{
	int r;

	if (!k->has_kprobe && refusal_is_lockdown(k))
		return attach_failed(k, spec, -EPERM, diag);
	if (!k->has_kprobe)
		return diag_error(diag, -EOPNOTSUPP,
		                  "%s %s: this kernel has no kprobes (CONFIG_KPROBES, Linux 4.17): "
		                  "use a tracepoint (HAVE_KPROBE(%s) is 0 here)",
		                  attach_kind_name(spec->kind), spec->target, spec->target);
	r = a->look_only && !kernel_has_function(k, spec->target)
	            ? -ENOENT
	            : open_kprobe(spec, spec->target, prog_fd, a);
	switch (r) {
	case 0:
		return 0;
	case -ENOENT:
	case -EINVAL:
	case -EADDRNOTAVAIL:
	case -EOPNOTSUPP:
		return retry_kprobe(k, spec, r, prog_fd, a, diag);
	default:
		return attach_failed(k, spec, r, diag);
	}
}
