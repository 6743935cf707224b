// SPDX-License-Identifier: Apache-2.0
#include "cc/source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cc/bcc.h"
#include "cc/scan.h"
#include "cc/stock.h"
#include "util/alloc.h"
#include "util/cleanup.h"
#include "util/file.h"

#define SOURCE_BYTES_MAX (1u << 20)

void source_done(struct source *s)
{
	for (size_t i = 0; i < s->n_seen; i++)
		free(s->seen[i]);
	for (size_t i = 0; i < s->numbers.n; i++)
		free(s->numbers.names[i]);
	free(s->numbers.names);
	buf_done(&s->file);
	buf_done(&s->expanded);
	buf_done(&s->text);
}

static void expand_include(void *ctx, const char *name);

static bool expand_from(struct source *s, const char *folder, const char *name)
{
	_cleanup_(freep) char *path = path_join(folder, name);
	_cleanup_(buf_donep) struct buf b = {};

	for (size_t i = 0; i < s->n_seen; i++)
		if (streq(s->seen[i], path))
			return true;
	if (s->n_seen == SOURCE_INCLUDES_MAX || file_read(path, SOURCE_BYTES_MAX, &b))
		return false;
	s->seen[s->n_seen++] = xstrdup(path);
	buf_append(&s->expanded, b.data, b.len);
	buf_putc(&s->expanded, '\n');
	scan_includes(b.data, b.len, expand_include, s);
	return true;
}

/* A file of ours that is included; the kernel's are not found here. */
static void expand_include(void *ctx, const char *name)
{
	struct source *s = ctx;

	for (size_t i = 0; i < s->request->n_folders; i++)
		if (expand_from(s, s->request->folders[i], name))
			return;
}

static void number_map(struct map_numbers *numbers, char *name)
{
	*array_push(&numbers->names, &numbers->n, &numbers->cap) = name;
}

/* quern.h names an event's two maps by numbers, which become macros here and maps in assemble(). */
static void number_event(void *ctx, const char *name)
{
	struct map_numbers *numbers = ctx;

	number_map(numbers, xstrdup(name));
	number_map(numbers, xasprintf("%s__slot", name));
}

int source_read(struct source *s, const struct request *request)
{
	const char *file = request->file;
	int r;

	*s = (struct source){.request = request};
	r = file_read(file, SOURCE_BYTES_MAX, &s->file);

	if (r) {
		fprintf(stderr, "%s: %s\n", s->request->name,
		        r == -EFBIG ? "larger than 1 MiB" : strerror(-r));
		return r;
	}
	if (memchr(s->file.data, '\0', s->file.len)) {
		fprintf(stderr, "%s: not a C source: it holds a NUL byte\n", s->request->name);
		return -EINVAL;
	}
	buf_append(&s->expanded, s->file.data, s->file.len);
	buf_putc(&s->expanded, '\n');
	scan_includes(s->file.data, s->file.len, expand_include, s);
	scan_blank_comments(s->expanded.data, s->expanded.len);
	scan_events(s->file.data, s->file.len, number_event, &s->numbers);
	return 0;
}

/* The readers of USDT arguments, in front of the source. */
static int add_usdt(struct source *s)
{
	for (size_t i = 0; i < s->request->n_usdt; i++) {
		_cleanup_(freep) char *spec = xstrdup(s->request->usdt[i]);
		_cleanup_(freep) char *text = NULL;
		char *binary = strchr(spec, '='), *name = strrchr(spec, ':'), *provider;

		if (!binary || !name)
			return -EINVAL;
		*binary++ = *name++ = '\0';
		provider = strrchr(binary, ':');
		if (!provider)
			return -EINVAL;
		*provider++ = '\0';
		text = bcc_usdt_text(spec, binary, provider, name);
		if (!text) {
			fprintf(stderr, "%s: error: %s has no USDT probe %s:%s\n", s->request->name,
			        binary, provider, name);
			return -ENOENT;
		}
		buf_puts(&s->text, text);
	}
	return 0;
}

/* Does this line open a body: `{`, `int f(void) {`? */
static bool opens_body(const char *line, size_t len)
{
	while (len && (line[len - 1] == ' ' || line[len - 1] == '\t' || line[len - 1] == '\r'))
		len--;
	return len && line[len - 1] == '{' && !strchr("# \t/*", line[0]);
}

/*
 * The source, with its line numbers set anew in every body: libbcc puts structs of several lines in
 * front of functions, and the verifier's lines would be off by these.
 */
static void put_source(struct source *s)
{
	const char *end = s->file.data + s->file.len, *eol;
	unsigned int number = 1;

	buf_printf(&s->text, "#line 1 \"%s\"\n", s->request->name);
	for (const char *line = s->file.data; line < end; line = eol + 1) {
		eol = memchr(line, '\n', (size_t)(end - line));
		if (!eol)
			eol = end;
		buf_append(&s->text, line, (size_t)(eol - line));
		buf_putc(&s->text, '\n');
		number++;
		if (opens_body(line, (size_t)(eol - line)))
			buf_printf(&s->text, "#line %u \"%s\"\n", number, s->request->name);
	}
}

int source_make_text(struct source *s, bool carriers)
{
	int r;

	buf_clear(&s->text);
	buf_puts(&s->text, "#include <linux/types.h>\n");
	r = add_usdt(s);
	if (r)
		return r;
	put_source(s);
	if (carriers)
		stock_append_carriers(s->file.data, s->file.len, &s->text);
	return 0;
}
