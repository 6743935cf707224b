// SPDX-License-Identifier: Apache-2.0
/*
 * Each fact is had by asking for the thing itself: a ring buffer is there if one can be made, a
 * program type if a program of it loads. Version numbers prove nothing on kernels that distributions
 * patch, and build options say nothing of policy: some kernels have fentry and answer EPERM. All of
 * it takes about a millisecond, because nothing large is read: neither BTF nor kallsyms.
 */
#include "kernel/kernel.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "kernel/cpus.h"
#include "kernel/refusal.h"
#include "kernel/functions.h"
#include "kernel/tracefs.h"
#include "kernel/version.h"
#include "util/alloc.h"
#include "util/buf.h"
#include "util/cleanup.h"
#include "util/file.h"

#define SECURITYFS      "/sys/kernel/security"
#define EVENT_SOURCES   "/sys/bus/event_source/devices"
#define KERNEL_BTF      "/sys/kernel/btf/vmlinux"
#define LSM_LIST_BYTES  4096
#define PROBE_LOG_BYTES 4096

#ifndef SYS_lsm_list_modules
#define SYS_lsm_list_modules 461
#endif
#define LSM_ID_OF_BPF 110

/* Is `what` in QUERN_WITHOUT? */
static bool without(const char *what)
{
	const char *list = getenv("QUERN_WITHOUT");
	size_t n = strlen(what);

	for (const char *p = list; p && *p;) {
		size_t word = strcspn(p, ",");

		if (word == n && !strncmp(p, what, n))
			return true;
		p += word + (p[word] == ',');
	}
	return false;
}

static uint64_t effective_capabilities(void)
{
	_cleanup_(buf_donep) struct buf b = {};
	const char *line;

	if (file_read("/proc/self/status", 64u << 10, &b))
		return 0;
	line = strstr(buf_cstr(&b), "\nCapEff:");
	return line ? strtoull(line + strlen("\nCapEff:"), NULL, 16) : 0;
}

/* "none [integrity] confidentiality": the word in brackets. */
static char *lockdown_state(void)
{
	_cleanup_(freep) char *line = NULL;
	const char *open, *close;

	if (file_read_line(SECURITYFS "/lockdown", &line))
		return NULL;
	open = strchr(line, '[');
	close = open ? strchr(open, ']') : NULL;
	return close ? xstrndup(open + 1, (size_t)(close - open - 1)) : NULL;
}

/* The list of active security modules, from securityfs or, unmounted, from the kernel (6.8). */
static bool lsm_is_active(void)
{
	_cleanup_(freep) char *line = NULL;
	uint64_t ids[LSM_LIST_BYTES / sizeof(uint64_t)];
	uint32_t size = sizeof(ids);
	long n;

	if (!file_read_line(SECURITYFS "/lsm", &line)) {
		for (char *save = NULL, *word = strtok_r(line, ",", &save); word;
		     word = strtok_r(NULL, ",", &save))
			if (streq(word, "bpf"))
				return true;
		return false;
	}
	n = syscall(SYS_lsm_list_modules, ids, &size, 0);
	for (long i = 0; i < n; i++)
		if (ids[i] == LSM_ID_OF_BPF)
			return true;
	return false;
}

/* return 0 */
static const struct bpf_insn empty_program[] = {
	{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
	{.code = BPF_JMP | BPF_EXIT},
};

static bool program_loads(enum bpf_prog_type type)
{
	_cleanup_(closep) int fd =
		bpf_prog_load(type, NULL, "GPL", empty_program, ARRAY_SIZE(empty_program), NULL);

	return fd >= 0;
}

/*
 * Can programs be tied to kernel functions by BTF? Offer one that names a type which is no function
 * (type 1 never is): a kernel that gets as far as complaining of that would have taken a good one.
 */
static bool btf_program_loads(enum bpf_prog_type type, enum bpf_attach_type attach)
{
	char log[PROBE_LOG_BYTES] = "";
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = attach, .attach_btf_id = 1,
	            .log_buf = log, .log_size = sizeof(log), .log_level = 1);
	_cleanup_(closep) int fd =
		bpf_prog_load(type, NULL, "GPL", empty_program, ARRAY_SIZE(empty_program), &opts);

	return fd >= 0 || strstr(log, "is not a function");
}

static int map_create(enum bpf_map_type type, uint32_t key, uint32_t value, uint32_t entries)
{
	_cleanup_(closep) int fd = bpf_map_create(type, NULL, key, value, entries, NULL);

	return fd >= 0 ? 0 : -errno;
}

/* Why bpf(2) does not do for us what a probe takes; NULL: it does. */
static char *bpf_denied(const struct kernel *k)
{
	int r = map_create(BPF_MAP_TYPE_ARRAY, 4, 4, 1);
	char *denied;

	if (r == -ENOSYS)
		return xstrdup("this kernel was built without bpf(2) (CONFIG_BPF_SYSCALL): "
		               "boot one that has it");
	denied = refusal_unprivileged(k);
	if (denied || !r)
		return denied;
	if (r == -EPERM && k->code < KERNEL_CODE(5, 11, 0))
		return xstrdup("bpf(2) is refused although we may use it: raise the limit of "
		               "locked memory (ulimit -l unlimited, LimitMEMLOCK=infinity)");
	return refusal_reason(k, r);
}

/* Before 5.11 maps and programs are charged to the limit of locked memory, 64 kB by default. */
static void raise_memlock(const struct kernel *k)
{
	struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY}, now;

	if (k->code >= KERNEL_CODE(5, 11, 0) || setrlimit(RLIMIT_MEMLOCK, &unlimited) == 0)
		return;
	if (getrlimit(RLIMIT_MEMLOCK, &now) == 0) {
		now.rlim_cur = now.rlim_max;
		setrlimit(RLIMIT_MEMLOCK, &now);
	}
}

static void probe_identity(struct kernel *k)
{
	uint32_t *ids = NULL;
	struct utsname u;

	uname(&u);
	k->release = xstrdup(u.release);
	k->version = xstrdup(u.version);
	k->machine = xstrdup(u.machine);
	k->host = xstrdup(u.nodename);
	k->code = version_running(&u);
	k->possible_cpus = (uint32_t)cpus_list(CPUS_POSSIBLE, &ids);
	free(ids);
	k->online_cpus = (uint32_t)cpus_list(CPUS_ONLINE, &ids);
	free(ids);
}

static void probe_bpf(struct kernel *k)
{
	k->bpf_denied = bpf_denied(k);
	k->has_bpf = !k->bpf_denied;
	if (!k->has_bpf)
		return;
	k->has_ringbuf = !without("ringbuf") &&
	                 !map_create(BPF_MAP_TYPE_RINGBUF, 0, 0, (uint32_t)getpagesize());
	k->has_raw_tracepoint =
		!without("raw_tracepoint") && program_loads(BPF_PROG_TYPE_RAW_TRACEPOINT);
	if (!k->btf)
		return;
	k->has_fentry =
		!without("fentry") && btf_program_loads(BPF_PROG_TYPE_TRACING, BPF_TRACE_FENTRY);
	k->has_lsm = !without("lsm") && lsm_is_active() &&
	             btf_program_loads(BPF_PROG_TYPE_LSM, BPF_LSM_MAC);
}

struct kernel *kernel_probe(bool mount_tracefs)
{
	struct kernel *k = xcalloc(1, sizeof(*k));

	libbpf_set_print(NULL);
	probe_identity(k);
	raise_memlock(k);
	k->capabilities = effective_capabilities();
	k->lockdown = lockdown_state();
	if (!without("btf") && access(KERNEL_BTF, R_OK) == 0)
		k->btf = xstrdup(KERNEL_BTF);
	if (!without("tracefs"))
		k->tracefs = tracefs_find(mount_tracefs);
	k->has_kprobe = !without("kprobe") && !refusal_is_lockdown(k) &&
	                file_exists(EVENT_SOURCES "/kprobe/type");
	k->has_uprobe = file_exists(EVENT_SOURCES "/uprobe/type");
	k->functions = functions_new(k->btf, "/proc/kallsyms");
	probe_bpf(k);
	return k;
}

struct kernel *kernel_free(struct kernel *k)
{
	if (!k)
		return NULL;
	free(k->release);
	free(k->version);
	free(k->machine);
	free(k->host);
	free(k->btf);
	free(k->tracefs);
	free(k->bpf_denied);
	free(k->lockdown);
	functions_free(k->functions);
	free(k);
	return NULL;
}

bool kernel_has_tracepoint(const struct kernel *k, const char *category, const char *name)
{
	_cleanup_(freep) char *path = NULL;

	if (!k->tracefs || !*category || !*name || strchr(category, '/') || strchr(name, '/'))
		return false;
	path = xasprintf("%s/events/%s/%s/id", k->tracefs, category, name);
	return file_exists(path);
}

bool kernel_has_function(const struct kernel *k, const char *function)
{
	return k->has_kprobe && k->functions && functions_has(k->functions, function);
}
