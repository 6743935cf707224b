#include <linux/sched.h>
#include <linux/skbuff.h>

/* The kernel has a struct of this name, and members of the other. */
struct uprobe {
	int ours;
};
struct data {
	int ours;
};

int kprobe__nothing(struct pt_regs *ctx, struct sk_buff *skb, struct task_struct *task)
{
	struct uprobe u = {.ours = 1};
	struct data d = {.ours = skb->data != 0};

	return u.ours + d.ours + (task->mm != 0);
}
