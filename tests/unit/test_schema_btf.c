// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "cc/schema_btf.h"
#include "util/alloc.h"
#include "util/cleanup.h"

DEFINE_CLEANUP(struct btf *, btf__free)

static int add_u32(struct btf *b)
{
	return btf__add_int(b, "unsigned int", 4, 0);
}

static int add_char(struct btf *b)
{
	return btf__add_int(b, "char", 1, BTF_INT_SIGNED);
}

/* The schema of struct `id`, as a compile would get it: through the raw bytes. */
static struct schema *schema_of(const struct btf *built, int id, struct diag *diag)
{
	uint32_t size;
	const void *raw = btf__raw_data(built, &size);
	_cleanup_(freep) void *copy = xmemdup(raw, size);
	_cleanup_(btf__freep) struct btf *b = schema_btf_parse(copy, size);
	struct schema *s = NULL;
	int r;

	assert_non_null(b);
	r = schema_from_btf(b, (uint32_t)id, &s, diag);
	assert_int_equal(!r, s != NULL);
	return s;
}

static const struct field *field(const struct schema *s, const char *name)
{
	const struct field *f = schema_field(s, name);

	assert_non_null(f);
	return f;
}

static void assert_refused(const struct btf *b, int id, const char *why)
{
	_cleanup_(diag_donep) struct diag diag = {};
	_cleanup_(schema_freep) struct schema *s = schema_of(b, id, &diag);

	assert_null(s);
	if (!strstr(diag_text(&diag), why))
		fail_msg("'%s' does not say '%s'", diag_text(&diag), why);
}

static void every_kind_of_scalar(void **state)
{
	_cleanup_(btf__freep) struct btf *b = btf__new_empty();
	_cleanup_(schema_freep) struct schema *s = NULL;
	int u32 = add_u32(b), s64 = btf__add_int(b, "long", 8, BTF_INT_SIGNED);
	int flag = btf__add_int(b, "_Bool", 1, BTF_INT_BOOL), real = btf__add_float(b, "double", 8);
	int ptr = btf__add_ptr(b, 0), wide = btf__add_int(b, "__int128 unsigned", 16, 0);
	int id = btf__add_struct(b, "e", 64);

	btf__add_field(b, "u", u32, 0, 0);
	btf__add_field(b, "flag", flag, 32, 0);
	btf__add_field(b, "s", s64, 64, 0);
	btf__add_field(b, "real", real, 128, 0);
	btf__add_field(b, "ptr", ptr, 192, 0);
	btf__add_field(b, "wide", wide, 256, 0);
	s = schema_of(b, id, NULL);
	assert_non_null(s);
	assert_int_equal(s->size, 64);
	assert_int_equal(s->n_fields, 6);
	assert_int_equal(field(s, "u")->kind, FIELD_UINT);
	assert_string_equal(field(s, "u")->type, "unsigned int");
	assert_int_equal(field(s, "flag")->kind, FIELD_BOOL);
	assert_int_equal(field(s, "s")->kind, FIELD_INT);
	assert_int_equal(field(s, "s")->offset, 8);
	assert_int_equal(field(s, "real")->kind, FIELD_FLOAT);
	assert_int_equal(field(s, "ptr")->kind, FIELD_UINT);
	assert_string_equal(field(s, "ptr")->type, "void *");
	assert_int_equal(field(s, "wide")->size, 16);
}

static void enums_of_both_widths_keep_their_names(void **state)
{
	_cleanup_(btf__freep) struct btf *b = btf__new_empty();
	_cleanup_(schema_freep) struct schema *s = NULL;
	int narrow, wide, id;

	narrow = btf__add_enum(b, "dir", 4);
	btf__add_enum_value(b, "IN", -1);
	btf__add_enum_value(b, "OUT", 1);
	wide = btf__add_enum64(b, NULL, 8, false);
	btf__add_enum64_value(b, "HUGE", 0x8000000000000001);
	id = btf__add_struct(b, "e", 16);
	btf__add_field(b, "dir", narrow, 0, 0);
	btf__add_field(b, "wide", wide, 64, 0);
	s = schema_of(b, id, NULL);
	assert_non_null(s);
	assert_int_equal(field(s, "dir")->kind, FIELD_ENUM);
	assert_true(field(s, "dir")->is_signed);
	assert_int_equal(field(s, "dir")->enumerators[0].value, -1);
	assert_string_equal(field(s, "dir")->enumerators[1].name, "OUT");
	assert_string_equal(field(s, "dir")->type, "enum dir");
	assert_false(field(s, "wide")->is_signed);
	assert_int_equal(field(s, "wide")->enumerators[0].value, (int64_t)0x8000000000000001);
	assert_string_equal(field(s, "wide")->type, "enum (anonymous)");
}

static void the_outermost_typedef_names_the_type(void **state)
{
	_cleanup_(btf__freep) struct btf *b = btf__new_empty();
	_cleanup_(schema_freep) struct schema *s = NULL;
	int u32 = add_u32(b), inner = btf__add_typedef(b, "u32", u32);
	int constant = btf__add_const(b, inner), outer = btf__add_typedef(b, "ipv4_t", constant);
	int field_type = btf__add_volatile(b, outer), u8 = btf__add_int(b, "unsigned char", 1, 0);
	int array = btf__add_array(b, u32, u8, 16), ip = btf__add_typedef(b, "ip_t", array);
	int rows = btf__add_array(b, u32, ip, 2), id = btf__add_struct(b, "e", 52);
	int alias;

	btf__add_field(b, "address", field_type, 0, 0);
	btf__add_field(b, "ip", ip, 32, 0);
	btf__add_field(b, "ips", rows, 160, 0);
	alias = btf__add_typedef(b, "e_t", id);
	s = schema_of(b, alias, NULL);
	assert_non_null(s);
	assert_string_equal(field(s, "address")->type, "ipv4_t");
	assert_string_equal(field(s, "ip")->type, "ip_t");
	assert_int_equal(field(s, "ip")->kind, FIELD_BYTES);
	assert_int_equal(field(s, "ip")->size, 16);
	assert_false(field(s, "ip")->is_array);
	assert_int_equal(field(s, "ips")->size, 16);
	assert_int_equal(field(s, "ips")->count, 2);
	assert_true(field(s, "ips")->is_array);
}

static void arrays_of_arrays(void **state)
{
	_cleanup_(btf__freep) struct btf *b = btf__new_empty();
	_cleanup_(schema_freep) struct schema *s = NULL;
	int u32 = add_u32(b), text = btf__add_array(b, u32, add_char(b), 16);
	int one = btf__add_array(b, u32, text, 1), three = btf__add_array(b, u32, u32, 3);
	int six = btf__add_array(b, u32, three, 2), id = btf__add_struct(b, "e", 56);

	btf__add_field(b, "text", text, 0, 0);
	btf__add_field(b, "one", one, 128, 0);
	btf__add_field(b, "six", six, 256, 0);
	s = schema_of(b, id, NULL);
	assert_non_null(s);
	assert_int_equal(field(s, "text")->kind, FIELD_CHARS);
	assert_false(field(s, "text")->is_array);
	assert_int_equal(field(s, "one")->size, 16);
	assert_int_equal(field(s, "one")->count, 1);
	assert_true(field(s, "one")->is_array);
	assert_int_equal(field(s, "six")->size, 4);
	assert_int_equal(field(s, "six")->count, 6);
}

static void an_array_past_all_bounds_is_refused(void **state)
{
	_cleanup_(btf__freep) struct btf *b = btf__new_empty();
	int u32 = add_u32(b), type = u32, id;

	for (int i = 0; i < 4; i++)
		type = btf__add_array(b, u32, type, 0xffffffff);
	id = btf__add_struct(b, "e", 8);
	btf__add_field(b, "x", type, 0, 0);
	assert_refused(b, id, "past the end of its struct");
}

static void what_takes_no_room_is_left_out(void **state)
{
	_cleanup_(btf__freep) struct btf *b = btf__new_empty();
	_cleanup_(schema_freep) struct schema *s = NULL;
	int u32 = add_u32(b), flexible = btf__add_array(b, u32, add_char(b), 0), id;
	int empty = btf__add_struct(b, "empty", 0), entry = btf__add_struct(b, "entry", 4), list;

	btf__add_field(b, "x", u32, 0, 0);
	list = btf__add_array(b, u32, entry, 0);
	id = btf__add_struct(b, "e", 4);
	btf__add_field(b, "before", flexible, 0, 0);
	btf__add_field(b, "x", u32, 0, 0);
	btf__add_field(b, "nothing", empty, 32, 0);
	btf__add_field(b, "list", list, 32, 0);
	btf__add_field(b, "text", flexible, 32, 0);
	s = schema_of(b, id, NULL);
	assert_non_null(s);
	assert_int_equal(s->n_fields, 1);
	assert_string_equal(s->fields[0].name, "x");
	assert_int_equal(s->min_size, 4);
}

static void a_struct_of_padding_is_left_out(void **state)
{
	_cleanup_(btf__freep) struct btf *b = btf__new_empty();
	_cleanup_(schema_freep) struct schema *s = NULL;
	int u32 = add_u32(b), padding = btf__add_struct(b, "padding", 4), id;

	btf__add_field(b, NULL, u32, 0, 32);
	id = btf__add_struct(b, "e", 8);
	btf__add_field(b, "padding", padding, 0, 0);
	btf__add_field(b, "x", u32, 32, 0);
	s = schema_of(b, id, NULL);
	assert_non_null(s);
	assert_int_equal(s->n_fields, 1);
	assert_int_equal(field(s, "x")->offset, 4);
}

static void assert_bits(const struct field *f, uint32_t offset, uint32_t size, int bit, int width)
{
	assert_int_equal(f->offset, offset);
	assert_int_equal(f->size, size);
	assert_int_equal(f->bit_offset, bit);
	assert_int_equal(f->bit_size, width);
}

static void bit_fields_lie_in_their_integer(void **state)
{
	_cleanup_(btf__freep) struct btf *b = btf__new_empty();
	_cleanup_(schema_freep) struct schema *s = NULL;
	int u32 = add_u32(b), id = btf__add_struct(b, "e", 12);

	btf__add_field(b, "low", u32, 0, 3);
	btf__add_field(b, "high", u32, 3, 5);
	btf__add_field(b, NULL, u32, 8, 4);
	btf__add_field(b, "next", u32, 44, 20);
	btf__add_field(b, "whole", u32, 64, 32);
	s = schema_of(b, id, NULL);
	assert_non_null(s);
	assert_int_equal(s->n_fields, 4);
	assert_bits(field(s, "low"), 0, 4, 0, 3);
	assert_bits(field(s, "high"), 0, 4, 3, 5);
	assert_bits(field(s, "next"), 4, 4, 12, 20);
	assert_bits(field(s, "whole"), 8, 4, 0, 32);
}

/* As in struct __attribute__((packed)). */
static void bit_fields_may_cross_a_word(void **state)
{
	_cleanup_(btf__freep) struct btf *b = btf__new_empty();
	_cleanup_(schema_freep) struct schema *s = NULL;
	int u32 = add_u32(b), inner, id;

	inner = btf__add_struct(b, "inner", 10);
	btf__add_field(b, "a", u32, 0, 20);
	btf__add_field(b, "b", u32, 20, 20); /* bytes 2 to 4 */
	btf__add_field(b, "c", u32, 44, 30); /* bytes 5 to 9: 8 of them, from 2 on */
	id = btf__add_struct(b, "e", 12);
	btf__add_field(b, "x", u32, 80, 3); /* the integer of its type would end outside */
	btf__add_field(b, NULL, inner, 0, 0);
	s = schema_of(b, id, NULL);
	assert_non_null(s);
	assert_bits(field(s, "a"), 0, 4, 0, 20);
	assert_bits(field(s, "b"), 2, 4, 4, 20);
	assert_bits(field(s, "c"), 2, 8, 28, 30);
	assert_bits(field(s, "x"), 8, 4, 16, 3);
}

static void a_bit_field_in_nine_bytes_is_refused(void **state)
{
	_cleanup_(btf__freep) struct btf *b = btf__new_empty();
	int u64 = btf__add_int(b, "long", 8, 0), id = btf__add_struct(b, "e", 16);

	btf__add_field(b, "x", u64, 7, 60);
	assert_refused(b, id, "bit-field 'x'");
}

static void anonymous_members_are_their_parents(void **state)
{
	_cleanup_(btf__freep) struct btf *b = btf__new_empty();
	_cleanup_(schema_freep) struct schema *s = NULL;
	int u32 = add_u32(b), either = btf__add_union(b, NULL, 4), inner, named, id;

	btf__add_field(b, "b", u32, 0, 0);
	btf__add_field(b, "c", u32, 0, 0);
	inner = btf__add_struct(b, NULL, 12);
	btf__add_field(b, "a", u32, 32, 0);
	btf__add_field(b, NULL, either, 64, 0);
	named = btf__add_struct(b, "named", 4);
	btf__add_field(b, "d", u32, 0, 0);
	id = btf__add_struct(b, "e", 20);
	btf__add_field(b, NULL, inner, 32, 0);
	btf__add_field(b, "named", named, 128, 0);
	s = schema_of(b, id, NULL);
	assert_non_null(s);
	assert_int_equal(s->n_fields, 4);
	assert_int_equal(field(s, "a")->offset, 8);
	assert_int_equal(field(s, "b")->offset, 12);
	assert_int_equal(field(s, "c")->offset, 12);
	assert_int_equal(field(s, "named")->kind, FIELD_STRUCT);
	assert_int_equal(field(s, "named")->n_children, 1);
	assert_int_equal(field(s, "named")->children[0].offset, 0);
}

/* `depth` structs within each other, each with `n` members, named or not. */
static int add_nest(struct btf *b, int depth, int n, bool named)
{
	int type = add_u32(b);

	for (int i = 0; i < depth; i++) {
		int id = btf__add_struct(b, NULL, 8);

		for (int j = 0; j < n; j++) {
			_cleanup_(freep) char *name = xasprintf("m%d_%d", i, j);

			btf__add_field(b, named || !i ? name : NULL, type, 0, 0);
		}
		type = id;
	}
	return type;
}

static void too_deep(void **state)
{
	for (int named = 0; named < 2; named++) {
		_cleanup_(btf__freep) struct btf *fits = btf__new_empty();
		_cleanup_(btf__freep) struct btf *deep = btf__new_empty();
		_cleanup_(schema_freep) struct schema *s = NULL;

		s = schema_of(fits, add_nest(fits, SCHEMA_DEPTH_MAX, 1, named), NULL);
		assert_non_null(s);
		assert_refused(deep, add_nest(deep, SCHEMA_DEPTH_MAX + 1, 1, named), "deeper than");
	}
}

static void too_many(void **state)
{
	_cleanup_(btf__freep) struct btf *wide = btf__new_empty();
	_cleanup_(btf__freep) struct btf *tree = btf__new_empty();
	_cleanup_(btf__freep) struct btf *names = btf__new_empty();
	int e, id;

	assert_refused(wide, add_nest(wide, 1, SCHEMA_FIELDS_MAX + 1, true),
	               "more than 1024 fields");
	/* a few types, but 1000^6 members: it must not be walked through */
	assert_refused(tree, add_nest(tree, 6, 1000, false), "more than 1024 fields");
	e = btf__add_enum(names, "e", 4);
	for (int i = 0; i <= SCHEMA_ENUMS_MAX; i++) {
		_cleanup_(freep) char *name = xasprintf("E%d", i);

		btf__add_enum_value(names, name, i);
	}
	id = btf__add_struct(names, "s", 4);
	btf__add_field(names, "e", e, 0, 0);
	assert_refused(names, id, "more than 4096 enumerators");
}

static void anonymous_members_without_end(void **state)
{
	_cleanup_(btf__freep) struct btf *b = btf__new_empty();
	int type = btf__add_struct(b, NULL, 8);

	for (int i = 0; i < 6; i++) {
		int id = btf__add_struct(b, NULL, 8);

		for (int j = 0; j < 1000; j++)
			btf__add_field(b, NULL, type, 0, 0);
		type = id;
	}
	assert_refused(b, type, "more than 1024 anonymous members");
}

static void types_that_lead_nowhere(void **state)
{
	static const char *const why[] = {"cannot be followed", "no record can hold",
	                                  "cannot be followed", "cannot be followed",
	                                  "no record can hold", "no record can hold"};
	_cleanup_(btf__freep) struct btf *b = btf__new_empty();
	int types[] = {
		btf__add_typedef(b, "loop", 1), /* of itself */
		btf__add_const(b, 2),           /* of itself */
		btf__add_array(b, 1, 3, 2),     /* of itself */
		btf__add_typedef(b, "lost", 9999),
		btf__add_fwd(b, "later", BTF_FWD_STRUCT),
		btf__add_func_proto(b, 0),
	};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		int id = btf__add_struct(b, "e", 8);

		btf__add_field(b, "x", types[i], 0, 0);
		assert_refused(b, id, why[i]);
	}
}

static void a_struct_in_itself(void **state)
{
	_cleanup_(btf__freep) struct btf *b = btf__new_empty();
	int named = btf__add_struct(b, "e", 8), anonymous;

	btf__add_field(b, "x", named, 0, 0);
	btf__add_field(b, "y", named, 0, 0);
	anonymous = btf__add_struct(b, "f", 8);
	btf__add_field(b, NULL, anonymous, 0, 0);
	assert_refused(b, named, "deeper than");
	assert_refused(b, anonymous, "deeper than");
}

static void integers_without_a_size(void **state)
{
	_cleanup_(btf__freep) struct btf *b = btf__new_empty();
	int u32 = add_u32(b), id = btf__add_struct(b, "e", 8);

	btf__add_field(b, "x", u32, 0, 3);
	((struct btf_type *)(uintptr_t)btf__type_by_id(b, (uint32_t)u32))->size = 0;
	{
		_cleanup_(schema_freep) struct schema *s = schema_of(b, id, NULL);

		assert_non_null(s);
		assert_bits(field(s, "x"), 0, 1, 0, 3);
	}
}

static void only_structs_are_events(void **state)
{
	_cleanup_(btf__freep) struct btf *b = btf__new_empty();
	int u32 = add_u32(b), id = btf__add_struct(b, "huge", SCHEMA_RECORD_MAX + 1);

	btf__add_field(b, "x", u32, 0, 0);
	assert_refused(b, u32, "not a struct");
	assert_refused(b, 0, "not a struct");
	assert_refused(b, 12345, "not a struct");
	assert_refused(b, id, "65537");
}

static void members_are_found_by_name(void **state)
{
	_cleanup_(btf__freep) struct btf *b = btf__new_empty();
	int u32 = add_u32(b), id = btf__add_struct(b, "slot", 8);
	int alias;

	btf__add_field(b, NULL, u32, 0, 0);
	btf__add_field(b, "record", u32, 32, 0);
	alias = btf__add_typedef(b, "slot_t", id);
	assert_int_equal(schema_btf_member_type(b, (uint32_t)alias, "record"), u32);
	assert_int_equal(schema_btf_member_type(b, (uint32_t)id, "no"), 0);
	assert_int_equal(schema_btf_member_type(b, (uint32_t)u32, "record"), 0);
	assert_int_equal(schema_btf_member_type(b, 999, "record"), 0);
}

/* Whatever byte of a program's BTF is wrong: a schema or a reason, and nothing read past the end. */
static void damaged_btf(void **state)
{
	_cleanup_(btf__freep) struct btf *b = btf__new_empty();
	int u32 = add_u32(b), text = btf__add_array(b, u32, add_char(b), 16);
	int e = btf__add_enum(b, "dir", 4), id;
	uint32_t size;
	const uint8_t *raw;

	btf__add_enum_value(b, "IN", 0);
	id = btf__add_struct(b, "e", 28);
	btf__add_field(b, "x", u32, 0, 0);
	btf__add_field(b, "dir", e, 32, 0);
	btf__add_field(b, "bits", u32, 64, 7);
	btf__add_field(b, "text", text, 96, 0);
	raw = btf__raw_data(b, &size);
	assert_null(schema_btf_parse(NULL, 0));
	for (uint32_t i = 0; i < size * 4; i++) {
		static const uint8_t values[] = {0x00, 0xff, 0x7f, 0x01};
		_cleanup_(freep) uint8_t *copy = xmemdup(raw, size);
		_cleanup_(btf__freep) struct btf *damaged = NULL;
		_cleanup_(schema_freep) struct schema *s = NULL;
		_cleanup_(diag_donep) struct diag diag = {};

		copy[i / 4] = values[i % 4];
		damaged = schema_btf_parse(copy, size);
		if (damaged && schema_from_btf(damaged, (uint32_t)id, &s, &diag))
			assert_int_not_equal(diag.errors, 0);
	}
	for (uint32_t n = 0; n < size; n++) {
		_cleanup_(freep) uint8_t *copy = xmemdup(raw, n);
		_cleanup_(btf__freep) struct btf *cut = schema_btf_parse(copy, n);

		assert_null(cut);
	}
}

static int quiet(enum libbpf_print_level level, const char *format, va_list ap)
{
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_of_scalar),
		cmocka_unit_test(enums_of_both_widths_keep_their_names),
		cmocka_unit_test(the_outermost_typedef_names_the_type),
		cmocka_unit_test(arrays_of_arrays),
		cmocka_unit_test(an_array_past_all_bounds_is_refused),
		cmocka_unit_test(what_takes_no_room_is_left_out),
		cmocka_unit_test(a_struct_of_padding_is_left_out),
		cmocka_unit_test(bit_fields_lie_in_their_integer),
		cmocka_unit_test(bit_fields_may_cross_a_word),
		cmocka_unit_test(a_bit_field_in_nine_bytes_is_refused),
		cmocka_unit_test(anonymous_members_are_their_parents),
		cmocka_unit_test(too_deep),
		cmocka_unit_test(too_many),
		cmocka_unit_test(anonymous_members_without_end),
		cmocka_unit_test(types_that_lead_nowhere),
		cmocka_unit_test(a_struct_in_itself),
		cmocka_unit_test(integers_without_a_size),
		cmocka_unit_test(only_structs_are_events),
		cmocka_unit_test(members_are_found_by_name),
		cmocka_unit_test(damaged_btf),
	};

	libbpf_set_print(quiet);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
