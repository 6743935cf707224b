/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Semantic types: how a value is shown, chosen by the name of its C type (the typedefs of quern.h)
 * or by `decode:` in the front matter. One table, one entry a type; the JSON and the text plan use
 * the same routine. Adding one: an entry here and a typedef in quern.h.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/schema.h"
#include "util/buf.h"

/*
 * Print the value at `p` (`size` bytes, all present). Returns true when what was printed is a string
 * that the caller must quote (and escape: bytes may be anything), false for a bare number.
 */
typedef bool (*semantic_print_fn)(const struct field *field, const uint8_t *p, uint32_t size,
                                  struct buf *out);

struct semantic {
	const char *name; /* typedef and decoder name */
	uint32_t sizes;   /* bit mask of accepted sizes in bytes: 1 << log2(size); 0: any */
	semantic_print_fn print;
	const char *help; /* one line, for `quern probes --types` and the documentation */
};

/* By type name or decoder name; NULL when there is none or the field's size does not fit. */
const struct semantic *semantic_find(const char *name, const struct field *field);

/* All of them, in order, ending with a NULL name. */
extern const struct semantic semantics[];
