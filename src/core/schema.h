/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a record looks like: the fields of an event's struct with their names, C types, offsets and
 * sizes, as a tree. quern-cc takes it from the program's BTF and stores it in the object; the agent
 * decodes by it. It says what the memory holds; how to show a value (an address, a duration, flags)
 * follows from the type's name (core/semantic.h) or from the probe's front matter.
 *
 * A schema is immutable once built, so any thread may read it. Bounds: SCHEMA_FIELDS_MAX fields in
 * all, SCHEMA_DEPTH_MAX levels, records up to SCHEMA_RECORD_MAX bytes.
 *
 * The tail rule: when the last top-level field is a char array (count 1), a record may end anywhere
 * behind that array's start: the text is as long as what arrived. So a path of 4096 bytes costs
 * only what it holds. Every other field must be there in full: a record shorter than `min_size` is
 * refused and counted, and nothing is read past what arrived.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/buf.h"
#include "util/diag.h"
#include "util/wire.h"

#define SCHEMA_FIELDS_MAX 1024
#define SCHEMA_DEPTH_MAX  8
#define SCHEMA_ENUMS_MAX  4096 /* enumerators in all */
#define SCHEMA_RECORD_MAX 65536
#define SCHEMA_NAME_MAX   128

enum field_kind {
	FIELD_UINT, /* unsigned integer, 1 2 4 8 or 16 bytes; pointers too */
	FIELD_INT,  /* signed integer */
	FIELD_BOOL,
	FIELD_ENUM,   /* integer with names: `enumerators`; `is_signed` says how to read it */
	FIELD_CHARS,  /* char[n]: text up to the first NUL or the end; `size` is n */
	FIELD_BYTES,  /* unsigned char[n], u8[n]: shown in hex unless the type says otherwise */
	FIELD_FLOAT,  /* 4 or 8 bytes */
	FIELD_STRUCT, /* `children`; a union is a struct whose children overlap */
};

struct enumerator {
	int64_t value;
	char *name;
};

struct field {
	char *name; /* never NULL; anonymous structs and unions are dissolved into their parent */
	char *type; /* the outermost typedef, else the C type: "ipv4_t", "enum dir", "unsigned int" */
	enum field_kind kind;
	bool is_signed;     /* FIELD_ENUM */
	uint8_t bit_offset; /* bit-fields: position in the `size` bytes, counted from bit 0 of the
				   little-endian integer */
	uint8_t bit_size;   /* 0: not a bit-field */
	uint32_t offset;    /* bytes from the start of the enclosing struct's element */
	uint32_t size;      /* bytes of one element */
	uint32_t count;     /* elements of an array, 1 otherwise. char argv[4][16]: CHARS, 16, 4 */
	bool is_array;      /* tells char argv[1][16] from char argv[16] */
	struct field *children; /* FIELD_STRUCT */
	uint32_t n_children;
	struct enumerator *enumerators; /* FIELD_ENUM */
	uint32_t n_enumerators;
};

struct schema {
	uint32_t size;     /* of the whole struct */
	uint32_t min_size; /* the shortest acceptable record (the tail rule) */
	struct field *fields;
	uint32_t n_fields;
};

/* Check the invariants (bounds, fields inside their struct) and set min_size. -EINVAL, with why. */
int schema_seal(struct schema *s, struct diag *diag);

struct schema *schema_free(struct schema *s);
static inline void schema_freep(struct schema **s)
{
	schema_free(*s);
}

void schema_write(const struct schema *s, struct buf *out);

/* Hostile input: checked like schema_seal() does. */
int schema_read(struct wire_reader *r, struct schema **ret, struct diag *diag);

/* A top-level field by name, or NULL. */
const struct field *schema_field(const struct schema *s, const char *name);

bool schema_equal(const struct schema *a, const struct schema *b);
