/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/*
 * ---
 * name: socket_filter
 * summary: UDP packets to port 9 on an interface, by a socket filter
 * options:
 *   interface: {type: string, default: lo, help: where to listen}
 * attach:
 *   - {socket_filter: "${interface}", function: on_packet}
 * ---
 */
#include <bcc/proto.h>
#include <quern.h>

struct socket_filter {
	port_t port;
	u32 length;
};
BPF_PERF_OUTPUT(socket_filter);

int on_packet(struct __sk_buff *skb)
{
	u8 *cursor = 0;
	struct ethernet_t *ethernet = cursor_advance(cursor, sizeof(*ethernet));

	if (ethernet->type != 0x0800)
		return 0;
	struct ip_t *ip = cursor_advance(cursor, sizeof(*ip));

	if (ip->nextp != 17)
		return 0;
	struct udp_t *udp = cursor_advance(cursor, sizeof(*udp));

	if (udp->dport != 9)
		return 0;
	struct socket_filter e = {.port = udp->dport, .length = skb->len};

	socket_filter.perf_submit(skb, &e, sizeof(e));
	return 0;
}
