#include <uapi/linux/ptrace.h>
#include <linux/sched.h>

enum kind { KIND_A = 1, KIND_B };

struct data_t {
	u32 pid;
	u64 ts;
	char comm[TASK_COMM_LEN];
	enum kind kind;
};

BPF_PERF_OUTPUT(events);
BPF_HASH(start, u32, u64);

TRACEPOINT_PROBE(sched, sched_process_exec)
{
	struct data_t data = {};

	data.pid = bpf_get_current_pid_tgid() >> 32;
	data.ts = bpf_ktime_get_ns();
	data.kind = KIND_B;
	bpf_get_current_comm(&data.comm, sizeof(data.comm));
	start.update(&data.pid, &data.ts);
	events.perf_submit(args, &data, sizeof(data));
	return 0;
}
