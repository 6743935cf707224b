/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/*
 * ---
 * name: tcp_connect
 * summary: TCP connections that a process opened, or could not open
 * buffer: 1M
 * fields:
 *   saddr: this side's address
 *   daddr: the address that was connected to
 *   sport: this side's port, 0 when it failed before it had one
 *   dport: the port that was connected to
 *   error: why it failed, 0 when it did not; ECANCELED when the process gave up
 *   latency: from the first packet to the answer, 0 when none was sent
 * metrics:
 *   - {name: connection.out, kind: counter, tags: {process_str: comm, process_id: pid, d_ip: daddr, s_ip: saddr, d_port: dport, s_port: sport}}
 *   - {name: connection.latency, kind: timer, value: latency, unit: ns, tags: {d_ip: daddr, d_port: dport}}
 * ---
 */
#define QUERN_SOCKETS
#include <quern.h>

struct tcp_connect {
	EVENT_HEADER;
	ip_t saddr;
	ip_t daddr;
	port_t sport;
	port_t dport;
	errno_t error;
	duration_ns_t latency;
};
EVENT(tcp_connect);

/*
 * An attempt, by its socket, from the first packet to the answer. One that failed is kept, so that
 * connect() does not report again what was reported already: it may return later, or be called once
 * more to ask. `inode` tells whether the note is about this socket or an earlier one in its place.
 */
struct attempt {
	struct event_header by; /* who, and when */
	u64 inode;
	bool returned; /* connect() did not wait for the answer */
	bool reported; /* as failed */
};
BPF_TABLE("lru_hash", struct sock *, struct attempt, attempts, 16384);

/* Failures without a packet (no route, no free port) are seen at the end of connect(), or not. */
#if HAVE_TRACEPOINT(syscalls, sys_exit_connect) && HAVE_SYSCALL_ARGUMENTS
#define SEES_CONNECT 1
#else
#define SEES_CONNECT 0
#endif

/* Where connect() was asked to go. */
static inline void target_address(const struct sockaddr *to, struct tcp_connect *e)
{
	struct sockaddr_in6 v6 = {};
	struct sockaddr_in v4 = {};

	bpf_probe_read_user(&v4, sizeof(v4), to);
	e->dport = bpf_ntohs(v4.sin_port);
	if (v4.sin_family == AF_INET) {
		ip_from_v4(e->daddr, v4.sin_addr.s_addr);
	} else if (v4.sin_family == AF_INET6) {
		bpf_probe_read_user(&v6, sizeof(v6), to);
		__builtin_memcpy(e->daddr, &v6.sin6_addr, sizeof(e->daddr));
	}
}

/* `by`: who began it, NULL: whoever runs. */
static inline void report(void *ctx, struct sock *sk, const struct event_header *by,
                          const struct sockaddr *to, errno_t error)
{
	struct tcp_connect e;

	EVENT_INIT(&e);
	if (by) { /* the answer comes in an interrupt: the process is the one that asked */
		e.latency = e.time - by->time;
		e.pid = by->pid;
		e.tid = by->tid;
		e.uid = by->uid;
		e.gid = by->gid;
		e.cgroup = by->cgroup;
		__builtin_memcpy(e.comm, by->comm, sizeof(e.comm));
	}
	socket_addresses(sk, e.saddr, e.daddr);
	socket_ports(sk, &e.sport, &e.dport);
	if (to) /* the socket does not know yet */
		target_address(to, &e);
	e.error = error;
	EVENT_EMIT(tcp_connect, ctx, &e, sizeof(e));
}

#if HAVE_RAW_TRACEPOINT && HAVE_TRACEPOINT(sock, inet_sock_set_state)

/* It begins in connect(), in the name of the process, before the first packet. */
static inline int begun(struct sock *sk)
{
	struct attempt attempt = {};
	struct socket *socket = NULL;

	event_header_fill(&attempt.by);
	READ_KERNEL(socket, sk->sk_socket);
	attempt.inode = socket_inode(socket);
	attempts.update(&sk, &attempt);
	return 0;
}

/* It ends wherever the answer is dealt with: mostly in an interrupt. */
static inline int ended(void *ctx, struct sock *sk, bool established)
{
	struct attempt *attempt = attempts.lookup(&sk);
	int error = 0;

	if (!attempt)
		return 0;
	if (established) {
		report(ctx, sk, &attempt->by, NULL, 0);
		attempts.delete(&sk);
		return 0;
	}
	READ_KERNEL(error, sk->sk_err);
	if (SEES_CONNECT && !error && !attempt->returned &&
	    attempt->by.tid == (u32)bpf_get_current_pid_tgid())
		return 0; /* connect() itself gives up, and will return the reason */
	report(ctx, sk, &attempt->by, NULL, error ? -error : -ECANCELED);
	attempt->reported = true;
	return 0;
}

/* A raw one: interrupts come while other programs run, and other kinds would then be skipped. */
RAW_TRACEPOINT_PROBE(inet_sock_set_state)
{
	struct sock *sk = (struct sock *)ctx->args[0];
	int from = ctx->args[1], to = ctx->args[2];

	if ((from != TCP_SYN_SENT && to != TCP_SYN_SENT) || !socket_is_tcp(sk))
		return 0;
	return to == TCP_SYN_SENT ? begun(sk) : ended(ctx, sk, to == TCP_ESTABLISHED);
}

#else
#error "this kernel has no tracepoint sock:inet_sock_set_state"
#endif

#if SEES_CONNECT

TRACEPOINT_PROBE(syscalls, sys_exit_connect)
{
	const struct pt_regs *regs = syscall_registers();
	struct attempt *attempt;
	struct socket *socket;
	struct sock *sk = NULL;
	u8 state = 0;
	bool known;

	if (args->ret >= 0)
		return 0;
	socket = socket_of(syscall_argument(regs, 1));
	if (!socket)
		return 0;
	READ_KERNEL(sk, socket->sk);
	if (!socket_is_tcp(sk))
		return 0;
	READ_KERNEL(state, sk->__sk_common.skc_state);
	attempt = attempts.lookup(&sk);
	known = attempt && attempt->inode == socket_inode(socket);
	/* It goes on in the background, or will be asked again, or has long succeeded. */
	if (state != TCP_CLOSE || args->ret == -EINPROGRESS || syscall_error(args->ret) == -EINTR) {
		if (known)
			attempt->returned = true;
		return 0;
	}
	if (!known || !attempt->reported)
		report(args, sk, NULL, (void *)syscall_argument(regs, 2), syscall_error(args->ret));
	attempts.delete(&sk);
	return 0;
}
#endif
