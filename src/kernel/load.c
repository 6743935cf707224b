// SPDX-License-Identifier: Apache-2.0
/*
 * Debug information (BTF, function and line tables) makes messages better and maps readable in
 * bpftool, but nothing depends on it: kernels that know none, or refuse this one, get the same
 * programs without. A program is first loaded with no log, since writing one doubles the cost; only
 * a refused one is loaded again to hear why.
 */
#include "kernel/load.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/maps.h"
#include "kernel/symbols.h"
#include "kernel/verifier.h"
#include "util/alloc.h"
#include "util/cleanup.h"

#define LOG_BYTES_FIRST (64u << 10)
#define LOG_BYTES_MAX   ((16u << 20) - 1) /* kernels up to 5.1 take no more */
#define LOG_GROWTH      8

struct loader {
	const struct kernel *k;
	const struct object *object;
	int btf_fd; /* -1: the kernel takes none */
	struct loaded *loaded;
	struct buf *log;
	struct diag *diag;
};

/* A copy of the instructions that refers to this load's maps; NULL: a reference makes no sense. */
static struct bpf_insn *relocate(const struct loader *l, const struct object_program *p)
{
	_cleanup_(freep) struct bpf_insn *insns = xmemdup(p->insns, p->n_insns * sizeof(*insns));

	for (uint32_t i = 0; i < p->n_relocs; i++) {
		const struct object_reloc *at = &p->relocs[i];

		if (at->insn >= p->n_insns || at->map >= l->object->n_maps ||
		    insns[at->insn].code != (BPF_LD | BPF_IMM | BPF_DW))
			return NULL;
		insns[at->insn].src_reg = BPF_PSEUDO_MAP_FD;
		insns[at->insn].imm = l->loaded->maps[at->map];
	}
	return steal(&insns);
}

/* Functions by BTF are named at load: "file_open" is LSM's bpf_lsm_file_open. */
static int find_btf_function(const struct loader *l, const struct attach_spec *spec,
                             uint32_t *ret_id)
{
	bool lsm = spec->kind == ATTACH_LSM;
	_cleanup_(freep) char *name = xasprintf("%s%s", lsm ? "bpf_lsm_" : "", spec->target);
	const char *kind = attach_kind_name(spec->kind);
	int r;

	if (lsm && !l->k->has_lsm)
		return diag_error(l->diag, -EOPNOTSUPP,
		                  "lsm %s: BPF is not among this kernel's security modules: "
		                  "boot with bpf in lsm= (CONFIG_BPF_LSM)",
		                  spec->target);
	if (!lsm && !l->k->has_fentry)
		return diag_error(l->diag, -EOPNOTSUPP,
		                  "%s %s: this kernel takes no programs on functions by BTF "
		                  "(CONFIG_DEBUG_INFO_BTF, Linux 5.5, or a policy): "
		                  "use a kprobe or a tracepoint",
		                  kind, spec->target);
	r = symbols_btf_function(l->k->btf, name, ret_id);
	if (r == -ENOENT)
		return diag_error(l->diag, r, "%s %s: no %s of this name in the kernel's BTF%s",
		                  kind, spec->target, lsm ? "hook" : "function",
		                  lsm ? ""
		                      : " (functions of modules are not supported: use a kprobe)");
	if (r)
		return diag_error(l->diag, r, "%s %s: %s: %s", kind, spec->target, l->k->btf,
		                  strerror(-r));
	return 0;
}

/*
 * The type that a program is loaded with. A function that nothing attaches (the target of a tail
 * call) must be of its caller's type, so it takes that of the first program that has one.
 */
static enum attach_kind program_kind(const struct loader *l, const struct attach_spec *spec)
{
	if (spec->kind != ATTACH_NONE)
		return spec->kind;
	for (uint32_t i = 0; i < l->object->n_programs; i++)
		if (l->loaded->programs[i].spec.kind != ATTACH_NONE)
			return l->loaded->programs[i].spec.kind;
	return ATTACH_SOCKET_FILTER;
}

static void set_debug_info(const struct loader *l, const struct object_program *p,
                           struct bpf_prog_load_opts *opts)
{
	if (l->btf_fd < 0)
		return;
	opts->prog_btf_fd = (uint32_t)l->btf_fd;
	opts->func_info = p->func_info.data;
	opts->func_info_cnt = p->func_info.count;
	opts->func_info_rec_size = p->func_info.record_size;
	opts->line_info = p->line_info.data;
	opts->line_info_cnt = p->line_info.count;
	opts->line_info_rec_size = p->line_info.record_size;
}

static void clear_debug_info(struct bpf_prog_load_opts *opts)
{
	opts->prog_btf_fd = 0;
	opts->func_info = opts->line_info = NULL;
	opts->func_info_cnt = opts->line_info_cnt = 0;
	opts->func_info_rec_size = opts->line_info_rec_size = 0;
}

static int load_once(const struct object *o, const struct object_program *p,
                     enum bpf_prog_type type, const struct bpf_insn *insns,
                     const struct bpf_prog_load_opts *opts)
{
	int fd = bpf_prog_load(type, p->name, o->license, insns, p->n_insns, opts);

	return fd < 0 ? -errno : fd;
}

/* Load again for the verifier's words, into a buffer that grows until they fit. */
static int load_with_log(const struct object *o, const struct object_program *p,
                         enum bpf_prog_type type, const struct bpf_insn *insns,
                         struct bpf_prog_load_opts *opts, struct buf *log)
{
	uint32_t size = LOG_BYTES_FIRST;
	int fd;

	for (;;) {
		buf_clear(log);
		opts->log_buf = buf_reserve(log, size);
		opts->log_size = size;
		opts->log_level = 1;
		opts->log_buf[0] = '\0';
		fd = load_once(o, p, type, insns, opts);
		if (fd != -ENOSPC || size == LOG_BYTES_MAX)
			break;
		size = size > LOG_BYTES_MAX / LOG_GROWTH ? LOG_BYTES_MAX : size * LOG_GROWTH;
	}
	log->len = strnlen(log->data, size);
	opts->log_buf = NULL;
	opts->log_size = opts->log_level = 0;
	return fd;
}

static int load_program(struct loader *l, const struct object_program *p,
                        struct loaded_program *ret)
{
	enum attach_kind kind = program_kind(l, &ret->spec);
	enum bpf_prog_type type = attach_program_type(kind);
	_cleanup_(freep) struct bpf_insn *insns = relocate(l, p);
	_cleanup_(buf_donep) struct buf log = {};
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .kern_version = l->k->code,
	            .expected_attach_type = attach_expected_type(kind));
	int fd, refused;

	if (!insns)
		return diag_error(l->diag, -EBADMSG, "%s: %s: a reference to a map is damaged",
		                  l->object->source_name, p->name);
	if (type == BPF_PROG_TYPE_TRACING || type == BPF_PROG_TYPE_LSM) {
		refused = find_btf_function(l, &ret->spec, &opts.attach_btf_id);
		if (refused)
			return refused;
	}
	set_debug_info(l, p, &opts);
	refused = load_once(l->object, p, type, insns, &opts);
	if (refused >= 0) {
		ret->fd = refused;
		return 0;
	}
	fd = load_with_log(l->object, p, type, insns, &opts, &log);
	if (fd < 0) {
		clear_debug_info(&opts);
		fd = load_once(l->object, p, type, insns, &opts);
	}
	if (fd >= 0) {
		ret->fd = fd;
		return 0;
	}
	if (l->log)
		buf_append(l->log, log.data, log.len);
	return verifier_explain(l->k, l->object, p, buf_cstr(&log), refused, l->diag);
}

static struct loaded *loaded_new(const struct object *o, const struct attach_spec *specs)
{
	struct loaded *l = xcalloc(1, sizeof(*l));

	l->object = o;
	l->maps = xcalloc(o->n_maps, sizeof(*l->maps));
	for (uint32_t i = 0; i < o->n_maps; i++)
		l->maps[i] = -1;
	l->n_programs = o->n_programs;
	l->programs = xcalloc(o->n_programs, sizeof(*l->programs));
	for (uint32_t i = 0; i < o->n_programs; i++) {
		l->programs[i].fd = -1;
		attach_spec_copy(&specs[i], &l->programs[i].spec);
	}
	return l;
}

struct loaded *loaded_free(struct loaded *l)
{
	if (!l)
		return NULL;
	for (uint32_t i = 0; i < l->n_programs; i++) {
		closep(&l->programs[i].fd);
		attach_spec_done(&l->programs[i].spec);
	}
	for (uint32_t i = 0; i < l->object->n_maps; i++)
		closep(&l->maps[i]);
	free(l->programs);
	free(l->maps);
	free(l);
	return NULL;
}
DEFINE_CLEANUP(struct loaded *, loaded_free)

int load_object(const struct kernel *k, const struct object *object,
                const struct attach_spec *specs, const int *reuse, struct loaded **ret,
                struct buf *verifier_log, struct diag *diag)
{
	_cleanup_(closep) int btf_fd =
		object->btf_size ? bpf_btf_load(object->btf, object->btf_size, NULL) : -1;
	_cleanup_(loaded_freep) struct loaded *loaded = loaded_new(object, specs);
	struct loader l = {k, object, btf_fd, loaded, verifier_log, diag};
	int r;

	if (!k->has_bpf)
		return diag_error(diag, -EPERM, "%s: %s", object->source_name, k->bpf_denied);
	r = maps_open(k, object, btf_fd, reuse, loaded->maps, diag);
	for (uint32_t i = 0; !r && i < object->n_programs; i++)
		r = load_program(&l, &object->programs[i], &loaded->programs[i]);
	if (r)
		return r;
	*ret = steal(&loaded);
	return 0;
}

int loaded_program_stats(int fd, struct loaded_stats *ret)
{
	struct bpf_prog_info info = {};
	uint32_t size = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &size) < 0)
		return -errno;
	*ret = (struct loaded_stats){
		.runs = info.run_cnt,
		.nanoseconds = info.run_time_ns,
		.recursion_misses = info.recursion_misses,
	};
	return 0;
}
