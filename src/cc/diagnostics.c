// SPDX-License-Identifier: Apache-2.0
#include "cc/diagnostics.h"

#include "util/alloc.h"

/* What libbcc adds when it finds no headers; they are ours to find. */
static const char *const noise[] = {
	"Unable to find kernel headers.",
	"The headers are required",
};

static const char *const of_types[] = {
	"file not found",      "unknown type name",
	"incomplete type",     "incomplete definition",
	"no member named",     "use of undeclared identifier",
	"undeclared function", "implicit declaration of function",
};

/* "2 warnings and 1 error generated." */
static bool is_sum(const char *line)
{
	static const char end[] = " generated.";
	size_t n = strlen(line), digits = strspn(line, "0123456789");

	return digits && line[digits] == ' ' && n > strlen(end) &&
	       streq(line + n - strlen(end), end);
}

static bool is_noise(const char *line)
{
	for (size_t i = 0; i < ARRAY_SIZE(noise); i++)
		if (strstr(line, noise[i]))
			return true;
	return is_sum(line);
}

/* Append a line without the include tree's folder. */
static void put_line(struct buf *out, const char *line, const char *tree)
{
	const char *at;

	while (*tree && (at = strstr(line, tree))) {
		buf_append(out, line, (size_t)(at - line));
		line = at + strlen(tree);
		if (!strncmp(line, "/include/", 9))
			line += 9;
	}
	buf_puts(out, line);
	buf_putc(out, '\n');
}

void diagnostics_clean(const struct buf *raw, const char *tree, struct buf *out)
{
	const char *end = raw->data + raw->len, *eol;

	for (const char *p = raw->data; p < end; p = eol + 1) {
		struct buf line = {};

		eol = memchr(p, '\n', (size_t)(end - p));
		if (!eol)
			eol = end;
		buf_append(&line, p, (size_t)(eol - p));
		if (!is_noise(buf_cstr(&line)))
			put_line(out, line.data, tree);
		buf_done(&line);
	}
}

bool diagnostics_blame_types(struct buf *text, const char *name)
{
	char *own = xasprintf("%s:", name);
	size_t own_len = strlen(own);
	bool blame = false;

	for (const char *p = buf_cstr(text); *p && !blame; p += strcspn(p, "\n"), p += *p == '\n') {
		size_t len = strcspn(p, "\n");
		char *line = xstrndup(p, len);

		if (strstr(line, " error: ") || strstr(line, "warning: ")) {
			for (size_t i = 0; i < ARRAY_SIZE(of_types); i++)
				blame |= strstr(line, of_types[i]) != NULL;
			blame |= strstr(line, " error: ") && strncmp(line, own, own_len) != 0;
		}
		free(line);
	}
	free(own);
	return blame;
}
