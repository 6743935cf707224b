/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/*
 * ---
 * name: xdp
 * summary: Packets of a certain length as they arrive, by XDP
 * attach:
 *   - {xdp: lo, function: on_packet}
 * ---
 */
#include <quern.h>

struct xdp {
	u32 length;
	u32 interface;
};
BPF_RINGBUF_OUTPUT(xdp, 16);

int on_packet(struct xdp_md *ctx)
{
	struct xdp e = {
		.length = ctx->data_end - ctx->data,
		.interface = ctx->ingress_ifindex,
	};

	if (e.length == 14 + 20 + 8 + 77)
		xdp.ringbuf_output(&e, sizeof(e), 0);
	return XDP_PASS;
}
