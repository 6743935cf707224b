/* SPDX-License-Identifier: Apache-2.0 */
/* The cache key: what an object depends on changes it, and nothing else does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "probe/recipe.h"
#include "util/alloc.h"
#include "util/cleanup.h"
#include "util/file.h"

static char dir[64], header[96], path[96];

static const char text[] = "/*\n * ---\n * name: p\n * summary: s\n * options:\n"
			   " *   limit: {type: int, default: 1, help: h}\n * ---\n */\n"
			   "#include \"part.h\"\n#include <linux/sched.h>\n";

/* All that goes into a key; each test changes one thing. */
struct inputs {
	struct kernel kernel;
	struct types_rung rung;
	const char *text, *toolchain;
	const char *limit; /* the option; NULL: its default */
	bool ring;
	uint64_t buffer;
};

static struct inputs usual(void)
{
	return (struct inputs){
		.kernel = {.release = (char *)"6.1",
	                   .version = (char *)"#1",
	                   .machine = (char *)"x86_64",
	                   .possible_cpus = 2,
	                   .has_raw_tracepoint = true},
		.rung = {.identity = (char *)"BTF 1"},
		.text = text,
		.toolchain = "libbcc 1",
		.ring = true,
		.buffer = 1 << 20,
	};
}

static void make_key(struct inputs *in, char key[RECIPE_KEY_SIZE])
{
	_cleanup_(probe_source_freep) struct probe_source *source = NULL;
	struct recipe recipe;

	assert_int_equal(probe_source_parse(path, in->text, strlen(in->text), &source, NULL), 0);
	if (in->limit) {
		free(source->options[0].value);
		source->options[0].value = xstrdup(in->limit);
	}
	assert_int_equal(recipe_init(&recipe, &in->kernel, source, in->toolchain, dir, in->ring,
	                             in->buffer, NULL),
	                 0);
	recipe_key(&recipe, &in->rung, key);
	recipe_done(&recipe);
}

static void write_header(const char *contents)
{
	assert_int_equal(file_write_atomic(header, contents, strlen(contents), 0644), 0);
}

static int set_up(void **state)
{
	snprintf(dir, sizeof(dir), "/tmp/quern-recipe-XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(header, sizeof(header), "%s/part.h", dir);
	snprintf(path, sizeof(path), "%s/p.c", dir);
	write_header("#define PART 1\n");
	return 0;
}

static int tear_down(void **state)
{
	unlink(header);
	return rmdir(dir);
}

static void same_inputs_same_key(void **state)
{
	struct inputs a = usual(), b = usual();
	char first[RECIPE_KEY_SIZE], second[RECIPE_KEY_SIZE];

	make_key(&a, first);
	make_key(&b, second);
	assert_string_equal(first, second);
	assert_int_equal(strlen(first), 64);
}

static void each_input_changes_it(void **state)
{
	struct inputs changed[9];
	char keys[9][RECIPE_KEY_SIZE];

	for (size_t i = 0; i < 9; i++)
		changed[i] = usual();
	changed[1].kernel.version = (char *)"#2";
	changed[2].kernel.possible_cpus = 4;
	changed[3].rung.identity = (char *)"BTF 2";
	changed[4].toolchain = "libbcc 2";
	changed[5].ring = false;
	changed[6].buffer = 2 << 20;
	changed[7].kernel.has_raw_tracepoint = false;
	changed[8].limit = "2";
	for (size_t i = 0; i < 9; i++)
		make_key(&changed[i], keys[i]);
	for (size_t i = 0; i < 9; i++)
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(keys[i], keys[j]);
}

static void the_source_and_what_it_includes_change_it(void **state)
{
	struct inputs in = usual();
	char first[RECIPE_KEY_SIZE], second[RECIPE_KEY_SIZE], third[RECIPE_KEY_SIZE];
	_cleanup_(freep) char *longer = xasprintf("%sint x;\n", text);

	make_key(&in, first);
	write_header("#define PART 2\n");
	make_key(&in, second);
	assert_string_not_equal(first, second);
	in.text = longer;
	make_key(&in, third);
	assert_string_not_equal(second, third);
}

static bool has_macro(const struct recipe *r, const char *macro)
{
	for (size_t i = 0; i < r->n_macros; i++)
		if (streq(r->macros[i], macro))
			return true;
	return false;
}

static void questions_are_answered(void **state)
{
	_cleanup_(probe_source_freep) struct probe_source *source = NULL;
	struct inputs in = usual();
	struct recipe r;
	const char *asks =
		"#if HAVE_TRACEPOINT(there, here) || HAVE_TRACEPOINT( there , not )\n#endif\n";
	_cleanup_(freep) char *events = path_join(dir, "events");
	_cleanup_(freep) char *there = path_join(dir, "events/there");
	_cleanup_(freep) char *here = path_join(dir, "events/there/here");
	_cleanup_(freep) char *id = path_join(dir, "events/there/here/id");
	_cleanup_(freep) char *format = path_join(dir, "events/there/here/format");

	assert_int_equal(dir_make(here, 0755), 0);
	assert_int_equal(file_write_atomic(id, "1\n", 2, 0644), 0);
	assert_int_equal(file_write_atomic(format, "x\n", 2, 0644), 0);
	in.kernel.tracefs = dir;
	assert_int_equal(probe_source_parse(path, asks, strlen(asks), &source, NULL), 0);
	assert_int_equal(recipe_init(&r, &in.kernel, source, "t", dir, true, 3 << 20, NULL), 0);
	assert_true(has_macro(&r, "QUERN_HAVE_TRACEPOINT_there__here=1"));
	assert_false(has_macro(&r, "QUERN_HAVE_TRACEPOINT_there__not=1"));
	assert_true(has_macro(&r, "QUERN_RING=1"));
	assert_true(has_macro(&r, "QUERN_BUFFER_PAGES=512")); /* 3 MB: the power of two below */
	recipe_done(&r);
	unlink(id);
	unlink(format);
	rmdir(here);
	rmdir(there);
	rmdir(events);
}

#define EACH(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(same_inputs_same_key),
		EACH(each_input_changes_it),
		EACH(the_source_and_what_it_includes_change_it),
		EACH(questions_are_answered),
	};

	return cmocka_run_group_tests_name("probe/recipe", tests, NULL, NULL);
}
