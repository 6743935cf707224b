// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cc/diagnostics.h"
#include "util/alloc.h"

#define TREE "/proc/self/fd/7"

static void assert_cleaned(const char *raw, const char *tree, const char *expected)
{
	/* not terminated, as it is captured */
	struct buf said = {.data = xmemdup(raw, strlen(raw)), .len = strlen(raw)};
	_cleanup_(buf_donep) struct buf clean = {};

	said.cap = said.len;
	diagnostics_clean(&said, tree, &clean);
	buf_done(&said);
	assert_string_equal(buf_cstr(&clean), expected);
}

static void sums_and_missing_headers_go(void **state)
{
	assert_cleaned("x.c:1:1: error: no\n1 error generated.\n", TREE, "x.c:1:1: error: no\n");
	assert_cleaned("2 warnings and 20 errors generated.\n", TREE, "");
	assert_cleaned("1 warning generated.", TREE, "");
	assert_cleaned("Unable to find kernel headers. Try rebuilding\n", TREE, "");
	assert_cleaned("", TREE, "");
}

static void the_authors_words_stay(void **state)
{
	assert_cleaned("x.c:1:2: warning: a warning and more\n", TREE,
	               "x.c:1:2: warning: a warning and more\n");
	assert_cleaned("x.c:1:2: error: 3 errors generated.\n", TREE,
	               "x.c:1:2: error: 3 errors generated.\n");
	assert_cleaned("  9 generated.x\n\n9generated.\n", TREE,
	               "  9 generated.x\n\n9generated.\n");
	assert_cleaned("no newline", TREE, "no newline\n");
}

static void the_include_tree_is_taken_off(void **state)
{
	assert_cleaned("In file included from " TREE "/include/linux/kconfig.h:3:\n", TREE,
	               "In file included from linux/kconfig.h:3:\n");
	assert_cleaned(TREE "/include/a.h and " TREE "/b.h", TREE, "a.h and /b.h\n");
	assert_cleaned(TREE, TREE, "\n");
	assert_cleaned("a b", "", "a b\n");
}

static bool blamed(const char *text)
{
	_cleanup_(buf_donep) struct buf b = {};

	buf_puts(&b, text);
	return diagnostics_blame_types(&b, "x.c");
}

static void types_are_blamed_for_what_they_lack(void **state)
{
	static const char *const texts[] = {
		"x.c:1:10: fatal error: 'net/sock.h' file not found\n",
		"x.c:1:1: error: unknown type name 'foo'\n",
		"x.c:1:1: error: no member named 'a' in 'struct b'\n",
		"x.c:1:1: error: use of undeclared identifier 'AF_INET'\n",
		"x.c:1:1: error: incomplete definition of type 'struct b'\n",
		"x.c:1:1: warning: implicit declaration of function 'f' is invalid in C99\n",
		"linux/fs.h:1:1: error: expected ';'\n",
		"x.c:1:1: error: expected ';'\n x\n ^\nx.cc:1:1: error: expected ';'",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (!blamed(texts[i]))
			fail_msg("not blamed: %s", texts[i]);
}

static void the_author_is_blamed_for_the_rest(void **state)
{
	static const char *const texts[] = {
		"",
		"\n\n",
		"x.c:1:1: error: expected ';'\n",
		"x.c:1:1: warning: unused variable 'a'\nx.c:2:2: error: expected ')'\n",
		"In file included from linux/fs.h:1:\nlinux/fs.h:3:3: note: declared here\n",
		"linux/fs.h:1:1: warning: declaration does not declare anything\n",
		"x.c:1:1: error: expected ';'\n  f(\"unknown type name\");\n",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (blamed(texts[i]))
			fail_msg("blamed: %s", texts[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums_and_missing_headers_go),
		cmocka_unit_test(the_authors_words_stay),
		cmocka_unit_test(the_include_tree_is_taken_off),
		cmocka_unit_test(types_are_blamed_for_what_they_lack),
		cmocka_unit_test(the_author_is_blamed_for_the_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
