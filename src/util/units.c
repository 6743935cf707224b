// SPDX-License-Identifier: Apache-2.0
#include "util/units.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "util/alloc.h"

struct unit {
	const char *suffix;
	uint64_t factor;
};

static const struct unit durations[] = {
	{"ns", 1},          {"us", 1000},         {"ms", 1000000},       {"s", 1000000000},
	{"m", 60000000000}, {"h", 3600000000000}, {"d", 86400000000000},
};

static const struct unit sizes[] = {
	{"", 1},           {"B", 1},
	{"K", 1ull << 10}, {"KiB", 1ull << 10},
	{"M", 1ull << 20}, {"MiB", 1ull << 20},
	{"G", 1ull << 30}, {"GiB", 1ull << 30},
};

/* The number at the start of text; *ret_end points behind it. */
static int parse_number(const char *text, int base, uint64_t *ret, const char **ret_end)
{
	char *end;

	if (!isdigit((unsigned char)text[0]))
		return -EINVAL;
	errno = 0;
	*ret = strtoull(text, &end, base);
	if (errno)
		return -errno;
	*ret_end = end;
	return 0;
}

static int parse_with_unit(const char *text, const struct unit *units, size_t n, uint64_t *ret)
{
	const char *suffix;
	uint64_t number;
	int r = parse_number(text, 10, &number, &suffix);

	if (r)
		return r;
	for (size_t i = 0; i < n; i++) {
		if (!streq(suffix, units[i].suffix))
			continue;
		if (__builtin_mul_overflow(number, units[i].factor, &number) || number > INT64_MAX)
			return -ERANGE;
		*ret = number;
		return 0;
	}
	return -EINVAL;
}

int parse_duration(const char *text, uint64_t *ret_ns)
{
	if (streq(text, "0")) {
		*ret_ns = 0;
		return 0;
	}
	return parse_with_unit(text, durations, ARRAY_SIZE(durations), ret_ns);
}

int parse_bytes(const char *text, uint64_t *ret)
{
	return parse_with_unit(text, sizes, ARRAY_SIZE(sizes), ret);
}

int parse_u64(const char *text, uint64_t *ret)
{
	int base = text[0] == '0' && (text[1] | 32) == 'x' ? 16 : 10;
	const char *end;
	uint64_t number;
	int r = parse_number(text, base, &number, &end);

	if (r)
		return r;
	if (*end)
		return -EINVAL;
	*ret = number;
	return 0;
}

int parse_i64(const char *text, int64_t *ret)
{
	uint64_t magnitude;
	int negative = text[0] == '-';
	int r = parse_u64(text + negative, &magnitude);

	if (r)
		return r;
	if (magnitude > (uint64_t)INT64_MAX + (uint64_t)negative)
		return -ERANGE;
	*ret = negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
	return 0;
}
