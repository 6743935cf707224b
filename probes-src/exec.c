/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/*
 * ---
 * name: exec
 * summary: Programs started, or tried to start, with their arguments
 * buffer: 4M
 * fields:
 *   ppid: the parent
 *   error: why it failed, 0 when it did not
 *   argv_bytes: size of all arguments; argv ends behind the first 4095 of them
 *   path: as the process gave it; of a script its own, not that of its interpreter
 *   argv: the arguments, argv[0] first
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
 * One that failed leaves the old program as it was, with path and arguments where it had them.
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
#endif
