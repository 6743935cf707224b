// SPDX-License-Identifier: Apache-2.0
/*
 * Options as macros for the compiler. A text becomes a C literal out of which no value can break:
 * everything but plain characters is written as a three-digit octal escape (no digit that follows
 * can join it), question marks included, for they could make a trigraph.
 */
#include <assert.h>
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "probe/source.h"
#include "util/alloc.h"
#include "util/units.h"

static void put_literal(struct buf *out, const char *text)
{
	buf_putc(out, '"');
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < 0x20 || c >= 0x7f || strchr("\"\\?", c))
			buf_printf(out, "\\%03o", c);
		else
			buf_putc(out, (char)c);
	}
	buf_putc(out, '"');
}

/* INT64_MIN has no literal: what is written -9223372036854775808 is the negation of too large a one. */
static void put_int(struct buf *out, const char *text)
{
	int64_t v = 0;
	int r = parse_i64(text, &v);

	assert(!r);
	if (v == INT64_MIN)
		buf_puts(out, "(-9223372036854775807LL - 1)");
	else
		buf_printf(out, v < 0 ? "(%" PRId64 ")" : "%" PRId64, v);
}

static void put_quantity(struct buf *out, int (*parse)(const char *, uint64_t *), const char *text)
{
	uint64_t v = 0;
	int r = parse(text, &v);

	assert(!r);
	buf_printf(out, "%" PRIu64 "ULL", v);
}

static void put_value(struct buf *out, const struct probe_option *o)
{
	switch (o->type) {
	case PROBE_BOOL:
		buf_putc(out, streq(o->value, "true") ? '1' : '0');
		return;
	case PROBE_INT:
		put_int(out, o->value);
		return;
	case PROBE_STRING:
		put_literal(out, o->value);
		return;
	case PROBE_DURATION:
		put_quantity(out, parse_duration, o->value);
		return;
	case PROBE_BYTES:
		put_quantity(out, parse_bytes, o->value);
		return;
	case PROBE_LIST:
		for (size_t i = 0; i < o->n_list; i++) {
			buf_puts(out, i ? " F(" : "F(");
			put_literal(out, o->list[i]);
			buf_putc(out, ')');
		}
		return;
	}
}

size_t probe_source_macros(const struct probe_source *s, char ***ret)
{
	char **macros = NULL;
	size_t n = 0, cap = 0;

	for (size_t i = 0; i < s->n_options; i++) {
		const struct probe_option *o = &s->options[i];
		_cleanup_(freep) char *name = xstrdup(o->name);
		struct buf macro = {};

		for (char *p = name; *p; p++)
			*p = (char)toupper(*p);
		if (o->type == PROBE_LIST)
			*array_push(&macros, &n, &cap) =
				xasprintf("OPT_%s_COUNT=%zu", name, o->n_list);
		buf_printf(&macro, "OPT_%s%s=", name, o->type == PROBE_LIST ? "(F)" : "");
		put_value(&macro, o);
		*array_push(&macros, &n, &cap) = buf_take(&macro);
	}
	*ret = macros;
	return n;
}
