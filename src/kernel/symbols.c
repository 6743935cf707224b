// SPDX-License-Identifier: Apache-2.0
#include "kernel/symbols.h"

#include <dirent.h>
#include <errno.h>
#include <libgen.h>
#include <linux/btf.h>
#include <stdio.h>
#include <string.h>

#include "util/alloc.h"
#include "util/buf.h"
#include "util/cleanup.h"
#include "util/diag.h"
#include "util/file.h"

#define BTF_BYTES_MAX  (256u << 20)
#define VARIANTS_MAX   16
#define SUGGESTION_KEY 3 /* leading letters that a suggestion must share */

/* How many bytes follow a struct btf_type; -1: a kind that we do not know. */
static int64_t btf_tail_bytes(const struct btf_type *t)
{
	uint32_t vlen = BTF_INFO_VLEN(t->info);

	switch (BTF_INFO_KIND(t->info)) {
	case BTF_KIND_PTR:
	case BTF_KIND_FWD:
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_CONST:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_FUNC:
	case BTF_KIND_FLOAT:
	case BTF_KIND_TYPE_TAG:
		return 0;
	case BTF_KIND_INT:
	case BTF_KIND_VAR:
	case BTF_KIND_DECL_TAG:
		return 4;
	case BTF_KIND_ARRAY:
		return sizeof(struct btf_array);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return (int64_t)vlen * (int64_t)sizeof(struct btf_member);
	case BTF_KIND_ENUM:
		return (int64_t)vlen * (int64_t)sizeof(struct btf_enum);
	case BTF_KIND_ENUM64:
		return (int64_t)vlen * (int64_t)sizeof(struct btf_enum64);
	case BTF_KIND_FUNC_PROTO:
		return (int64_t)vlen * (int64_t)sizeof(struct btf_param);
	case BTF_KIND_DATASEC:
		return (int64_t)vlen * (int64_t)sizeof(struct btf_var_secinfo);
	default:
		return -1;
	}
}

/* A checked view of BTF in memory. */
struct btf_view {
	const uint8_t *types, *types_end;
	const char *strings; /* end in NUL */
	uint32_t strings_size;
};

static int btf_view(const void *btf, size_t size, struct btf_view *ret)
{
	const struct btf_header *h = btf;

	if (size < sizeof(*h) || h->magic != BTF_MAGIC || h->hdr_len < sizeof(*h) ||
	    h->hdr_len > size)
		return -EBADMSG;
	size -= h->hdr_len;
	if (h->type_off > size || h->type_len > size - h->type_off || h->str_off > size ||
	    h->str_len > size - h->str_off || h->type_off % 4 || h->hdr_len % 4)
		return -EBADMSG;
	ret->types = (const uint8_t *)btf + h->hdr_len + h->type_off;
	ret->types_end = ret->types + h->type_len;
	ret->strings = (const char *)btf + h->hdr_len + h->str_off;
	ret->strings_size = h->str_len;
	return h->str_len && !ret->strings[h->str_len - 1] ? 0 : -EBADMSG;
}

/* A module's strings count on from the end of the kernel's own. */
static const char *btf_name(const struct btf_view *v, const struct btf_view *base, uint32_t offset)
{
	if (base && offset < base->strings_size)
		return base->strings + offset;
	offset -= base ? base->strings_size : 0;
	return offset < v->strings_size ? v->strings + offset : "";
}

static int btf_each(const struct btf_view *v, const struct btf_view *base, symbols_fn fn, void *ctx)
{
	const uint8_t *p = v->types;

	for (uint32_t id = 1; p < v->types_end; id++) {
		const struct btf_type *t = (const struct btf_type *)p;
		int64_t tail;

		if ((size_t)(v->types_end - p) < sizeof(*t))
			return -EBADMSG;
		tail = btf_tail_bytes(t);
		if (tail < 0 || tail > v->types_end - p - (int64_t)sizeof(*t))
			return -EBADMSG;
		if (BTF_INFO_KIND(t->info) == BTF_KIND_FUNC &&
		    !fn(ctx, btf_name(v, base, t->name_off), base ? 0 : id))
			return 0;
		p += sizeof(*t) + (size_t)tail;
	}
	return 0;
}

int symbols_btf_each(const void *btf, size_t size, symbols_fn fn, void *ctx)
{
	struct btf_view v;
	int r = btf_view(btf, size, &v);

	return r ? r : btf_each(&v, NULL, fn, ctx);
}

int symbols_btf_all(const char *btf_path, symbols_fn fn, void *ctx)
{
	_cleanup_(buf_donep) struct buf kernel = {};
	_cleanup_(freep) char *dir = xstrdup(btf_path);
	struct btf_view base;
	DIR *modules;
	int r = file_read(btf_path, BTF_BYTES_MAX, &kernel);

	if (!r)
		r = btf_view(kernel.data, kernel.len, &base);
	if (!r)
		r = btf_each(&base, NULL, fn, ctx);
	if (r)
		return r;
	/* A module that cannot be read is one whose functions are not known. */
	modules = opendir(dirname(dir));
	for (struct dirent *e; modules && (e = readdir(modules));) {
		_cleanup_(freep) char *path = path_join(dir, e->d_name);
		_cleanup_(buf_donep) struct buf module = {};
		struct btf_view v;

		if (e->d_name[0] != '.' && !streq(path, btf_path) &&
		    !file_read(path, BTF_BYTES_MAX, &module) &&
		    !btf_view(module.data, module.len, &v))
			btf_each(&v, &base, fn, ctx);
	}
	if (modules)
		closedir(modules);
	return 0;
}

struct btf_search {
	const char *name;
	uint32_t id; /* 0: not found yet */
};

static bool is_wanted(void *ctx, const char *name, uint32_t id)
{
	struct btf_search *s = ctx;

	if (strcmp(name, s->name))
		return true;
	s->id = id;
	return false;
}

int symbols_btf_search(const void *btf, size_t size, const char *name, uint32_t *ret_id)
{
	struct btf_search s = {.name = name};
	int r = symbols_btf_each(btf, size, is_wanted, &s);

	if (r)
		return r;
	if (!s.id)
		return -ENOENT;
	*ret_id = s.id;
	return 0;
}

int symbols_btf_function(const char *btf_path, const char *name, uint32_t *ret_id)
{
	_cleanup_(buf_donep) struct buf b = {};
	int r = file_read(btf_path, BTF_BYTES_MAX, &b);

	return r ? r : symbols_btf_search(b.data, b.len, name, ret_id);
}

/*
 * "name.isra.0" is the function with other arguments, "name.constprop.0" one with some of them
 * fixed; "name.cold" and "name.part.0" are pieces of it and do not stand for it.
 */
static bool is_variant(const char *symbol, const char *name, size_t length)
{
	const char *tail = symbol + length;

	if (strncmp(symbol, name, length) || *tail != '.' || strstr(tail, ".cold") ||
	    strstr(tail, ".part."))
		return false;
	return !strncmp(tail, ".isra.", 6) || !strncmp(tail, ".constprop.", 11);
}

int symbols_kallsyms_each(const char *path, symbols_fn fn, void *ctx)
{
	_cleanup_(fclosep) FILE *f = fopen(path, "re");
	_cleanup_(freep) char *line = NULL;
	size_t cap = 0;

	if (!f)
		return -errno;
	/* "ffffffff81000000 T symbol[\t[module]]" */
	while (getline(&line, &cap, f) > 0) {
		char *type = strchr(line, ' ');

		if (!type || !type[1] || !strchr("tTwW", type[1]) || type[2] != ' ')
			continue;
		type[3 + strcspn(type + 3, " \t\n")] = '\0';
		if (!fn(ctx, type + 3, 0))
			break;
	}
	return 0;
}

struct search {
	const char *name;
	size_t length;
	struct symbols_match *match;
	size_t variants_cap;
	char **near; /* candidates for a suggestion */
	size_t n_near, near_cap;
};

static bool search_symbol(void *ctx, const char *symbol, uint32_t id)
{
	struct search *s = ctx;
	struct symbols_match *m = s->match;

	if (!strcmp(symbol, s->name))
		m->exact = true;
	else if (is_variant(symbol, s->name, s->length) && m->n_variants < VARIANTS_MAX)
		*array_push(&m->variants, &m->n_variants, &s->variants_cap) = xstrdup(symbol);
	else if (!strncmp(symbol, s->name, SUGGESTION_KEY) && !strchr(symbol, '.'))
		*array_push(&s->near, &s->n_near, &s->near_cap) = xstrdup(symbol);
	return !m->exact;
}

static void search_end(struct search *s)
{
	struct symbols_match *m = s->match;

	if (!m->exact && !m->n_variants) {
		const char *near = nearest_word(s->name, (const char *const *)s->near, s->n_near);

		m->nearest = near ? xstrdup(near) : NULL;
	}
	for (size_t i = 0; i < s->n_near; i++)
		free(s->near[i]);
	free(s->near);
}

int symbols_kallsyms(const char *path, const char *name, struct symbols_match *ret)
{
	struct symbols_match m = {};
	struct search s = {.name = name, .length = strlen(name), .match = &m};
	int r = symbols_kallsyms_each(path, search_symbol, &s);

	if (r)
		return r;
	search_end(&s);
	*ret = m;
	return 0;
}

void symbols_match_done(struct symbols_match *m)
{
	for (size_t i = 0; i < m->n_variants; i++)
		free(m->variants[i]);
	free(m->variants);
	free(m->nearest);
	*m = (struct symbols_match){};
}
