// SPDX-License-Identifier: Apache-2.0
#include "util/diag.h"

#include <string.h>
#include <strings.h>

#define WORD_MAX  64
#define QUOTE_MAX 80 /* bytes of a text that a message repeats */

void diag_done(struct diag *d)
{
	buf_done(&d->text);
	*d = (struct diag){};
}

static void add_line(struct diag *d, const char *fmt, va_list ap)
{
	buf_vprintf(&d->text, fmt, ap);
	if (!d->text.len || d->text.data[d->text.len - 1] != '\n')
		buf_putc(&d->text, '\n');
}

int diag_error(struct diag *d, int r, const char *fmt, ...)
{
	va_list ap;

	if (!d)
		return r;
	va_start(ap, fmt);
	add_line(d, fmt, ap);
	va_end(ap);
	d->errors++;
	return r;
}

void diag_warning(struct diag *d, const char *fmt, ...)
{
	va_list ap;

	if (!d)
		return;
	va_start(ap, fmt);
	add_line(d, fmt, ap);
	va_end(ap);
	d->warnings++;
}

const char *diag_text(struct diag *d)
{
	while (d->text.len && d->text.data[d->text.len - 1] == '\n')
		d->text.len--;
	return buf_cstr(&d->text);
}

char *diag_quote(const char *text)
{
	_cleanup_(buf_donep) struct buf b = {};
	size_t len = strlen(text), shown = len;

	if (len > QUOTE_MAX) {
		shown = QUOTE_MAX;
		while (shown && ((unsigned char)text[shown] & 0xc0) == 0x80)
			shown--; /* not in the middle of a UTF-8 character */
	}
	buf_putc(&b, '"');
	for (size_t i = 0; i < shown; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '\n')
			buf_puts(&b, "\\n");
		else if (c == '\t')
			buf_puts(&b, "\\t");
		else if (c < 0x20 || c == 0x7f)
			buf_printf(&b, "\\x%02x", c);
		else
			buf_putc(&b, (char)c);
	}
	buf_puts(&b, shown < len ? "…\"" : "\"");
	return buf_take(&b);
}

/* Levenshtein distance, one row at a time. */
static size_t distance(const char *a, size_t na, const char *b, size_t nb)
{
	size_t row[WORD_MAX + 1];

	for (size_t j = 0; j <= nb; j++)
		row[j] = j;
	for (size_t i = 1; i <= na; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= nb; j++) {
			size_t above = row[j];
			size_t best = diagonal + (a[i - 1] != b[j - 1]);

			if (above + 1 < best)
				best = above + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
			diagonal = above;
		}
	}
	return row[nb];
}

const char *nearest_word(const char *word, const char *const *candidates, size_t n)
{
	size_t nw = strlen(word), best = nw / 3 + 2;
	const char *found = NULL;

	if (nw > WORD_MAX)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		size_t nc = strlen(candidates[i]), d;

		if (nc > WORD_MAX)
			continue;
		d = strcasecmp(word, candidates[i]) ? distance(word, nw, candidates[i], nc) : 0;
		if (d < best && d < nc) {
			best = d;
			found = candidates[i];
		}
	}
	return found;
}
