/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages for the user, collected where the context is known (file:line:column, probe, key) and
 * shown once by whoever called. Library code adds to a diag and returns a negative errno; it does
 * not print. A NULL diag is allowed everywhere and drops the text. One thread at a time.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>

#include "util/buf.h"

struct diag {
	struct buf text; /* one message a line, each ending in \n; the first says the most */
	unsigned int errors;
	unsigned int warnings;
};

void diag_done(struct diag *d);
static inline void diag_donep(struct diag *d)
{
	diag_done(d);
}

/* Add a line and return r (a negative errno), so that a caller can write: return diag_error(…). */
int diag_error(struct diag *d, int r, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

void diag_warning(struct diag *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* All messages as one string without the last newline; "" when there is none. */
const char *diag_text(struct diag *d);

/*
 * Text from outside as it may stand in a message: in double quotes, on one line, control characters
 * escaped, cut when long. Heap string.
 */
char *diag_quote(const char *text);

/*
 * The candidate nearest to `word` in spelling, or NULL when none is near enough to suggest.
 * `candidates` is an array of n strings.
 */
const char *nearest_word(const char *word, const char *const *candidates, size_t n);
