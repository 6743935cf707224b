/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/*
 * ---
 * name: file_open
 * summary: Files opened, or tried to open
 * buffer: 8M
 * options:
 *   writes_only: {type: bool, default: false, help: "only what may write: not O_RDONLY, or O_CREAT"}
 * fields:
 *   fd: the new file descriptor, -1 when there is none
 *   error: why it failed, 0 when it did not
 *   dfd: where a relative path starts; -100 (AT_FDCWD) is the working directory
 *   flags: as given; glibc adds O_LARGEFILE on some architectures
 *   mode: permissions asked for, when the flags let a file be made
 *   path: as the process gave it, so it may be relative to dfd or contain symbolic links
 * metrics:
 *   - {name: file.open, kind: counter, tags: {process: comm, error: error}}
 * ---
 * Opens through io_uring and by 32-bit programs on a 64-bit kernel pass by these tracepoints. A
 * thread that shares the memory could change the path between the kernel's look at it and ours.
 */
#include <quern.h>

struct file_open {
	EVENT_HEADER;
	int fd;
	errno_t error;
	int dfd;
	open_flags_t flags;
	umode_t mode;
	path_t path[PATH_MAX];
};
EVENT(file_open);

/* What open(), openat(), openat2() and creat() have in common. */
struct opening {
	const char *path;
	int dfd;
	u32 flags;
	umode_t mode;
};

static inline int opened(void *ctx, const struct opening *o, long result)
{
	struct file_open *e;

	if (OPT_WRITES_ONLY && !(o->flags & (O_ACCMODE | O_CREAT)))
		return 0;
	e = EVENT_BEGIN(file_open, path);
	if (!e)
		return 0;
	e->fd = result < 0 ? -1 : result;
	e->error = syscall_error(result);
	e->dfd = o->dfd;
	e->flags = o->flags;
	if (o->flags & (O_CREAT | __O_TMPFILE))
		e->mode = o->mode;
	EVENT_EMIT(file_open, ctx, e,
	           EVENT_SIZE(e, path, bpf_probe_read_user_str(e->path, sizeof(e->path), o->path)));
	return 0;
}

static inline struct opening openat2_opening(int dfd, const char *path, const void *how)
{
	struct opening o = {.path = path, .dfd = dfd};
	struct open_how given = {};

	bpf_probe_read_user(&given, sizeof(given), how);
	o.flags = given.flags;
	o.mode = given.mode;
	return o;
}

#if HAVE_TRACEPOINT(syscalls, sys_exit_openat) && HAVE_SYSCALL_ARGUMENTS

TRACEPOINT_PROBE(syscalls, sys_exit_openat)
{
	const struct pt_regs *regs = syscall_registers();
	struct opening o = {(void *)syscall_argument(regs, 2), syscall_argument(regs, 1),
	                    syscall_argument(regs, 3), syscall_argument(regs, 4)};

	return opened(args, &o, args->ret);
}

TRACEPOINT_PROBE(syscalls, sys_exit_openat2)
{
	const struct pt_regs *regs = syscall_registers();
	struct opening o =
		openat2_opening(syscall_argument(regs, 1), (void *)syscall_argument(regs, 2),
	                        (void *)syscall_argument(regs, 3));

	return opened(args, &o, args->ret);
}

#if HAVE_TRACEPOINT(syscalls, sys_exit_open) /* newer architectures have only openat */
TRACEPOINT_PROBE(syscalls, sys_exit_open)
{
	const struct pt_regs *regs = syscall_registers();
	struct opening o = {(void *)syscall_argument(regs, 1), AT_FDCWD, syscall_argument(regs, 2),
	                    syscall_argument(regs, 3)};

	return opened(args, &o, args->ret);
}

TRACEPOINT_PROBE(syscalls, sys_exit_creat)
{
	const struct pt_regs *regs = syscall_registers();
	struct opening o = {(void *)syscall_argument(regs, 1), AT_FDCWD,
	                    O_CREAT | O_WRONLY | O_TRUNC, syscall_argument(regs, 2)};

	return opened(args, &o, args->ret);
}
#endif

#else

/* Kept from a call's start to its end, for each thread. */
BPF_TABLE("lru_hash", u64, struct opening, openings, 10240);

static inline int begun(struct opening o)
{
	u64 thread = bpf_get_current_pid_tgid();

	openings.update(&thread, &o);
	return 0;
}

static inline int ended(void *ctx, long result)
{
	u64 thread = bpf_get_current_pid_tgid();
	struct opening *o = openings.lookup(&thread);

	if (!o)
		return 0; /* it began before we were there */
	opened(ctx, o, result);
	openings.delete(&thread);
	return 0;
}

#if HAVE_TRACEPOINT(syscalls, sys_exit_openat)

TRACEPOINT_PROBE(syscalls, sys_enter_openat)
{
	return begun((struct opening){args->filename, args->dfd, args->flags, args->mode});
}

TRACEPOINT_PROBE(syscalls, sys_exit_openat)
{
	return ended(args, args->ret);
}

TRACEPOINT_PROBE(syscalls, sys_enter_openat2)
{
	return begun(openat2_opening(args->dfd, args->filename, args->how));
}

TRACEPOINT_PROBE(syscalls, sys_exit_openat2)
{
	return ended(args, args->ret);
}

#if HAVE_TRACEPOINT(syscalls, sys_exit_open)
TRACEPOINT_PROBE(syscalls, sys_enter_open)
{
	return begun((struct opening){args->filename, AT_FDCWD, args->flags, args->mode});
}

TRACEPOINT_PROBE(syscalls, sys_exit_open)
{
	return ended(args, args->ret);
}

TRACEPOINT_PROBE(syscalls, sys_enter_creat)
{
	return begun((struct opening){args->pathname, AT_FDCWD, O_CREAT | O_WRONLY | O_TRUNC,
	                              args->mode});
}

TRACEPOINT_PROBE(syscalls, sys_exit_creat)
{
	return ended(args, args->ret);
}
#endif

#elif HAVE_KPROBE(do_sys_openat2)

int kprobe__do_sys_openat2(struct pt_regs *ctx, int dfd, const char *path, struct open_how *how)
{
	return begun((struct opening){path, dfd, how->flags, how->mode});
}

int kretprobe__do_sys_openat2(struct pt_regs *ctx)
{
	return ended(ctx, PT_REGS_RC(ctx));
}

#else
#error "this kernel has neither tracepoints of system calls (CONFIG_FTRACE_SYSCALLS) nor kprobes"
#endif
#endif
