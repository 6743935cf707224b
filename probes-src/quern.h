/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/*
 * What a probe includes, and all that it needs to: the types that say how a field is shown, and the
 * way an event gets out of the kernel.
 *
 *	struct door {
 *		EVENT_HEADER;			time, cpu, pid, tid, uid, gid, cgroup, comm
 *		port_t port;			a field's type is all it takes to print it right
 *		path_t path[PATH_MAX];		last of all, so it may be as short as what it holds
 *	};
 *	EVENT(door);
 *
 *	TRACEPOINT_PROBE(category, name)
 *	{
 *		struct door *e = EVENT_BEGIN(door, path);
 *
 *		if (!e)
 *			return 0;
 *		e->port = args->port;
 *		EVENT_EMIT(door, args, e,
 *		           EVENT_SIZE(e, path, bpf_probe_read_user_str(e->path, PATH_MAX, args->name)));
 *		return 0;
 *	}
 *
 * Everything else is plain BCC: its maps, its naming of functions, its helpers.
 */
#pragma once

/*
 * Types. Without kernel headers they come from the kernel's own BTF, and then there is nothing to
 * include. Those of sockets take long to parse, so a probe asks for them: #define QUERN_SOCKETS.
 */
#if __has_include(<linux/sched/signal.h>)
#include <linux/binfmts.h>
#include <linux/fcntl.h>
#include <linux/limits.h>
#include <linux/mm_types.h>
#include <linux/sched/signal.h>
#include <uapi/linux/openat2.h>
#endif
#if defined(QUERN_SOCKETS) && __has_include(<net/inet_sock.h>)
#include <linux/fdtable.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/net.h>
#include <net/inet_sock.h>
#endif

/*
 * Semantic types: a field of one of them is shown as it says, in text and in JSON. The kernel's own
 * ktime_t, uid_t, gid_t, pid_t and umode_t count among them.
 */
typedef u8 ip_t[16] __attribute__((aligned(8))); /* IPv6, or IPv4 as ::ffff:a.b.c.d */
typedef u32 ipv4_t;                              /* network order */
typedef u8 ipv6_t[16] __attribute__((aligned(8)));
typedef u8 mac_t[6];
typedef u16 port_t;        /* host order */
typedef u16 port_be_t;     /* network order */
typedef u64 duration_ns_t; /* nanoseconds */
typedef s32 errno_t;       /* what the kernel returned: -2 is ENOENT; 0 and above are numbers */
typedef s32 signal_t;      /* 9 is SIGKILL */
typedef u32 open_flags_t;  /* 0x41 is O_WRONLY|O_CREAT */
typedef u16 family_t;      /* 10 is AF_INET6 */
typedef u32 protocol_t;    /* 6 is TCP */
typedef u64 cgroup_t;
typedef char comm_t; /* of arrays, all of these: comm_t comm[16] */
typedef char path_t; /* a file's name */
typedef char text_t;
typedef char args_t; /* strings one behind the other, each with its NUL: shown as a list */

/*
 * What the running kernel offers, for #if. HAVE_FIELD takes a struct's tag and a field.
 */
#define HAVE_TRACEPOINT(category, name) (QUERN_HAVE_TRACEPOINT_##category##__##name)
#define HAVE_KPROBE(function)           (QUERN_HAVE_KPROBE_##function)
#define HAVE_FIELD(tag, field)          (QUERN_HAVE_FIELD_##tag##__##field)
#define HAVE_RAW_TRACEPOINT             (QUERN_HAVE_RAW_TRACEPOINT)
#define HAVE_FENTRY                     (QUERN_HAVE_FENTRY)

/* The first line of every event's struct. */
#define EVENT_HEADER                                                                               \
	ktime_t time;                                                                              \
	u32 cpu;                                                                                   \
	pid_t pid;                                                                                 \
	pid_t tid;                                                                                 \
	uid_t uid;                                                                                 \
	gid_t gid;                                                                                 \
	cgroup_t cgroup;                                                                           \
	comm_t comm[16]

/* The header alone, for a probe that must remember who began what somebody else will end. */
struct event_header {
	EVENT_HEADER;
};

/* Fill a header: now, this CPU, the running thread. */
static __always_inline void event_header_fill(struct event_header *h)
{
	u64 pid_tgid = bpf_get_current_pid_tgid();
	u64 uid_gid = bpf_get_current_uid_gid();

	h->time = bpf_ktime_get_ns();
	h->cpu = bpf_get_smp_processor_id();
	h->pid = pid_tgid >> 32;
	h->tid = pid_tgid;
	h->uid = uid_gid;
	h->gid = uid_gid >> 32;
	h->cgroup = bpf_get_current_cgroup_id();
	bpf_get_current_comm(h->comm, sizeof(h->comm));
}

/*
 * Getting events out. An event has two maps: the buffer that user space reads, and a slot on each
 * CPU: memory to build large records in (BPF's stack ends at 512 bytes) and two counts, of all that
 * was emitted and of what found no room. So no loss goes unseen.
 *
 * EVENT() stands at the start of a line, where quern-cc finds it: BCC refuses operations on maps
 * that come out of a macro, so quern-cc gives each of these maps a number, QUERN_MAP_<map>, that
 * stands for it in the program.
 */
#define EVENT(name)                                                                                \
	struct name##__slot {                                                                      \
		u64 emitted;                                                                       \
		u64 lost;                                                                          \
		struct name record;                                                                \
	};                                                                                         \
	BPF_PERCPU_ARRAY(name##__slot, struct name##__slot, 1);                                    \
	EVENT_BUFFER(name)

#if QUERN_RING
#define EVENT_BUFFER(name) BPF_RINGBUF_OUTPUT(name, QUERN_BUFFER_PAGES)
#else
#define EVENT_BUFFER(name) BPF_PERF_OUTPUT(name)
#endif

#define EVENT_MAP(map) ((void *)bpf_pseudo_fd(1, QUERN_MAP_##map))

static __always_inline void *event_slot(void *slot_map)
{
	u32 zero = 0;

	return bpf_map_lookup_elem(slot_map, &zero);
}

/*
 * A small event (up to some 300 bytes) lives on the stack:
 *
 *	struct exit e;
 *
 *	EVENT_INIT(&e);					everything zero, the header filled
 *	e.code = ...;
 *	EVENT_EMIT(exit, args, &e, sizeof(e));
 */
#define EVENT_INIT(e)                                                                              \
	({                                                                                         \
		__builtin_memset((e), 0, sizeof(*(e)));                                            \
		event_header_fill((struct event_header *)(e));                                     \
	})

/*
 * A larger one lives in this CPU's slot: EVENT_BEGIN returns it with the header filled and the rest
 * zero as far as the member `tail`, where the text begins that the probe writes itself: what lies
 * behind the end of a text is left from an earlier event and never shown. (It is never NULL, but the
 * verifier wants to see that checked.) A softirq or an interrupt shares the slot
 * with the program that it interrupted, so probes that run there build their events on the stack.
 */
#define EVENT_BEGIN(name, tail)                                                                    \
	({                                                                                         \
		struct name *record_ = event_begin(EVENT_MAP(name##__slot));                       \
                                                                                                   \
		if (record_)                                                                       \
			__builtin_memset((char *)record_ + sizeof(struct event_header), 0,         \
			                 offsetof(struct name, tail) -                             \
			                         sizeof(struct event_header));                     \
		record_;                                                                           \
	})

struct event_slot {
	u64 emitted;
	u64 lost;
	struct event_header record;
};

static __always_inline void *event_begin(void *slot_map)
{
	struct event_slot *slot = event_slot(slot_map);

	if (!slot)
		return NULL;
	asm volatile("" : "+r"(slot)); /* no arithmetic before the check: verifier */
	event_header_fill(&slot->record);
	return &slot->record;
}

/* `n`, `max` at most. A plain comparison may be compiled to something the verifier cannot follow. */
static __always_inline u64 bounded(u64 n, u64 max)
{
	asm volatile("" : "+r"(n));
	return n < max ? n : max;
}

/* Bytes of an event whose last member holds `length` (a helper's result: below 0, nothing). */
#define EVENT_SIZE(e, tail, length)                                                                \
	event_size((e)->tail, offsetof(typeof(*(e)), tail), sizeof((e)->tail), (length))

static __always_inline u64 event_size(char *tail, u64 offset, u64 max, long length)
{
	u64 n = length < 0 ? 0 : bounded(length, max);

#if !QUERN_RING
	/* A perf buffer rounds up with what it held before: with zeros it is ours to round. */
	asm volatile("" : "+r"(n));
	if (n <= max - 8) {
		*(u64 *)(tail + n) = 0;
		return offset + n + (-(offset + n + 4) & 7);
	}
#endif
	return offset + n;
}

/*
 * Send it. Nobody is woken: the agent looks into the buffer often enough, unless it fills up. How
 * full it is costs a look at a busy cache line, so that is asked now and then only.
 */
#define EVENT_EMIT(name, ctx, e, size)                                                             \
	event_emit((ctx), EVENT_MAP(name##__slot), EVENT_MAP(name), (e), (size))

static __always_inline void event_emit(void *ctx, void *slot_map, void *map, void *e, u64 size)
{
	struct event_slot *slot = event_slot(slot_map);
	long refused;

	if (!slot)
		return;
	__sync_fetch_and_add(&slot->emitted, 1); /* atomic: an interrupt may count in between */
#if QUERN_RING
	u64 flags = BPF_RB_NO_WAKEUP;

	if (slot->emitted % 64 == 0 &&
	    bpf_ringbuf_query(map, BPF_RB_AVAIL_DATA) > QUERN_BUFFER_PAGES * PAGE_SIZE / 4)
		flags = BPF_RB_FORCE_WAKEUP;
	refused = bpf_ringbuf_output(map, e, size, flags);
#else
	refused = bpf_perf_event_output(ctx, map, BPF_F_CURRENT_CPU, e, size);
#endif
	if (refused)
		__sync_fetch_and_add(&slot->lost, 1);
}

/*
 * The arguments of the system call that is about to return. At its end the memory that it was given
 * is there to be read (at its start a page may still be on disk, and the text would come out
 * empty), and nothing has to be remembered from start to end. Where a kernel cannot do this
 * (before 5.15, without BTF, other processors), a probe attaches to both ends.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 15, 0) &&                                              \
	(defined(CONFIG_DEBUG_INFO_BTF) || !defined(CONFIG_HZ)) /* no CONFIG_HZ: types from BTF */ \
	&& (defined(bpf_target_x86) || defined(bpf_target_arm64))
#define HAVE_SYSCALL_ARGUMENTS 1

static __always_inline const struct pt_regs *syscall_registers(void)
{
	return (void *)bpf_task_pt_regs(bpf_get_current_task_btf());
}

static __always_inline u64 syscall_argument(const struct pt_regs *regs, int n) /* n from 1 to 4 */
{
#if defined(bpf_target_x86)
	return n == 1 ? regs->di : n == 2 ? regs->si : n == 3 ? regs->dx : regs->r10;
#else
	return n == 1 ? regs->orig_x0 : regs->regs[n - 1]; /* the result is in regs[0] */
#endif
}
#endif

/* A system call's error as the process sees it: the codes beyond errno only say how to restart it. */
static __always_inline errno_t syscall_error(long result)
{
	if (result >= 0)
		return 0;
	return result <= -512 && result >= -516 ? -EINTR : result;
}

/* An address in network order, from wherever the kernel keeps it. */
static __always_inline void ip_from_v4(u8 *ip, u32 address)
{
	((u64 *)ip)[0] = 0;
	((u32 *)ip)[2] = bpf_htonl(0xffff);
	((u32 *)ip)[3] = address;
}

/* BCC turns `a->b->c` into reads of the kernel's memory by itself, but not in headers and macros. */
#define READ_KERNEL(to, from) bpf_probe_read_kernel(&(to), sizeof(to), (const void *)&(from))

#ifdef QUERN_SOCKETS

/* The socket behind one of the process's file descriptors, or NULL. */
static __always_inline struct socket *socket_of(unsigned int fd)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct files_struct *files = NULL;
	struct fdtable *table = NULL;
	struct file **list = NULL;
	struct file *file = NULL;
	struct inode *inode = NULL;
	struct socket *socket = NULL;
	unsigned int max = 0;
	umode_t mode = 0;

	READ_KERNEL(files, task->files);
	READ_KERNEL(table, files->fdt);
	READ_KERNEL(max, table->max_fds);
	if (fd >= max)
		return NULL;
	READ_KERNEL(list, table->fd);
	READ_KERNEL(file, list[fd]);
	READ_KERNEL(inode, file->f_inode);
	READ_KERNEL(mode, inode->i_mode);
	if (!S_ISSOCK(mode))
		return NULL;
	READ_KERNEL(socket, file->private_data);
	return socket;
}

/* The number of a socket's inode: unlike its address, the next socket will not have it, too. */
static __always_inline u64 socket_inode(const struct socket *socket)
{
	unsigned long number = 0;

	READ_KERNEL(number, ((const struct socket_alloc *)socket)->vfs_inode.i_ino);
	return number;
}

/* Is it TCP over IPv4 or IPv6? */
static __always_inline bool socket_is_tcp(const struct sock *sk)
{
	u16 protocol = 0, family = 0;

	READ_KERNEL(protocol, sk->sk_protocol);
	READ_KERNEL(family, sk->__sk_common.skc_family);
	return protocol == IPPROTO_TCP && (family == AF_INET || family == AF_INET6);
}

/* The addresses of both ends of a TCP or UDP socket. */
static __always_inline void socket_addresses(const struct sock *sk, u8 *ours, u8 *theirs)
{
	struct sock_common common = {};

	READ_KERNEL(common, sk->__sk_common);
	if (common.skc_family == AF_INET) {
		ip_from_v4(ours, common.skc_rcv_saddr);
		ip_from_v4(theirs, common.skc_daddr);
	} else {
		__builtin_memcpy(ours, &common.skc_v6_rcv_saddr, sizeof(ip_t));
		__builtin_memcpy(theirs, &common.skc_v6_daddr, sizeof(ip_t));
	}
}

/* Their ports. */
static __always_inline void socket_ports(const struct sock *sk, port_t *ours, port_t *theirs)
{
	u16 local = 0, remote = 0;

	READ_KERNEL(local, ((const struct inet_sock *)sk)->inet_sport);
	READ_KERNEL(remote, sk->__sk_common.skc_dport);
	*ours = bpf_ntohs(local);
	*theirs = bpf_ntohs(remote);
}
#endif
