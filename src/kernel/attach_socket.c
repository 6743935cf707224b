// SPDX-License-Identifier: Apache-2.0
/*
 * A socket filter needs a socket: a packet socket that is bound to the interface, filled by the
 * kernel and never read. What counts is that the program sees every packet; what it keeps goes into
 * the smallest receive buffer that the kernel allows and stays there, and the rest is dropped behind
 * the program.
 */
#include "kernel/attachment.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#include "util/alloc.h"
#include "util/cleanup.h"

static void free_names(struct if_nameindex **all)
{
	if (*all)
		if_freenameindex(*all);
}

int attach_interface(const struct attach_spec *spec, struct diag *diag)
{
	_cleanup_(free_names) struct if_nameindex *all = if_nameindex();
	_cleanup_(freep) const char **names = NULL;
	size_t n = 0, cap = 0;
	const char *near;

	for (struct if_nameindex *i = all; i && i->if_index; i++) {
		if (streq(i->if_name, spec->target))
			return (int)i->if_index;
		*array_push(&names, &n, &cap) = i->if_name;
	}
	near = nearest_word(spec->target, names, n);
	return diag_error(diag, -ENODEV, "%s %s: no such network interface%s%s%s",
	                  attach_kind_name(spec->kind), spec->target,
	                  near ? "; did you mean " : ": ip link lists them", near ? near : "",
	                  near ? "?" : "");
}

int attach_socket_filter(const struct kernel *k, const struct attach_spec *spec, int prog_fd,
                         struct attachment *a, struct diag *diag)
{
	bool any = !spec->target || !*spec->target || streq(spec->target, "any");
	int index = any ? 0 : attach_interface(spec, diag);
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = index,
	};
	_cleanup_(closep) int fd = -1;

	if (index < 0 || a->look_only)
		return index < 0 ? index : 0;
	/* Of no protocol until it is bound, so that no packet comes before the program is there. */
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &(int){0}, sizeof(int)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_ATTACH_BPF, &prog_fd, sizeof(prog_fd)) < 0 ||
	    bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		if (errno == EPERM)
			return diag_error(diag, -EPERM,
			                  "socket_filter %s: run as root, or give CAP_NET_RAW",
			                  any ? "any" : spec->target);
		return attach_failed(k, spec, -errno, diag);
	}
	attachment_add(a, steal_fd(&fd));
	return 0;
}
