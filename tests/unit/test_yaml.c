// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "util/alloc.h"
#include "util/yaml.h"

static struct yaml_node *parse(const char *text)
{
	_cleanup_(diag_donep) struct diag diag = {};
	struct yaml_node *tree = NULL;

	if (yaml_parse("f.yaml", text, strlen(text), 1, &tree, &diag))
		fail_msg("refused: %s", diag_text(&diag));
	assert_string_equal(diag_text(&diag), "");
	return tree;
}

static void refuse(const char *text, size_t size, const char *messages)
{
	_cleanup_(diag_donep) struct diag diag = {};
	struct yaml_node *tree = NULL;

	assert_int_equal(yaml_parse("f.yaml", text, size, 1, &tree, &diag), -EINVAL);
	assert_null(tree);
	assert_string_equal(diag_text(&diag), messages);
}

static void a_tree_knows_its_places(void **state)
{
	_cleanup_(yaml_tree_freep) struct yaml_node *tree = parse("# first\n"
	                                                          "probes:\n"
	                                                          "  - exec\n"
	                                                          "  - { path: './x.c' }\n"
	                                                          "\"größe\": 8M\n");
	const struct yaml_node *probes = yaml_get(tree, "probes"), *path, *size;

	assert_int_equal(tree->kind, YAML_MAPPING);
	assert_int_equal(tree->n_children, 2);
	assert_int_equal(probes->kind, YAML_SEQUENCE);
	assert_int_equal(probes->key_line, 2);
	assert_int_equal(probes->key_column, 1);
	assert_int_equal(probes->line, 3);
	assert_int_equal(probes->column, 3);
	assert_string_equal(probes->children[0]->text, "exec");
	assert_false(probes->children[0]->quoted);
	assert_null(probes->children[0]->key);
	path = yaml_get(probes->children[1], "path");
	assert_string_equal(path->text, "./x.c");
	assert_string_equal(path->file, "f.yaml");
	assert_true(path->quoted);
	assert_int_equal(path->line, 4);
	assert_int_equal(path->column, 13);
	size = yaml_get(tree, "größe");
	assert_int_equal(size->line, 5);
	assert_int_equal(size->column, 10); /* characters, not bytes */
	assert_null(yaml_get(tree, "path"));
}

static void an_empty_document_is_an_empty_mapping(void **state)
{
	static const char *const texts[] = {"",      "\n",  "# only a comment\n",
	                                    "---\n", "~\n", "\xef\xbb\xbf"};
	_cleanup_(yaml_tree_freep) struct yaml_node *nothing = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		_cleanup_(yaml_tree_freep) struct yaml_node *tree = parse(texts[i]);

		assert_int_equal(tree->kind, YAML_MAPPING);
		assert_int_equal(tree->n_children, 0);
	}
	assert_int_equal(yaml_parse("f.yaml", NULL, 0, 1, &nothing, NULL), 0);
	assert_int_equal(nothing->kind, YAML_MAPPING);
}

static void nulls_are_empty_and_quotes_are_not(void **state)
{
	_cleanup_(yaml_tree_freep) struct yaml_node *tree =
		parse("a:\nb: ~\nc: null\nd: ''\ne: 'null'\nf: nullable\n");
	static const bool empty[] = {true, true, true, false, false, false};

	for (size_t i = 0; i < ARRAY_SIZE(empty); i++)
		assert_int_equal(yaml_is_empty(tree->children[i]), empty[i]);
	assert_string_equal(yaml_get(tree, "c")->text, "");
	assert_string_equal(yaml_get(tree, "e")->text, "null");
	assert_string_equal(yaml_get(tree, "f")->text, "nullable");
}

static void mistakes_are_told_with_their_place(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{"probes:\n\t- exec\n", "f.yaml:2:1: a tab cannot indent YAML; use blanks"},
		{"a:\n  - b\n \t- c\n", "f.yaml:3:2: a tab cannot indent YAML; use blanks"},
		{"a: 1\nb: \"x\nc: 2\n",
	         "f.yaml:2:4: the text that opens here has no closing quote"},
		{"ä: @x\n", "f.yaml:1:4: \"@\" cannot start a value; put the text in quotes"},
		{"a:\n   - b\n  c: d\n",
	         "f.yaml:3:3: wrong indentation or a stray character: a key "
	         "like those above was expected"},
		{"- a\nb: c\n",
	         "f.yaml:2:1: wrong indentation or a missing \"- \": this stands in a list"},
		{"a: 1\n  c: d\n", "f.yaml:2:4: unexpected \":\"; indent the line like its "
	                           "neighbours, or quote a text that holds \": \""},
		{"a: 1\nfoo\nb: 2\n", "f.yaml:2:1: no \":\" follows this key"},
		{"a: [1, 2\nb: 3\n", "f.yaml:1:4: the list that opens here needs \",\" between its "
	                             "entries and \"]\" at its end"},
		{"a: {b: 2\n", "f.yaml:1:4: the mapping that opens here needs \",\" between its "
	                       "entries and \"}\" at its end"},
		{"a: - y\n",
	         "f.yaml:1:4: a list cannot start here; put \"- \" on a line of its own"},
		{"a: 1\n---\nb: 2\n",
	         "f.yaml:2:1: a second document starts here; put all into one"},
		{"{a: 1}\nb: 2\n",
	         "f.yaml:2:1: the document has ended here; is the line indented wrongly?"},
		{"? [a]\n: b\n", "f.yaml:1:3: a key must be a plain word"},
		{"a: \"\\0\"\n", "f.yaml:1:4: a text cannot hold a NUL character"},
		{"ok: 1\nä: b\xff\n", "f.yaml:2:5: byte 0xff is not UTF-8; save the file as UTF-8"},
		{"a: \xc0\x80\n", "f.yaml:1:4: byte 0xc0 is not UTF-8; save the file as UTF-8"},
		{"a: \xed\xa0\x80\n", "f.yaml:1:4: character 0xd800 is not allowed in YAML"},
		{"a: \x1b[1m\n", "f.yaml:1:4: character 0x1b is not allowed in YAML"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		refuse(cases[i].text, strlen(cases[i].text), cases[i].message);
	refuse("a: b\0c\n", 7, "f.yaml:1:5: character 0x00 is not allowed in YAML");
}

static void several_mistakes_are_told_at_once(void **state)
{
	static const char text[] = "a: &x 1\nb: *x\na: 2\nc: !!str 3\n";

	refuse(text, strlen(text),
	       "f.yaml:1:4: an anchor (&x) is not allowed; write the value out\n"
	       "f.yaml:2:4: an alias (*x) is not allowed; write the value out\n"
	       "f.yaml:3:1: \"a\" is given twice, first in line 1\n"
	       "f.yaml:4:4: a tag is not allowed; quote a text that starts with \"!\"");
}

static void text_inside_another_file_keeps_that_files_lines(void **state)
{
	_cleanup_(diag_donep) struct diag diag = {};
	struct yaml_node *tree = NULL;

	assert_int_equal(yaml_parse("x.c", "a: 1\n   b: 2\n", 13, 4, &tree, &diag), -EINVAL);
	assert_int_equal(strncmp(diag_text(&diag), "x.c:5:5: ", 9), 0);
}

static void size_depth_and_count_are_bounded(void **state)
{
	_cleanup_(buf_donep) struct buf deep = {}, wide = {}, large = {}, mistakes = {};
	_cleanup_(diag_donep) struct diag diag = {};
	struct yaml_node *tree = NULL;

	for (int i = 0; i < 100000; i++)
		buf_putc(&deep, '[');
	refuse(deep.data, deep.len, "f.yaml:1:33: nested more than 32 levels deep");

	for (int i = 0; i < YAML_NODES_MAX; i++)
		buf_puts(&wide, "- 1\n");
	refuse(wide.data, wide.len,
	       "f.yaml:10000:3: more than 10000 values: this is no configuration");

	while (large.len <= YAML_BYTES_MAX)
		buf_puts(&large, "# 0123456789abcdef\n");
	refuse(large.data, large.len, "f.yaml: larger than 1048576 bytes");

	for (int i = 0; i < 1000; i++)
		buf_puts(&mistakes, "- *a\n");
	assert_int_equal(yaml_parse("f", mistakes.data, mistakes.len, 1, &tree, &diag), -EINVAL);
	assert_int_equal(diag.errors, 20);
}

static void a_copy_stands_alone(void **state)
{
	struct yaml_node *tree = parse("a:\n  - {b: 'c'}\n");
	_cleanup_(yaml_tree_freep) struct yaml_node *copy = yaml_copy(yaml_get(tree, "a"));

	yaml_tree_free(tree);
	assert_string_equal(copy->key, "a");
	assert_string_equal(copy->file, "f.yaml");
	assert_string_equal(yaml_get(copy->children[0], "b")->text, "c");
	assert_int_equal(yaml_get(copy->children[0], "b")->line, 2);
}

static void nodes_are_named_on_one_line(void **state)
{
	_cleanup_(yaml_tree_freep) struct yaml_node *tree =
		parse("- a: 1\n- [1]\n- \"two\\nlines\\t\\e[1m\"\n-\n");
	static const char *const names[] = {"a mapping", "a list", "\"two\\nlines\\t\\x1b[1m\"",
	                                    "an empty value"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_(freep) char *name = yaml_describe(tree->children[i]);

		assert_string_equal(name, names[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tree_knows_its_places),
		cmocka_unit_test(an_empty_document_is_an_empty_mapping),
		cmocka_unit_test(nulls_are_empty_and_quotes_are_not),
		cmocka_unit_test(mistakes_are_told_with_their_place),
		cmocka_unit_test(several_mistakes_are_told_at_once),
		cmocka_unit_test(text_inside_another_file_keeps_that_files_lines),
		cmocka_unit_test(size_depth_and_count_are_bounded),
		cmocka_unit_test(a_copy_stands_alone),
		cmocka_unit_test(nodes_are_named_on_one_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
