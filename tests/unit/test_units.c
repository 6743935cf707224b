/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "util/units.h"

static void durations(void **state)
{
	static const struct {
		const char *text;
		uint64_t ns;
	} good[] = {
		{"0", 0},
		{"1ns", 1},
		{"250ms", 250000000},
		{"30s", 30000000000},
		{"5m", 300000000000},
		{"2h", 7200000000000},
		{"1d", 86400000000000},
	};
	uint64_t ns;

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		ns = UINT64_MAX;
		assert_int_equal(parse_duration(good[i].text, &ns), 0);
		assert_int_equal(ns, good[i].ns);
	}
}

static void bad_durations_leave_the_result_alone(void **state)
{
	static const char *const bad[] = {"",    "s",   "5",    "-1s",  "+1s", " 1s",
	                                  "1s ", "1 s", "1sec", "1.5s", "0x1s"};
	uint64_t ns = 42;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		if (parse_duration(bad[i], &ns) != -EINVAL)
			fail_msg("\"%s\" was taken as a duration", bad[i]);
	}
	assert_int_equal(parse_duration("106752d", &ns), -ERANGE);
	assert_int_equal(parse_duration("99999999999999999999s", &ns), -ERANGE);
	assert_int_equal(ns, 42);
}

static void bytes(void **state)
{
	uint64_t n;

	assert_int_equal(parse_bytes("4096", &n), 0);
	assert_int_equal(n, 4096);
	assert_int_equal(parse_bytes("64K", &n), 0);
	assert_int_equal(n, 64 << 10);
	assert_int_equal(parse_bytes("8MiB", &n), 0);
	assert_int_equal(n, 8 << 20);
	assert_int_equal(parse_bytes("3G", &n), 0);
	assert_int_equal(n, 3ULL << 30);
	assert_int_equal(parse_bytes("8Q", &n), -EINVAL);
	assert_int_equal(parse_bytes("-1", &n), -EINVAL);
	assert_int_equal(parse_bytes("", &n), -EINVAL);
	assert_int_equal(parse_bytes("17179869184G", &n), -ERANGE);
	assert_int_equal(n, 3ULL << 30);
}

static void numbers(void **state)
{
	uint64_t u = 7;
	int64_t i = 7;

	assert_int_equal(parse_u64("18446744073709551615", &u), 0);
	assert_int_equal(u, UINT64_MAX);
	assert_int_equal(parse_u64("0x1f", &u), 0);
	assert_int_equal(u, 31);
	assert_int_equal(parse_u64("18446744073709551616", &u), -ERANGE);
	assert_int_equal(parse_u64("-1", &u), -EINVAL);
	assert_int_equal(parse_u64("12x", &u), -EINVAL);
	assert_int_equal(parse_u64(" 12", &u), -EINVAL);
	assert_int_equal(u, 31);

	assert_int_equal(parse_i64("-9223372036854775808", &i), 0);
	assert_int_equal(i, INT64_MIN);
	assert_int_equal(parse_i64("9223372036854775808", &i), -ERANGE);
	assert_int_equal(parse_i64("--1", &i), -EINVAL);
	assert_int_equal(i, INT64_MIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations),
		cmocka_unit_test(bad_durations_leave_the_result_alone),
		cmocka_unit_test(bytes),
		cmocka_unit_test(numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
