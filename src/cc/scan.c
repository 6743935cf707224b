// SPDX-License-Identifier: Apache-2.0
#include "cc/scan.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "cc/btf_headers.h"
#include "util/alloc.h"
#include "util/cleanup.h"
#include "util/file.h"

#define NAME_MAX_BYTES   128
#define FORMAT_BYTES_MAX (64u << 10)

static const char *const tracefs_folders[] = {"/sys/kernel/debug/tracing", "/sys/kernel/tracing"};

/* The end of the string or character constant that begins at p. */
static char *quoted_end(char *p, char *end)
{
	char quote = *p++;

	while (p < end && *p != quote && *p != '\n')
		p += *p == '\\' && p + 1 < end ? 2 : 1;
	return p < end ? p + 1 : end;
}

/* The end of the line at p, past line ends behind a backslash. */
static char *line_end(char *p, char *end)
{
	while ((p = memchr(p, '\n', (size_t)(end - p))) && p[-1] == '\\')
		p++;
	return p ? p : end;
}

void scan_blank_comments(char *text, size_t size)
{
	char *end = text + size;

	for (char *p = text; p < end;) {
		char *stop;

		if (*p == '"' || *p == '\'') {
			p = quoted_end(p, end);
			continue;
		}
		if (end - p < 2 || *p != '/' || (p[1] != '/' && p[1] != '*')) {
			p++;
			continue;
		}
		if (p[1] == '/') {
			stop = line_end(p, end);
		} else {
			stop = memmem(p + 2, (size_t)(end - p - 2), "*/", 2);
			stop = stop ? stop + 2 : end;
		}
		for (; p < stop; p++)
			if (*p != '\n')
				*p = ' ';
	}
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static const char *word_end(const char *p, const char *end)
{
	while (p < end && is_word(*p))
		p++;
	return p;
}

static const char *skip_blanks(const char *p, const char *end)
{
	while (p < end && isspace((unsigned char)*p))
		p++;
	return p;
}

static bool word_is(const char *p, const char *end, const char *word)
{
	return (size_t)(end - p) == strlen(word) && !memcmp(p, word, (size_t)(end - p));
}

/* The identifier at p as a string; false when there is none, or it is too long for the buffer. */
static bool take_name(const char *p, const char *end, char name[NAME_MAX_BYTES],
                      const char **ret_end)
{
	const char *e = word_end(p, end);
	size_t n = (size_t)(e - p);

	if (!n || n >= NAME_MAX_BYTES || isdigit((unsigned char)*p))
		return false;
	memcpy(name, p, n);
	name[n] = '\0';
	*ret_end = e;
	return true;
}

/* Behind the bracket that closes the one at p, whatever stands in between. */
static const char *skip_bracketed(const char *p, const char *end)
{
	int depth = 0;

	for (; p < end; p++) {
		depth += (*p == '(' || *p == '[' || *p == '{');
		depth -= (*p == ')' || *p == ']' || *p == '}');
		if (!depth)
			return p + 1;
	}
	return end;
}

/*
 * From behind the word `typedef` to its semicolon: the last identifier outside of brackets is the
 * name (`typedef u8 ip_t[16];`, `typedef struct { … } key_t;`), unless a pointer to a function has it
 * inside (`typedef int (*done_t)(void *ctx);`).
 */
static bool typedef_name(const char *p, const char *end, const char **ret, size_t *ret_len)
{
	bool found = false;

	*ret = NULL;
	while (p < end && *p != ';') {
		const char *e = word_end(p, end), *inside;

		if (e > p) {
			if (word_is(p, e, "typedef"))
				return false;
			if (!found && !word_is(p, e, "__attribute__")) {
				*ret = p;
				*ret_len = (size_t)(e - p);
			}
			p = e;
			continue;
		}
		if (*p != '(' && *p != '[' && *p != '{') {
			p++;
			continue;
		}
		inside = skip_blanks(p + 1, end);
		if (*p == '(' && inside < end && *inside == '*' && !found) {
			inside = skip_blanks(inside + 1, end);
			*ret = inside;
			*ret_len = (size_t)(word_end(inside, end) - inside);
			found = *ret_len > 0;
		}
		p = skip_bracketed(p, end);
	}
	return p < end && *ret && *ret_len && !isdigit((unsigned char)**ret);
}

/* Does `.` or `->` stand before p? */
static bool follows_access(const char *text, const char *p)
{
	while (p > text && isspace((unsigned char)p[-1]))
		p--;
	return p > text && (p[-1] == '.' || (p[-1] == '>' && p > text + 1 && p[-2] == '-'));
}

void scan_words(const char *text, size_t size, struct words *words)
{
	const char *end = text + size, *e;

	for (const char *p = text; p < end; p = e) {
		const char *name;
		size_t len;

		if (!is_word(*p)) {
			e = p + 1;
			continue;
		}
		e = word_end(p, end);
		if (isdigit((unsigned char)*p))
			continue;
		words_add(words, p, (size_t)(e - p),
		          WORD_USED | (follows_access(text, p) ? WORD_MEMBER : 0));
		if (word_is(p, e, "typedef") && typedef_name(e, end, &name, &len))
			words_add(words, name, len, WORD_DEFINED);
	}
}

static void scan_format(const char *category, const char *name, struct words *words)
{
	for (size_t i = 0; i < ARRAY_SIZE(tracefs_folders); i++) {
		_cleanup_(freep) char *path =
			xasprintf("%s/events/%s/%s/format", tracefs_folders[i], category, name);
		_cleanup_(buf_donep) struct buf b = {};

		if (file_read(path, FORMAT_BYTES_MAX, &b))
			continue;
		scan_words(b.data, b.len, words);
		return;
	}
}

/* TRACEPOINT_PROBE(category, name) and tracepoint__category__name. */
void scan_tracepoint_formats(const char *text, size_t size, struct words *words)
{
	static const char macro[] = "TRACEPOINT_PROBE", prefix[] = "tracepoint__";
	const char *end = text + size, *e;

	for (const char *p = text; p < end; p = e) {
		char category[NAME_MAX_BYTES], name[NAME_MAX_BYTES], *middle;

		e = p + 1;
		if (!is_word(*p))
			continue;
		e = word_end(p, end);
		if (word_is(p, e, macro)) {
			const char *q = skip_blanks(e, end);

			if (q == end || *q != '(' ||
			    !take_name(skip_blanks(q + 1, end), end, category, &q))
				continue;
			q = skip_blanks(q, end);
			if (q < end && *q == ',' &&
			    take_name(skip_blanks(q + 1, end), end, name, &q))
				scan_format(category, name, words);
		} else if ((size_t)(e - p) > strlen(prefix) && !memcmp(p, prefix, strlen(prefix)) &&
		           take_name(p + strlen(prefix), end, category, &e)) {
			middle = strstr(category, "__");
			if (!middle)
				continue;
			*middle = '\0';
			scan_format(category, middle + 2, words);
		}
	}
}

void scan_includes(const char *text, size_t size, void (*found)(void *ctx, const char *name),
                   void *ctx)
{
	const char *end = text + size, *eol;

	for (const char *line = text; line < end; line = eol + 1) {
		const char *p, *e;
		char close;

		eol = memchr(line, '\n', (size_t)(end - line));
		if (!eol)
			eol = end;
		p = skip_blanks(line, eol);
		if (p == eol || *p != '#')
			continue;
		p = skip_blanks(p + 1, eol);
		e = word_end(p, eol);
		if (!word_is(p, e, "include"))
			continue;
		p = skip_blanks(e, eol);
		if (p == eol || (*p != '<' && *p != '"'))
			continue;
		close = *p == '<' ? '>' : '"';
		e = memchr(p + 1, close, (size_t)(eol - p - 1));
		if (e && e > p + 1 && e - p < 256) {
			_cleanup_(freep) char *name = xstrndup(p + 1, (size_t)(e - p - 1));

			found(ctx, name);
		}
	}
}

void scan_have_fields(const char *text, size_t size,
                      void (*found)(void *ctx, const char *tag, const char *field), void *ctx)
{
	const char *end = text + size, *e;

	for (const char *p = text; p < end; p = e) {
		char tag[NAME_MAX_BYTES], field[NAME_MAX_BYTES];
		const char *q;

		e = p + 1;
		if (!is_word(*p))
			continue;
		e = word_end(p, end);
		if (!word_is(p, e, "HAVE_FIELD") || e == end || *e != '(' ||
		    !take_name(skip_blanks(e + 1, end), end, tag, &q))
			continue;
		q = skip_blanks(q, end);
		if (q < end && *q == ',' && take_name(skip_blanks(q + 1, end), end, field, &q))
			found(ctx, tag, field);
	}
}

void scan_events(const char *text, size_t size, void (*found)(void *ctx, const char *name),
                 void *ctx)
{
	const char *end = text + size, *eol;

	for (const char *line = text; line < end; line = eol + 1) {
		char name[NAME_MAX_BYTES];
		const char *p;

		eol = memchr(line, '\n', (size_t)(end - line));
		if (!eol)
			eol = end;
		if (eol - line > 6 && !memcmp(line, "EVENT(", 6) &&
		    take_name(skip_blanks(line + 6, eol), eol, name, &p))
			found(ctx, name);
	}
}

void scan_structs(const char *text, size_t size,
                  void (*found)(void *ctx, const char *name, bool is_typedef), void *ctx)
{
	const char *end = text + size, *e;

	for (const char *p = text; p < end; p = e) {
		char name[NAME_MAX_BYTES];
		const char *q, *alias;
		size_t len;

		e = p + 1;
		if (!is_word(*p))
			continue;
		e = word_end(p, end);
		if (word_is(p, e, "struct") && take_name(skip_blanks(e, end), end, name, &q)) {
			q = skip_blanks(q, end);
			if (q < end && *q == '{')
				found(ctx, name, false);
		} else if (word_is(p, e, "typedef") && typedef_name(e, end, &alias, &len) &&
		           take_name(alias, end, name, &q)) {
			q = skip_blanks(e, end);
			if (word_is(q, word_end(q, end), "struct"))
				found(ctx, name, true);
		}
	}
}
