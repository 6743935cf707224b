/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growing byte buffer. Owned by one thread at a time. `data` is not NUL-terminated unless
 * buf_cstr() was called after the last change. Zero-initialised (struct buf b = {}) is empty.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "util/cleanup.h"

struct buf {
	char *data;
	size_t len; /* bytes in use */
	size_t cap; /* bytes allocated */
};

void buf_done(struct buf *b);
static inline void buf_donep(struct buf *b)
{
	buf_done(b);
}

/* Grow so that `extra` more bytes fit; never shrinks. */
void buf_grow(struct buf *b, size_t extra);

static inline void buf_clear(struct buf *b)
{
	b->len = 0;
}

/* Room for `extra` bytes at the end: the caller writes there and adds to `len`. */
static inline char *buf_reserve(struct buf *b, size_t extra)
{
	if (b->cap - b->len < extra)
		buf_grow(b, extra);
	return b->data + b->len;
}

static inline void buf_append(struct buf *b, const void *data, size_t len)
{
	if (!len)
		return;
	memcpy(buf_reserve(b, len), data, len);
	b->len += len;
}

static inline void buf_putc(struct buf *b, char c)
{
	*buf_reserve(b, 1) = c;
	b->len++;
}

static inline void buf_puts(struct buf *b, const char *s)
{
	buf_append(b, s, strlen(s));
}

void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *b, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));

/* Remove the first n bytes. */
void buf_shift(struct buf *b, size_t n);

/* The contents as a C string, valid until the next change; the terminator is not part of `len`. */
const char *buf_cstr(struct buf *b);

/* Hand the contents over as a NUL-terminated heap string (never NULL) and leave the buffer empty. */
char *buf_take(struct buf *b);
