/* SPDX-License-Identifier: Apache-2.0 */
/* Scope-bound ownership: a local marked _cleanup_(f) is released by f when it goes out of scope. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(f) __attribute__((cleanup(f)))

/* Take the pointer out of a variable and leave NULL, so that its cleanup does nothing. */
#define steal(pp)                                                                                  \
	({                                                                                         \
		__typeof__(*(pp)) stolen_ = *(pp);                                                 \
		*(pp) = NULL;                                                                      \
		stolen_;                                                                           \
	})

/* The same for a file descriptor: leaves -1. */
static inline int steal_fd(int *fd)
{
	int r = *fd;

	*fd = -1;
	return r;
}

/* Define name##p(T **) that hands *p to fn(), for use with _cleanup_. */
#define DEFINE_CLEANUP(T, fn)                                                                      \
	static inline void fn##p(T *p)                                                             \
	{                                                                                          \
		if (*p)                                                                            \
			fn(*p);                                                                    \
	}

static inline void freep(void *p)
{
	free(*(void **)p);
}

static inline void closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void fclosep(FILE **f)
{
	if (*f)
		fclose(*f);
}
