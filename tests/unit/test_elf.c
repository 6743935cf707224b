/* SPDX-License-Identifier: Apache-2.0 */
/* The file that is looked into is this test program itself. */
#include "kernel/elf.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../usdt_point.h"
#include "util/alloc.h"
#include "util/buf.h"
#include "util/cleanup.h"
#include "util/file.h"

#define SELF "/proc/self/exe"

USDT_SEMAPHORE();

int elf_test_target(int n);

__attribute__((noipa, visibility("default"))) int elf_test_target(int n)
{
	USDT_POINT();
	if (n)
		USDT_POINT();
	return n;
}

/* What the file holds at an offset must be what memory holds at the address. */
static void assert_same_bytes(uint64_t offset, const void *address, size_t n)
{
	_cleanup_(buf_donep) struct buf b = {};

	assert_int_equal(file_read(SELF, 64u << 20, &b), 0);
	assert_true(offset + n <= b.len);
	assert_memory_equal(b.data + offset, address, n);
}

static void symbols_are_found(void **state)
{
	struct elf_location l, plus;
	_cleanup_(diag_donep) struct diag diag = {};

	assert_int_equal(elf_find_symbol(SELF, "elf_test_target", &l, &diag), 0);
	assert_int_equal(l.semaphore, 0);
	assert_same_bytes(l.offset, (const void *)elf_test_target, 16);
	assert_int_equal(elf_find_symbol(SELF, "elf_test_target+0x4", &plus, &diag), 0);
	assert_int_equal(plus.offset, l.offset + 4);
	assert_int_equal(elf_find_symbol(SELF, "+0x1234", &l, &diag), 0);
	assert_int_equal(l.offset, 0x1234);
	assert_int_equal(diag.errors, 0);
}

static void missing_symbols_get_a_suggestion(void **state)
{
	struct elf_location l;
	_cleanup_(diag_donep) struct diag diag = {};

	assert_int_equal(elf_find_symbol(SELF, "elf_test_tagret", &l, &diag), -ENOENT);
	assert_non_null(strstr(diag_text(&diag), "did you mean elf_test_target?"));
	assert_int_equal(elf_find_symbol(SELF, "elf_test_target+x", &l, &diag), -EINVAL);
	assert_int_equal(elf_find_symbol(SELF, "elf_test_target+0xffffffffff", &l, &diag), -ENOENT);
	assert_int_equal(elf_find_symbol("/nowhere", "x", &l, &diag), -ENOENT);
	assert_int_equal(elf_find_symbol("/etc/passwd", "x", &l, &diag), -EBADMSG);
	assert_int_equal(diag.errors, 5);
}

static void usdt_probes_stand_in_several_places(void **state)
{
	_cleanup_(freep) struct elf_location *l = NULL;
	_cleanup_(diag_donep) struct diag diag = {};
	size_t n = 0;

	assert_int_equal(elf_find_usdt(SELF, "quern", "point", &l, &n, &diag), 0);
	assert_int_equal(n, 2);
	for (size_t i = 0; i < n; i++) {
		assert_same_bytes(l[i].offset, "\x90", 1); /* the nop */
		assert_int_equal(l[i].semaphore, l[0].semaphore);
		assert_true(l[i].semaphore > 0);
	}
	assert_true(l[0].offset != l[1].offset);
}

static void missing_usdt_probes_get_a_suggestion(void **state)
{
	struct elf_location *l;
	_cleanup_(diag_donep) struct diag diag = {};
	size_t n;

	assert_int_equal(elf_find_usdt(SELF, "quern", "pont", &l, &n, &diag), -ENOENT);
	assert_non_null(strstr(diag_text(&diag), "did you mean quern:point?"));
	assert_int_equal(elf_find_usdt("/bin/true", "quern", "point", &l, &n, &diag), -ENOENT);
	assert_non_null(strstr(diag_text(&diag), "without USDT probes"));
}

/* Every byte of the headers and of the note, one at a time: an error or an answer, and no crash. */
static void damaged_files_do_no_harm(void **state)
{
	_cleanup_(buf_donep) struct buf b = {};
	char path[] = "/tmp/quern-elf-XXXXXX";
	_cleanup_(closep) int fd = mkstemp(path);
	size_t note;

	assert_int_equal(file_read(SELF, 64u << 20, &b), 0);
	note = (size_t)((char *)memmem(b.data, b.len, "stapsdt\0", 8) - b.data);
	for (size_t i = 0; i < 512; i++) {
		size_t at = i < 256 ? i : note - 16 + (i - 256) % 96;
		char old = b.data[at];
		struct elf_location one, *all = NULL;
		size_t n;

		b.data[at] = (char)(i & 1 ? 0xff : old ^ 0x41);
		assert_int_equal(pwrite(fd, b.data, b.len, 0), b.len);
		elf_find_symbol(path, "elf_test_target", &one, NULL);
		if (!elf_find_usdt(path, "quern", "point", &all, &n, NULL))
			free(all);
		b.data[at] = old;
	}
	for (size_t size = 0; size < b.len; size += b.len / 16) {
		struct elf_location one;

		assert_int_equal(pwrite(fd, b.data, b.len, 0), b.len);
		assert_int_equal(ftruncate(fd, (off_t)size), 0);
		assert_int_not_equal(elf_find_symbol(path, "elf_test_target", &one, NULL), 0);
	}
	unlink(path);
}

static void names_become_files(void **state)
{
	_cleanup_(freep) char *sh = elf_find_file("sh");
	_cleanup_(freep) char *libc = elf_find_file("libc.so.6");
	_cleanup_(freep) char *path = elf_find_file("/bin/sh");

	assert_non_null(strstr(sh, "/sh"));
	assert_non_null(libc);
	assert_string_equal(path, "/bin/sh");
	assert_null(elf_find_file("/nowhere/sh"));
	assert_null(elf_find_file("no-such-program-here"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(symbols_are_found),
		cmocka_unit_test(missing_symbols_get_a_suggestion),
		cmocka_unit_test(usdt_probes_stand_in_several_places),
		cmocka_unit_test(missing_usdt_probes_get_a_suggestion),
		cmocka_unit_test(damaged_files_do_no_harm),
		cmocka_unit_test(names_become_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
