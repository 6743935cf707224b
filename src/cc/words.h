/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A set of names with flags: the words of a source, looked up once for each of the hundred thousand
 * names of a kernel's BTF. One thread at a time.
 */
#pragma once

#include <stddef.h>

struct word {
	char *name; /* NULL: an empty slot */
	unsigned int flags;
};

struct words {
	struct word *slots;
	size_t n_slots; /* a power of two, or 0 */
	size_t n;
};

void words_done(struct words *w);

/* The word, added if it was not there, with `flags` set on it besides those it had. */
void words_add(struct words *w, const char *name, size_t len, unsigned int flags);

/* Its flags; 0 when it is not there. */
unsigned int words_flags(const struct words *w, const char *name);
