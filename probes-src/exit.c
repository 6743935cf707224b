/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/*
 * ---
 * name: exit
 * summary: Processes that ended, and how
 * fields:
 *   ppid: the parent at the end
 *   code: what it gave to exit(), 0 when a signal ended it
 *   signal: the signal that ended it, 0 when it ended by itself
 *   core_dumped: did it leave a core dump?
 *   lifetime: from its start; an exec does not start it again
 * metrics:
 *   - {name: process.exit, kind: counter, tags: {process: comm, code: code}}
 *   - {name: process.lifetime, kind: timer, value: lifetime, unit: ns, tags: {process: comm}}
 * ---
 */
#include <quern.h>

struct exit {
	EVENT_HEADER;
	pid_t ppid;
	u8 code;
	bool core_dumped;
	signal_t signal;
	duration_ns_t lifetime;
};
EVENT(exit);

/*
 * The kernel calls us for every thread, and one event a process is wanted. `live` counts the threads
 * that have not begun to exit; but of two that exit together on two CPUs both may come here after
 * the count has reached zero. So the first one leaves a note. A pid alone would be a bad name on it:
 * the next process that gets the number might go unreported.
 */
struct process {
	u64 start;
	u64 pid;
};
BPF_TABLE("lru_hash", struct process, u8, ended, 4096);

RAW_TRACEPOINT_PROBE(sched_process_exit)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct task_struct *leader = task->group_leader;
	struct signal_struct *signals = task->signal;
	struct process process = {.start = leader->start_time, .pid = task->tgid};
	struct exit e;
	u8 yes = 1;
	int status;

	if (signals->live.counter || ended.insert(&process, &yes))
		return 0;

	/* What wait() will say: the group's status if it was ended as one, else its leader's. */
	status = signals->flags & 4 /* SIGNAL_GROUP_EXIT */ ? signals->group_exit_code
	                                                    : leader->exit_code;
	EVENT_INIT(&e);
	bpf_probe_read_kernel(e.comm, sizeof(e.comm), leader->comm);
	e.ppid = leader->real_parent->tgid;
	e.code = status >> 8;
	e.signal = status & 0x7f;
	e.core_dumped = status & 0x80;
	e.lifetime = e.time - process.start;
	EVENT_EMIT(exit, ctx, &e, sizeof(e));
	return 0;
}
