// SPDX-License-Identifier: Apache-2.0
#include "kernel/attachment.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/refusal.h"
#include "util/alloc.h"
#include "util/cleanup.h"

struct names {
	char **names;
	size_t n, cap;
};

static void names_done(struct names *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->names[i]);
	free(l->names);
}

/* The folders in a folder. */
static void names_add(struct names *l, const char *dir)
{
	DIR *d = opendir(dir);

	if (!d)
		return;
	for (struct dirent *e; (e = readdir(d));)
		if (e->d_type == DT_DIR && e->d_name[0] != '.')
			*array_push(&l->names, &l->n, &l->cap) = xstrdup(e->d_name);
	closedir(d);
}

static const char *names_nearest(const struct names *l, const char *word)
{
	return nearest_word(word, (const char *const *)l->names, l->n);
}

/* Only ever asked when something has failed: it reads some hundred folders. */
char *attach_nearest_event(const struct kernel *k, const char *category, const char *name)
{
	_cleanup_(names_done) struct names categories = {}, events = {};
	_cleanup_(freep) char *root = xasprintf("%s/events", k->tracefs);
	const char *near;

	names_add(&categories, root);
	for (size_t i = 0; i < categories.n; i++) {
		_cleanup_(freep) char *dir = xasprintf("%s/%s", root, categories.names[i]);

		if (!category || streq(category, categories.names[i]))
			names_add(&events, dir);
	}
	near = names_nearest(&events, name);
	if (near)
		return category ? xasprintf("%s:%s", category, near) : xstrdup(near);
	near = category && !events.n ? names_nearest(&categories, category) : NULL;
	return near ? xasprintf("%s:%s", near, name) : NULL;
}

static int no_such_tracepoint(const struct kernel *k, const struct attach_spec *spec, int r,
                              struct diag *diag)
{
	_cleanup_(freep) char *what = attach_spec_describe(spec);
	_cleanup_(freep) char *near = NULL;

	if (!k->tracefs && spec->kind == ATTACH_TRACEPOINT && refusal_is_lockdown(k))
		return attach_failed(k, spec, -EPERM, diag);
	if (!k->tracefs && spec->kind == ATTACH_TRACEPOINT)
		return diag_error(diag, -ENOENT,
		                  "%s: tracefs is not to be had: run: mount -t tracefs tracefs "
		                  "/sys/kernel/tracing (or the kernel was built without "
		                  "CONFIG_TRACING)",
		                  what);
	if (k->tracefs)
		near = attach_nearest_event(k, spec->category, spec->target);
	if (near)
		return diag_error(diag, r,
		                  "%s: no such tracepoint in this kernel; did you mean %s?", what,
		                  near);
	return diag_error(diag, r,
	                  "%s: no such tracepoint in this kernel; tracefs's events/ lists them",
	                  what);
}

int attach_tracepoint(const struct kernel *k, const struct attach_spec *spec, int prog_fd,
                      struct attachment *a, struct diag *diag)
{
	_cleanup_(freep) char *path = NULL;
	struct perf_event_attr attr = {.type = PERF_TYPE_TRACEPOINT, .sample_period = 1};
	uint64_t id;
	int r;

	if (!kernel_has_tracepoint(k, spec->category, spec->target))
		return no_such_tracepoint(k, spec, -ENOENT, diag);
	path = xasprintf("%s/events/%s/%s/id", k->tracefs, spec->category, spec->target);
	r = attach_read_number(path, &id);
	if (!r) {
		attr.config = id;
		r = attach_probe_event(&attr, -1, prog_fd, a);
	}
	return r ? attach_failed(k, spec, r, diag) : 0;
}

int attach_raw_tracepoint(const struct kernel *k, const struct attach_spec *spec, int prog_fd,
                          struct attachment *a, struct diag *diag)
{
	int fd;

	if (a->look_only)
		return 0;
	fd = bpf_raw_tracepoint_open(spec->target, prog_fd);
	if (fd >= 0) {
		attachment_add(a, fd);
		return 0;
	}
	return errno == ENOENT ? no_such_tracepoint(k, spec, -ENOENT, diag)
	                       : attach_failed(k, spec, -errno, diag);
}
