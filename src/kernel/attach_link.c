// SPDX-License-Identifier: Apache-2.0
#include "kernel/attachment.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <string.h>

#include "kernel/version.h"
#include "util/alloc.h"
#include "util/cleanup.h"

/* The function was named when the program was loaded. */
int attach_btf_function(const struct kernel *k, const struct attach_spec *spec, int prog_fd,
                        struct attachment *a, struct diag *diag)
{
	int fd;

	if (a->look_only)
		return 0;
	fd = bpf_raw_tracepoint_open(NULL, prog_fd);
	if (fd < 0)
		return attach_failed(k, spec, -errno, diag);
	attachment_add(a, fd);
	return 0;
}

/*
 * A link, not the netlink attachment: that one outlives its process. Drivers that cannot run XDP
 * themselves, or not in their present setup, are served by the generic hook of the network stack.
 */
int attach_xdp(const struct kernel *k, const struct attach_spec *spec, int prog_fd,
               struct attachment *a, struct diag *diag)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts);
	int index = attach_interface(spec, diag), fd;

	if (index < 0 || a->look_only)
		return index < 0 ? index : 0;
	fd = bpf_link_create(prog_fd, index, BPF_XDP, &opts);
	if (fd < 0 && errno != EBUSY && errno != EEXIST && errno != EPERM) {
		int native = errno;

		opts.flags = XDP_FLAGS_SKB_MODE;
		fd = bpf_link_create(prog_fd, index, BPF_XDP, &opts);
		if (fd >= 0)
			diag_warning(diag, "xdp %s: in generic mode, since its driver refuses (%s)",
			             spec->target, strerror(native));
	}
	if (fd >= 0) {
		attachment_add(a, fd);
		return 0;
	}
	if (errno == EBUSY || errno == EEXIST)
		return diag_error(diag, -EBUSY,
		                  "xdp %s: another XDP program is attached there; "
		                  "see: bpftool net show dev %s",
		                  spec->target, spec->target);
	if (k->code < KERNEL_CODE(5, 9, 0))
		return diag_error(
			diag, -EOPNOTSUPP,
			"xdp %s: takes Linux 5.9, whose attachments end with their process",
			spec->target);
	return attach_failed(k, spec, -errno, diag);
}
