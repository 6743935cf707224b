/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/*
 * ---
 * name: exec
 * summary: Programs started, or tried to start, with their arguments
 * buffer: 4M
 * fields:
 *   ppid: the parent
 *   error: why it failed, 0 when it did not
 *   argv_bytes: size of all arguments, of which argv holds the first 4095 bytes; when the exec
 *     failed, size of what argv holds
 *   path: as the process gave it; of a script its own, not that of its interpreter
 *   argv: the arguments, argv[0] first; when the exec failed, 2 KiB or 64 of them
 * metrics:
 *   - {name: process.exec, kind: counter, tags: {process: comm, error: error}}
 * ---
 */
#include <quern.h>

#define ARGV_BYTES 4096
#define ARGS_MAX   64 /* of an exec that failed */

struct exec {
	EVENT_HEADER;
	pid_t ppid;
	errno_t error;
	u32 argv_bytes;
	path_t path[PATH_MAX];
	args_t argv[ARGV_BYTES];
};
EVENT(exec);

static inline pid_t parent(void)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();

	return task->real_parent->tgid;
}

/*
 * An exec that succeeded: the kernel comes here when nothing can go wrong any more, in the name of
 * the new program. The arguments lie where the kernel has just put them, one behind the other. There
 * is nothing to pair, so threads cannot be mixed up, and programs that the kernel itself starts
 * are seen, too.
 */
RAW_TRACEPOINT_PROBE(sched_process_exec)
{
	struct task_struct *task = (struct task_struct *)ctx->args[0];
	struct linux_binprm *bprm = (struct linux_binprm *)ctx->args[2];
	struct mm_struct *mm = task->mm;
	u64 start = mm->arg_start;
	u32 size = mm->arg_end - start;
	u32 length = bounded(size, ARGV_BYTES - 1);
	struct exec *e = EVENT_BEGIN(exec, path);

	if (!e)
		return 0;
	e->ppid = parent();
	e->argv_bytes = size;
	bpf_probe_read_kernel_str(e->path, sizeof(e->path), bprm->filename);
	if (bpf_probe_read_user(e->argv, length, (void *)start))
		length = 0;
	EVENT_EMIT(exec, ctx, e, EVENT_SIZE(e, argv, length));
	return 0;
}

/*
 * One that failed leaves the old program as it was, with path and arguments where it had them. On a
 * kernel without the tracepoints of system calls only those that succeed are seen.
 */
static inline int failed(void *ctx, const char *path, const char *const *argv, long result)
{
	struct exec *e;
	u64 length = 0;

	if (result >= 0)
		return 0;
	e = EVENT_BEGIN(exec, path);
	if (!e)
		return 0;
	e->ppid = parent();
	e->error = syscall_error(result);
	if (bpf_probe_read_user_str(e->path, sizeof(e->path), path) < 0)
		e->path[0] = '\0';
	for (int i = 0; i < ARGS_MAX; i++) {
		const char *arg = NULL;
		long n;

		bpf_probe_read_user(&arg, sizeof(arg), &argv[i]);
		if (!arg)
			break;
		/* One way through the loop, or the verifier would follow all of them. */
		n = bpf_probe_read_user_str(e->argv + length, ARGV_BYTES / 2, arg);
		if (n < 0)
			break;
		length += n;
		asm volatile("" : "+r"(length)); /* the check must be the verifier's, too */
		if (length >= ARGV_BYTES / 2)
			break;
	}
	e->argv_bytes = length;
	EVENT_EMIT(exec, ctx, e, EVENT_SIZE(e, argv, length));
	return 0;
}

#if HAVE_TRACEPOINT(syscalls, sys_exit_execve) && HAVE_SYSCALL_ARGUMENTS

TRACEPOINT_PROBE(syscalls, sys_exit_execve)
{
	const struct pt_regs *regs = syscall_registers();

	return failed(args, (void *)syscall_argument(regs, 1), (void *)syscall_argument(regs, 2),
	              args->ret);
}

TRACEPOINT_PROBE(syscalls, sys_exit_execveat)
{
	const struct pt_regs *regs = syscall_registers();

	return failed(args, (void *)syscall_argument(regs, 2), (void *)syscall_argument(regs, 3),
	              args->ret);
}
#elif HAVE_TRACEPOINT(syscalls, sys_exit_execve)

/*
 * What a thread gave to execve, kept until the call ends. It is the same thread only if it failed;
 * one that succeeds may get another id, and its note is overwritten or pushed out some time.
 */
struct given {
	const char *path;
	const char *const *argv;
};
BPF_TABLE("lru_hash", u64, struct given, calls, 4096);

static inline int begun(const void *path, const void *argv)
{
	u64 thread = bpf_get_current_pid_tgid();
	struct given given = {path, argv};

	calls.update(&thread, &given);
	return 0;
}

static inline int ended(void *ctx, long result)
{
	u64 thread = bpf_get_current_pid_tgid();
	struct given *given = calls.lookup(&thread);

	if (!given)
		return 0;
	failed(ctx, given->path, given->argv, result);
	calls.delete(&thread);
	return 0;
}

TRACEPOINT_PROBE(syscalls, sys_enter_execve)
{
	return begun(args->filename, args->argv);
}

TRACEPOINT_PROBE(syscalls, sys_exit_execve)
{
	return ended(args, args->ret);
}

TRACEPOINT_PROBE(syscalls, sys_enter_execveat)
{
	return begun(args->filename, args->argv);
}

TRACEPOINT_PROBE(syscalls, sys_exit_execveat)
{
	return ended(args, args->ret);
}
#endif
