// SPDX-License-Identifier: Apache-2.0
#include "cc/schema_btf.h"

#include <bpf/btf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/alloc.h"
#include "util/cleanup.h"

#define CHAIN_MAX 32 /* typedefs, modifiers and array dimensions of one type */

/* A walk over one struct: what it may still use of the schema's bounds. */
struct walk {
	const struct btf *btf;
	struct diag *diag;
	uint32_t fields, enumerators, anonymous;
};

struct fields {
	struct field *list;
	uint32_t n;
	size_t cap, count;
};

struct btf *schema_btf_parse(const void *data, uint32_t size)
{
	return data ? btf__new(data, size) : NULL;
}

/* A name; "" where there is none, or the offset is none. */
static const char *string_at(const struct btf *btf, uint32_t offset)
{
	const char *s = btf__name_by_offset(btf, offset);

	return s ? s : "";
}

static const char *name_of(const struct btf *btf, const struct btf_type *t)
{
	return string_at(btf, t->name_off);
}

static const struct btf_type *skip(const struct btf *btf, uint32_t id, bool typedefs)
{
	const struct btf_type *t = btf__type_by_id(btf, id);

	for (int i = 0; t && i < CHAIN_MAX && (btf_is_mod(t) || (typedefs && btf_is_typedef(t)));
	     i++)
		t = btf__type_by_id(btf, t->type);
	return t;
}

uint32_t schema_btf_member_type(const struct btf *btf, uint32_t id, const char *name)
{
	const struct btf_type *t = skip(btf, id, true);

	if (!t || !btf_is_composite(t))
		return 0;
	for (unsigned int i = 0; i < btf_vlen(t); i++)
		if (streq(string_at(btf, btf_members(t)[i].name_off), name))
			return btf_members(t)[i].type;
	return 0;
}

/* The C spelling of a type without a typedef of its own. */
static char *spell(const struct btf *btf, const struct btf_type *t)
{
	const char *name = name_of(btf, t);

	switch (btf_kind(t)) {
	case BTF_KIND_STRUCT:
		return xasprintf("struct %s", *name ? name : "(anonymous)");
	case BTF_KIND_UNION:
		return xasprintf("union %s", *name ? name : "(anonymous)");
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		return xasprintf("enum %s", *name ? name : "(anonymous)");
	case BTF_KIND_PTR:
		return xstrdup("void *");
	default:
		return xstrdup(name);
	}
}

static int read_enumerators(struct walk *w, const struct btf_type *t, struct field *f)
{
	bool wide = btf_is_enum64(t), is_signed = btf_kflag(t);

	f->kind = FIELD_ENUM;
	f->is_signed = is_signed;
	f->n_enumerators = btf_vlen(t);
	w->enumerators += f->n_enumerators;
	if (w->enumerators > SCHEMA_ENUMS_MAX) {
		f->n_enumerators = 0;
		return diag_error(w->diag, -EINVAL, "more than %d enumerators", SCHEMA_ENUMS_MAX);
	}
	f->enumerators = xcalloc(f->n_enumerators, sizeof(*f->enumerators));
	for (uint32_t i = 0; i < f->n_enumerators; i++) {
		struct enumerator *e = &f->enumerators[i];

		if (wide) {
			const struct btf_enum64 *v = &btf_enum64(t)[i];

			e->value = (int64_t)btf_enum64_value(v);
			e->name = xstrdup(string_at(w->btf, v->name_off));
		} else {
			const struct btf_enum *v = &btf_enum(t)[i];

			e->value = v->val; /* a negative one makes it signed, kernel flag or not */
			f->is_signed |= v->val < 0;
			e->name = xstrdup(string_at(w->btf, v->name_off));
		}
	}
	return 0;
}

static void read_int(const struct btf *btf, const struct btf_type *t, struct field *f)
{
	uint8_t encoding = btf_int_encoding(t);

	if (encoding & BTF_INT_BOOL)
		f->kind = FIELD_BOOL;
	else
		f->kind = encoding & BTF_INT_SIGNED ? FIELD_INT : FIELD_UINT;
	f->size = t->size;
}

static int read_members(struct walk *w, const struct btf_type *t, uint32_t base, int depth,
                        struct fields *out);

/* The element behind typedefs and array dimensions: kind, size and children. */
static int read_element(struct walk *w, const struct btf_type *t, int depth, struct field *f)
{
	struct fields children = {};
	int r;

	switch (btf_kind(t)) {
	case BTF_KIND_INT:
		read_int(w->btf, t, f);
		return 0;
	case BTF_KIND_PTR:
		f->kind = FIELD_UINT;
		f->size = 8;
		return 0;
	case BTF_KIND_FLOAT:
		f->kind = FIELD_FLOAT;
		f->size = t->size;
		return 0;
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		f->size = t->size;
		return read_enumerators(w, t, f);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		f->kind = FIELD_STRUCT;
		f->size = t->size;
		r = read_members(w, t, 0, depth + 1, &children);
		f->children = children.list;
		f->n_children = children.n;
		return r;
	default:
		return diag_error(w->diag, -EINVAL, "field '%s' has a type that no record can hold",
		                  f->name);
	}
}

static bool is_byte(const struct btf *btf, const struct btf_type *t, const char *type_name)
{
	const char *name = name_of(btf, t);

	return btf_is_int(t) && t->size == 1 && !(btf_int_encoding(t) & BTF_INT_BOOL) &&
	       (strstr(name, "char") || streq(type_name, "u8"));
}

/*
 * What an array is: the last dimension of char is text and of unsigned char is bytes; all others
 * count elements.
 */
static void apply_dimensions(const struct btf *btf, const struct btf_type *element,
                             const uint32_t *dimensions, int n, struct field *f)
{
	uint64_t count = 1;

	if (n && is_byte(btf, element, f->type)) {
		f->kind = streq(name_of(btf, element), "char") ? FIELD_CHARS : FIELD_BYTES;
		f->size = dimensions[--n];
	}
	for (int i = 0; i < n; i++)
		count = count * dimensions[i] > SCHEMA_RECORD_MAX ? SCHEMA_RECORD_MAX + 1
		                                                  : count * dimensions[i];
	f->count = (uint32_t)count;
	f->is_array = n > 0;
}

/*
 * A member's type: modifiers are skipped, the outermost typedef names it (also when it hides an
 * array: ip_t), dimensions are collected. `*ret_empty` when it takes no room (x[], x[0], an empty
 * struct) or has nothing in it to show.
 */
static int read_type(struct walk *w, uint32_t id, int depth, struct field *f, bool *ret_empty)
{
	uint32_t dimensions[CHAIN_MAX];
	const struct btf_type *t;
	bool empty = false;
	int n = 0, links = 0, r;

	while ((t = skip(w->btf, id, false)) && links++ < CHAIN_MAX) {
		if (btf_is_typedef(t)) {
			if (!f->type)
				f->type = xstrdup(name_of(w->btf, t));
			id = t->type;
		} else if (btf_is_array(t)) {
			dimensions[n++] = btf_array(t)->nelems;
			empty |= !btf_array(t)->nelems;
			id = btf_array(t)->type;
		} else {
			break;
		}
	}
	if (!t || links >= CHAIN_MAX)
		return diag_error(w->diag, -EINVAL, "the type of field '%s' cannot be followed",
		                  f->name);
	if (!f->type)
		f->type = spell(w->btf, t);
	*ret_empty = empty || (btf_is_composite(t) && !t->size);
	if (*ret_empty)
		return 0;
	r = read_element(w, t, depth, f);
	if (r)
		return r;
	apply_dimensions(w->btf, t, dimensions, n, f);
	*ret_empty = f->kind == FIELD_STRUCT && !f->n_children;
	return 0;
}

/*
 * A bit-field lies within the naturally aligned integer of its type. Where it does not (in a packed
 * struct), the smallest integer that holds it and lies in the struct is taken.
 */
static int place_bits(struct walk *w, const struct btf_type *parent, uint32_t bits, uint32_t width,
                      struct field *f)
{
	uint32_t size = f->size, start = size ? bits / (size * 8) * size : 0;

	if (!size || bits + width > (start + size) * 8 || start + size > parent->size) {
		start = bits / 8;
		for (size = 1; size < 8 && bits + width > (start + size) * 8;)
			size *= 2;
		if (start + size > parent->size && size <= parent->size)
			start = parent->size - size;
	}
	if (bits + width > (start + size) * 8)
		return diag_error(w->diag, -EINVAL, "bit-field '%s' is spread over nine bytes",
		                  f->name);
	f->offset += start;
	f->size = size;
	f->bit_offset = (uint8_t)(bits - start * 8);
	f->bit_size = (uint8_t)width;
	return 0;
}

static int read_named(struct walk *w, const struct btf_type *t, unsigned int i, uint32_t base,
                      int depth, struct fields *out)
{
	const struct btf_member *m = &btf_members(t)[i];
	uint32_t bits = btf_member_bit_offset(t, i), width = btf_member_bitfield_size(t, i);
	struct field *f = array_push(&out->list, &out->count, &out->cap);
	bool empty = false;
	int r;

	out->n = (uint32_t)out->count;
	f->name = xstrdup(string_at(w->btf, m->name_off));
	f->count = 1;
	r = read_type(w, m->type, depth, f, &empty);
	if (r)
		return r;
	if (empty) {
		free(f->name);
		free(f->type);
		out->n = (uint32_t)--out->count;
		return 0;
	}
	f->offset = base;
	if (width)
		return place_bits(w, t, bits, width, f);
	f->offset += bits / 8;
	return 0;
}

static int read_member(struct walk *w, const struct btf_type *t, unsigned int i, uint32_t base,
                       int depth, struct fields *out)
{
	const struct btf_member *m = &btf_members(t)[i];
	const struct btf_type *inner;

	if (*string_at(w->btf, m->name_off)) {
		if (++w->fields > SCHEMA_FIELDS_MAX)
			return diag_error(w->diag, -EINVAL, "more than %d fields",
			                  SCHEMA_FIELDS_MAX);
		return read_named(w, t, i, base, depth, out);
	}
	inner = skip(w->btf, m->type, true);
	if (!inner || !btf_is_composite(inner))
		return 0; /* padding */
	if (++w->anonymous > SCHEMA_FIELDS_MAX)
		return diag_error(w->diag, -EINVAL, "more than %d anonymous members",
		                  SCHEMA_FIELDS_MAX);
	/* its members are ours */
	return read_members(w, inner, base + btf_member_bit_offset(t, i) / 8, depth + 1, out);
}

static int read_members(struct walk *w, const struct btf_type *t, uint32_t base, int depth,
                        struct fields *out)
{
	if (depth > SCHEMA_DEPTH_MAX)
		return diag_error(w->diag, -EINVAL, "structs nested deeper than %d",
		                  SCHEMA_DEPTH_MAX);
	for (unsigned int i = 0; i < btf_vlen(t); i++) {
		int r = read_member(w, t, i, base, depth, out);

		if (r)
			return r;
	}
	return 0;
}

int schema_from_btf(const struct btf *btf, uint32_t id, struct schema **ret, struct diag *diag)
{
	_cleanup_(schema_freep) struct schema *s = xcalloc(1, sizeof(*s));
	struct walk w = {.btf = btf, .diag = diag};
	const struct btf_type *t = skip(btf, id, true);
	struct fields fields = {};
	int r;

	if (!t || !btf_is_composite(t))
		return diag_error(diag, -EINVAL, "the event is not a struct");
	r = read_members(&w, t, 0, 1, &fields);
	s->fields = fields.list;
	s->n_fields = fields.n;
	s->size = t->size;
	if (!r)
		r = schema_seal(s, diag);
	if (!r)
		*ret = steal(&s);
	return r;
}
