// SPDX-License-Identifier: Apache-2.0
#include "kernel/types.h"

#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "kernel/headers.h"
#include "util/alloc.h"
#include "util/cleanup.h"
#include "util/file.h"

#define NAMED "named directory"

struct finder {
	struct types *types;
	size_t cap;
	const struct kernel *k;
	bool any_version;
};

static struct types_rung *add_rung(struct finder *f, const char *name, enum types_kind kind)
{
	struct types_rung *r = array_push(&f->types->rungs, &f->types->n_rungs, &f->cap);

	r->name = name;
	r->kind = kind;
	return r;
}

static void rung_clear(struct types_rung *r)
{
	free(r->build);
	free(r->source);
	free(r->btf);
	free(r->identity);
	free(r->reason);
	*r = (struct types_rung){.name = r->name, .kind = r->kind};
}

struct types *types_free(struct types *t)
{
	if (!t)
		return NULL;
	for (size_t i = 0; i < t->n_rungs; i++)
		rung_clear(&t->rungs[i]);
	free(t->rungs);
	free(t);
	return NULL;
}

static void try_modules(struct finder *f, const char *name, const char *root)
{
	_cleanup_(freep) char *build = xasprintf("/lib/modules/%s/build", f->k->release);
	_cleanup_(freep) char *source = xasprintf("/lib/modules/%s/source", f->k->release);

	headers_inspect(f->k, root, build, source, f->any_version,
	                add_rung(f, name, TYPES_HEADERS));
}

/* The folders below /usr/src that may hold headers, the running kernel's own first. */
static void find_usr_src(const struct kernel *k, const char *root, glob_t *found)
{
	_cleanup_(freep) char *debian = xasprintf("%s/usr/src/linux-headers-*", root);
	_cleanup_(freep) char *fedora = xasprintf("%s/usr/src/kernels/*", root);

	glob(debian, GLOB_ONLYDIR, NULL, found);
	glob(fedora, GLOB_ONLYDIR | GLOB_APPEND, NULL, found);
	for (size_t i = 1; i < found->gl_pathc; i++) {
		const char *path = found->gl_pathv[i];
		size_t n = strlen(path), r = strlen(k->release);

		if (n > r && streq(path + n - r, k->release)) {
			char *first = found->gl_pathv[0];

			found->gl_pathv[0] = found->gl_pathv[i];
			found->gl_pathv[i] = first;
		}
	}
}

/*
 * One rung for all of /usr/src: the first tree that can be used. When none can, the reason is that
 * of the running kernel's own or, without one, that of the first: others are of other versions.
 */
static void try_usr_src(struct finder *f, const char *name, const char *root)
{
	struct types_rung *rung = add_rung(f, name, TYPES_HEADERS);
	_cleanup_(freep) char *remedy = headers_remedy(f->k, root);
	_cleanup_(freep) char *reason = NULL;
	glob_t found = {};

	find_usr_src(f->k, root, &found);
	for (size_t i = 0; i < found.gl_pathc && !rung->usable; i++) {
		rung_clear(rung);
		headers_inspect(f->k, root, found.gl_pathv[i] + strlen(root), NULL, f->any_version,
		                rung);
		if (!reason && !rung->usable)
			reason = xstrdup(rung->reason);
	}
	globfree(&found);
	if (rung->usable)
		return;
	rung_clear(rung);
	rung->reason = reason ? steal(&reason)
	                      : xasprintf("no linux-headers-* or kernels/* in %s/usr/src: %s", root,
	                                  remedy);
}

static void try_btf(struct finder *f)
{
	struct types_rung *rung = add_rung(f, "BTF", TYPES_BTF);
	struct stat st;

	if (!f->k->btf) {
		rung->reason = xstrdup("no /sys/kernel/btf/vmlinux: the kernel was built without "
		                       "CONFIG_DEBUG_INFO_BTF");
		return;
	}
	if (stat(f->k->btf, &st) < 0) {
		rung->reason = xasprintf("%s: %s", f->k->btf, strerror(errno));
		return;
	}
	rung->usable = true;
	rung->btf = xstrdup(f->k->btf);
	rung->identity =
		xasprintf("btf %s %lld %s", f->k->btf, (long long)st.st_size, f->k->version);
}

/* Whoever asks for one kind gets no other; the rungs stay, to be shown with this reason. */
static void restrict_to(struct types *t, enum types_kind kind, const char *choice)
{
	for (size_t i = 0; i < t->n_rungs; i++) {
		struct types_rung *r = &t->rungs[i];

		if (r->kind == kind)
			continue;
		rung_clear(r);
		r->reason = xasprintf("not asked for (types: %s)", choice);
	}
}

struct types *types_find_under(const char *root, const struct kernel *k, const char *choice,
                               bool any_version)
{
	struct types *t = xcalloc(1, sizeof(*t));
	struct finder f = {.types = t, .k = k, .any_version = any_version};
	bool btf = streq(choice, "btf"), headers = streq(choice, "headers");
	_cleanup_(freep) char *host = xasprintf("%s/host", root);

	if (!btf && !headers && !streq(choice, "auto"))
		headers_inspect(k, root, choice, NULL, any_version,
		                add_rung(&f, NAMED, TYPES_HEADERS));
	try_modules(&f, "/lib/modules", root);
	try_usr_src(&f, "/usr/src", root);
	if (file_exists(host)) {
		try_modules(&f, "/host/lib/modules", host);
		try_usr_src(&f, "/host/usr/src", host);
	}
	try_btf(&f);
	if (btf || headers)
		restrict_to(t, btf ? TYPES_BTF : TYPES_HEADERS, choice);
	return t;
}

struct types *types_find(const struct kernel *k, const char *choice, bool any_version)
{
	return types_find_under("", k, choice, any_version);
}

size_t types_order(const struct types *t, bool types_only, const struct types_rung ***ret)
{
	const struct types_rung **order = xcalloc(t->n_rungs + 1, sizeof(*order));
	size_t n = 0;

	/* What the user names goes before everything, then what costs the least. */
	for (int pass = 0; pass < 3; pass++) {
		for (size_t i = 0; i < t->n_rungs; i++) {
			const struct types_rung *r = &t->rungs[i];
			int its = streq(r->name, NAMED)                ? 0
			          : types_only && r->kind == TYPES_BTF ? 1
			                                               : 2;

			if (r->usable && its == pass)
				order[n++] = r;
		}
	}
	*ret = order;
	return n;
}

char *types_argument(const struct types_rung *rung)
{
	if (rung->kind == TYPES_BTF)
		return xasprintf("btf:%s", rung->btf);
	return rung->source ? xasprintf("headers:%s:%s", rung->build, rung->source)
	                    : xasprintf("headers:%s", rung->build);
}
