/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Allocation that does not fail. Every size that comes from outside (a file, the kernel, a peer) is
 * checked against its own bound before it gets here; what remains is the machine being out of
 * memory, and then the agent says so and ends, since nothing sensible can follow.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

void *xmalloc(size_t size) __attribute__((malloc, returns_nonnull));
void *xcalloc(size_t n, size_t size) __attribute__((malloc, returns_nonnull));
void *xrealloc(void *p, size_t n, size_t size) __attribute__((returns_nonnull));
char *xstrdup(const char *s) __attribute__((malloc, returns_nonnull, nonnull));
char *xstrndup(const char *s, size_t n) __attribute__((malloc, returns_nonnull, nonnull));
void *xmemdup(const void *p, size_t size) __attribute__((malloc, returns_nonnull));
char *xasprintf(const char *fmt, ...)
	__attribute__((malloc, returns_nonnull, format(printf, 1, 2)));

/* Make room for one more element at the end of a growing array; returns the zeroed element. */
#define array_push(array, n, cap)                                                                  \
	({                                                                                         \
		if (*(n) == *(cap)) {                                                              \
			*(cap) = *(cap) ? *(cap)*2 : 8;                                            \
			*(array) = xrealloc(*(array), *(cap), sizeof(**(array)));                  \
		}                                                                                  \
		__typeof__(*(array)) last_ = *(array) + (*(n))++;                                  \
		__builtin_memset(last_, 0, sizeof(*last_));                                        \
		last_;                                                                             \
	})

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define streq(a, b)   (strcmp((a), (b)) == 0)
