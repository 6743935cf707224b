/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "util/alloc.h"
#include "util/buf.h"

static void grows_by_what_is_added(void **state)
{
	_cleanup_(buf_donep) struct buf b = {};

	for (unsigned int i = 0; i < 10000; i++)
		buf_putc(&b, (char)('a' + i % 26));
	buf_append(&b, NULL, 0);
	assert_int_equal(b.len, 10000);
	for (unsigned int i = 0; i < 10000; i++)
		assert_int_equal(b.data[i], 'a' + i % 26);
}

/* The first try has 128 bytes: lengths on both sides of it. */
static void printf_of_any_length(void **state)
{
	for (int n = 120; n < 140; n++) {
		_cleanup_(buf_donep) struct buf b = {};

		buf_puts(&b, "x");
		buf_printf(&b, "%0*d|", n, 7);
		assert_int_equal(b.len, n + 2);
		assert_int_equal(b.data[b.len - 1], '|');
		assert_int_equal(b.data[b.len - 2], '7');
	}
}

static void shift_keeps_the_rest(void **state)
{
	_cleanup_(buf_donep) struct buf b = {};

	buf_shift(&b, 0);
	buf_puts(&b, "one\ntwo\n");
	buf_shift(&b, 4);
	assert_string_equal(buf_cstr(&b), "two\n");
	buf_shift(&b, 4);
	assert_string_equal(buf_cstr(&b), "");
}

static void take_leaves_it_empty(void **state)
{
	_cleanup_(buf_donep) struct buf b = {};
	_cleanup_(freep) char *s = NULL, *empty = NULL;

	buf_puts(&b, "grist");
	s = buf_take(&b);
	assert_string_equal(s, "grist");
	assert_int_equal(b.len, 0);
	assert_null(b.data);
	empty = buf_take(&b);
	assert_string_equal(empty, "");
}

static void arrays_grow_by_one(void **state)
{
	_cleanup_(freep) unsigned int *array = NULL;
	size_t n = 0, cap = 0;

	for (unsigned int i = 0; i < 100; i++) {
		unsigned int *last = array_push(&array, &n, &cap);

		assert_int_equal(*last, 0);
		*last = i;
	}
	assert_int_equal(n, 100);
	for (unsigned int i = 0; i < 100; i++)
		assert_int_equal(array[i], i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grows_by_what_is_added), cmocka_unit_test(printf_of_any_length),
		cmocka_unit_test(shift_keeps_the_rest),   cmocka_unit_test(take_leaves_it_empty),
		cmocka_unit_test(arrays_grow_by_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
