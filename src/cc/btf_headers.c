// SPDX-License-Identifier: Apache-2.0
#include "cc/btf_headers.h"

#include <bpf/btf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/alloc.h"
#include "util/cleanup.h"

#define DEPTH_MAX 16 /* of anonymous members within each other */

struct btf_types {
	struct btf *btf;
};

int btf_types_open(const char *path, struct btf_types **ret, struct diag *diag)
{
	struct btf *btf = btf__parse(path, NULL);
	int r = -errno;

	if (!btf)
		return diag_error(diag, r, "%s: no BTF that can be read: %s", path, strerror(-r));
	*ret = xcalloc(1, sizeof(**ret));
	(*ret)->btf = btf;
	return 0;
}

struct btf_types *btf_types_free(struct btf_types *t)
{
	if (!t)
		return NULL;
	btf__free(t->btf);
	free(t);
	return NULL;
}

/* An enum is wanted by its own name or by one of its constants, and whenever it is BPF's. */
static bool want_enum(const struct btf *btf, const struct btf_type *type, const struct words *words)
{
	const char *name = NULL;

	for (unsigned int i = 0; i < btf_vlen(type); i++) {
		name = btf__name_by_offset(btf, btf_is_enum64(type) ? btf_enum64(type)[i].name_off
		                                                    : btf_enum(type)[i].name_off);
		if (strncmp(name, "BPF_", 4) == 0 || (words_flags(words, name) & WORD_USED))
			return true;
	}
	return false;
}

static bool want(const struct btf *btf, const struct btf_type *type, const struct words *words)
{
	const char *name = btf__name_by_offset(btf, type->name_off);
	unsigned int flags = *name ? words_flags(words, name) : 0;

	switch (btf_kind(type)) {
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return (flags & WORD_USED) && !(flags & WORD_DEFINED);
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		return (flags & WORD_USED) || want_enum(btf, type, words);
	default:
		return false;
	}
}

static const struct btf_type *skip_modifiers(const struct btf *btf, uint32_t id, uint32_t *ret_id)
{
	const struct btf_type *type = btf__type_by_id(btf, id);

	while (type && (btf_is_mod(type) || btf_is_typedef(type))) {
		id = type->type;
		type = btf__type_by_id(btf, id);
	}
	*ret_id = id;
	return type;
}

/* The types to be written, and those whose members are still to be looked at. */
struct wanted {
	const struct btf *btf;
	const struct words *words;
	bool *types; /* by id */
	uint32_t *open;
	size_t n_open, cap_open;
};

static void add_wanted(struct wanted *w, uint32_t id)
{
	if (w->types[id])
		return;
	w->types[id] = true;
	*array_push(&w->open, &w->n_open, &w->cap_open) = id;
}

/*
 * A struct that is held by value comes along by itself, but its members count; what is pointed to
 * has to be asked for where the probe goes there.
 */
static void follow_member(struct wanted *w, const struct btf_member *m)
{
	const char *name = btf__name_by_offset(w->btf, m->name_off);
	const struct btf_type *type;
	bool pointed = false;
	uint32_t id = m->type;

	for (;;) {
		type = skip_modifiers(w->btf, id, &id);
		if (!type || !(btf_is_ptr(type) || btf_is_array(type)))
			break;
		pointed |= btf_is_ptr(type);
		id = btf_is_ptr(type) ? type->type : btf_array(type)->type;
	}
	if (type && btf_is_composite(type) &&
	    (!pointed || (words_flags(w->words, name) & WORD_MEMBER)))
		add_wanted(w, id);
}

static void find_wanted(struct wanted *w)
{
	uint32_t n = btf__type_cnt(w->btf);

	for (uint32_t id = 1; id < n; id++)
		if (want(w->btf, btf__type_by_id(w->btf, id), w->words))
			add_wanted(w, id);
	while (w->n_open) {
		uint32_t id = w->open[--w->n_open];
		const struct btf_type *type = skip_modifiers(w->btf, id, &id);

		w->types[id] = true;
		for (unsigned int i = 0; type && btf_is_composite(type) && i < btf_vlen(type); i++)
			follow_member(w, &btf_members(type)[i]);
	}
}

static void append(void *ctx, const char *fmt, va_list ap)
{
	buf_vprintf(ctx, fmt, ap);
}

/*
 * Where a struct has gaps, the dump fills them with unnamed bit-fields of 64 bits. libbcc lays types
 * out for the host and then computes offsets for BPF, and the two disagree about how a bit-field of
 * more than 64 bits, which is what Clang makes of several in a row, is aligned: every member behind
 * the gap would be read from a wrong place. Arrays of bytes have no such opinions. The bit-field of
 * width zero keeps what the first one did, go on at the next multiple of 8.
 */
static void write_gaps_as_bytes(const char *text, size_t size, struct buf *out)
{
	static const char gap[] = "long: 64;\n";
	const char *end = text + size;
	unsigned int run = 0, n_gaps = 0;

	for (const char *line = text, *next; line < end; line = next) {
		const char *word = line;

		next = memchr(line, '\n', end - line);
		next = next ? next + 1 : end;
		while (word < next && *word == '\t')
			word++;
		if ((size_t)(next - word) == strlen(gap) && !memcmp(word, gap, strlen(gap))) {
			run++;
			continue;
		}
		if (run)
			buf_printf(out, "\tlong: 0;\n\tchar gap_%u_[%u];\n", n_gaps++, run * 8);
		run = 0;
		buf_append(out, line, next - line);
	}
}

int btf_types_write(struct btf_types *t, const struct words *words, struct buf *out,
                    struct diag *diag)
{
	_cleanup_(buf_donep) struct buf text = {};
	struct btf_dump *dump = btf_dump__new(t->btf, append, &text, NULL);
	struct wanted wanted = {.btf = t->btf, .words = words};
	uint32_t n = btf__type_cnt(t->btf);
	int r = dump ? 0 : -errno;

	wanted.types = xcalloc(n, sizeof(*wanted.types));
	find_wanted(&wanted);
	for (uint32_t id = 1; !r && id < n; id++)
		if (wanted.types[id])
			r = btf_dump__dump_type(dump, id);
	btf_dump__free(dump);
	free(wanted.types);
	free(wanted.open);
	if (r)
		return diag_error(diag, r, "the kernel's BTF cannot be written as C: %s",
		                  strerror(-r));
	write_gaps_as_bytes(text.data, text.len, out);
	return 0;
}

static bool has_member(const struct btf *btf, const struct btf_type *type, const char *field,
                       int depth)
{
	for (unsigned int i = 0; i < btf_vlen(type); i++) {
		const struct btf_member *m = &btf_members(type)[i];
		const char *name = btf__name_by_offset(btf, m->name_off);
		const struct btf_type *inner;
		uint32_t id;

		if (streq(name, field))
			return true;
		inner = *name || !depth ? NULL : skip_modifiers(btf, m->type, &id);
		if (inner && btf_is_composite(inner) && has_member(btf, inner, field, depth - 1))
			return true;
	}
	return false;
}

bool btf_types_have_field(const struct btf_types *t, const char *tag, const char *field)
{
	uint32_t n = btf__type_cnt(t->btf);

	for (uint32_t id = 1; id < n; id++) {
		const struct btf_type *type = btf__type_by_id(t->btf, id);

		if (btf_is_composite(type) &&
		    streq(btf__name_by_offset(t->btf, type->name_off), tag) &&
		    has_member(t->btf, type, field, DEPTH_MAX))
			return true;
	}
	return false;
}
