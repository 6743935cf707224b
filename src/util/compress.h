/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compression of whole blocks. What a block becomes (a gzip member, a zstd frame) can be read on its
 * own, and blocks written one behind the other are a valid file: so whatever ends between two blocks
 * can be read to its end, by zcat and zstdcat too. One thread at a time for each compressor.
 */
#pragma once

#include <stddef.h>

#include "util/buf.h"

enum compression { COMPRESSION_NONE, COMPRESSION_GZIP, COMPRESSION_ZSTD };

extern const char *const compression_names[]; /* "none", "gzip", "zstd", NULL */

struct compressor;

struct compressor *compressor_new(enum compression how);
struct compressor *compressor_free(struct compressor *c); /* takes NULL, returns NULL */

/* Append the block's compressed form to `out`. The same bytes make the same block. Up to 1 GiB. */
void compressor_run(struct compressor *c, const void *data, size_t size, struct buf *out);
