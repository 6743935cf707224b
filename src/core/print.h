/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What lines are put together from: numbers, texts, times. One convention: put_x(o, …) writes at
 * `o` and returns the end of what it wrote, without a terminator. The caller has made room: for the
 * longest form of the value and PUT_SLACK bytes more, since copies go in blocks.
 *
 * Texts are bytes from anywhere. In JSON the result is valid whatever they are: what JSON forbids,
 * DEL and C1 controls are escaped, and a byte that is not UTF-8 becomes \u00XX with the byte's value
 * (so Latin-1 reads as it was meant). For people, a text is shown bare if that is plain to read, else
 * in quotes with C escapes: no control character, invalid byte or bidi override reaches a terminal.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define PUT_SLACK 16

/* The longest form of a value, in bytes. */
#define PUT_INT_MAX      20
#define PUT_INT128_MAX   40
#define PUT_FLOAT_MAX    32
#define PUT_TIME_MAX     30
#define PUT_DURATION_MAX 24
#define PUT_TEXT_MAX(n)  ((uint64_t)(n)*6 + 8) /* quotes, brackets, the mark of a cut */

/* The terminal's colours. */
#define COLOR_DIM   "\033[2m"
#define COLOR_EVENT "\033[1;36m"
#define COLOR_ERROR "\033[31m"
#define COLOR_OFF   "\033[0m"
#define COLOR_MAX   12

/* How to print, and what the printing thread remembers. */
struct print {
	bool json;           /* else text for people */
	bool color;          /* text only */
	int64_t wall_offset; /* monotonic -> wall-clock, ns */
	uint64_t created;    /* monotonic: the time of records that have none */

	/* The last second that was printed. */
	uint64_t utc_second, local_second;
	char utc[20];  /* "2026-01-02T03:04:05." */
	char local[9]; /* "03:04:05." */
};

void print_init(struct print *how, bool json, bool color);

/* Copies in blocks of PUT_SLACK: so much must be readable behind `text`, too. */
static inline char *put_literal(char *o, const char *text, uint32_t len)
{
	for (uint32_t i = 0; i < len; i += PUT_SLACK)
		memcpy(o + i, text + i, PUT_SLACK);
	return o + len;
}

static inline char *put_str(char *o, const char *s)
{
	return stpcpy(o, s);
}

/* The quote around a string in JSON, nothing in text. */
static inline char *put_quote(char *o, const struct print *how)
{
	*o = '"';
	return o + how->json;
}

char *put_uint(char *o, uint64_t v);
char *put_int(char *o, int64_t v);
char *put_uint128(char *o, unsigned __int128 v);
char *put_octal(char *o, uint64_t v);
char *put_hex(char *o, uint64_t v); /* without leading zeros, without 0x */
char *put_hex_bytes(char *o, const uint8_t *p, uint32_t size);

/* The shortest decimal that reads back as the same value; null in JSON for what has none. */
char *put_double(char *o, double v, const struct print *how);
char *put_float(char *o, float v, const struct print *how);

/* Exactly n digits, zeros in front. */
char *put_digits(char *o, uint32_t v, unsigned int n);

char *put_rfc3339(char *o, uint64_t realtime, struct print *how); /* UTC, nanoseconds */
char *put_clock(char *o, uint64_t realtime, struct print *how);   /* local HH:MM:SS.mmm */
char *put_local_time(char *o, uint64_t realtime);                 /* with date and zone */
char *put_duration(char *o, uint64_t ns);                         /* 842ns, 1.234ms, 2h05m */

/*
 * The text at `p`: it ends at the first NUL, or after `size` bytes. When it fills the array of
 * `array` bytes that it was kept in, it was probably cut, and … shows that; 0: never.
 */
char *put_json_string(char *o, const uint8_t *p, uint32_t size, uint32_t array);
char *put_text_string(char *o, const uint8_t *p, uint32_t size, uint32_t array);

/* For a column: escaped but never quoted, spaces up to `width` characters. */
char *put_text_column(char *o, const uint8_t *p, uint32_t size, unsigned int width);

static inline char *put_string(char *o, const uint8_t *p, uint32_t size, uint32_t array,
                               const struct print *how)
{
	return how->json ? put_json_string(o, p, size, array) : put_text_string(o, p, size, array);
}
