// SPDX-License-Identifier: Apache-2.0
#include "kernel/attachment.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <string.h>

#include "kernel/elf.h"
#include "util/alloc.h"
#include "util/cleanup.h"

#define CONFIG_SEMAPHORE_BITS 32 /* the source's format/ref_ctr_offset: "config:32-63" */

static int open_uprobe(const struct attach_spec *spec, const char *path,
                       const struct elf_location *l, int prog_fd, struct attachment *a)
{
	struct perf_event_attr attr = {
		.config = l->semaphore << CONFIG_SEMAPHORE_BITS,
		.config1 = (uintptr_t)path,
		.config2 = l->offset,
	};

	if (l->semaphore > UINT32_MAX)
		return -ERANGE;
	return attach_source_event("uprobe", &attr, spec->kind == ATTACH_URETPROBE, spec->pid,
	                           prog_fd, a);
}

static int find_locations(const struct attach_spec *spec, const char *path,
                          struct elf_location **ret, size_t *ret_n, struct diag *diag)
{
	_cleanup_(freep) struct elf_location *one = NULL;
	int r;

	if (spec->kind == ATTACH_USDT)
		return elf_find_usdt(path, spec->provider, spec->target, ret, ret_n, diag);
	one = xcalloc(1, sizeof(*one));
	r = elf_find_symbol(path, spec->target, one, diag);
	if (r)
		return r;
	*ret = steal(&one);
	*ret_n = 1;
	return 0;
}

int attach_user_probe(const struct kernel *k, const struct attach_spec *spec, int prog_fd,
                      struct attachment *a, struct diag *diag)
{
	_cleanup_(freep) char *path = elf_find_file(spec->binary);
	_cleanup_(freep) struct elf_location *locations = NULL;
	size_t n = 0;
	int r;

	if (!k->has_uprobe)
		return diag_error(diag, -EOPNOTSUPP,
		                  "%s %s:%s: this kernel has no uprobes (CONFIG_UPROBE_EVENTS, "
		                  "Linux 4.17)",
		                  attach_kind_name(spec->kind), spec->binary, spec->target);
	if (!path)
		return diag_error(
			diag, -ENOENT,
			"%s: no such file%s: give the whole path of the program or library",
			spec->binary,
			strchr(spec->binary, '/') ? "" : " in PATH or the library folders");
	r = find_locations(spec, path, &locations, &n, diag);
	if (r)
		return r;
	for (size_t i = 0; i < n; i++) {
		r = open_uprobe(spec, path, &locations[i], prog_fd, a);
		if (r == -ESRCH)
			return diag_error(diag, r, "%s %s: there is no process %d",
			                  attach_kind_name(spec->kind), spec->target, spec->pid);
		if (r)
			return attach_failed(k, spec, r, diag);
	}
	return 0;
}
