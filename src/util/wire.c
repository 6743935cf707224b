// SPDX-License-Identifier: Apache-2.0
#include "util/wire.h"

#include <string.h>

#include "util/alloc.h"

void wire_put_blob(struct buf *b, const void *data, uint32_t size)
{
	wire_put_u32(b, size);
	buf_append(b, data, size);
}

void wire_put_str(struct buf *b, const char *s)
{
	wire_put_blob(b, s ? s : "", s ? (uint32_t)strlen(s) : 0);
}

const void *wire_get_bytes(struct wire_reader *r, size_t size)
{
	const void *p = r->p;

	if (r->failed || (size_t)(r->end - r->p) < size) {
		r->failed = true;
		return NULL;
	}
	r->p += size;
	return p;
}

static uint64_t get(struct wire_reader *r, unsigned int bytes)
{
	const uint8_t *p = wire_get_bytes(r, bytes);
	uint64_t v = 0;

	for (unsigned int i = 0; p && i < bytes; i++)
		v |= (uint64_t)p[i] << (8 * i);
	return v;
}

uint8_t wire_get_u8(struct wire_reader *r)
{
	return (uint8_t)get(r, 1);
}

uint16_t wire_get_u16(struct wire_reader *r)
{
	return (uint16_t)get(r, 2);
}

uint32_t wire_get_u32(struct wire_reader *r)
{
	return (uint32_t)get(r, 4);
}

uint64_t wire_get_u64(struct wire_reader *r)
{
	return get(r, 8);
}

const void *wire_get_blob(struct wire_reader *r, uint32_t *ret_size)
{
	uint32_t size = wire_get_u32(r);
	const void *p = wire_get_bytes(r, size);

	*ret_size = p ? size : 0;
	return p;
}

char *wire_get_str(struct wire_reader *r, size_t max)
{
	uint32_t size;
	const char *p = wire_get_blob(r, &size);

	if (size > max || (size && memchr(p, '\0', size)))
		r->failed = true;
	if (r->failed)
		return xstrdup("");
	return xstrndup(p, size);
}

uint32_t wire_get_count(struct wire_reader *r, size_t min_bytes)
{
	uint32_t n = wire_get_u32(r);

	if (min_bytes && n > wire_left(r) / min_bytes)
		r->failed = true;
	return r->failed ? 0 : n;
}
