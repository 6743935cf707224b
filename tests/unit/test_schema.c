/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/schema.h"
#include "util/alloc.h"

static struct field *add(struct field **fields, uint32_t *n, const char *name, const char *type,
                         enum field_kind kind, uint32_t offset, uint32_t size)
{
	struct field *f;

	*fields = xrealloc(*fields, *n + 1, sizeof(**fields));
	f = &(*fields)[(*n)++];
	*f = (struct field){
		.name = xstrdup(name),
		.type = xstrdup(type),
		.kind = kind,
		.offset = offset,
		.size = size,
		.count = 1,
	};
	return f;
}

/* u64 time; enum dir dir; struct { u16 port; u8 flags : 3; } peer[2]; char path[64]; */
static struct schema *sample(void)
{
	struct schema *s = xcalloc(1, sizeof(*s));
	struct field *f;

	s->size = 88;
	add(&s->fields, &s->n_fields, "time", "ktime_t", FIELD_UINT, 0, 8);
	f = add(&s->fields, &s->n_fields, "dir", "enum dir", FIELD_ENUM, 8, 4);
	f->is_signed = true;
	f->n_enumerators = 2;
	f->enumerators = xcalloc(2, sizeof(*f->enumerators));
	f->enumerators[0] = (struct enumerator){.value = -1, .name = xstrdup("IN")};
	f->enumerators[1] = (struct enumerator){.value = 1, .name = xstrdup("OUT")};
	f = add(&s->fields, &s->n_fields, "peer", "struct peer", FIELD_STRUCT, 12, 4);
	f->is_array = true;
	f->count = 2;
	add(&f->children, &f->n_children, "port", "u16", FIELD_UINT, 0, 2);
	f = add(&f->children, &f->n_children, "flags", "u8", FIELD_UINT, 2, 1);
	f->bit_offset = 5;
	f->bit_size = 3;
	add(&s->fields, &s->n_fields, "path", "char[64]", FIELD_CHARS, 20, 64);
	return s;
}

static void sealing_sets_the_shortest_record(void **state)
{
	_cleanup_(schema_freep) struct schema *s = sample();

	assert_int_equal(schema_seal(s, NULL), 0);
	assert_int_equal(s->min_size, 20);

	/* An array of texts is no tail. */
	s->fields[3].is_array = true;
	assert_int_equal(schema_seal(s, NULL), 0);
	assert_int_equal(s->min_size, 88);
	s->fields[3].is_array = false;

	/* A union of a text and something longer: the other one must be there. */
	s->fields[3].offset = 10;
	assert_int_equal(schema_seal(s, NULL), 0);
	assert_int_equal(s->min_size, 20);

	s->fields[3].kind = FIELD_BYTES;
	assert_int_equal(schema_seal(s, NULL), 0);
	assert_int_equal(s->min_size, 88);
}

static void assert_refused(struct schema *s, const char *why)
{
	_cleanup_(diag_donep) struct diag diag = {};

	assert_int_equal(schema_seal(s, &diag), -EINVAL);
	if (!strstr(diag_text(&diag), why))
		fail_msg("\"%s\" does not say \"%s\"", diag_text(&diag), why);
}

/* Put a value in, expect a refusal, and put the old one back. */
#define REFUSED(s, lvalue, value, why)                                                             \
	do {                                                                                       \
		__typeof__(lvalue) old_ = (lvalue);                                                \
		(lvalue) = (value);                                                                \
		assert_refused(s, why);                                                            \
		(lvalue) = old_;                                                                   \
	} while (0)

static void what_cannot_be_is_refused(void **state)
{
	_cleanup_(schema_freep) struct schema *s = sample();
	struct field *f = s->fields;

	REFUSED(s, s->size, 0, "a record of 0 bytes");
	REFUSED(s, s->size, SCHEMA_RECORD_MAX + 1, "65537 bytes");
	REFUSED(s, s->size, 83, "'path' reaches past the end");
	REFUSED(s, s->n_fields, 0, "without fields");
	REFUSED(s, f[0].size, 3, "'time' has a size");
	REFUSED(s, f[0].kind, 99, "'time' has a size");
	REFUSED(s, f[0].count, 0, "impossible number of elements");
	REFUSED(s, f[0].count, 2, "impossible number of elements");
	REFUSED(s, f[0].offset, UINT32_MAX, "reaches past the end");
	REFUSED(s, f[2].count, UINT32_MAX, "reaches past the end");
	REFUSED(s, f[0].bit_size, 65, "bit-field");
	REFUSED(s, f[0].bit_offset, 1, "bit-field");
	REFUSED(s, f[2].children[1].bit_offset, 6, "'flags' is a bit-field");
	REFUSED(s, f[2].children[0].offset, 3, "'port' reaches past the end");
	REFUSED(s, f[2].kind, FIELD_BYTES, "has members but is no struct");
	REFUSED(s, f[2].n_children, 0, "struct without members");
	REFUSED(s, f[1].kind, FIELD_INT, "has enumerators but is no enum");
	REFUSED(s, f[1].enumerators[0].name, (char *)"not a name", "an enumerator");
	REFUSED(s, f[0].name, (char *)"", "no valid name");
	REFUSED(s, f[0].name, (char *)"1st", "no valid name");
	REFUSED(s, f[0].name, (char *)"dir", "two fields have the name 'dir'");
	REFUSED(s, f[0].type, (char *)"\033[2J", "no valid type name");
	REFUSED(s, f[0].type, NULL, "no valid type name");
	assert_int_equal(schema_seal(s, NULL), 0);
}

static void bounds_on_fields_and_depth(void **state)
{
	_cleanup_(schema_freep) struct schema *wide = xcalloc(1, sizeof(*wide));
	_cleanup_(schema_freep) struct schema *deep = xcalloc(1, sizeof(*deep));
	struct field **fields = &deep->fields;
	uint32_t *n = &deep->n_fields;
	char name[16];

	wide->size = SCHEMA_FIELDS_MAX + 1;
	for (unsigned int i = 0; i <= SCHEMA_FIELDS_MAX; i++) {
		snprintf(name, sizeof(name), "f%u", i);
		add(&wide->fields, &wide->n_fields, name, "u8", FIELD_UINT, i, 1);
	}
	assert_refused(wide, "more than 1024 fields");

	deep->size = 4;
	for (int i = 0; i < SCHEMA_DEPTH_MAX; i++) {
		struct field *f = add(fields, n, "inner", "struct s", FIELD_STRUCT, 0, 4);

		fields = &f->children;
		n = &f->n_children;
	}
	add(fields, n, "leaf", "u32", FIELD_UINT, 0, 4);
	assert_refused(deep, "nested deeper");
}

static void a_stored_schema_comes_back_equal(void **state)
{
	_cleanup_(schema_freep) struct schema *s = sample(), *back = NULL;
	_cleanup_(buf_donep) struct buf out = {};
	struct wire_reader r;

	assert_int_equal(schema_seal(s, NULL), 0);
	schema_write(s, &out);
	r = wire_reader_init(out.data, out.len);
	assert_int_equal(schema_read(&r, &back, NULL), 0);
	assert_int_equal(wire_left(&r), 0);
	assert_true(schema_equal(s, back));
	assert_int_equal(back->min_size, s->min_size);
	assert_ptr_equal(schema_field(back, "peer"), &back->fields[2]);
	assert_null(schema_field(back, "port"));

	back->fields[1].enumerators[1].value = 2;
	assert_false(schema_equal(s, back));
	back->fields[1].enumerators[1].value = 1;
	back->fields[2].children[1].bit_offset = 4;
	assert_false(schema_equal(s, back));
}

/* Whatever is read from damaged bytes is refused, or is a schema in its own right. */
static void read_damaged(const void *data, size_t size, bool must_fail)
{
	_cleanup_(schema_freep) struct schema *s = NULL;
	struct wire_reader r = wire_reader_init(data, size);
	int e = schema_read(&r, &s, NULL);

	if (e)
		assert_null(s);
	else
		assert_int_equal(schema_seal(s, NULL), 0);
	assert_true(e || !must_fail);
}

static void damaged_bytes_at_every_position(void **state)
{
	_cleanup_(schema_freep) struct schema *s = sample();
	_cleanup_(buf_donep) struct buf out = {};

	schema_write(s, &out);
	for (size_t i = 0; i < out.len; i++) {
		char *cut = xmemdup(out.data, i); /* its own block, so that ASan sees an overrun */

		read_damaged(cut, i, true);
		free(cut);
		for (unsigned int bit = 0; bit < 8; bit++) {
			out.data[i] ^= (char)(1u << bit);
			read_damaged(out.data, out.len, false);
			out.data[i] ^= (char)(1u << bit);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sealing_sets_the_shortest_record),
		cmocka_unit_test(what_cannot_be_is_refused),
		cmocka_unit_test(bounds_on_fields_and_depth),
		cmocka_unit_test(a_stored_schema_comes_back_equal),
		cmocka_unit_test(damaged_bytes_at_every_position),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
