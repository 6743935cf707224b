// SPDX-License-Identifier: Apache-2.0
/* Every kind of attach point that this kernel has: attached, fired, counted, and gone at the end. */
#include "kernel/attach.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "programs.h"
#include "../usdt_point.h"
#include "util/cleanup.h"
#include "util/file.h"
#include "util/time.h"

#define SELF "/proc/self/exe"
#define RUNS 100

USDT_SEMAPHORE();

static struct kernel *k;
static char exe[4096];

int attach_target(int n);

__attribute__((noipa, visibility("default"))) int attach_target(int n)
{
	__asm__ volatile("" ::: "memory");
	return n + 1;
}

__attribute__((noipa)) static void usdt_target(bool second)
{
	if (second)
		USDT_POINT();
	else
		USDT_POINT();
}

struct attached {
	struct counting program;
	struct attachment *attachment;
};

static void attach(struct attached *a, const struct attach_spec *spec, int32_t value)
{
	struct diag diag = {};
	int r;

	assert_int_equal(attach_check(k, spec, NULL), 0);
	counting_load(&a->program, k, spec, value);
	r = attach_program(k, spec, a->program.loaded->programs[0].fd, &a->attachment, &diag);
	if (r)
		print_error("%s\n", diag_text(&diag));
	assert_int_equal(r, 0);
	diag_done(&diag);
}

static uint64_t detach(struct attached *a)
{
	uint64_t n = counting_value(a->program.loaded);

	attachment_free(a->attachment);
	loaded_free(a->program.loaded);
	return n;
}

/* The message of an attachment that must fail. */
static char *refusal(const struct attach_spec *spec, int expected)
{
	struct diag diag = {};
	struct counting c;
	struct attachment *a;
	char *text;

	counting_load(&c, k, spec, 0);
	assert_int_equal(attach_program(k, spec, c.loaded->programs[0].fd, &a, &diag), expected);
	/* what can be known beforehand is said beforehand */
	if (expected != -EBUSY && spec->kind != ATTACH_RAW_TRACEPOINT)
		assert_int_equal(attach_check(k, spec, NULL), expected);
	text = xstrdup(diag_text(&diag));
	loaded_free(c.loaded);
	diag_done(&diag);
	return text;
}

static void assert_contains(char *text, const char *part)
{
	if (!strstr(text, part))
		print_error("not in \"%s\": \"%s\"\n", text, part);
	assert_non_null(strstr(text, part));
	free(text);
}

static void call_target(void)
{
	for (int i = 0; i < RUNS; i++)
		attach_target(i);
}

static void test_tracepoint(void **state)
{
	struct attach_spec spec = {.kind = ATTACH_TRACEPOINT,
	                           .category = (char *)"syscalls",
	                           .target = (char *)"sys_enter_getpgid",
	                           .pid = -1};
	struct attached a;

	skip_without(kernel_has_tracepoint(k, spec.category, spec.target), "such a tracepoint");
	attach(&a, &spec, 0);
	for (int i = 0; i < RUNS; i++)
		syscall(SYS_getpgid, 0);
	assert_in_range(detach(&a), RUNS, RUNS * 2);
}

static void test_raw_tracepoint(void **state)
{
	struct attach_spec spec = {
		.kind = ATTACH_RAW_TRACEPOINT, .target = (char *)"sys_enter", .pid = -1};
	struct attached a;

	skip_without(k->has_raw_tracepoint, "raw tracepoints");
	attach(&a, &spec, 0);
	for (int i = 0; i < RUNS; i++)
		syscall(SYS_getpgid, 0);
	assert_true(detach(&a) >= RUNS);
}

static void test_kprobe(void **state)
{
	struct attach_spec spec;
	struct attached a;

	skip_without(k->has_kprobe, "kprobes");
	attach_spec_from_name(k, "kprobe__sys_getpgid", &spec);
	attach(&a, &spec, 0);
	for (int i = 0; i < RUNS; i++)
		syscall(SYS_getpgid, 0);
	assert_in_range(detach(&a), RUNS, RUNS * 2);
	spec.kind = ATTACH_KRETPROBE;
	attach(&a, &spec, 0);
	for (int i = 0; i < RUNS; i++)
		syscall(SYS_getpgid, 0);
	assert_in_range(detach(&a), RUNS, RUNS * 2);

	strcpy(spec.target, "tcp_v4_conect");
	assert_contains(refusal(&spec, -ENOENT), "did you mean tcp_v4_connect?");
	assert_true(kernel_has_function(k, "tcp_v4_connect"));
	assert_false(kernel_has_function(k, "tcp_v4_conect"));
	attach_spec_done(&spec);
}

static void test_kfunc(void **state)
{
	struct attach_spec spec;
	struct attached a;

	skip_without(k->has_fentry, "fentry");
	attach_spec_from_name(k, "kfunc__sys_getpgid", &spec);
	free(spec.target);
	spec.target = xstrdup("__x64_sys_getpgid");
	attach(&a, &spec, 0);
	for (int i = 0; i < RUNS; i++)
		syscall(SYS_getpgid, 0);
	assert_in_range(detach(&a), RUNS, RUNS * 2);
	attach_spec_done(&spec);
}

static void test_lsm(void **state)
{
	struct attach_spec spec;
	struct attached a;

	skip_without(k->has_lsm, "BPF LSM programs");
	attach_spec_from_name(k, "lsm__file_open", &spec);
	attach(&a, &spec, 0);
	for (int i = 0; i < RUNS; i++)
		close(open("/", O_RDONLY | O_CLOEXEC));
	assert_true(detach(&a) >= RUNS);
	attach_spec_done(&spec);
}

/* A function that exists only as the compiler's variant of it; *ret is its plain name. */
static bool find_variant(char **ret)
{
	_cleanup_(buf_donep) struct buf b = {};

	if (file_read("/proc/kallsyms", 64u << 20, &b))
		return false;
	buf_cstr(&b);
	for (char *save = NULL, *line = strtok_r(b.data, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		char *tail = strstr(line, ".isra.0"), *name = strrchr(line, ' ') + 1;

		if (!tail || tail[strlen(".isra.0")] || strncmp(name, "tcp_", 4))
			continue;
		*ret = xstrndup(name, (size_t)(tail - name));
		return true;
	}
	return false;
}

static void test_kprobe_variant(void **state)
{
	struct attach_spec spec = {.kind = ATTACH_KPROBE, .pid = -1};
	_cleanup_(diag_donep) struct diag diag = {};
	struct counting c;
	struct attachment *a;

	skip_without(k->has_kprobe && find_variant(&spec.target), "kprobes");
	counting_load(&c, k, &spec, 0);
	assert_int_equal(attach_program(k, &spec, c.loaded->programs[0].fd, &a, &diag), 0);
	assert_non_null(strstr(diag_text(&diag), ".isra.0, which the compiler made of it"));
	attachment_free(a);
	loaded_free(c.loaded);
	attach_spec_done(&spec);
}

static void test_uprobe(void **state)
{
	struct attach_spec spec = {
		.kind = ATTACH_UPROBE, .binary = exe, .target = (char *)"attach_target", .pid = -1};
	struct attached a;

	skip_without(k->has_uprobe, "uprobes");
	attach(&a, &spec, 0);
	call_target();
	assert_int_equal(detach(&a), RUNS);

	spec.kind = ATTACH_URETPROBE;
	spec.pid = getpid();
	attach(&a, &spec, 0);
	call_target();
	assert_int_equal(detach(&a), RUNS);
	call_target(); /* detached: nothing is left in the text */
}

static void test_usdt(void **state)
{
	struct attach_spec spec = {.kind = ATTACH_USDT,
	                           .binary = exe,
	                           .provider = (char *)"quern",
	                           .target = (char *)"point",
	                           .pid = -1};
	struct attached a;

	skip_without(k->has_uprobe, "uprobes");
	assert_int_equal(usdt_semaphore, 0);
	attach(&a, &spec, 0);
	assert_true(usdt_semaphore > 0);
	for (int i = 0; i < RUNS; i++)
		usdt_target(i & 1);
	assert_int_equal(detach(&a), RUNS);
	assert_int_equal(usdt_semaphore, 0);
}

static void spin(uint64_t ns)
{
	uint64_t end = time_monotonic() + ns;

	while (time_monotonic() < end)
		;
}

static void test_sampling(void **state)
{
	struct attach_spec spec = {.kind = ATTACH_PERF_EVENT,
	                           .target = (char *)"cpu-clock",
	                           .pid = -1,
	                           .sample_freq = 1000};
	struct attached a;

	attach(&a, &spec, 0);
	spin(100 * NSEC_PER_MSEC);
	assert_in_range(detach(&a), 20, 1000);
}

static void send_packets(void)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)};
	_cleanup_(closep) int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (int i = 0; i < RUNS; i++)
		assert_int_equal(sendto(fd, "x", 1, 0, (struct sockaddr *)&to, sizeof(to)), 1);
}

static void test_socket_filter(void **state)
{
	struct attach_spec spec = {.kind = ATTACH_SOCKET_FILTER, .target = (char *)"lo", .pid = -1};
	struct attached a;

	attach(&a, &spec, 65535);
	send_packets();
	assert_true(detach(&a) >= RUNS);
}

static void test_xdp(void **state)
{
	struct attach_spec spec = {.kind = ATTACH_XDP, .target = (char *)"lo", .pid = -1};
	struct attached a;

	attach(&a, &spec, XDP_PASS);
	send_packets();
	assert_contains(refusal(&spec, -EBUSY), "another XDP program");
	assert_true(detach(&a) >= RUNS);
}

static void test_refusals(void **state)
{
	struct attach_spec tracepoint = {.kind = ATTACH_TRACEPOINT,
	                                 .category = (char *)"sched",
	                                 .target = (char *)"sched_swich"};
	struct attach_spec raw = {.kind = ATTACH_RAW_TRACEPOINT, .target = (char *)"sys_entre"};
	struct attach_spec interface = {.kind = ATTACH_XDP, .target = (char *)"lq"};
	struct attach_spec symbol = {
		.kind = ATTACH_UPROBE, .binary = exe, .target = (char *)"attach_targte", .pid = -1};
	struct attach_spec binary = {.kind = ATTACH_UPROBE,
	                             .binary = (char *)"no-such-program",
	                             .target = (char *)"main",
	                             .pid = -1};
	struct attach_spec event = {.kind = ATTACH_PERF_EVENT,
	                            .target = (char *)"cpu-clok",
	                            .sample_freq = 1,
	                            .pid = -1};

	if (k->tracefs)
		assert_contains(refusal(&tracepoint, -ENOENT), "did you mean sched:sched_switch?");
	if (k->has_raw_tracepoint && k->tracefs)
		assert_contains(refusal(&raw, -ENOENT), "did you mean sys_enter?");
	assert_contains(refusal(&interface, -ENODEV), "did you mean lo?");
	assert_contains(refusal(&event, -ENOENT), "did you mean cpu-clock");
	if (!k->has_uprobe)
		return;
	assert_contains(refusal(&symbol, -ENOENT), "did you mean attach_target?");
	assert_contains(refusal(&binary, -ENOENT), "give the whole path");
}

static void test_no_kprobes(void **state)
{
	struct attach_spec spec;

	skip_without(!k->has_kprobe, "lack of kprobes");
	attach_spec_from_name(k, "kprobe__tcp_connect", &spec);
	if (k->lockdown && streq(k->lockdown, "confidentiality"))
		assert_contains(refusal(&spec, -EPERM), "lockdown=integrity");
	else
		assert_contains(refusal(&spec, -EOPNOTSUPP), "no kprobes");
	attach_spec_done(&spec);
}

static uint32_t program_id(const struct loaded *l)
{
	struct bpf_prog_info info = {};
	uint32_t size = sizeof(info);

	assert_int_equal(bpf_obj_get_info_by_fd(l->programs[0].fd, &info, &size), 0);
	return info.id;
}

static bool program_exists(uint32_t id)
{
	_cleanup_(closep) int fd = bpf_prog_get_fd_by_id(id);

	return fd >= 0;
}

/* How many links of these programs there are. */
static size_t count_links(const uint32_t *programs)
{
	size_t n = 0;

	for (uint32_t id = 0; !bpf_link_get_next_id(id, &id);) {
		_cleanup_(closep) int fd = bpf_link_get_fd_by_id(id);
		struct bpf_link_info info = {};
		uint32_t size = sizeof(info);

		if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size) < 0)
			continue;
		for (const uint32_t *p = programs; *p; p++)
			n += *p == info.prog_id;
	}
	return n;
}

/* The probes that stand in a list of tracefs. */
static char *probe_list(const char *name)
{
	_cleanup_(freep) char *path = xasprintf("%s/%s", k->tracefs, name);
	struct buf b = {};

	file_read(path, 1u << 20, &b);
	return buf_take(&b);
}

/* One attachment of each kind, held by a process that says so and waits for its end. */
static void attach_everything(uint32_t *ids, int ready)
{
	struct attach_spec specs[] = {
		{.kind = ATTACH_RAW_TRACEPOINT, .target = (char *)"sys_enter", .pid = -1},
		{.kind = ATTACH_TRACEPOINT,
	         .category = (char *)"sched",
	         .target = (char *)"sched_switch",
	         .pid = -1},
		{.kind = ATTACH_UPROBE,
	         .binary = exe,
	         .target = (char *)"attach_target",
	         .pid = -1},
		{.kind = ATTACH_USDT,
	         .binary = exe,
	         .provider = (char *)"quern",
	         .target = (char *)"point",
	         .pid = -1},
		{.kind = ATTACH_PERF_EVENT,
	         .target = (char *)"cpu-clock",
	         .sample_freq = 10,
	         .pid = -1},
		{.kind = ATTACH_SOCKET_FILTER, .target = (char *)"lo", .pid = -1},
		{.kind = ATTACH_XDP, .target = (char *)"lo", .pid = -1},
		{.kind = ATTACH_KPROBE, .target = (char *)"tcp_v4_connect", .pid = -1},
		{.kind = ATTACH_KFUNC, .target = (char *)"tcp_v4_connect", .pid = -1},
	};
	struct attached a[ARRAY_SIZE(specs)];

	for (size_t i = 0; i < ARRAY_SIZE(specs); i++) {
		if ((specs[i].kind == ATTACH_KPROBE && !k->has_kprobe) ||
		    (specs[i].kind == ATTACH_KFUNC && !k->has_fentry))
			continue;
		attach(&a[i], &specs[i], specs[i].kind == ATTACH_XDP ? XDP_PASS : 0);
		*ids++ = program_id(a[i].program.loaded);
	}
	assert_int_equal(write(ready, "x", 1), 1);
	pause();
}

static void test_nothing_stays_after_sigkill(void **state)
{
	_cleanup_(freep) char *kprobes = probe_list("kprobe_events"), *kprobes_after = NULL;
	_cleanup_(freep) char *uprobes = probe_list("uprobe_events"), *uprobes_after = NULL;
	uint32_t *ids = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint64_t deadline = time_monotonic() + 5 * NSEC_PER_SEC;
	int ready[2];
	char byte;
	pid_t pid;

	skip_without(k->has_uprobe && k->has_raw_tracepoint && k->tracefs,
	             "uprobes, raw tracepoints or tracefs");
	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	pid = fork();
	if (!pid) {
		/* a failure ends this process, not this test in it */
		setenv("CMOCKA_TEST_ABORT", "1", 1);
		attach_everything(ids, ready[1]);
		_exit(0);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_true(count_links(ids) >= 2);
	for (uint32_t *id = ids; *id; id++)
		assert_true(program_exists(*id));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	/* The kernel frees programs in its own time. */
	for (uint32_t *id = ids; *id; id++)
		while (program_exists(*id) && time_monotonic() < deadline)
			usleep(1000);
	for (uint32_t *id = ids; *id; id++)
		assert_false(program_exists(*id));
	assert_int_equal(count_links(ids), 0);
	kprobes_after = probe_list("kprobe_events");
	uprobes_after = probe_list("uprobe_events");
	assert_string_equal(kprobes, kprobes_after);
	assert_string_equal(uprobes, uprobes_after);
	assert_int_equal(usdt_semaphore, 0);
	close(ready[0]);
	munmap(ids, 4096);
}

/* A network of our own, so that nobody else's packets are counted or touched. */
static void own_network(void)
{
	struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	_cleanup_(closep) int fd = -1;

	if (unshare(CLONE_NEWNET) < 0)
		return;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ioctl(fd, SIOCSIFFLAGS, &lo);
}

static int setup(void **state)
{
	ssize_t n = readlink(SELF, exe, sizeof(exe) - 1);

	k = kernel_probe(true);
	if (!k->has_bpf) {
		print_message("skipped: %s\n", k->bpf_denied);
		exit(77);
	}
	own_network();
	return n > 0 ? 0 : -1;
}

static int teardown(void **state)
{
	k = kernel_free(k);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tracepoint),
		cmocka_unit_test(test_raw_tracepoint),
		cmocka_unit_test(test_kprobe),
		cmocka_unit_test(test_kprobe_variant),
		cmocka_unit_test(test_kfunc),
		cmocka_unit_test(test_lsm),
		cmocka_unit_test(test_uprobe),
		cmocka_unit_test(test_usdt),
		cmocka_unit_test(test_sampling),
		cmocka_unit_test(test_socket_filter),
		cmocka_unit_test(test_xdp),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_no_kprobes),
		cmocka_unit_test(test_nothing_stays_after_sigkill),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
