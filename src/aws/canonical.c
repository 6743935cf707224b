// SPDX-License-Identifier: Apache-2.0
/*
 * The server gets the request over the wire, takes it apart, and writes it down again in one form;
 * so do we, and both hash what they wrote. A byte of difference is a refused request, hence the care
 * about what AWS's own signers do where its text is silent: a path that ends in '/' keeps it; query
 * parameters are ordered by their encoded names, then values; blanks within a header are one blank,
 * in quotes too.
 */
#include "aws/canonical.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "net/url.h"
#include "util/alloc.h"
#include "util/cleanup.h"

/* Without empty segments, "." and "..": what a path on a file system would mean. */
static void normalize(struct buf *out, const char *path)
{
	size_t start = out->len, len = strlen(path), n;

	for (const char *p = path; *p; p += n) {
		p += strspn(p, "/");
		n = strcspn(p, "/");
		if (n == 2 && !memcmp(p, "..", 2)) {
			while (out->len > start && out->data[--out->len] != '/')
				;
		} else if (n && !(n == 1 && *p == '.')) {
			buf_putc(out, '/');
			buf_append(out, p, n);
		}
	}
	if (out->len == start || path[len - 1] == '/')
		buf_putc(out, '/');
}

void canonical_path(struct buf *out, const char *path, unsigned int rules)
{
	_cleanup_(buf_donep) struct buf clean = {}, raw = {};

	if (!path[0])
		path = "/";
	if (rules & SIGV4_NORMALIZE)
		normalize(&clean, path);
	else
		buf_puts(&clean, path);
	if (rules & SIGV4_DOUBLE_ENCODE)
		buf_append(&raw, clean.data, clean.len);
	else
		url_decode(&raw, clean.data, clean.len);
	url_encode(out, raw.data, raw.len, "/");
}

struct parameter {
	char *name, *value; /* both in canonical encoding */
};

static char *recode(const char *text, size_t len)
{
	_cleanup_(buf_donep) struct buf raw = {}, encoded = {};

	url_decode(&raw, text, len);
	url_encode(&encoded, raw.data, raw.len, "");
	return buf_take(&encoded);
}

static int compare_parameters(const void *a, const void *b)
{
	const struct parameter *pa = a, *pb = b;
	int r = strcmp(pa->name, pb->name);

	return r ? r : strcmp(pa->value, pb->value);
}

void canonical_query(struct buf *out, const char *query)
{
	struct parameter *all = NULL;
	size_t n = 0, cap = 0, len;

	for (const char *p = query; *p; p += len + (p[len] == '&')) {
		size_t name;

		len = strcspn(p, "&");
		name = strcspn(p, "=&");
		if (!len)
			continue;
		*array_push(&all, &n, &cap) = (struct parameter){
			.name = recode(p, name),
			.value = name < len ? recode(p + name + 1, len - name - 1) : xstrdup(""),
		};
	}
	if (n)
		qsort(all, n, sizeof(*all), compare_parameters);
	for (size_t i = 0; i < n; i++) {
		buf_printf(out, "%s%s=%s", i ? "&" : "", all[i].name, all[i].value);
		free(all[i].name);
		free(all[i].value);
	}
	free(all);
}

struct entry {
	const struct sigv4_header *header;
	size_t place; /* qsort() is not stable, and repeated names keep their order */
};

static int compare_entries(const void *a, const void *b)
{
	const struct entry *ea = a, *eb = b;
	int r = strcasecmp(ea->header->name, eb->header->name);

	return r ? r : (ea->place > eb->place) - (ea->place < eb->place);
}

/* Without blanks at both ends, and one blank for each run of them; a folded line is such a run. */
static void put_value(struct buf *out, const char *value)
{
	static const char blanks[] = " \t\r\n";
	size_t n;

	for (const char *p = value + strspn(value, blanks); *p; p += n + strspn(p + n, blanks)) {
		if (p != value + strspn(value, blanks))
			buf_putc(out, ' ');
		n = strcspn(p, blanks);
		buf_append(out, p, n);
	}
}

void canonical_headers(struct buf *out, struct buf *names, const struct sigv4_header *headers,
                       size_t n)
{
	_cleanup_(freep) struct entry *sorted = xcalloc(n ? n : 1, sizeof(*sorted));

	for (size_t i = 0; i < n; i++)
		sorted[i] = (struct entry){.header = &headers[i], .place = i};
	qsort(sorted, n, sizeof(*sorted), compare_entries);
	for (size_t i = 0; i < n; i++) {
		const char *name = sorted[i].header->name;
		bool again = i && !strcasecmp(name, sorted[i - 1].header->name);

		if (again) {
			out->data[out->len - 1] = ','; /* instead of the line's end */
		} else {
			if (i)
				buf_putc(names, ';');
			for (const char *p = name; *p; p++) {
				buf_putc(out, (char)tolower((unsigned char)*p));
				buf_putc(names, (char)tolower((unsigned char)*p));
			}
			buf_putc(out, ':');
		}
		put_value(out, sorted[i].header->value);
		buf_putc(out, '\n');
	}
}
