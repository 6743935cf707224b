/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "util/alloc.h"
#include "util/file.h"

/* A folder of its own for each test, removed with what is in it. */
static int make_folder(void **state)
{
	char *dir = xstrdup("/tmp/quern-test-XXXXXX");

	*state = mkdtemp(dir);
	return *state ? 0 : -1;
}

static int remove_folder(void **state)
{
	DIR *d = opendir(*state);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		unlinkat(dirfd(d), e->d_name, 0);
		unlinkat(dirfd(d), e->d_name, AT_REMOVEDIR);
	}
	if (d)
		closedir(d);
	rmdir(*state);
	free(*state);
	return 0;
}

static unsigned int entries(const char *dir)
{
	DIR *d = opendir(dir);
	unsigned int n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n - 2;
}

static void read_is_bounded(void **state)
{
	_cleanup_(freep) char *path = path_join(*state, "f");
	_cleanup_(buf_donep) struct buf b = {};

	assert_int_equal(file_write_atomic(path, "12345", 5, 0600), 0);
	buf_puts(&b, ">");
	assert_int_equal(file_read(path, 5, &b), 0);
	assert_string_equal(buf_cstr(&b), ">12345");
	assert_int_equal(file_read(path, 4, &b), -EFBIG);
	assert_int_equal(file_read("/dev/zero", 1 << 20, &b), -EFBIG);
	assert_int_equal(file_read(*state, 100, &b), -EISDIR);
	assert_int_equal(file_read("/none/such", 100, &b), -ENOENT);
}

static void replaced_whole_or_not_at_all(void **state)
{
	_cleanup_(freep) char *path = path_join(*state, "f"), *into = path_join(*state, "none/f");
	_cleanup_(freep) char *folder = path_join(*state, "folder"), *line = NULL;
	struct stat st;

	assert_int_equal(file_write_atomic(path, "old", 3, 0644), 0);
	assert_int_equal(file_write_atomic(path, "new\nline", 8, 0640), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(file_read_line(path, &line), 0);
	assert_string_equal(line, "new");

	assert_int_equal(file_write_atomic(into, "x", 1, 0600), -ENOENT);
	assert_int_equal(dir_make(folder, 0700), 0);
	assert_int_equal(file_write_atomic(folder, "x", 1, 0600), -EISDIR);
	assert_int_equal(entries(*state), 2); /* no temporary file is left */
}

static void folders_are_made_on_the_way(void **state)
{
	_cleanup_(freep) char *a = path_join(*state, "a"), *abc = path_join(*state, "a/b/c");
	_cleanup_(freep) char *file = path_join(*state, "a/f"), *under = path_join(*state, "a/f/g");
	_cleanup_(freep) char *b = path_join(*state, "a/b");

	assert_int_equal(dir_make(abc, 0700), 0);
	assert_int_equal(dir_make(abc, 0700), 0);
	assert_int_equal(file_write_atomic(file, "", 0, 0600), 0);
	assert_int_equal(dir_make(under, 0700), -ENOTDIR);
	unlink(file);
	rmdir(abc);
	rmdir(b);
	assert_int_equal(rmdir(a), 0);
}

static void assert_refused(const char *path, const char *why)
{
	_cleanup_(diag_donep) struct diag diag = {};

	assert_int_equal(file_check_trusted(path, &diag), -EPERM);
	if (!strstr(diag_text(&diag), why))
		fail_msg("\"%s\" does not say \"%s\"", diag_text(&diag), why);
}

static void what_others_can_write_is_refused(void **state)
{
	_cleanup_(freep) char *path = path_join(*state, "probe.c"), *none = path_join(*state, "no");

	assert_int_equal(file_write_atomic(path, "x", 1, 0644), 0);
	assert_int_equal(file_check_trusted(path, NULL), 0);
	assert_int_equal(file_check_trusted(none, NULL), -ENOENT);

	chmod(path, 0664);
	assert_refused(path, "chmod go-w");
	chmod(path, 0602);
	assert_refused(path, "writable by others (mode 0602)");
	chmod(path, 01666); /* sticky means nothing on a file */
	assert_refused(path, "the file is writable");
	chmod(path, 0600);

	chmod(*state, 0770);
	assert_refused(path, "the folder is writable");
	chmod(*state, 01777); /* like /tmp: others cannot rename ours away */
	assert_int_equal(file_check_trusted(path, NULL), 0);
}

static void files_of_others_are_refused(void **state)
{
	_cleanup_(freep) char *path = path_join(*state, "probe.c");

	if (geteuid() != 0) {
		print_message("giving a file away needs root\n");
		skip();
	}
	assert_int_equal(file_write_atomic(path, "x", 1, 0600), 0);
	assert_int_equal(chown(path, 65534, 65534), 0);
	assert_refused(path, "belongs to user 65534");
	assert_int_equal(chown(path, 0, 0), 0);
	assert_int_equal(chown(*state, 65534, 65534), 0);
	assert_refused(path, "the folder belongs to user 65534");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(read_is_bounded),
		TEST(replaced_whole_or_not_at_all),
		TEST(folders_are_made_on_the_way),
		TEST(what_others_can_write_is_refused),
		TEST(files_of_others_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
