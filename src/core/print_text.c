// SPDX-License-Identifier: Apache-2.0
/*
 * Texts. Nearly all of them are plain ASCII, so they are copied eight bytes at a time, with one test
 * on the word that tells whether any byte of it needs a look. The end of the text is such a byte,
 * too, so the length need not be known beforehand; nothing is read past `size`.
 */
#include "core/print.h"

#include <endian.h>

#define EACH(byte) (0x0101010101010101ull * (byte))

/*
 * The bytes of the word that are below `low` (at most 0x80), above 0x7e, or equal to `a` or `b`: 0x80
 * at each. A borrow or carry makes false hits only above a true one, so the lowest hit is exact.
 */
static inline uint64_t odd_bytes(uint64_t w, uint8_t low, uint8_t a, uint8_t b)
{
	return ((w - EACH(low)) | ((w ^ EACH(a)) - EACH(1)) | ((w ^ EACH(b)) - EACH(1)) | w |
	        (w + EACH(1))) &
	       EACH(0x80);
}

/* Copy up to the first odd byte or the end; *p moves along. */
static inline char *put_plain(char *o, const uint8_t **p, const uint8_t *end, uint8_t low,
                              uint8_t a, uint8_t b)
{
	const uint8_t *s = *p;

	for (; end - s >= 8; s += 8, o += 8) {
		uint64_t w, odd;

		memcpy(&w, s, 8);
		memcpy(o, &w, 8);
		odd = odd_bytes(le64toh(w), low, a, b);
		if (odd) {
			unsigned int n = (unsigned int)__builtin_ctzll(odd) / 8;

			*p = s + n;
			return o + n;
		}
	}
	while (s < end && *s >= low && *s < 0x7f && *s != a && *s != b)
		*o++ = (char)*s++;
	*p = s;
	return o;
}

/* Bytes of the UTF-8 sequence at p (two or more), its code point in *ret; 0: it is none. */
static unsigned int read_utf8(const uint8_t *p, const uint8_t *end, uint32_t *ret)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned int n = *p >= 0xf0 ? 4 : *p >= 0xe0 ? 3 : 2;
	uint32_t c = *p & (0x7fu >> n);

	if (*p < 0xc2 || *p > 0xf4 || end - p < (int)n)
		return 0;
	for (unsigned int i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	if (c < smallest[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*ret = c;
	return n;
}

/* Characters that can turn the order of what a terminal shows. */
static bool is_bidi_control(uint32_t c)
{
	return c == 0x61c || (c >= 0x200e && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069);
}

/* The letter of a C escape that both JSON and C know, or 0. */
static char escape_letter(uint8_t c)
{
	switch (c) {
	case '\b':
		return 'b';
	case '\t':
		return 't';
	case '\n':
		return 'n';
	case '\f':
		return 'f';
	case '\r':
		return 'r';
	case '"':
	case '\\':
		return (char)c;
	default:
		return 0;
	}
}

static char *put_escape(char *o, uint8_t c, const char *numeric)
{
	char letter = escape_letter(c);

	*o++ = '\\';
	if (letter) {
		*o++ = letter;
		return o;
	}
	o = put_str(o, numeric);
	return put_hex_bytes(o, &c, 1);
}

static char *put_cut_mark(char *o, uint32_t len, uint32_t array)
{
	return array && len + 1 >= array ? put_str(o, "…") : o;
}

char *put_json_string(char *o, const uint8_t *p, uint32_t size, uint32_t array)
{
	const uint8_t *start = p, *end = p + size;
	uint32_t c;

	*o++ = '"';
	for (;;) {
		unsigned int n;

		o = put_plain(o, &p, end, 0x20, '"', '\\');
		if (p == end || !*p)
			break;
		n = *p < 0x80 ? 0 : read_utf8(p, end, &c);
		if (n && c >= 0xa0) {
			memcpy(o, p, n);
			o += n;
			p += n;
		} else {
			o = put_escape(o, n ? (uint8_t)c : *p, "u00");
			p += n ? n : 1;
		}
	}
	o = put_cut_mark(o, (uint32_t)(p - start), array);
	*o++ = '"';
	return o;
}

/* One character that is not plain: copied if a terminal may see it, else escaped. */
static char *put_odd_char(char *o, const uint8_t **p, const uint8_t *end, bool *ret_escaped)
{
	uint32_t c;
	unsigned int n = **p < 0x80 ? 0 : read_utf8(*p, end, &c);

	*ret_escaped = !n || c < 0xa0 || is_bidi_control(c);
	if (!n)
		n = 1;
	for (const uint8_t *stop = *p + n; *p < stop; (*p)++) {
		if (*ret_escaped)
			o = put_escape(o, **p, "x");
		else
			*o++ = (char)**p;
	}
	return o;
}

static char *put_quoted(char *o, const uint8_t *p, const uint8_t *end, uint32_t array)
{
	const uint8_t *start = p;
	bool escaped;

	*o++ = '"';
	for (;;) {
		o = put_plain(o, &p, end, ' ', '"', '\\');
		if (p == end || !*p)
			break;
		o = put_odd_char(o, &p, end, &escaped);
	}
	o = put_cut_mark(o, (uint32_t)(p - start), array);
	*o++ = '"';
	return o;
}

char *put_text_string(char *o, const uint8_t *p, uint32_t size, uint32_t array)
{
	const uint8_t *start = p, *end = p + size;
	char *begin = o;
	bool escaped;

	for (;;) {
		/* A space is odd here, and so is a quote, as it would look like quoting. */
		o = put_plain(o, &p, end, ' ' + 1, '"', '"');
		if (p == end || !*p)
			break;
		if (*p == ' ')
			return put_quoted(begin, start, end, array);
		o = put_odd_char(o, &p, end, &escaped);
		if (escaped)
			return put_quoted(begin, start, end, array);
	}
	if (p == start)
		return put_str(o, "\"\"");
	return put_cut_mark(o, (uint32_t)(p - start), array);
}

char *put_text_column(char *o, const uint8_t *p, uint32_t size, unsigned int width)
{
	const uint8_t *end = p + size;
	const char *begin = o;
	unsigned int shown = 0;
	bool escaped;

	for (;;) {
		o = put_plain(o, &p, end, ' ', '\\', '\\');
		if (p == end || !*p)
			break;
		o = put_odd_char(o, &p, end, &escaped);
	}
	for (; begin < o; begin++)
		shown += (*begin & 0xc0) != 0x80;
	for (; shown < width; shown++)
		*o++ = ' ';
	return o;
}
