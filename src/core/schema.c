// SPDX-License-Identifier: Apache-2.0
/*
 * Invariants of a schema, kept by schema_seal() for whoever decodes by it:
 *   - every field lies inside the element of the struct that encloses it, so a record that is long
 *     enough for the whole struct is long enough for each field;
 *   - sizes fit the kind, bit-fields lie inside their integer, and only structs have children;
 *   - names are C identifiers and differ among siblings; type names are printable.
 * Reading a stored schema builds the tree within the bounds and then seals it like a new one.
 */
#include "core/schema.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "util/alloc.h"

/* The least a field and an enumerator take in the stored form: see write_field(). */
#define FIELD_BYTES_MIN      32
#define ENUMERATOR_BYTES_MIN 12

#define FLAG_SIGNED 1u
#define FLAG_ARRAY  2u

static void fields_free(struct field *fields, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		struct field *f = &fields[i];

		for (uint32_t j = 0; j < f->n_enumerators; j++)
			free(f->enumerators[j].name);
		free(f->enumerators);
		fields_free(f->children, f->n_children);
		free(f->name);
		free(f->type);
	}
	free(fields);
}

struct schema *schema_free(struct schema *s)
{
	if (!s)
		return NULL;
	fields_free(s->fields, s->n_fields);
	free(s);
	return NULL;
}

/* What sealing has seen so far, over the whole tree. */
struct seal {
	uint32_t n_fields;
	uint32_t n_enumerators;
	struct diag *diag;
};

static bool is_identifier(const char *s)
{
	size_t n = strlen(s);

	if (!n || n > SCHEMA_NAME_MAX || isdigit((unsigned char)s[0]))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)s[i]) && s[i] != '_')
			return false;
	return true;
}

static bool is_printable(const char *s)
{
	size_t n = strlen(s);

	for (size_t i = 0; i < n; i++)
		if ((unsigned char)s[i] < ' ' || (unsigned char)s[i] > '~')
			return false;
	return n && n <= SCHEMA_NAME_MAX;
}

static bool size_fits_kind(const struct field *f)
{
	bool word = f->size == 1 || f->size == 2 || f->size == 4 || f->size == 8;

	switch (f->kind) {
	case FIELD_UINT:
	case FIELD_INT:
		return word || f->size == 16;
	case FIELD_ENUM:
	case FIELD_BOOL:
		return word;
	case FIELD_FLOAT:
		return f->size == 4 || f->size == 8;
	case FIELD_CHARS:
	case FIELD_BYTES:
	case FIELD_STRUCT:
		return f->size > 0;
	}
	return false;
}

static bool bits_fit(const struct field *f)
{
	bool integer = f->kind == FIELD_UINT || f->kind == FIELD_INT || f->kind == FIELD_BOOL ||
	               f->kind == FIELD_ENUM;

	if (!f->bit_size)
		return f->bit_offset == 0;
	return integer && f->size <= 8 && !f->is_array &&
	       f->bit_offset + f->bit_size <= (int)f->size * 8;
}

/* Why the field cannot be, looked at alone within an element of `room` bytes; NULL: it can. */
static const char *field_fault(const struct field *f, uint32_t room)
{
	if (!f->type || !is_printable(f->type))
		return "has no valid type name";
	if (!size_fits_kind(f))
		return "has a size that its kind cannot have";
	if (!f->count || (!f->is_array && f->count != 1))
		return "has an impossible number of elements";
	if (!bits_fit(f))
		return "is a bit-field outside of its integer";
	if ((uint64_t)f->offset + (uint64_t)f->size * f->count > room)
		return "reaches past the end of its struct";
	if ((f->kind == FIELD_STRUCT) != (f->n_children > 0))
		return f->kind == FIELD_STRUCT ? "is a struct without members"
		                               : "has members but is no struct";
	if (f->kind != FIELD_ENUM && f->n_enumerators)
		return "has enumerators but is no enum";
	return NULL;
}

static int seal_enumerators(struct seal *seal, const struct field *f)
{
	seal->n_enumerators += f->n_enumerators;
	if (f->n_enumerators > SCHEMA_ENUMS_MAX || seal->n_enumerators > SCHEMA_ENUMS_MAX)
		return diag_error(seal->diag, -EINVAL, "field '%s': more than %d enumerators",
		                  f->name, SCHEMA_ENUMS_MAX);
	for (uint32_t i = 0; i < f->n_enumerators; i++)
		if (!f->enumerators[i].name || !is_identifier(f->enumerators[i].name))
			return diag_error(seal->diag, -EINVAL,
			                  "field '%s': an enumerator has no valid name", f->name);
	return 0;
}

static int seal_fields(struct seal *seal, const struct field *fields, uint32_t n, uint32_t room,
                       unsigned int depth)
{
	seal->n_fields += n;
	if (n > SCHEMA_FIELDS_MAX || seal->n_fields > SCHEMA_FIELDS_MAX)
		return diag_error(seal->diag, -EINVAL, "more than %d fields", SCHEMA_FIELDS_MAX);
	if (depth > SCHEMA_DEPTH_MAX)
		return diag_error(seal->diag, -EINVAL, "structs nested deeper than %d levels",
		                  SCHEMA_DEPTH_MAX);

	for (uint32_t i = 0; i < n; i++) {
		const struct field *f = &fields[i];
		const char *fault;
		int r;

		if (!f->name || !is_identifier(f->name))
			return diag_error(seal->diag, -EINVAL, "a field has no valid name");
		fault = field_fault(f, room);
		if (fault)
			return diag_error(seal->diag, -EINVAL, "field '%s' %s", f->name, fault);
		for (uint32_t j = 0; j < i; j++)
			if (streq(fields[j].name, f->name))
				return diag_error(seal->diag, -EINVAL,
				                  "two fields have the name '%s'", f->name);
		r = seal_enumerators(seal, f);
		if (!r && f->n_children)
			r = seal_fields(seal, f->children, f->n_children, f->size, depth + 1);
		if (r)
			return r;
	}
	return 0;
}

/* The tail rule; fields of a dissolved union may share bytes with the tail, and must be there. */
static uint32_t shortest_record(const struct schema *s)
{
	const struct field *tail = &s->fields[s->n_fields - 1];
	uint32_t shortest = tail->offset;

	if (tail->kind != FIELD_CHARS || tail->is_array)
		return s->size;
	for (const struct field *f = s->fields; f < tail; f++)
		if (f->offset + f->size * f->count > shortest)
			shortest = f->offset + f->size * f->count;
	return shortest;
}

int schema_seal(struct schema *s, struct diag *diag)
{
	struct seal seal = {.diag = diag};
	int r;

	if (!s->size || s->size > SCHEMA_RECORD_MAX)
		return diag_error(diag, -EINVAL, "a record of %u bytes: 1 to %d are possible",
		                  s->size, SCHEMA_RECORD_MAX);
	if (!s->n_fields)
		return diag_error(diag, -EINVAL, "a record without fields");
	r = seal_fields(&seal, s->fields, s->n_fields, s->size, 1);
	if (r)
		return r;
	s->min_size = shortest_record(s);
	return 0;
}

static void write_fields(struct buf *out, const struct field *fields, uint32_t n);

static void write_field(struct buf *out, const struct field *f)
{
	wire_put_str(out, f->name);
	wire_put_str(out, f->type);
	wire_put_u8(out, (uint8_t)f->kind);
	wire_put_u8(out, (f->is_signed ? FLAG_SIGNED : 0) | (f->is_array ? FLAG_ARRAY : 0));
	wire_put_u8(out, f->bit_offset);
	wire_put_u8(out, f->bit_size);
	wire_put_u32(out, f->offset);
	wire_put_u32(out, f->size);
	wire_put_u32(out, f->count);
	wire_put_u32(out, f->n_enumerators);
	for (uint32_t i = 0; i < f->n_enumerators; i++) {
		wire_put_u64(out, (uint64_t)f->enumerators[i].value);
		wire_put_str(out, f->enumerators[i].name);
	}
	write_fields(out, f->children, f->n_children);
}

static void write_fields(struct buf *out, const struct field *fields, uint32_t n)
{
	wire_put_u32(out, n);
	for (uint32_t i = 0; i < n; i++)
		write_field(out, &fields[i]);
}

void schema_write(const struct schema *s, struct buf *out)
{
	wire_put_u32(out, s->size);
	write_fields(out, s->fields, s->n_fields);
}

static struct field *read_fields(struct wire_reader *r, uint32_t *ret_n, unsigned int depth);

static void read_field(struct wire_reader *r, struct field *f, unsigned int depth)
{
	uint8_t kind, flags;

	f->name = wire_get_str(r, SCHEMA_NAME_MAX);
	f->type = wire_get_str(r, SCHEMA_NAME_MAX);
	kind = wire_get_u8(r);
	if (kind > FIELD_STRUCT)
		r->failed = true;
	f->kind = (enum field_kind)kind;
	flags = wire_get_u8(r);
	f->is_signed = flags & FLAG_SIGNED;
	f->is_array = flags & FLAG_ARRAY;
	f->bit_offset = wire_get_u8(r);
	f->bit_size = wire_get_u8(r);
	f->offset = wire_get_u32(r);
	f->size = wire_get_u32(r);
	f->count = wire_get_u32(r);
	f->n_enumerators = wire_get_count(r, ENUMERATOR_BYTES_MIN);
	f->enumerators = xcalloc(f->n_enumerators, sizeof(*f->enumerators));
	for (uint32_t i = 0; i < f->n_enumerators; i++) {
		f->enumerators[i].value = (int64_t)wire_get_u64(r);
		f->enumerators[i].name = wire_get_str(r, SCHEMA_NAME_MAX);
	}
	f->children = read_fields(r, &f->n_children, depth + 1);
}

static struct field *read_fields(struct wire_reader *r, uint32_t *ret_n, unsigned int depth)
{
	uint32_t n = wire_get_count(r, FIELD_BYTES_MIN);
	struct field *fields;

	*ret_n = 0;
	if (!n)
		return NULL;
	if (n > SCHEMA_FIELDS_MAX || depth > SCHEMA_DEPTH_MAX) {
		r->failed = true;
		return NULL;
	}
	fields = xcalloc(n, sizeof(*fields));
	*ret_n = n;
	for (uint32_t i = 0; i < n && !r->failed; i++)
		read_field(r, &fields[i], depth);
	return fields;
}

int schema_read(struct wire_reader *r, struct schema **ret, struct diag *diag)
{
	_cleanup_(schema_freep) struct schema *s = xcalloc(1, sizeof(*s));
	int e;

	s->size = wire_get_u32(r);
	s->fields = read_fields(r, &s->n_fields, 1);
	if (r->failed)
		return diag_error(diag, -EINVAL, "the stored schema is damaged");
	e = schema_seal(s, diag);
	if (e)
		return e;
	*ret = steal(&s);
	return 0;
}

const struct field *schema_field(const struct schema *s, const char *name)
{
	for (uint32_t i = 0; i < s->n_fields; i++)
		if (streq(s->fields[i].name, name))
			return &s->fields[i];
	return NULL;
}

static bool fields_equal(const struct field *a, const struct field *b, uint32_t n);

static bool field_equal(const struct field *a, const struct field *b)
{
	if (!streq(a->name, b->name) || !streq(a->type, b->type) || a->kind != b->kind ||
	    a->is_signed != b->is_signed || a->bit_offset != b->bit_offset ||
	    a->bit_size != b->bit_size || a->offset != b->offset || a->size != b->size ||
	    a->count != b->count || a->is_array != b->is_array || a->n_children != b->n_children ||
	    a->n_enumerators != b->n_enumerators)
		return false;
	for (uint32_t i = 0; i < a->n_enumerators; i++)
		if (a->enumerators[i].value != b->enumerators[i].value ||
		    !streq(a->enumerators[i].name, b->enumerators[i].name))
			return false;
	return fields_equal(a->children, b->children, a->n_children);
}

static bool fields_equal(const struct field *a, const struct field *b, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (!field_equal(&a[i], &b[i]))
			return false;
	return true;
}

bool schema_equal(const struct schema *a, const struct schema *b)
{
	return a->size == b->size && a->n_fields == b->n_fields &&
	       fields_equal(a->fields, b->fields, a->n_fields);
}
