// SPDX-License-Identifier: Apache-2.0
#include "core/names.h"

#include <asm/fcntl.h> /* the kernel's values: glibc hides some behind zeros */
#include <errno.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/socket.h>

#include "util/alloc.h"

#define N(constant) [constant] = #constant

/* clang-format off */
static const char *const errnos[] = {
	N(EPERM), N(ENOENT), N(ESRCH), N(EINTR), N(EIO), N(ENXIO), N(E2BIG), N(ENOEXEC), N(EBADF),
	N(ECHILD), N(EAGAIN), N(ENOMEM), N(EACCES), N(EFAULT), N(ENOTBLK), N(EBUSY), N(EEXIST),
	N(EXDEV), N(ENODEV), N(ENOTDIR), N(EISDIR), N(EINVAL), N(ENFILE), N(EMFILE), N(ENOTTY),
	N(ETXTBSY), N(EFBIG), N(ENOSPC), N(ESPIPE), N(EROFS), N(EMLINK), N(EPIPE), N(EDOM),
	N(ERANGE), N(EDEADLK), N(ENAMETOOLONG), N(ENOLCK), N(ENOSYS), N(ENOTEMPTY), N(ELOOP),
	N(ENOMSG), N(EIDRM), N(ECHRNG), N(EL2NSYNC), N(EL3HLT), N(EL3RST), N(ELNRNG), N(EUNATCH),
	N(ENOCSI), N(EL2HLT), N(EBADE), N(EBADR), N(EXFULL), N(ENOANO), N(EBADRQC), N(EBADSLT),
	N(EBFONT), N(ENOSTR), N(ENODATA), N(ETIME), N(ENOSR), N(ENONET), N(ENOPKG), N(EREMOTE),
	N(ENOLINK), N(EADV), N(ESRMNT), N(ECOMM), N(EPROTO), N(EMULTIHOP), N(EDOTDOT), N(EBADMSG),
	N(EOVERFLOW), N(ENOTUNIQ), N(EBADFD), N(EREMCHG), N(ELIBACC), N(ELIBBAD), N(ELIBSCN),
	N(ELIBMAX), N(ELIBEXEC), N(EILSEQ), N(ERESTART), N(ESTRPIPE), N(EUSERS), N(ENOTSOCK),
	N(EDESTADDRREQ), N(EMSGSIZE), N(EPROTOTYPE), N(ENOPROTOOPT), N(EPROTONOSUPPORT),
	N(ESOCKTNOSUPPORT), N(EOPNOTSUPP), N(EPFNOSUPPORT), N(EAFNOSUPPORT), N(EADDRINUSE),
	N(EADDRNOTAVAIL), N(ENETDOWN), N(ENETUNREACH), N(ENETRESET), N(ECONNABORTED), N(ECONNRESET),
	N(ENOBUFS), N(EISCONN), N(ENOTCONN), N(ESHUTDOWN), N(ETOOMANYREFS), N(ETIMEDOUT),
	N(ECONNREFUSED), N(EHOSTDOWN), N(EHOSTUNREACH), N(EALREADY), N(EINPROGRESS), N(ESTALE),
	N(EUCLEAN), N(ENOTNAM), N(ENAVAIL), N(EISNAM), N(EREMOTEIO), N(EDQUOT), N(ENOMEDIUM),
	N(EMEDIUMTYPE), N(ECANCELED), N(ENOKEY), N(EKEYEXPIRED), N(EKEYREVOKED), N(EKEYREJECTED),
	N(EOWNERDEAD), N(ENOTRECOVERABLE), N(ERFKILL), N(EHWPOISON),
};

static const char *const signals[] = {
	N(SIGHUP), N(SIGINT), N(SIGQUIT), N(SIGILL), N(SIGTRAP), N(SIGABRT), N(SIGBUS), N(SIGFPE),
	N(SIGKILL), N(SIGUSR1), N(SIGSEGV), N(SIGUSR2), N(SIGPIPE), N(SIGALRM), N(SIGTERM),
	N(SIGSTKFLT), N(SIGCHLD), N(SIGCONT), N(SIGSTOP), N(SIGTSTP), N(SIGTTIN), N(SIGTTOU),
	N(SIGURG), N(SIGXCPU), N(SIGXFSZ), N(SIGVTALRM), N(SIGPROF), N(SIGWINCH), N(SIGIO),
	N(SIGPWR), N(SIGSYS),
};

static const char *const realtime_signals[] = {
	"SIGRTMIN", "SIGRTMIN+1", "SIGRTMIN+2", "SIGRTMIN+3", "SIGRTMIN+4", "SIGRTMIN+5",
	"SIGRTMIN+6", "SIGRTMIN+7", "SIGRTMIN+8", "SIGRTMIN+9", "SIGRTMIN+10", "SIGRTMIN+11",
	"SIGRTMIN+12", "SIGRTMIN+13", "SIGRTMIN+14", "SIGRTMIN+15", "SIGRTMAX-14", "SIGRTMAX-13",
	"SIGRTMAX-12", "SIGRTMAX-11", "SIGRTMAX-10", "SIGRTMAX-9", "SIGRTMAX-8", "SIGRTMAX-7",
	"SIGRTMAX-6", "SIGRTMAX-5", "SIGRTMAX-4", "SIGRTMAX-3", "SIGRTMAX-2", "SIGRTMAX-1",
	"SIGRTMAX",
};

static const char *const families[] = {
	N(AF_UNSPEC), N(AF_UNIX), N(AF_INET), N(AF_AX25), N(AF_IPX), N(AF_APPLETALK), N(AF_NETROM),
	N(AF_BRIDGE), N(AF_ATMPVC), N(AF_X25), N(AF_INET6), N(AF_ROSE), N(AF_NETBEUI),
	N(AF_SECURITY), N(AF_KEY), N(AF_NETLINK), N(AF_PACKET), N(AF_ASH), N(AF_ECONET),
	N(AF_ATMSVC), N(AF_RDS), N(AF_SNA), N(AF_IRDA), N(AF_PPPOX), N(AF_WANPIPE), N(AF_LLC),
	N(AF_IB), N(AF_MPLS), N(AF_CAN), N(AF_TIPC), N(AF_BLUETOOTH), N(AF_IUCV), N(AF_RXRPC),
	N(AF_ISDN), N(AF_PHONET), N(AF_IEEE802154), N(AF_CAIF), N(AF_ALG), N(AF_NFC), N(AF_VSOCK),
	N(AF_KCM), N(AF_QIPCRTR), N(AF_SMC), N(AF_XDP), N(AF_MCTP),
};

static const char *const socket_types[] = {
	N(SOCK_STREAM), N(SOCK_DGRAM), N(SOCK_RAW), N(SOCK_RDM), N(SOCK_SEQPACKET), N(SOCK_DCCP),
	N(SOCK_PACKET),
};

static const char *const protocols[] = {
	N(IPPROTO_IP), N(IPPROTO_ICMP), N(IPPROTO_IGMP), N(IPPROTO_IPIP), N(IPPROTO_TCP),
	N(IPPROTO_EGP), N(IPPROTO_PUP), N(IPPROTO_UDP), N(IPPROTO_IDP), N(IPPROTO_TP),
	N(IPPROTO_DCCP), N(IPPROTO_IPV6), N(IPPROTO_RSVP), N(IPPROTO_GRE), N(IPPROTO_ESP),
	N(IPPROTO_AH), N(IPPROTO_MTP), N(IPPROTO_BEETPH), N(IPPROTO_ENCAP), N(IPPROTO_PIM),
	N(IPPROTO_COMP), N(IPPROTO_SCTP), N(IPPROTO_UDPLITE), N(IPPROTO_MPLS), N(IPPROTO_ETHERNET),
	N(IPPROTO_RAW), N(IPPROTO_MPTCP), N(IPPROTO_ICMPV6),
};

static const char *const tcp_states[] = {
	N(TCP_ESTABLISHED), N(TCP_SYN_SENT), N(TCP_SYN_RECV), N(TCP_FIN_WAIT1), N(TCP_FIN_WAIT2),
	N(TCP_TIME_WAIT), N(TCP_CLOSE), N(TCP_CLOSE_WAIT), N(TCP_LAST_ACK), N(TCP_LISTEN),
	N(TCP_CLOSING),
	[12] = "TCP_NEW_SYN_RECV",
};

static const char *const capabilities[] = {
	N(CAP_CHOWN), N(CAP_DAC_OVERRIDE), N(CAP_DAC_READ_SEARCH), N(CAP_FOWNER), N(CAP_FSETID),
	N(CAP_KILL), N(CAP_SETGID), N(CAP_SETUID), N(CAP_SETPCAP), N(CAP_LINUX_IMMUTABLE),
	N(CAP_NET_BIND_SERVICE), N(CAP_NET_BROADCAST), N(CAP_NET_ADMIN), N(CAP_NET_RAW),
	N(CAP_IPC_LOCK), N(CAP_IPC_OWNER), N(CAP_SYS_MODULE), N(CAP_SYS_RAWIO), N(CAP_SYS_CHROOT),
	N(CAP_SYS_PTRACE), N(CAP_SYS_PACCT), N(CAP_SYS_ADMIN), N(CAP_SYS_BOOT), N(CAP_SYS_NICE),
	N(CAP_SYS_RESOURCE), N(CAP_SYS_TIME), N(CAP_SYS_TTY_CONFIG), N(CAP_MKNOD), N(CAP_LEASE),
	N(CAP_AUDIT_WRITE), N(CAP_AUDIT_CONTROL), N(CAP_SETFCAP), N(CAP_MAC_OVERRIDE),
	N(CAP_MAC_ADMIN), N(CAP_SYSLOG), N(CAP_WAKE_ALARM), N(CAP_BLOCK_SUSPEND), N(CAP_AUDIT_READ),
	N(CAP_PERFMON), N(CAP_BPF), N(CAP_CHECKPOINT_RESTORE),
};

#undef N
#define N(constant) {constant, #constant}

const struct flag_name open_flag_names[] = {
	N(O_TMPFILE), N(O_SYNC), N(O_CREAT), N(O_EXCL), N(O_NOCTTY), N(O_TRUNC), N(O_APPEND),
	N(O_NONBLOCK), N(O_DSYNC), {FASYNC, "O_ASYNC"}, N(O_DIRECT), N(O_LARGEFILE),
	N(O_DIRECTORY), N(O_NOFOLLOW), N(O_NOATIME), N(O_CLOEXEC), N(O_PATH), {0, NULL},
};

const struct flag_name socket_flag_names[] = {
	N(SOCK_CLOEXEC), N(SOCK_NONBLOCK), {0, NULL},
};
/* clang-format on */

/* Error numbers that user space never sees; tracepoints and return probes do. */
static const struct flag_name kernel_errnos[] = {
	{512, "ERESTARTSYS"},
	{513, "ERESTARTNOINTR"},
	{514, "ERESTARTNOHAND"},
	{515, "ENOIOCTLCMD"},
	{516, "ERESTART_RESTARTBLOCK"},
	{517, "EPROBE_DEFER"},
	{521, "EBADHANDLE"},
	{524, "ENOTSUPP"},
	{527, "EJUKEBOX"},
	{529, "EIOCBQUEUED"},
	{0, NULL},
};

static const char *look_up(const char *const *names, size_t n, uint64_t v)
{
	return v < n ? names[v] : NULL;
}

const char *name_errno(uint64_t v)
{
	for (const struct flag_name *e = kernel_errnos; e->name; e++)
		if (e->value == v)
			return e->name;
	return look_up(errnos, ARRAY_SIZE(errnos), v);
}

const char *name_signal(uint64_t v)
{
	/* The C library keeps the kernel's first two for itself. */
	if (v >= 34)
		return look_up(realtime_signals, ARRAY_SIZE(realtime_signals), v - 34);
	return look_up(signals, ARRAY_SIZE(signals), v);
}

const char *name_family(uint64_t v)
{
	return look_up(families, ARRAY_SIZE(families), v);
}

const char *name_socket_type(uint64_t v)
{
	return look_up(socket_types, ARRAY_SIZE(socket_types), v);
}

const char *name_protocol(uint64_t v)
{
	return look_up(protocols, ARRAY_SIZE(protocols), v);
}

const char *name_tcp_state(uint64_t v)
{
	return look_up(tcp_states, ARRAY_SIZE(tcp_states), v);
}

const char *name_capability(uint64_t v)
{
	return look_up(capabilities, ARRAY_SIZE(capabilities), v);
}
