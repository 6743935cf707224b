// SPDX-License-Identifier: Apache-2.0
#include "util/buf.h"

#include <assert.h>
#include <stdio.h>

#include "util/alloc.h"

void buf_done(struct buf *b)
{
	free(b->data);
	*b = (struct buf){};
}

void buf_grow(struct buf *b, size_t extra)
{
	size_t need = b->len + extra;
	size_t cap = b->cap ? b->cap : 256;

	assert(need >= b->len);
	while (cap < need)
		cap += cap;
	if (cap == b->cap)
		return;
	b->data = xrealloc(b->data, cap, 1);
	b->cap = cap;
}

void buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(buf_reserve(b, 128), 128, fmt, ap);
	assert(n >= 0);
	if (n >= 128)
		vsnprintf(buf_reserve(b, (size_t)n + 1), (size_t)n + 1, fmt, again);
	b->len += (size_t)n;
	va_end(again);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(b, fmt, ap);
	va_end(ap);
}

void buf_shift(struct buf *b, size_t n)
{
	assert(n <= b->len);
	b->len -= n;
	if (b->len && n)
		memmove(b->data, b->data + n, b->len);
}

const char *buf_cstr(struct buf *b)
{
	*buf_reserve(b, 1) = '\0';
	return b->data;
}

char *buf_take(struct buf *b)
{
	char *s;

	buf_cstr(b);
	s = b->data;
	*b = (struct buf){};
	return s;
}
