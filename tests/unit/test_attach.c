/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel/attach.h"

#include <linux/bpf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "util/alloc.h"
#include "util/cleanup.h"

static const struct kernel modern = {.code = 0x60100, .machine = (char *)"x86_64"};

static char *described(const struct kernel *k, const char *function)
{
	struct attach_spec s;
	char *text;

	attach_spec_from_name(k, function, &s);
	assert_int_equal(s.pid, -1);
	text = attach_spec_describe(&s);
	attach_spec_done(&s);
	return text;
}

static void assert_described(const struct kernel *k, const char *function, const char *expected)
{
	_cleanup_(freep) char *text = described(k, function);

	assert_string_equal(text, expected);
}

static void names_say_how_to_attach(void **state)
{
	static const struct {
		const char *function, *expected;
	} names[] = {
		{"kprobe__tcp_v4_connect", "kprobe tcp_v4_connect"},
		{"kretprobe__tcp_v4_connect", "kretprobe tcp_v4_connect"},
		{"tracepoint__syscalls__sys_enter_openat", "tracepoint syscalls:sys_enter_openat"},
		{"tracepoint__a__b__c", "tracepoint a:b__c"},
		{"raw_tracepoint__sched_switch", "raw_tracepoint sched_switch"},
		{"kfunc__vfs_open", "kfunc vfs_open"},
		{"kfunc__vmlinux__vfs_open", "kfunc vfs_open"},
		{"kretfunc__vfs_open", "kretfunc vfs_open"},
		{"kmod_ret__security_file_open", "kmod_ret security_file_open"},
		{"lsm__file_open", "lsm file_open"},
		{"kprobe__", "not attached"},
		{"tracepoint__", "not attached"},
		{"tracepoint__sched", "not attached"},
		{"tracepoint____x", "not attached"},
		{"tracepoint__sched__", "not attached"},
		{"lsm__", "not attached"},
		{"my_kprobe__x", "not attached"},
		{"", "not attached"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_described(&modern, names[i].function, names[i].expected);
}

static void system_calls_get_the_kernels_prefix(void **state)
{
	const struct kernel old = {.code = 0x40e00, .machine = (char *)"x86_64"};
	const struct kernel arm = {.code = 0x60100, .machine = (char *)"aarch64"};

	assert_described(&modern, "kprobe__sys_openat", "kprobe __x64_sys_openat");
	assert_described(&modern, "kprobe____x64_sys_openat", "kprobe __x64_sys_openat");
	assert_described(&modern, "syscall__execve", "kprobe __x64_sys_execve");
	assert_described(&arm, "kretprobe____x64_sys_openat", "kretprobe __arm64_sys_openat");
	assert_described(&old, "kprobe__sys_openat", "kprobe sys_openat");
}

static void every_kind_is_described(void **state)
{
	static const struct {
		struct attach_spec spec;
		const char *expected;
	} specs[] = {
		{{.kind = ATTACH_UPROBE,
	          .binary = (char *)"/bin/bash",
	          .target = (char *)"readline"},
	         "uprobe /bin/bash:readline"},
		{{.kind = ATTACH_USDT,
	          .binary = (char *)"/bin/x",
	          .provider = (char *)"p",
	          .target = (char *)"n"},
	         "usdt /bin/x:p:n"},
		{{.kind = ATTACH_PERF_EVENT, .target = (char *)"cpu-clock", .sample_freq = 99},
	         "perf_event cpu-clock at 99 Hz"},
		{{.kind = ATTACH_PERF_EVENT, .target = (char *)"page-faults", .sample_period = 10},
	         "perf_event page-faults every 10"},
		{{.kind = ATTACH_SOCKET_FILTER, .target = (char *)""}, "socket_filter any"},
		{{.kind = ATTACH_SOCKET_FILTER}, "socket_filter any"},
		{{.kind = ATTACH_XDP, .target = (char *)"eth0"}, "xdp eth0"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(specs); i++) {
		_cleanup_(freep) char *text = attach_spec_describe(&specs[i].spec);

		assert_string_equal(text, specs[i].expected);
	}
}

static void kinds_have_names_and_types(void **state)
{
	for (int kind = ATTACH_NONE; kind <= ATTACH_XDP; kind++) {
		assert_non_null(attach_kind_name(kind));
		assert_true((attach_program_type(kind) == BPF_PROG_TYPE_UNSPEC) ==
		            (kind == ATTACH_NONE));
	}
	assert_int_equal(attach_program_type(ATTACH_USDT), BPF_PROG_TYPE_KPROBE);
	assert_int_equal(attach_program_type(ATTACH_LSM), BPF_PROG_TYPE_LSM);
	assert_int_equal(attach_expected_type(ATTACH_KRETFUNC), BPF_TRACE_FEXIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_say_how_to_attach),
		cmocka_unit_test(system_calls_get_the_kernels_prefix),
		cmocka_unit_test(every_kind_is_described),
		cmocka_unit_test(kinds_have_names_and_types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
