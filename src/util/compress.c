// SPDX-License-Identifier: Apache-2.0
/*
 * Both libraries keep their working memory from block to block. Nothing here can fail but for want
 * of memory, and that ends the agent as it does in util/alloc.h. The levels are the fast ones: lines
 * of JSON repeat so much that the slow ones gain little for several times the work.
 */
#include "util/compress.h"

#include <assert.h>
#include <zlib.h>
#include <zstd.h>

#include "util/alloc.h"

#define GZIP_LEVEL  1
#define GZIP_WINDOW (15 + 16) /* 32 KiB, with gzip's header and not zlib's */
#define GZIP_MEMORY 8
#define ZSTD_LEVEL  1
#define BLOCK_MAX   (1u << 30)

const char *const compression_names[] = {
	[COMPRESSION_NONE] = "none",
	[COMPRESSION_GZIP] = "gzip",
	[COMPRESSION_ZSTD] = "zstd",
	NULL,
};

struct compressor {
	enum compression how;
	z_stream gzip;
	ZSTD_CCtx *zstd;
};

static void init_gzip(struct compressor *c)
{
	int r = deflateInit2(&c->gzip, GZIP_LEVEL, Z_DEFLATED, GZIP_WINDOW, GZIP_MEMORY,
	                     Z_DEFAULT_STRATEGY);

	assert(r == Z_OK);
}

static void init_zstd(struct compressor *c)
{
	size_t r;

	c->zstd = ZSTD_createCCtx();
	assert(c->zstd);
	r = ZSTD_CCtx_setParameter(c->zstd, ZSTD_c_compressionLevel, ZSTD_LEVEL);
	assert(!ZSTD_isError(r));
	r = ZSTD_CCtx_setParameter(c->zstd, ZSTD_c_checksumFlag, 1);
	assert(!ZSTD_isError(r));
}

struct compressor *compressor_new(enum compression how)
{
	struct compressor *c = xcalloc(1, sizeof(*c));

	c->how = how;
	if (how == COMPRESSION_GZIP)
		init_gzip(c);
	else if (how == COMPRESSION_ZSTD)
		init_zstd(c);
	return c;
}

struct compressor *compressor_free(struct compressor *c)
{
	if (!c)
		return NULL;
	if (c->how == COMPRESSION_GZIP)
		deflateEnd(&c->gzip);
	ZSTD_freeCCtx(c->zstd);
	free(c);
	return NULL;
}

static void run_gzip(struct compressor *c, const void *data, size_t size, struct buf *out)
{
	size_t room = deflateBound(&c->gzip, size);
	int r = deflateReset(&c->gzip);

	assert(r == Z_OK);
	c->gzip.next_in = (Bytef *)data;
	c->gzip.avail_in = (uInt)size;
	c->gzip.next_out = (Bytef *)buf_reserve(out, room);
	c->gzip.avail_out = (uInt)room;
	r = deflate(&c->gzip, Z_FINISH);
	assert(r == Z_STREAM_END);
	out->len += room - c->gzip.avail_out;
}

static void run_zstd(struct compressor *c, const void *data, size_t size, struct buf *out)
{
	size_t room = ZSTD_compressBound(size);
	size_t n = ZSTD_compress2(c->zstd, buf_reserve(out, room), room, data, size);

	assert(!ZSTD_isError(n));
	out->len += n;
}

void compressor_run(struct compressor *c, const void *data, size_t size, struct buf *out)
{
	assert(size <= BLOCK_MAX);
	switch (c->how) {
	case COMPRESSION_NONE:
		buf_append(out, data, size);
		return;
	case COMPRESSION_GZIP:
		run_gzip(c, data, size, out);
		return;
	case COMPRESSION_ZSTD:
		run_zstd(c, data, size, out);
		return;
	}
}
