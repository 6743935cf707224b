/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/*
 * ---
 * name: tcp_accept
 * summary: TCP connections that a process took from a listening socket
 * buffer: 1M
 * fields:
 *   saddr: who connected
 *   daddr: the address of this host that was connected to
 *   sport: the other side's port
 *   dport: the port that was listened on
 *   fd: the new connection's file descriptor, -1 where it cannot be known
 * metrics:
 *   - {name: connection.in, kind: counter, tags: {process_str: comm, process_id: pid, s_ip: saddr, d_port: dport}}
 * ---
 */
#define QUERN_SOCKETS
#include <quern.h>

struct tcp_accept {
	EVENT_HEADER;
	ip_t saddr;
	ip_t daddr;
	port_t sport;
	port_t dport;
	s32 fd;
};
EVENT(tcp_accept);

static inline int emit(void *ctx, struct sock *sk, s32 fd)
{
	struct tcp_accept e;

	if (!socket_is_tcp(sk))
		return 0;
	EVENT_INIT(&e);
	e.fd = fd;
	socket_addresses(sk, e.daddr, e.saddr);
	socket_ports(sk, &e.dport, &e.sport);
	EVENT_EMIT(tcp_accept, ctx, &e, sizeof(e));
	return 0;
}

/*
 * At the end of the system call: this is where the process is known. The handshake itself is done in
 * an interrupt, in the name of whoever happens to run.
 */
static inline int accepted(void *ctx, long fd)
{
	struct socket *socket = fd < 0 ? NULL : socket_of(fd);
	struct sock *sk = NULL;

	if (socket)
		READ_KERNEL(sk, socket->sk);
	return sk ? emit(ctx, sk, fd) : 0;
}

#if HAVE_TRACEPOINT(syscalls, sys_exit_accept4)

TRACEPOINT_PROBE(syscalls, sys_exit_accept)
{
	return accepted(args, args->ret);
}

TRACEPOINT_PROBE(syscalls, sys_exit_accept4)
{
	return accepted(args, args->ret);
}

#elif HAVE_KPROBE(inet_csk_accept) /* a kernel without tracepoints for system calls */

int kretprobe__inet_csk_accept(struct pt_regs *ctx)
{
	struct sock *sk = (struct sock *)PT_REGS_RC(ctx);

	return sk ? emit(ctx, sk, -1) : 0;
}
#else
#error "this kernel has neither tracepoints of system calls (CONFIG_FTRACE_SYSCALLS) nor kprobes"
#endif
