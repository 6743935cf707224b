// SPDX-License-Identifier: Apache-2.0
#include "core/print.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "util/time.h"

static const char pairs[] = "00010203040506070809101112131415161718192021222324"
			    "25262728293031323334353637383940414243444546474849"
			    "50515253545556575859606162636465666768697071727374"
			    "75767778798081828384858687888990919293949596979899";

void print_init(struct print *how, bool json, bool color)
{
	*how = (struct print){
		.json = json,
		.color = color && !json,
		.utc_second = UINT64_MAX,
		.local_second = UINT64_MAX,
	};
}

static unsigned int count_digits(uint64_t v)
{
	static const uint64_t powers[] = {
		0,
		10,
		100,
		1000,
		10000,
		100000,
		1000000,
		10000000,
		100000000,
		1000000000,
		10000000000,
		100000000000,
		1000000000000,
		10000000000000,
		100000000000000,
		1000000000000000,
		10000000000000000,
		100000000000000000,
		1000000000000000000,
		10000000000000000000ull,
	};
	unsigned int bits = 64 - (unsigned int)__builtin_clzll(v | 1);
	unsigned int n = bits * 1233 >> 12; /* log10(2) = 1233 / 4096 */

	return n + (v >= powers[n]);
}

char *put_uint(char *o, uint64_t v)
{
	unsigned int n = v ? count_digits(v) : 1;
	char *p = o + n;

	while (v >= 100) {
		p -= 2;
		memcpy(p, pairs + v % 100 * 2, 2);
		v /= 100;
	}
	if (v >= 10)
		memcpy(o, pairs + v * 2, 2);
	else
		*o = (char)('0' + v);
	return o + n;
}

char *put_int(char *o, int64_t v)
{
	uint64_t u = (uint64_t)v;

	if (v < 0) {
		*o++ = '-';
		u = -u;
	}
	return put_uint(o, u);
}

char *put_uint128(char *o, unsigned __int128 v)
{
	const uint64_t billion = 1000000000;

	if (v <= UINT64_MAX)
		return put_uint(o, (uint64_t)v);
	o = put_uint128(o, v / billion);
	return put_digits(o, (uint32_t)(v % billion), 9);
}

char *put_octal(char *o, uint64_t v)
{
	char digits[22];
	unsigned int n = 0;

	do
		digits[n++] = (char)('0' + (v & 7));
	while (v >>= 3);
	while (n)
		*o++ = digits[--n];
	return o;
}

static const char hex[] = "0123456789abcdef";

char *put_hex(char *o, uint64_t v)
{
	unsigned int shift = (unsigned int)(63 - __builtin_clzll(v | 1)) & ~3u;

	for (;; shift -= 4) {
		*o++ = hex[v >> shift & 15];
		if (!shift)
			return o;
	}
}

char *put_hex_bytes(char *o, const uint8_t *p, uint32_t size)
{
	for (uint32_t i = 0; i < size; i++) {
		*o++ = hex[p[i] >> 4];
		*o++ = hex[p[i] & 15];
	}
	return o;
}

static char *put_not_finite(char *o, double v, const struct print *how)
{
	if (how->json)
		return put_str(o, "null");
	return put_str(o, isnan(v) ? "nan" : v < 0 ? "-inf" : "inf");
}

char *put_double(char *o, double v, const struct print *how)
{
	char text[PUT_FLOAT_MAX];

	if (!isfinite(v))
		return put_not_finite(o, v, how);
	snprintf(text, sizeof(text), "%.15g", v);
	if (strtod(text, NULL) != v)
		snprintf(text, sizeof(text), "%.17g", v);
	return put_str(o, text);
}

char *put_float(char *o, float v, const struct print *how)
{
	char text[PUT_FLOAT_MAX];

	if (!isfinite(v))
		return put_not_finite(o, (double)v, how);
	snprintf(text, sizeof(text), "%.6g", (double)v);
	if (strtof(text, NULL) != v)
		snprintf(text, sizeof(text), "%.9g", (double)v);
	return put_str(o, text);
}

char *put_digits(char *o, uint32_t v, unsigned int n)
{
	char *p = o + n;

	for (; p - o >= 2; v /= 100) {
		p -= 2;
		memcpy(p, pairs + v % 100 * 2, 2);
	}
	if (p > o)
		*o = (char)('0' + v % 10);
	return o + n;
}

/* Days since 1970 to the Gregorian date, counted in years that begin in March. */
static char *put_date(char *o, uint32_t days)
{
	uint32_t z = days + 719468; /* since 0000-03-01 */
	uint32_t era = z / 146097, day_of_era = z % 146097;
	uint32_t year_of_era =
		(day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	uint32_t day_of_year =
		day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	uint32_t month = (5 * day_of_year + 2) / 153;
	uint32_t day = day_of_year - (153 * month + 2) / 5 + 1;

	month = month < 10 ? month + 3 : month - 9;
	o = put_digits(o, year_of_era + era * 400 + (month <= 2), 4);
	*o++ = '-';
	o = put_digits(o, month, 2);
	*o++ = '-';
	return put_digits(o, day, 2);
}

static char *put_hms(char *o, uint32_t hour, uint32_t minute, uint32_t second)
{
	o = put_digits(o, hour, 2);
	*o++ = ':';
	o = put_digits(o, minute, 2);
	*o++ = ':';
	return put_digits(o, second, 2);
}

char *put_rfc3339(char *o, uint64_t realtime, struct print *how)
{
	uint64_t second = realtime / NSEC_PER_SEC;

	if (second != how->utc_second) {
		uint32_t of_day = (uint32_t)(second % 86400);
		char *p = put_date(how->utc, (uint32_t)(second / 86400));

		*p++ = 'T';
		p = put_hms(p, of_day / 3600, of_day / 60 % 60, of_day % 60);
		*p = '.';
		how->utc_second = second;
	}
	memcpy(o, how->utc, sizeof(how->utc));
	o = put_digits(o + sizeof(how->utc), (uint32_t)(realtime % NSEC_PER_SEC), 9);
	*o++ = 'Z';
	return o;
}

static void to_local(uint64_t second, struct tm *ret)
{
	time_t t = (time_t)second;

	if (!localtime_r(&t, ret))
		*ret = (struct tm){};
}

char *put_clock(char *o, uint64_t realtime, struct print *how)
{
	uint64_t second = realtime / NSEC_PER_SEC;

	if (second != how->local_second) {
		struct tm tm;
		char *p;

		to_local(second, &tm);
		p = put_hms(how->local, (uint32_t)tm.tm_hour, (uint32_t)tm.tm_min,
		            (uint32_t)tm.tm_sec);
		*p = '.';
		how->local_second = second;
	}
	memcpy(o, how->local, sizeof(how->local));
	return put_digits(o + sizeof(how->local),
	                  (uint32_t)(realtime % NSEC_PER_SEC / NSEC_PER_MSEC), 3);
}

char *put_local_time(char *o, uint64_t realtime)
{
	long zone;
	struct tm tm;

	to_local(realtime / NSEC_PER_SEC, &tm);
	o = put_digits(o, (uint32_t)tm.tm_year + 1900, 4);
	*o++ = '-';
	o = put_digits(o, (uint32_t)tm.tm_mon + 1, 2);
	*o++ = '-';
	o = put_digits(o, (uint32_t)tm.tm_mday, 2);
	*o++ = 'T';
	o = put_hms(o, (uint32_t)tm.tm_hour, (uint32_t)tm.tm_min, (uint32_t)tm.tm_sec);
	*o++ = '.';
	o = put_digits(o, (uint32_t)(realtime % NSEC_PER_SEC / NSEC_PER_MSEC), 3);
	*o++ = tm.tm_gmtoff < 0 ? '-' : '+';
	zone = labs(tm.tm_gmtoff) / 60;
	o = put_digits(o, (uint32_t)zone / 60, 2);
	*o++ = ':';
	return put_digits(o, (uint32_t)zone % 60, 2);
}

static char *put_thousandths(char *o, uint64_t v, uint64_t unit, const char *name)
{
	o = put_uint(o, v / unit);
	*o++ = '.';
	o = put_digits(o, (uint32_t)(v % unit / (unit / 1000)), 3);
	return put_str(o, name);
}

char *put_duration(char *o, uint64_t ns)
{
	static const struct {
		uint64_t seconds, part;
		const char *name, *part_name;
	} units[] = {{86400, 3600, "d", "h"}, {3600, 60, "h", "m"}, {60, 1, "m", "s"}};
	uint64_t seconds = ns / NSEC_PER_SEC;

	for (unsigned int i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (seconds < units[i].seconds)
			continue;
		o = put_str(put_uint(o, seconds / units[i].seconds), units[i].name);
		o = put_digits(o, (uint32_t)(seconds % units[i].seconds / units[i].part), 2);
		return put_str(o, units[i].part_name);
	}
	if (seconds)
		return put_thousandths(o, ns, NSEC_PER_SEC, "s");
	if (ns >= NSEC_PER_MSEC)
		return put_thousandths(o, ns, NSEC_PER_MSEC, "ms");
	if (ns >= NSEC_PER_USEC)
		return put_thousandths(o, ns, NSEC_PER_USEC, "us");
	return put_str(put_uint(o, ns), "ns");
}
