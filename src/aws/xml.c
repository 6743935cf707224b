// SPDX-License-Identifier: Apache-2.0
#include "aws/xml.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aws/keys.h"
#include "util/alloc.h"
#include "util/cleanup.h"

#define PATH_MAX_BYTES 1024
#define ENTITY_MAX     10 /* "&#x10ffff;" */

enum pending { NOTHING, DROP_NAME, CLOSE_ELEMENT, ENDED, BAD };

static const char blanks[] = " \t\r\n";

void xml_init(struct xml *x, const char *data, size_t size)
{
	if (!size)
		data = ""; /* an answer without a body has no memory */
	*x = (struct xml){.p = data, .end = data + size};
}

void xml_done(struct xml *x)
{
	secret_buf_done(&x->path);
	secret_buf_done(&x->text);
	*x = (struct xml){};
}

static enum xml_token bad(struct xml *x)
{
	x->pending = BAD;
	return XML_BAD;
}

static bool starts(const struct xml *x, const char *with)
{
	size_t n = strlen(with);

	return (size_t)(x->end - x->p) >= n && !memcmp(x->p, with, n);
}

/* Go behind `what`; false when it does not come. */
static bool skip_past(struct xml *x, const char *what)
{
	size_t n = strlen(what);
	const char *at = memmem(x->p, (size_t)(x->end - x->p), what, n);

	if (at)
		x->p = at + n;
	return at;
}

static bool is_blank(char c)
{
	return c && strchr(blanks, c);
}

static bool put_utf8(struct buf *out, uint32_t c)
{
	if (!c || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return false;
	if (c < 0x80) {
		buf_putc(out, (char)c);
		return true;
	}
	if (c < 0x800) {
		buf_putc(out, (char)(0xc0 | c >> 6));
	} else {
		if (c < 0x10000) {
			buf_putc(out, (char)(0xe0 | c >> 12));
		} else {
			buf_putc(out, (char)(0xf0 | c >> 18));
			buf_putc(out, (char)(0x80 | (c >> 12 & 0x3f)));
		}
		buf_putc(out, (char)(0x80 | (c >> 6 & 0x3f)));
	}
	buf_putc(out, (char)(0x80 | (c & 0x3f)));
	return true;
}

static bool read_entity(struct xml *x)
{
	static const struct {
		const char *name;
		char c;
	} named[] = {
		{"&lt;", '<'}, {"&gt;", '>'}, {"&amp;", '&'}, {"&quot;", '"'}, {"&apos;", '\''},
	};
	size_t left = (size_t)(x->end - x->p);
	char text[ENTITY_MAX + 1], *stop;
	unsigned long code;
	const char *end;

	for (size_t i = 0; i < ARRAY_SIZE(named); i++)
		if (starts(x, named[i].name)) {
			buf_putc(&x->text, named[i].c);
			x->p += strlen(named[i].name);
			return true;
		}
	end = memchr(x->p, ';', left < ENTITY_MAX ? left : ENTITY_MAX);
	if (!end || !starts(x, "&#"))
		return false;
	snprintf(text, sizeof(text), "%.*s", (int)(end - x->p - 2), x->p + 2);
	if (text[0] == 'x' && strspn(text + 1, "0123456789abcdefABCDEF") == strlen(text + 1))
		code = strtoul(text + 1, &stop, 16);
	else if (text[0] && strspn(text, "0123456789") == strlen(text))
		code = strtoul(text, &stop, 10);
	else
		return false;
	x->p = end + 1;
	return put_utf8(&x->text, (uint32_t)code);
}

static bool read_cdata(struct xml *x)
{
	const char *from = x->p += strlen("<![CDATA[");

	if (!skip_past(x, "]]>"))
		return false;
	buf_append(&x->text, from, (size_t)(x->p - 3 - from));
	return true;
}

/* Comments and processing instructions: nothing to us. */
static bool skip_remark(struct xml *x)
{
	return skip_past(x, starts(x, "<?") ? "?>" : "-->");
}

/* All text up to the next tag, over entities, CDATA and comments. */
static bool read_text(struct xml *x)
{
	buf_clear(&x->text);
	while (x->p < x->end) {
		bool ok = true;

		if (starts(x, "<![CDATA["))
			ok = read_cdata(x);
		else if (starts(x, "<!--") || starts(x, "<?"))
			ok = skip_remark(x);
		else if (*x->p == '<')
			break;
		else if (*x->p == '&')
			ok = read_entity(x);
		else if (*x->p == '\0')
			ok = false;
		else
			buf_putc(&x->text, *x->p++);
		if (!ok)
			return false;
	}
	buf_cstr(&x->text);
	return !memchr(x->text.data, '\0', x->text.len);
}

/* A name without its namespace's prefix; points into the input. */
static size_t read_name(struct xml *x, const char **ret)
{
	const char *name = x->p, *colon;
	size_t n;

	while (x->p < x->end && !is_blank(*x->p) && !strchr("</>='\"&", *x->p))
		x->p++;
	n = (size_t)(x->p - name);
	colon = memchr(name, ':', n);
	if (colon) {
		n -= (size_t)(colon + 1 - name);
		name = colon + 1;
	}
	*ret = name;
	return n;
}

/* Go behind the tag's '>', past attributes, whose values may hold one. */
static bool skip_attributes(struct xml *x)
{
	while (x->p < x->end && *x->p != '>') {
		char c = *x->p++;

		if (c == '<')
			return false;
		if (c == '"' || c == '\'') {
			const char *close = memchr(x->p, c, (size_t)(x->end - x->p));

			if (!close)
				return false;
			x->p = close + 1;
		}
	}
	return x->p < x->end && *x->p++ == '>';
}

static void drop_name(struct xml *x)
{
	while (x->path.len && x->path.data[--x->path.len] != '/')
		;
	buf_cstr(&x->path);
	x->depth--;
}

static enum xml_token open_element(struct xml *x)
{
	const char *name;
	size_t n;

	x->p++;
	n = read_name(x, &name);
	if (!n || x->depth == XML_DEPTH_MAX || x->path.len + n + 1 > PATH_MAX_BYTES)
		return bad(x);
	if (x->depth++)
		buf_putc(&x->path, '/');
	buf_append(&x->path, name, n);
	buf_cstr(&x->path);
	if (!skip_attributes(x))
		return bad(x);
	x->pending = x->p[-2] == '/' ? CLOSE_ELEMENT : NOTHING;
	return XML_OPEN;
}

static enum xml_token close_element(struct xml *x)
{
	const char *name, *open;
	size_t n;

	x->p += 2;
	n = read_name(x, &name);
	open = x->path.len ? memrchr(x->path.data, '/', x->path.len) : NULL;
	open = open ? open + 1 : x->path.data;
	if (!x->depth || n != strlen(open) || memcmp(name, open, n))
		return bad(x);
	while (x->p < x->end && is_blank(*x->p))
		x->p++;
	if (x->p == x->end || *x->p++ != '>')
		return bad(x);
	x->pending = DROP_NAME;
	return XML_CLOSE;
}

enum xml_token xml_next(struct xml *x)
{
	if (x->pending == CLOSE_ELEMENT) {
		x->pending = DROP_NAME;
		return XML_CLOSE;
	}
	if (x->pending == DROP_NAME) {
		drop_name(x);
		x->pending = x->depth ? NOTHING : ENDED;
	}
	if (x->pending == BAD)
		return XML_BAD;
	if (!read_text(x))
		return bad(x);
	if (!x->depth) { /* before the root, or after it */
		if (x->text.data[strspn(x->text.data, blanks)])
			return bad(x);
		if (x->pending == ENDED)
			return x->p == x->end ? XML_DONE : bad(x);
	} else if (x->text.len) {
		return XML_TEXT;
	}
	if (x->p == x->end || starts(x, "<!"))
		return bad(x);
	return starts(x, "</") ? close_element(x) : open_element(x);
}

static char *trimmed(const char *text)
{
	size_t n;

	text += strspn(text, blanks);
	n = strlen(text);
	while (n && is_blank(text[n - 1]))
		n--;
	return xstrndup(text, n);
}

char *xml_get(const char *data, size_t size, const char *path)
{
	_cleanup_(xml_donep) struct xml x;
	enum xml_token token;

	xml_init(&x, data, size);
	while ((token = xml_next(&x)) != XML_DONE && token != XML_BAD)
		if (token == XML_TEXT && streq(x.path.data, path))
			return trimmed(x.text.data);
	return NULL;
}
