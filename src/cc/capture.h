/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What libbcc and Clang print: they write to the process's stderr, and in between these two calls it
 * goes to an anonymous file instead. One thread.
 */
#pragma once

#include "util/buf.h"

struct capture {
	int saved; /* the real stderr */
	int file;
};

struct capture capture_begin(void);

/* Put stderr back and append what was printed, at most CAPTURE_MAX bytes and a note of the cut. */
void capture_end(struct capture *c, struct buf *out);

#define CAPTURE_MAX (64u << 10)
