/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Semantic types: how a value is shown, chosen by the name of its C type (the typedefs of quern.h)
 * or by `decode:` in the front matter. One table, one entry a type; JSON and text plans use the same
 * routine. Adding one: an entry here and a typedef in quern.h. All of it is immutable.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/print.h"
#include "core/schema.h"

/*
 * Print the value at `p`, of which `size` bytes are there: all of it, or less for a text at the end
 * of a record. In JSON the result is a whole JSON value: a string brings its quotes.
 */
typedef char *(*semantic_print_fn)(char *o, const struct field *field, const uint8_t *p,
                                   uint32_t size, struct print *how);

struct semantic {
	const char *name; /* of the typedef and, with or without its _t, of the decoder */
	uint32_t kinds;   /* bit mask of accepted kinds: 1 << enum field_kind */
	uint32_t sizes;   /* bit mask of accepted sizes: 1 << bytes; 0: any */
	semantic_print_fn print;
	uint32_t room;    /* the longest form; 0: PUT_TEXT_MAX() of the field's size */
	const char *help; /* one line, for the documentation */
};

/*
 * By type name or decoder name; NULL when there is none or it cannot show this field. With a NULL
 * field: by name alone.
 */
const struct semantic *semantic_find(const char *name, const struct field *field);

/* All of them, in order, ending with a NULL name. */
extern const struct semantic semantics[];

/* The bits of an integer field (UINT, INT, BOOL, ENUM; at most 8 bytes), sign-extended if signed. */
static inline uint64_t field_bits(const struct field *f, const uint8_t *p)
{
	bool is_signed = f->kind == FIELD_INT || (f->kind == FIELD_ENUM && f->is_signed);
	unsigned int bits = f->bit_size ? f->bit_size : f->size * 8;
	uint64_t v = 0;

	/* Little-endian, as BPF programs are compiled here. Fixed sizes, so that they are plain loads. */
	switch (f->size) {
	case 1:
		v = *p;
		break;
	case 2:
		memcpy(&v, p, 2);
		break;
	case 4:
		memcpy(&v, p, 4);
		break;
	case 8:
		memcpy(&v, p, 8);
		break;
	}
	v = v >> f->bit_offset << (64 - bits);
	return is_signed ? (uint64_t)((int64_t)v >> (64 - bits)) : v >> (64 - bits);
}
