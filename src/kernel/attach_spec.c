// SPDX-License-Identifier: Apache-2.0
#include "kernel/attach.h"

#include <inttypes.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/version.h"
#include "util/alloc.h"

static const struct {
	const char *name;
	enum bpf_prog_type type;
	uint32_t expected;
} kinds[] = {
	[ATTACH_NONE] = {"none", BPF_PROG_TYPE_UNSPEC, 0},
	[ATTACH_KPROBE] = {"kprobe", BPF_PROG_TYPE_KPROBE, 0},
	[ATTACH_KRETPROBE] = {"kretprobe", BPF_PROG_TYPE_KPROBE, 0},
	[ATTACH_TRACEPOINT] = {"tracepoint", BPF_PROG_TYPE_TRACEPOINT, 0},
	[ATTACH_RAW_TRACEPOINT] = {"raw_tracepoint", BPF_PROG_TYPE_RAW_TRACEPOINT, 0},
	[ATTACH_KFUNC] = {"kfunc", BPF_PROG_TYPE_TRACING, BPF_TRACE_FENTRY},
	[ATTACH_KRETFUNC] = {"kretfunc", BPF_PROG_TYPE_TRACING, BPF_TRACE_FEXIT},
	[ATTACH_KMOD_RET] = {"kmod_ret", BPF_PROG_TYPE_TRACING, BPF_MODIFY_RETURN},
	[ATTACH_LSM] = {"lsm", BPF_PROG_TYPE_LSM, BPF_LSM_MAC},
	[ATTACH_UPROBE] = {"uprobe", BPF_PROG_TYPE_KPROBE, 0},
	[ATTACH_URETPROBE] = {"uretprobe", BPF_PROG_TYPE_KPROBE, 0},
	[ATTACH_USDT] = {"usdt", BPF_PROG_TYPE_KPROBE, 0},
	[ATTACH_PERF_EVENT] = {"perf_event", BPF_PROG_TYPE_PERF_EVENT, 0},
	[ATTACH_SOCKET_FILTER] = {"socket_filter", BPF_PROG_TYPE_SOCKET_FILTER, 0},
	[ATTACH_XDP] = {"xdp", BPF_PROG_TYPE_XDP, BPF_XDP},
};

void attach_spec_done(struct attach_spec *s)
{
	free(s->category);
	free(s->target);
	free(s->binary);
	free(s->provider);
	*s = (struct attach_spec){};
}

void attach_spec_copy(const struct attach_spec *from, struct attach_spec *to)
{
	*to = *from;
	to->category = from->category ? xstrdup(from->category) : NULL;
	to->target = from->target ? xstrdup(from->target) : NULL;
	to->binary = from->binary ? xstrdup(from->binary) : NULL;
	to->provider = from->provider ? xstrdup(from->provider) : NULL;
}

const char *attach_kind_name(enum attach_kind kind)
{
	return kinds[kind].name;
}

uint32_t attach_program_type(enum attach_kind kind)
{
	return kinds[kind].type;
}

uint32_t attach_expected_type(enum attach_kind kind)
{
	return kinds[kind].expected;
}

/* What stands behind a prefix, NULL when the name has another one or nothing behind it. */
static const char *behind(const char *name, const char *prefix)
{
	size_t n = strlen(prefix);

	return !strncmp(name, prefix, n) && name[n] ? name + n : NULL;
}

/* Since 4.17 the functions behind system calls carry their architecture's name. */
static const char *syscall_prefix(const struct kernel *k)
{
	if (k->code >= KERNEL_CODE(4, 17, 0) && streq(k->machine, "x86_64"))
		return "__x64_sys_";
	if (k->code >= KERNEL_CODE(4, 19, 0) && streq(k->machine, "aarch64"))
		return "__arm64_sys_";
	if (k->code >= KERNEL_CODE(4, 17, 0) && streq(k->machine, "s390x"))
		return "__s390x_sys_";
	if (k->code >= KERNEL_CODE(6, 6, 0) && streq(k->machine, "riscv64"))
		return "__riscv_sys_";
	return "sys_";
}

/* As bcc does: the system call's function, however the source spells it, as this kernel does. */
static char *kernel_function(const struct kernel *k, const char *name)
{
	static const char *const prefixes[] = {"sys_", "__x64_sys_", "__arm64_sys_", "__s390x_sys_",
	                                       "__riscv_sys_"};

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
		const char *call = behind(name, prefixes[i]);

		if (call)
			return xasprintf("%s%s", syscall_prefix(k), call);
	}
	return xstrdup(name);
}

static bool tracepoint_from_name(const char *rest, struct attach_spec *s)
{
	const char *split = strstr(rest, "__");

	if (!split || split == rest || !split[2])
		return false;
	s->kind = ATTACH_TRACEPOINT;
	s->category = xstrndup(rest, (size_t)(split - rest));
	s->target = xstrdup(split + 2);
	return true;
}

void attach_spec_from_name(const struct kernel *k, const char *function, struct attach_spec *ret)
{
	static const struct {
		const char *prefix;
		enum attach_kind kind;
	} simple[] = {
		{"raw_tracepoint__", ATTACH_RAW_TRACEPOINT},
		{"kfunc__vmlinux__", ATTACH_KFUNC}, /* the spelling of bcc since 0.28 */
		{"kfunc__", ATTACH_KFUNC},
		{"kretfunc__vmlinux__", ATTACH_KRETFUNC},
		{"kretfunc__", ATTACH_KRETFUNC},
		{"kmod_ret__vmlinux__", ATTACH_KMOD_RET},
		{"kmod_ret__", ATTACH_KMOD_RET},
		{"lsm__", ATTACH_LSM},
	};
	const char *rest;

	*ret = (struct attach_spec){.kind = ATTACH_NONE, .pid = -1};
	if ((rest = behind(function, "kprobe__")) || (rest = behind(function, "kretprobe__"))) {
		ret->kind = function[1] == 'p' ? ATTACH_KPROBE : ATTACH_KRETPROBE;
		ret->target = kernel_function(k, rest);
		return;
	}
	if ((rest = behind(function, "syscall__"))) {
		ret->kind = ATTACH_KPROBE;
		ret->target = xasprintf("%s%s", syscall_prefix(k), rest);
		return;
	}
	if ((rest = behind(function, "tracepoint__")) && tracepoint_from_name(rest, ret))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(simple); i++) {
		if ((rest = behind(function, simple[i].prefix))) {
			ret->kind = simple[i].kind;
			ret->target = xstrdup(rest);
			return;
		}
	}
}

char *attach_spec_describe(const struct attach_spec *s)
{
	const char *kind = attach_kind_name(s->kind);

	switch (s->kind) {
	case ATTACH_NONE:
		return xstrdup("not attached");
	case ATTACH_TRACEPOINT:
		return xasprintf("%s %s:%s", kind, s->category, s->target);
	case ATTACH_UPROBE:
	case ATTACH_URETPROBE:
		return xasprintf("%s %s:%s", kind, s->binary, s->target);
	case ATTACH_USDT:
		return xasprintf("%s %s:%s:%s", kind, s->binary, s->provider, s->target);
	case ATTACH_PERF_EVENT:
		return s->sample_freq ? xasprintf("%s %s at %" PRIu64 " Hz", kind, s->target,
		                                  s->sample_freq)
		                      : xasprintf("%s %s every %" PRIu64, kind, s->target,
		                                  s->sample_period);
	case ATTACH_SOCKET_FILTER:
		return xasprintf("%s %s", kind, s->target && *s->target ? s->target : "any");
	default:
		return xasprintf("%s %s", kind, s->target);
	}
}
