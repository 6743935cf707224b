/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "probe/toolchain.h"
#include "util/alloc.h"
#include "util/cleanup.h"
#include "util/file.h"

static char dir[64], compiler[96], library[96], asked[96];

static void write_compiler(const char *version)
{
	_cleanup_(freep) char *script =
		xasprintf("#!/bin/sh\necho x >>%s\necho 'toolchain %s'\necho 'file %s'\n", asked,
	                  version, library);

	assert_int_equal(file_write_atomic(compiler, script, strlen(script), 0755), 0);
}

static int set_up(void **state)
{
	snprintf(dir, sizeof(dir), "/tmp/quern-toolchain-XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(compiler, sizeof(compiler), "%s/cc", dir);
	snprintf(library, sizeof(library), "%s/lib", dir);
	snprintf(asked, sizeof(asked), "%s/asked", dir);
	write_compiler("1.0");
	return file_write_atomic(library, "a", 1, 0644);
}

static int tear_down(void **state)
{
	_cleanup_(freep) char *memo = path_join(dir, "toolchain");

	unlink(compiler);
	unlink(library);
	unlink(asked);
	unlink(memo);
	return rmdir(dir);
}

static char *identify(const char *cache_dir)
{
	char *id = NULL;

	assert_int_equal(toolchain_identify(compiler, cache_dir, &id, NULL), 0);
	return id;
}

static size_t times_asked(void)
{
	_cleanup_(buf_donep) struct buf b = {};

	file_read(asked, 1000, &b);
	return b.len / 2;
}

static void asked_once_while_nothing_changes(void **state)
{
	_cleanup_(freep) char *first = identify(dir);
	_cleanup_(freep) char *second = identify(dir);

	assert_string_equal(first, second);
	assert_non_null(strstr(first, "toolchain 1.0"));
	assert_int_equal(times_asked(), 1);
}

static void a_changed_library_is_another_toolchain(void **state)
{
	_cleanup_(freep) char *first = identify(dir);
	_cleanup_(freep) char *second = NULL;

	assert_int_equal(file_write_atomic(library, "bb", 2, 0644), 0);
	second = identify(dir);
	assert_string_not_equal(first, second);
	assert_int_equal(times_asked(), 2);
}

static void without_a_cache_it_is_always_asked(void **state)
{
	free(identify(NULL));
	free(identify(NULL));
	assert_int_equal(times_asked(), 2);
}

/* A cache that was filled elsewhere serves a host without a compiler. */
static void without_a_compiler_the_memo_holds(void **state)
{
	_cleanup_(freep) char *first = identify(dir);
	_cleanup_(freep) char *second = NULL;

	unlink(compiler);
	second = identify(dir);
	assert_string_equal(first, second);
}

static void neither_compiler_nor_memo(void **state)
{
	_cleanup_(diag_donep) struct diag diag = {};
	char *id;

	unlink(compiler);
	assert_int_equal(toolchain_identify(compiler, dir, &id, &diag), -ENOENT);
	assert_non_null(strstr(diag_text(&diag), compiler));
}

static void a_broken_compiler_is_named(void **state)
{
	_cleanup_(diag_donep) struct diag diag = {};
	char *id;

	assert_int_equal(file_write_atomic(compiler, "#!/bin/false\n", 13, 0755), 0);
	assert_int_equal(toolchain_identify(compiler, dir, &id, &diag), -EIO);
	assert_non_null(strstr(diag_text(&diag), compiler));
}

#define EACH(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(asked_once_while_nothing_changes),
		EACH(a_changed_library_is_another_toolchain),
		EACH(without_a_cache_it_is_always_asked),
		EACH(without_a_compiler_the_memo_holds),
		EACH(neither_compiler_nor_memo),
		EACH(a_broken_compiler_is_named),
	};

	return cmocka_run_group_tests_name("probe/toolchain", tests, NULL, NULL);
}
