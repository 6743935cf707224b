// SPDX-License-Identifier: Apache-2.0
/*
 * libyaml says what its grammar expected; a user wants to know what to change. So its messages are
 * looked up in a table of sentences, and those that tell of an unclosed bracket or quote point at
 * the opening one, not at the end of the file. A message that is not in the table is passed on.
 */
#include "util/yaml_syntax.h"

#include <stdint.h>
#include <string.h>

#include "util/alloc.h"

/* The character at p, and its length; 0 when it is no valid UTF-8. */
static unsigned int decode(const unsigned char *p, size_t left, uint32_t *ret)
{
	static const struct {
		unsigned char mask, lead;
		uint32_t least;
	} forms[] = {{0x80, 0, 0}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};

	for (unsigned int n = 0; n < ARRAY_SIZE(forms) && n < left; n++) {
		uint32_t c = p[0] & (unsigned char)~forms[n].mask;

		if ((p[0] & forms[n].mask) != forms[n].lead)
			continue;
		for (unsigned int i = 1; i <= n; i++) {
			if ((p[i] & 0xc0) != 0x80)
				return 0;
			c = c << 6 | (p[i] & 0x3f);
		}
		*ret = c;
		return c < forms[n].least ? 0 : n + 1;
	}
	return 0;
}

/* YAML 1.1, section 4.1.1: the printable characters. */
static bool is_printable(uint32_t c)
{
	return c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c <= 0x7e) || c == 0x85 ||
	       (c >= 0xa0 && c <= 0xd7ff) || (c >= 0xe000 && c <= 0xfffd) ||
	       (c >= 0x10000 && c <= 0x10ffff);
}

bool yaml_syntax_check_bytes(const char *text, size_t size, struct yaml_place *ret)
{
	struct yaml_place at = {};

	for (size_t i = 0; i < size;) {
		uint32_t c = 0;
		unsigned int n = decode((const unsigned char *)text + i, size - i, &c);

		if (!n)
			at.sentence = xasprintf("byte 0x%02x is not UTF-8; save the file as UTF-8",
			                        (unsigned char)text[i]);
		else if (!is_printable(c))
			at.sentence =
				xasprintf("character 0x%02x is not allowed in YAML", (unsigned)c);
		if (at.sentence) {
			*ret = at;
			return false;
		}
		at.column++;
		if (c == '\n') {
			at.line++;
			at.column = 0;
		}
		i += n;
	}
	return true;
}

/* Where line `line` (from 0) starts; its length without the newline. */
static const char *find_line(const char *text, size_t size, size_t line, size_t *ret_len)
{
	const char *end = text + size;
	const char *p = text;

	for (; line; line--) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));

		if (!newline)
			break;
		p = newline + 1;
	}
	*ret_len = (size_t)(end - p);
	if (*ret_len && memchr(p, '\n', *ret_len))
		*ret_len = (size_t)((const char *)memchr(p, '\n', *ret_len) - p);
	return p;
}

static const struct {
	const char *problem; /* libyaml's */
	bool at_start;       /* show where the unfinished thing starts */
	const char *sentence;
} sayings[] = {
	{"could not find expected ':'", true, "no \":\" follows this key"},
	{"mapping values are not allowed in this context", false,
         "unexpected \":\"; indent the line like its neighbours, or quote a text that holds \": \""},
	{"mapping keys are not allowed in this context", false, "a key cannot stand here"},
	{"block sequence entries are not allowed in this context", false,
         "a list cannot start here; put \"- \" on a line of its own"},
	{"did not find expected key", false,
         "wrong indentation or a stray character: a key like those above was expected"},
	{"did not find expected '-' indicator", false,
         "wrong indentation or a missing \"- \": this stands in a list"},
	{"did not find expected ',' or ']'", true,
         "the list that opens here needs \",\" between its entries and \"]\" at its end"},
	{"did not find expected ',' or '}'", true,
         "the mapping that opens here needs \",\" between its entries and \"}\" at its end"},
	{"found unexpected end of stream", true, "the text that opens here has no closing quote"},
	{"found unexpected document indicator", true,
         "the text that opens here has no closing quote"},
	{"found unknown escape character", false,
         "unknown escape in a double-quoted text; write \\\\ for a backslash, or use single quotes"},
	{"did not find expected node content", false, "a value is missing here"},
	{"did not find expected <document start>", false,
         "the document has ended here; is the line indented wrongly?"},
};

static char *sentence_for(const yaml_parser_t *parser, const char *text, size_t size,
                          bool *at_start)
{
	const char *problem = parser->problem ? parser->problem : "no YAML";

	*at_start = false;
	for (size_t i = 0; i < ARRAY_SIZE(sayings); i++) {
		if (!streq(problem, sayings[i].problem))
			continue;
		*at_start = sayings[i].at_start && parser->context;
		return xstrdup(sayings[i].sentence);
	}
	if (streq(problem, "found character that cannot start any token")) {
		size_t len;
		const char *p = find_line(text, size, parser->problem_mark.line, &len);
		const char *end = p + len;

		/* Columns count characters, so step over the bytes that continue one. */
		for (size_t column = parser->problem_mark.column; column && p < end; column--)
			for (p++; p < end && ((unsigned char)*p & 0xc0) == 0x80;)
				p++;
		if (p < end)
			return xasprintf("\"%c\" cannot start a value; put the text in quotes", *p);
	}
	return parser->context ? xasprintf("%s %s", problem, parser->context) : xstrdup(problem);
}

/* A tab among the blanks at the start of the line: the one thing that cannot be seen. */
static bool find_tab(const char *text, size_t size, size_t line, unsigned int *ret_column)
{
	size_t len;
	const char *p = find_line(text, size, line, &len);

	for (size_t i = 0; i < len && (p[i] == ' ' || p[i] == '\t'); i++) {
		if (p[i] == '\t') {
			*ret_column = (unsigned int)i;
			return true;
		}
	}
	return false;
}

struct yaml_place yaml_syntax_explain(const yaml_parser_t *parser, const char *text, size_t size)
{
	struct yaml_place place = {};
	yaml_mark_t mark = parser->problem_mark;
	bool at_start;

	if (find_tab(text, size, mark.line, &place.column)) {
		place.line = (unsigned int)mark.line;
		place.sentence = xstrdup("a tab cannot indent YAML; use blanks");
		return place;
	}
	place.sentence = sentence_for(parser, text, size, &at_start);
	if (at_start)
		mark = parser->context_mark;
	place.line = (unsigned int)mark.line;
	place.column = (unsigned int)mark.column;
	return place;
}
