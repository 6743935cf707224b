/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The byte form of what Quern stores: objects and recordings. Little-endian, no padding; strings
 * and blobs carry a 32-bit length. Writing appends to a struct buf. Reading is for hostile input: a
 * reader never runs past its end; the first thing that does not fit sets `failed`, after which
 * every read returns zero or empty, so a parser checks once at its end.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/buf.h"

static inline void wire_put(struct buf *b, uint64_t v, unsigned int bytes)
{
	char *p = buf_reserve(b, 8);

	for (unsigned int i = 0; i < bytes; i++)
		p[i] = (char)(v >> (8 * i));
	b->len += bytes;
}

static inline void wire_put_u8(struct buf *b, uint8_t v)
{
	wire_put(b, v, 1);
}

static inline void wire_put_u16(struct buf *b, uint16_t v)
{
	wire_put(b, v, 2);
}

static inline void wire_put_u32(struct buf *b, uint32_t v)
{
	wire_put(b, v, 4);
}

static inline void wire_put_u64(struct buf *b, uint64_t v)
{
	wire_put(b, v, 8);
}

void wire_put_blob(struct buf *b, const void *data, uint32_t size);
void wire_put_str(struct buf *b, const char *s); /* NULL is written as "" */

struct wire_reader {
	const uint8_t *p;
	const uint8_t *end;
	bool failed;
};

static inline struct wire_reader wire_reader_init(const void *data, size_t size)
{
	return (struct wire_reader){.p = data, .end = (const uint8_t *)data + size};
}

static inline size_t wire_left(const struct wire_reader *r)
{
	return r->failed ? 0 : (size_t)(r->end - r->p);
}

uint8_t wire_get_u8(struct wire_reader *r);
uint16_t wire_get_u16(struct wire_reader *r);
uint32_t wire_get_u32(struct wire_reader *r);
uint64_t wire_get_u64(struct wire_reader *r);

/* `size` bytes in place (points into the input), or NULL. */
const void *wire_get_bytes(struct wire_reader *r, size_t size);

/* A blob in place, its size in *ret_size (0 on failure). */
const void *wire_get_blob(struct wire_reader *r, uint32_t *ret_size);

/* A heap string; fails when longer than `max` or when it holds a NUL. Never NULL. */
char *wire_get_str(struct wire_reader *r, size_t max);

/*
 * A count of elements that follow, each at least `min_bytes` long: fails when the rest of the input
 * cannot hold them, so that the caller can allocate by it.
 */
uint32_t wire_get_count(struct wire_reader *r, size_t min_bytes);
