/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "util/alloc.h"
#include "util/time.h"

static void rfc3339(void **state)
{
	static const struct {
		uint64_t ns;
		const char *text;
	} times[] = {
		{0, "1970-01-01T00:00:00.000000000Z"},
		{1, "1970-01-01T00:00:00.000000001Z"},
		{951782399999999999, "2000-02-28T23:59:59.999999999Z"},
		{951782400000000000, "2000-02-29T00:00:00.000000000Z"},
		{1767323045678901234, "2026-01-02T03:04:05.678901234Z"},
		{UINT64_MAX, "2554-07-21T23:34:33.709551615Z"},
	};
	char text[TIME_RFC3339_SIZE];

	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		time_format_rfc3339(times[i].ns, text);
		assert_string_equal(text, times[i].text);
	}
}

static void monotonic_becomes_wall_clock(void **state)
{
	uint64_t before = time_realtime();
	uint64_t wall = time_monotonic() + (uint64_t)time_wall_offset();
	uint64_t after = time_realtime();

	/* The clock may be slewed under us, but not by a millisecond in this time. */
	assert_in_range(wall, before - NSEC_PER_MSEC, after + NSEC_PER_MSEC);
	assert_true(time_monotonic() <= time_monotonic());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc3339),
		cmocka_unit_test(monotonic_becomes_wall_clock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
