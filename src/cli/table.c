// SPDX-License-Identifier: Apache-2.0
#include "cli/table.h"

#include <assert.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "util/alloc.h"
#include "util/buf.h"

static void push(struct table *t, char *cell)
{
	for (char *p = cell; *p; p++)
		if (iscntrl((unsigned char)*p))
			*p = ' ';
	*array_push(&t->cells, &t->n_cells, &t->cap) = cell;
}

void table_init(struct table *t, const char *const *heading)
{
	*t = (struct table){};
	for (; heading[t->n_columns]; t->n_columns++) {
		assert(t->n_columns < TABLE_COLUMNS_MAX);
		push(t, xstrdup(heading[t->n_columns]));
	}
}

void table_done(struct table *t)
{
	for (size_t i = 0; i < t->n_cells; i++)
		free(t->cells[i]);
	free(t->cells);
	*t = (struct table){};
}

void table_cell(struct table *t, const char *fmt, ...)
{
	struct buf text = {};
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&text, fmt, ap);
	va_end(ap);
	push(t, buf_take(&text));
}

/* Columns on the terminal: UTF-8 continuation bytes take none. */
static int width(const char *s)
{
	int n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static void print_cell(FILE *out, const char *cell, int wide, bool last)
{
	int pad = wide - width(cell);

	if (isdigit((unsigned char)cell[0]))
		fprintf(out, "%*s%s", pad, "", cell);
	else
		fprintf(out, "%s%*s", cell, last ? 0 : pad, "");
	fputs(last ? "\n" : "  ", out);
}

void table_print(const struct table *t, FILE *out, int indent)
{
	int widths[TABLE_COLUMNS_MAX] = {};

	assert(t->n_cells % t->n_columns == 0);
	for (size_t i = 0; i < t->n_cells; i++) {
		int w = width(t->cells[i]);

		if (w > widths[i % t->n_columns])
			widths[i % t->n_columns] = w;
	}
	for (size_t i = 0; i < t->n_cells; i++) {
		unsigned int column = (unsigned int)(i % t->n_columns);

		if (!column)
			fprintf(out, "%*s", indent, "");
		print_cell(out, t->cells[i], widths[column], column + 1 == t->n_columns);
	}
}
