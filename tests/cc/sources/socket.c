#include <net/sock.h>

int kprobe__tcp_connect(struct pt_regs *ctx, struct sock *sk)
{
	u16 family = sk->__sk_common.skc_family;

	return family == AF_INET ? sk->sk_num : 0;
}
