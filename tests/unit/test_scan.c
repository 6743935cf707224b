// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cc/btf_headers.h"
#include "cc/scan.h"
#include "util/alloc.h"
#include "util/buf.h"
#include "util/cleanup.h"

/* A text in memory that ends where the text does: a read behind it is seen by ASan. */
static char *exact(const char *text)
{
	return xmemdup(text, strlen(text));
}

static void assert_blanked(const char *text, const char *expected)
{
	_cleanup_(freep) char *copy = exact(text);

	assert_int_equal(strlen(text), strlen(expected));
	scan_blank_comments(copy, strlen(text));
	assert_memory_equal(copy, expected, strlen(text));
}

static void comments_become_blanks_and_lines_stay(void **state)
{
	assert_blanked("a // b\nc", "a     \nc");
	assert_blanked("a /* b\n*/ c", "a     \n   c");
	assert_blanked("/**/x", "    x");
	assert_blanked("/*/ x */y", "        y");
	assert_blanked("a / b * c", "a / b * c");
	assert_blanked("// a \\\nb\nc", "      \n \nc");
	assert_blanked("", "");
}

static void a_comment_in_a_string_is_none(void **state)
{
	assert_blanked("\"//\" x // y", "\"//\" x     ");
	assert_blanked("\"/*\" x", "\"/*\" x");
	assert_blanked("\"\\\"/*\" x", "\"\\\"/*\" x");
	assert_blanked("'\"' /* */ '\\''", "'\"'       '\\''");
	assert_blanked("#error don't\n// x", "#error don't\n    ");
}

static void what_is_never_closed_ends_with_the_text(void **state)
{
	assert_blanked("x /* y\nz", "x     \n ");
	assert_blanked("x /*", "x   ");
	assert_blanked("x /", "x /");
	assert_blanked("/*/", "   ");
	assert_blanked("\"", "\"");
	assert_blanked("\"\\", "\"\\");
	assert_blanked("'a\\", "'a\\");
	assert_blanked("//", "  ");
}

static unsigned int flags_of(const char *text, const char *word)
{
	_cleanup_(freep) char *copy = exact(text);
	_cleanup_(words_done) struct words words = {};

	scan_words(copy, strlen(text), &words);
	return words_flags(&words, word);
}

static void identifiers_are_words(void **state)
{
	static const char text[] = "int _a1 = 0x1f + b; 9z";

	assert_int_equal(flags_of(text, "int"), WORD_USED);
	assert_int_equal(flags_of(text, "_a1"), WORD_USED);
	assert_int_equal(flags_of(text, "b"), WORD_USED);
	assert_int_equal(flags_of(text, "x1f"), 0);
	assert_int_equal(flags_of(text, "0x1f"), 0);
	assert_int_equal(flags_of(text, "z"), 0);
	assert_int_equal(flags_of("last", "last"), WORD_USED);
	assert_int_equal(flags_of("lasting", "last"), 0);
	assert_int_equal(flags_of("", "x"), 0);
}

static void members_stand_behind_an_access(void **state)
{
	assert_int_equal(flags_of("a.b", "b"), WORD_USED | WORD_MEMBER);
	assert_int_equal(flags_of("a -> \n b", "b"), WORD_USED | WORD_MEMBER);
	assert_int_equal(flags_of("a.b", "a"), WORD_USED);
	assert_int_equal(flags_of("a > b", "b"), WORD_USED);
	assert_int_equal(flags_of(">b", "b"), WORD_USED);
	assert_int_equal(flags_of(".b", "b"), WORD_USED | WORD_MEMBER);
	assert_int_equal(flags_of("b; a.b", "b"), WORD_USED | WORD_MEMBER);
}

static void typedefs_define_their_name_alone(void **state)
{
	static const char *const texts[] = {
		"typedef unsigned int it;",
		"typedef u8 it[16];",
		"typedef struct { int a; struct { int b; } c; } it;",
		"typedef struct key { int a; } it;",
		"typedef struct { int a; }\n\tit [ N ] [2];",
		"typedef struct key *it;",
		"typedef int (*it)(struct key *a, int b);",
		"typedef int it(int a, int b);",
		"typedef u8 it[16] __attribute__((aligned(8)));",
		"typedef u8 it __attribute__ (( aligned ( 8 ) )) ;",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		assert_int_equal(flags_of(texts[i], "it") & WORD_DEFINED, WORD_DEFINED);
		assert_int_equal(flags_of(texts[i], "a") & WORD_DEFINED, 0);
		assert_int_equal(flags_of(texts[i], "b") & WORD_DEFINED, 0);
		assert_int_equal(flags_of(texts[i], "c") & WORD_DEFINED, 0);
		assert_int_equal(flags_of(texts[i], "key") & WORD_DEFINED, 0);
		assert_int_equal(flags_of(texts[i], "N") & WORD_DEFINED, 0);
		assert_int_equal(flags_of(texts[i], "aligned") & WORD_DEFINED, 0);
	}
}

static void a_typedef_without_its_end_defines_nothing(void **state)
{
	static const char *const texts[] = {"typedef int it",       "typedef",
	                                    "typedef struct { it;", "typedef u8 it[",
	                                    "typedef int (*it",     "typedef int it(("};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_int_equal(flags_of(texts[i], "it") & WORD_DEFINED, 0);
}

static void add_name(void *ctx, const char *name)
{
	buf_printf(ctx, "%s\n", name);
}

static void add_field(void *ctx, const char *tag, const char *field)
{
	buf_printf(ctx, "%s.%s\n", tag, field);
}

static void add_struct(void *ctx, const char *name, bool is_typedef)
{
	buf_printf(ctx, "%s%s\n", is_typedef ? "typedef " : "", name);
}

static void assert_includes(const char *text, const char *expected)
{
	_cleanup_(freep) char *copy = exact(text);
	_cleanup_(buf_donep) struct buf found = {};

	scan_includes(copy, strlen(text), add_name, &found);
	assert_string_equal(buf_cstr(&found), expected);
}

static void includes_are_found_in_both_spellings(void **state)
{
	assert_includes("#include <linux/fs.h>\n  #  include\t\"a b.h\" // x\n#include <last.h>",
	                "linux/fs.h\na b.h\nlast.h\n");
	assert_includes("#include_next <x.h>\n#define include <y.h>\ninclude <z.h>\n", "");
	assert_includes("#include\n<x.h>\n", "");
	assert_includes("#include <x.h\n>", "");
	assert_includes("#include <>\n#include \"\"", "");
	assert_includes("#include \"x.h>", "");
	assert_includes("#include <", "");
	assert_includes("#include", "");
	assert_includes("#", "");
	assert_includes("\n\n#\n", "");
}

static void an_endless_include_is_none(void **state)
{
	_cleanup_(buf_donep) struct buf text = {};

	buf_puts(&text, "#include <");
	for (int i = 0; i < 300; i++)
		buf_putc(&text, 'x');
	buf_puts(&text, ">\n#include <y.h>");
	assert_includes(buf_cstr(&text), "y.h\n");
}

static void assert_fields(const char *text, const char *expected)
{
	_cleanup_(freep) char *copy = exact(text);
	_cleanup_(buf_donep) struct buf found = {};

	scan_have_fields(copy, strlen(text), add_field, &found);
	assert_string_equal(buf_cstr(&found), expected);
}

static void questions_about_fields_are_found(void **state)
{
	assert_fields("#if HAVE_FIELD(sock, sk_uid) && HAVE_FIELD( a ,\n b)", "sock.sk_uid\na.b\n");
	assert_fields("HAVE_FIELD(a, b", "a.b\n");
	assert_fields("HAVE_FIELD(HAVE_FIELD(a, b), c)", "a.b\n");
	assert_fields("MUST_HAVE_FIELD(a, b)", "");
	assert_fields("HAVE_FIELDS(a, b)", "");
	assert_fields("HAVE_FIELD(1a, b) HAVE_FIELD(a, 2b) HAVE_FIELD(a.b)", "");
	assert_fields("HAVE_FIELD(a,", "");
	assert_fields("HAVE_FIELD(a", "");
	assert_fields("HAVE_FIELD(", "");
	assert_fields("HAVE_FIELD", "");
}

static void a_name_without_measure_is_none(void **state)
{
	_cleanup_(buf_donep) struct buf text = {};

	buf_puts(&text, "HAVE_FIELD(");
	for (int i = 0; i < 1000; i++)
		buf_putc(&text, 'x');
	buf_puts(&text, ", b) HAVE_FIELD(c, d)");
	assert_fields(buf_cstr(&text), "c.d\n");
}

static void assert_events(const char *text, const char *expected)
{
	_cleanup_(freep) char *copy = exact(text);
	_cleanup_(buf_donep) struct buf found = {};

	scan_events(copy, strlen(text), add_name, &found);
	assert_string_equal(buf_cstr(&found), expected);
}

static void events_stand_at_the_start_of_a_line(void **state)
{
	assert_events("EVENT(a);\nEVENT( b );\nEVENT(c)", "a\nb\nc\n");
	assert_events(" EVENT(a);\n#define EVENT(x)\nEVENTS(b)\nEVENT (c)\nEVENT(1)\n", "");
	assert_events("EVENT(", "");
	assert_events("EVENT(\na)", "");
	assert_events("EVENT()", "");
}

static void assert_structs(const char *text, const char *expected)
{
	_cleanup_(freep) char *copy = exact(text);
	_cleanup_(buf_donep) struct buf found = {};

	scan_structs(copy, strlen(text), add_struct, &found);
	assert_string_equal(buf_cstr(&found), expected);
}

static void structs_are_those_with_a_body(void **state)
{
	assert_structs("struct a { int b; }; struct c d; struct e *f(struct g *h) { }", "a\n");
	assert_structs("struct\n a\n{ struct b { int c; } d; };", "a\nb\n");
	assert_structs("typedef struct { int a; } b;", "typedef b\n");
	assert_structs("typedef struct a { int b; } c;", "typedef c\na\n");
	assert_structs("typedef int a; typedef u8 b[3];", "");
	assert_structs("struct {int a;} b; restruct c {", "");
	assert_structs("struct a", "");
	assert_structs("struct", "");
	assert_structs("struct a {", "a\n");
}

static void tracepoints_without_a_format_add_nothing(void **state)
{
	static const char *const texts[] = {
		"TRACEPOINT_PROBE(no_such_category, no_such_name)",
		"TRACEPOINT_PROBE(",
		"TRACEPOINT_PROBE(a",
		"TRACEPOINT_PROBE(a,",
		"TRACEPOINT_PROBE",
		"int tracepoint__no_such__name(void *ctx)",
		"tracepoint__",
		"tracepoint__a",
		"tracepoint__a__",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		_cleanup_(freep) char *copy = exact(texts[i]);
		_cleanup_(words_done) struct words words = {};

		scan_tracepoint_formats(copy, strlen(texts[i]), &words);
		assert_int_equal(words.n, 0);
	}
}

static void words_are_kept_however_many(void **state)
{
	_cleanup_(words_done) struct words words = {};
	char name[32];

	for (int i = 0; i < 5000; i++)
		words_add(&words, name, (size_t)snprintf(name, sizeof(name), "word_%d", i), 1);
	words_add(&words, "word_7 and more", 6, 2);
	assert_int_equal(words.n, 5000);
	assert_int_equal(words_flags(&words, "word_7"), 3);
	assert_int_equal(words_flags(&words, "word_4999"), 1);
	assert_int_equal(words_flags(&words, "word_5000"), 0);
	assert_int_equal(words_flags(&words, "word_"), 0);
	assert_int_equal(words_flags(&words, ""), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comments_become_blanks_and_lines_stay),
		cmocka_unit_test(a_comment_in_a_string_is_none),
		cmocka_unit_test(what_is_never_closed_ends_with_the_text),
		cmocka_unit_test(identifiers_are_words),
		cmocka_unit_test(members_stand_behind_an_access),
		cmocka_unit_test(typedefs_define_their_name_alone),
		cmocka_unit_test(a_typedef_without_its_end_defines_nothing),
		cmocka_unit_test(includes_are_found_in_both_spellings),
		cmocka_unit_test(an_endless_include_is_none),
		cmocka_unit_test(questions_about_fields_are_found),
		cmocka_unit_test(a_name_without_measure_is_none),
		cmocka_unit_test(events_stand_at_the_start_of_a_line),
		cmocka_unit_test(structs_are_those_with_a_body),
		cmocka_unit_test(tracepoints_without_a_format_add_nothing),
		cmocka_unit_test(words_are_kept_however_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
