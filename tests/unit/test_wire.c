/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "util/wire.h"

static void what_was_written_is_read(void **state)
{
	_cleanup_(buf_donep) struct buf b = {};
	_cleanup_(freep) char *word = NULL, *none = NULL;
	struct wire_reader r;
	uint32_t size;

	wire_put_u8(&b, 0xfe);
	wire_put_u16(&b, 0xfedc);
	wire_put_u32(&b, 0xfedcba98);
	wire_put_u64(&b, 0xfedcba9876543210);
	wire_put_str(&b, "grain");
	wire_put_str(&b, NULL);
	wire_put_blob(&b, "\0\1\2", 3);
	assert_int_equal(b.data[1], (char)0xdc); /* little-endian on every machine */

	r = wire_reader_init(b.data, b.len);
	assert_int_equal(wire_get_u8(&r), 0xfe);
	assert_int_equal(wire_get_u16(&r), 0xfedc);
	assert_int_equal(wire_get_u32(&r), 0xfedcba98);
	assert_int_equal(wire_get_u64(&r), 0xfedcba9876543210);
	word = wire_get_str(&r, 5);
	assert_string_equal(word, "grain");
	none = wire_get_str(&r, 0);
	assert_string_equal(none, "");
	assert_memory_equal(wire_get_blob(&r, &size), "\0\1\2", 3);
	assert_int_equal(size, 3);
	assert_false(r.failed);
	assert_int_equal(wire_left(&r), 0);
}

static void the_end_is_final(void **state)
{
	_cleanup_(freep) char *s = NULL;
	struct wire_reader r = wire_reader_init("\1\2\3\4\5", 5);
	uint32_t size = 9;

	assert_int_equal(wire_get_u64(&r), 0);
	assert_true(r.failed);
	/* There would be room for these, but nothing is believed behind a failure. */
	assert_int_equal(wire_get_u8(&r), 0);
	assert_null(wire_get_blob(&r, &size));
	assert_int_equal(size, 0);
	s = wire_get_str(&r, 100);
	assert_string_equal(s, "");
	assert_int_equal(wire_left(&r), 0);
}

static void a_blob_longer_than_the_input(void **state)
{
	struct wire_reader r = wire_reader_init("\xff\xff\xff\xff"
	                                        "abc",
	                                        7);
	uint32_t size;

	assert_null(wire_get_blob(&r, &size));
	assert_int_equal(size, 0);
	assert_true(r.failed);
}

static void strings_too_long_or_with_nul(void **state)
{
	_cleanup_(freep) char *a = NULL, *b = NULL;
	struct wire_reader r = wire_reader_init("\3\0\0\0abc", 7);

	a = wire_get_str(&r, 2);
	assert_string_equal(a, "");
	assert_true(r.failed);

	r = wire_reader_init("\3\0\0\0a\0c", 7);
	b = wire_get_str(&r, 10);
	assert_string_equal(b, "");
	assert_true(r.failed);
}

static void a_count_fits_what_follows(void **state)
{
	struct wire_reader r = wire_reader_init("\2\0\0\0aabb", 8);

	assert_int_equal(wire_get_count(&r, 2), 2);
	assert_false(r.failed);
	r = wire_reader_init("\2\0\0\0aabb", 8);
	assert_int_equal(wire_get_count(&r, 3), 0);
	assert_true(r.failed);
	r = wire_reader_init("\xff\xff\xff\xff", 4);
	assert_int_equal(wire_get_count(&r, 1), 0);
	assert_true(r.failed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_written_is_read),
		cmocka_unit_test(the_end_is_final),
		cmocka_unit_test(a_blob_longer_than_the_input),
		cmocka_unit_test(strings_too_long_or_with_nul),
		cmocka_unit_test(a_count_fits_what_follows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
