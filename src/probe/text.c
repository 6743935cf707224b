// SPDX-License-Identifier: Apache-2.0
#include "probe/text.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "util/alloc.h"

#define FUNCTIONS_MAX 1024 /* more are not loaded either */
#define BLANKS        "\n\t\v\f\r "

static const char *line_end(const char *p, const char *end)
{
	const char *newline = memchr(p, '\n', (size_t)(end - p));

	return newline ? newline : end;
}

static unsigned int count_lines(const char *from, const char *to)
{
	unsigned int n = 0;

	for (; from < to; from++)
		n += *from == '\n';
	return n;
}

/* The first character of a comment's line behind its margin: blanks and one star. */
static const char *skip_margin(const char *p, const char *end)
{
	const char *start = p;

	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	return p < end && *p == '*' ? p + 1 : start;
}

static bool is_fence(const char *p, const char *end)
{
	p = skip_margin(p, end);
	while (p < end && isspace((unsigned char)*p))
		p++;
	while (end > p && isspace((unsigned char)end[-1]))
		end--;
	return end - p == 3 && !memcmp(p, "---", 3);
}

/* The line of the first fence at or behind p, or NULL. */
static const char *find_fence(const char *p, const char *end)
{
	while (p < end) {
		const char *stop = line_end(p, end);

		if (is_fence(p, stop))
			return p;
		p = stop < end ? stop + 1 : end;
	}
	return NULL;
}

static void put_blanked(const char *p, const char *end, struct buf *out)
{
	while (p < end) {
		const char *stop = line_end(p, end);
		const char *content = skip_margin(p, stop);

		for (; p < content; p++)
			buf_putc(out, ' ');
		buf_append(out, p, (size_t)(stop - p));
		buf_putc(out, '\n');
		p = stop < end ? stop + 1 : end;
	}
}

/* The next comment before any code, with its delimiters; NULL: code, or the end. */
static const char *next_comment(const char *p, const char *end, const char **ret_end)
{
	const char *stop;

	while (p < end && strchr(BLANKS, *p) && *p)
		p++;
	if (end - p < 2 || p[0] != '/')
		return NULL;
	if (p[1] == '/') {
		*ret_end = line_end(p, end);
		return p;
	}
	if (p[1] != '*')
		return NULL;
	stop = memmem(p + 2, (size_t)(end - p - 2), "*/", 2);
	*ret_end = stop ? stop + 2 : end;
	return p;
}

int probe_text_front(const char *path, const char *text, size_t size, struct buf *out,
                     unsigned int *ret_line, struct diag *diag)
{
	const char *end = text + size, *p = text, *stop;

	if (size >= 3 && !memcmp(p, "\xef\xbb\xbf", 3))
		p += 3;
	for (; (p = next_comment(p, end, &stop)); p = stop) {
		const char *opening, *content, *closing, *inner = stop - 2;

		if (p[1] != '*' || inner < p + 2)
			continue;
		opening = find_fence(p + 2, inner);
		if (!opening)
			continue;
		content = line_end(opening, inner);
		content = content < inner ? content + 1 : inner;
		closing = find_fence(content, inner);
		if (!closing)
			return diag_error(diag, -EINVAL,
			                  "%s:%u:1: the front matter that starts here has no "
			                  "closing line of ---",
			                  path, count_lines(text, opening) + 1);
		*ret_line = count_lines(text, content) + 1;
		put_blanked(content, closing, out);
		return 1;
	}
	return 0;
}

bool probe_text_needs_types_only(const char *text)
{
	static const char *const ours[] = {"<quern.h>", "\"quern.h\""};

	for (const char *line = text; line; line = strchr(line, '\n')) {
		const char *p = line + strspn(line, BLANKS);
		bool known = false;

		line = p;
		if (*p++ != '#')
			continue;
		p += strspn(p, " \t");
		if (strncmp(p, "include", 7) && strncmp(p, "import", 6))
			continue;
		p += strspn(p, "abcdefghijklmnopqrstuvwxyz_");
		p += strspn(p, " \t");
		for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
			known |= !strncmp(p, ours[i], strlen(ours[i]));
		if (!known)
			return false;
	}
	return true;
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* Behind a comment or a literal that starts at p; p itself when none does. */
static const char *skip_unread(const char *p)
{
	char quote = *p;

	if (p[0] == '/' && p[1] == '/')
		return p + strcspn(p, "\n");
	if (p[0] == '/' && p[1] == '*') {
		const char *stop = strstr(p + 2, "*/");

		return stop ? stop + 2 : p + strlen(p);
	}
	if (quote != '"' && quote != '\'')
		return p;
	for (p++; *p && *p != quote && *p != '\n'; p++)
		if (*p == '\\' && p[1])
			p++;
	return *p ? p + 1 : p;
}

/* One argument of a macro, a plain word; NULL when it is none. Leaves *p behind it. */
static char *take_argument(const char **p)
{
	const char *start = *p + strspn(*p, BLANKS), *end = start;

	while (is_word(*end))
		end++;
	*p = end + strspn(end, BLANKS);
	if (end == start || (**p != ',' && **p != ')'))
		return NULL;
	return xstrndup(start, (size_t)(end - start));
}

static const struct {
	const char *macro, *prefix;
	int arguments; /* of the macro that are part of the name */
} conventions[] = {
	{"TRACEPOINT_PROBE", "tracepoint__", 2},
	{"RAW_TRACEPOINT_PROBE", "raw_tracepoint__", 1},
	{"KFUNC_PROBE", "kfunc__", 1},
	{"KRETFUNC_PROBE", "kretfunc__", 1},
	{"KMOD_RET", "kmod_ret__", 1},
	{"LSM_PROBE", "lsm__", 1},
	{NULL, "kprobe__", 0},
	{NULL, "kretprobe__", 0},
	{NULL, "syscall__", 0},
};

/*
 * The name of the function that `word` defines, `p` standing behind the parenthesis that follows
 * it, or NULL when it does not attach by its name.
 */
static char *name_function(const char *word, const char *p)
{
	for (size_t i = 0; i < ARRAY_SIZE(conventions); i++) {
		const char *prefix = conventions[i].prefix;
		size_t len = strlen(prefix);
		_cleanup_(freep) char *first = NULL, *second = NULL;

		if (!strncmp(word, prefix, len) && word[len])
			return xstrdup(word);
		if (!conventions[i].macro || !streq(word, conventions[i].macro))
			continue;
		first = take_argument(&p);
		if (!first || conventions[i].arguments == 1)
			return first ? xasprintf("%s%s", prefix, first) : NULL;
		second = *p++ == ',' ? take_argument(&p) : NULL;
		return second ? xasprintf("%s%s__%s", prefix, first, second) : NULL;
	}
	return NULL;
}

static bool contains(char *const *names, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (streq(names[i], name))
			return true;
	return false;
}

size_t probe_text_functions(const char *text, char ***ret)
{
	char **names = NULL;
	size_t n = 0, cap = 0;

	for (const char *p = text; *p && n < FUNCTIONS_MAX;) {
		const char *start = p;
		_cleanup_(freep) char *word = NULL, *name = NULL;

		p = skip_unread(p);
		if (p != start)
			continue;
		if (!is_word(*p)) {
			p++;
			continue;
		}
		while (is_word(*p))
			p++;
		word = xstrndup(start, (size_t)(p - start));
		p += strspn(p, BLANKS);
		if (*p != '(')
			continue;
		name = name_function(word, p + 1);
		if (name && !contains(names, n, name))
			*array_push(&names, &n, &cap) = steal(&name);
	}
	*ret = names;
	return n;
}
