#include <linux/sched.h>

int kprobe__nothing(struct pt_regs *ctx)
{
	struct no_such_struct s = {};
	return s.x;
}
