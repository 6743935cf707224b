/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "probe/cache.h"
#include "util/alloc.h"
#include "util/file.h"

#define KEY  "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define KEY2 "00112233445566778899aabbccddeeffffffffffffffffffffffffffffffffff"

static char dir[64];

static char *entry(const char *name)
{
	return xasprintf("%s/%s-%.32s.qo", dir, name, KEY);
}

/* A folder of our own with one object in it, built under KEY. */
static int set_up(void **state)
{
	struct object o = {.key = (char *)KEY, .source_name = (char *)"p.c"};
	struct buf bytes = {};

	snprintf(dir, sizeof(dir), "/tmp/quern-cache-XXXXXX");
	assert_non_null(mkdtemp(dir));
	object_write(&o, &bytes);
	assert_int_equal(cache_put(dir, "p", KEY, bytes.data, bytes.len, NULL), 0);
	buf_done(&bytes);
	return 0;
}

static int tear_down(void **state)
{
	_cleanup_(freep) char *path = entry("p");

	unlink(path);
	return rmdir(dir);
}

static void expect_refused(const char *word)
{
	_cleanup_(diag_donep) struct diag why = {};
	struct object *o = NULL;
	int r = cache_get(dir, "p", KEY, &o, &why);

	assert_true(r < 0 && r != -ENOENT);
	assert_null(o);
	assert_non_null(strstr(diag_text(&why), word));
}

static void what_was_put_comes_back(void **state)
{
	struct object *o;

	assert_int_equal(cache_get(dir, "p", KEY, &o, NULL), 0);
	assert_string_equal(o->key, KEY);
	assert_string_equal(o->source_name, "p.c");
	object_free(o);
}

static void missing_is_no_error(void **state)
{
	_cleanup_(diag_donep) struct diag why = {};
	struct object *o;

	assert_int_equal(cache_get(dir, "other", KEY, &o, &why), -ENOENT);
	assert_int_equal(why.errors, 0);
}

/* The file's name holds half of the key: the other half is in the object. */
static void another_key_is_refused(void **state)
{
	_cleanup_(diag_donep) struct diag why = {};
	struct object *o;

	assert_int_equal(cache_get(dir, "p", KEY2, &o, &why), -EBADMSG);
	assert_non_null(strstr(diag_text(&why), "another key"));
}

static void a_flipped_bit_is_refused(void **state)
{
	_cleanup_(freep) char *path = entry("p");
	_cleanup_(buf_donep) struct buf b = {};

	assert_int_equal(file_read(path, 1 << 20, &b), 0);
	b.data[b.len / 2] ^= 1;
	assert_int_equal(file_write_atomic(path, b.data, b.len, 0600), 0);
	expect_refused(path);
}

static void a_truncated_file_is_refused(void **state)
{
	_cleanup_(freep) char *path = entry("p");

	assert_int_equal(truncate(path, 10), 0);
	expect_refused(path);
}

static void a_file_others_can_write_is_refused(void **state)
{
	_cleanup_(freep) char *path = entry("p");

	assert_int_equal(chmod(path, 0666), 0);
	expect_refused("chmod go-w");
}

static void a_folder_others_can_write_is_refused(void **state)
{
	assert_int_equal(chmod(dir, 0777), 0);
	expect_refused("writable by others");
	assert_int_equal(chmod(dir, 0700), 0);
}

static void a_file_of_another_owner_is_refused(void **state)
{
	_cleanup_(freep) char *path = entry("p");

	if (geteuid())
		skip();
	assert_int_equal(chown(path, 12345, 0), 0);
	expect_refused("belongs to user 12345");
}

static void trim_keeps_the_newest(void **state)
{
	_cleanup_(freep) char *young = entry("p");
	_cleanup_(freep) char *old = entry("old");
	struct timespec times[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};

	assert_int_equal(file_write_atomic(old, "x", 1, 0600), 0);
	assert_int_equal(utimensat(AT_FDCWD, old, times, 0), 0);
	cache_trim(dir, 1 << 20, 1000ull * 3600 * 1000000000);
	assert_false(file_exists(old));
	assert_true(file_exists(young));

	assert_int_equal(file_write_atomic(old, "x", 1, 0600), 0);
	assert_int_equal(utimensat(AT_FDCWD, old, times, 0), 0);
	cache_trim(dir, 0, UINT64_MAX / 2);
	assert_false(file_exists(old));
	assert_false(file_exists(young));
}

#define EACH(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(what_was_put_comes_back),
		EACH(missing_is_no_error),
		EACH(another_key_is_refused),
		EACH(a_flipped_bit_is_refused),
		EACH(a_truncated_file_is_refused),
		EACH(a_file_others_can_write_is_refused),
		EACH(a_folder_others_can_write_is_refused),
		EACH(a_file_of_another_owner_is_refused),
		EACH(trim_keeps_the_newest),
	};

	return cmocka_run_group_tests_name("probe/cache", tests, NULL, NULL);
}
