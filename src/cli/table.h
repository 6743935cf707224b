/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Aligned columns for people: rows are collected, then printed with each column as wide as its
 * widest cell. A cell that starts with a digit is a number and is set to the right. Text is shown
 * with control characters replaced. One thread.
 */
#pragma once

#include <stdio.h>

#define TABLE_COLUMNS_MAX 12

struct table {
	unsigned int n_columns;
	char **cells; /* row by row; the first row is the heading */
	size_t n_cells, cap;
};

/* `heading`: the columns' names, NULL-terminated. */
void table_init(struct table *t, const char *const *heading);
void table_done(struct table *t);

/* The next cell of the current row, left to right; rows follow one another by themselves. */
void table_cell(struct table *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* `indent` blanks before each line. */
void table_print(const struct table *t, FILE *out, int indent);
