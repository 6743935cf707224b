// SPDX-License-Identifier: Apache-2.0
/*
 * A batch is already a block of a good size, so it is written as it is, in one writev() and without a
 * copy, and what a killed agent has recorded is in the file. A write that fails is taken back, so
 * that a full disk leaves a recording that ends with a whole chunk.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>
#include <zlib.h>

#include "core/recording.h"
#include "core/recording_format.h"
#include "util/alloc.h"
#include "util/file.h"

struct recorder {
	int fd;
	uint64_t size;                              /* of the file so far: whole chunks */
	struct buf out;                             /* what goes before a batch's records */
	struct event *events[RECORDING_EVENTS_MAX]; /* what the file's indices mean; references */
	uint32_t n_events;
};

static void forget_events(struct recorder *r)
{
	while (r->n_events)
		event_unref(r->events[--r->n_events]);
}

int recorder_open(const char *path, struct recorder **ret, struct diag *diag)
{
	_cleanup_(closep) int fd = -1;
	_cleanup_(buf_donep) struct buf out = {};
	int r;

	/* Raw records may hold anything that the host's processes do. */
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0600);
	if (fd < 0)
		return diag_error(diag, -errno, "%s: cannot record to it: %s", path,
		                  strerror(errno));
	buf_append(&out, RECORDING_MAGIC, 8);
	wire_put_u32(&out, RECORDING_VERSION);
	wire_put_u32(&out, 0);
	r = file_write_fd(fd, out.data, out.len);
	if (r)
		return diag_error(diag, r, "%s: cannot record to it: %s", path, strerror(-r));

	*ret = xcalloc(1, sizeof(**ret));
	(*ret)->fd = steal_fd(&fd);
	(*ret)->size = out.len;
	return 0;
}

/* Begin a chunk in `out`; end_chunk() fills in what is known only then. Returns where it begins. */
static size_t begin_chunk(struct buf *out, enum recording_chunk type)
{
	size_t start = out->len;

	wire_put_u32(out, type);
	wire_put_u64(out, 0);
	return start;
}

static void put_u32_at(struct buf *out, size_t at, uint32_t v)
{
	size_t len = out->len;

	out->len = at;
	wire_put_u32(out, v);
	out->len = len;
}

/* The payload is what is in `out`, and `more` bytes behind it. */
static void end_chunk(struct buf *out, size_t start, const void *data, size_t more)
{
	size_t head = out->len - start - RECORDING_CHUNK;
	uLong crc;

	put_u32_at(out, start + 4, (uint32_t)(head + more));
	crc = crc32(0, (const Bytef *)out->data + start, 8);
	crc = crc32(crc, (const Bytef *)out->data + start + RECORDING_CHUNK, (uInt)head);
	if (more)
		crc = crc32(crc, data, (uInt)more);
	put_u32_at(out, start + 8, (uint32_t)crc);
}

static void put_event(struct buf *out, uint32_t index, const struct event *e)
{
	size_t start = begin_chunk(out, CHUNK_EVENT);

	wire_put_u32(out, index);
	wire_put_str(out, e->probe);
	wire_put_str(out, e->name);
	wire_put_u32(out, e->n_notes);
	for (uint32_t i = 0; i < e->n_notes; i++) {
		wire_put_str(out, e->notes[i].name);
		wire_put_str(out, e->notes[i].help);
		wire_put_str(out, e->notes[i].decode);
	}
	wire_put_u8(out, e->schema != NULL);
	if (e->schema)
		schema_write(e->schema, out);
	wire_put_u32(out, e->n_metrics);
	for (uint32_t i = 0; i < e->n_metrics; i++)
		metric_write(&e->metrics[i], out);
	end_chunk(out, start, NULL, 0);
}

/* The file's index of an event; RECORDING_EVENTS_MAX: none yet. */
static uint32_t find_event(const struct recorder *r, const struct event *e)
{
	for (uint32_t i = 0; i < r->n_events; i++)
		if (r->events[i] == e)
			return i;
	return RECORDING_EVENTS_MAX;
}

/* Describe what the file does not know yet. */
static void put_events(struct recorder *r, const struct batch *b)
{
	if (r->n_events + b->n_events > RECORDING_EVENTS_MAX)
		forget_events(r);
	for (uint32_t i = 0; i < b->n_events; i++) {
		if (find_event(r, b->events[i]) < RECORDING_EVENTS_MAX)
			continue;
		put_event(&r->out, r->n_events, b->events[i]);
		r->events[r->n_events++] = event_ref(b->events[i]);
	}
}

static void put_batch(struct recorder *r, const struct batch *b)
{
	size_t start = begin_chunk(&r->out, CHUNK_BATCH);

	wire_put_u64(&r->out, (uint64_t)b->wall_offset);
	wire_put_u64(&r->out, b->created);
	wire_put_u32(&r->out, b->n_records);
	wire_put_u32(&r->out, b->n_events);
	for (uint32_t i = 0; i < b->n_events; i++)
		wire_put_u32(&r->out, find_event(r, b->events[i]));
	end_chunk(&r->out, start, b->data, b->used);
}

static int write_all(int fd, struct iovec *iov, int n)
{
	while (n) {
		ssize_t done = writev(fd, iov, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		while (n && (size_t)done >= iov->iov_len) {
			done -= (ssize_t)iov->iov_len;
			iov++;
			n--;
		}
		if (n) {
			iov->iov_base = (char *)iov->iov_base + done;
			iov->iov_len -= (size_t)done;
		}
	}
	return 0;
}

/* Cut off what a failed write has left. A pipe cannot do it, and then its reader sees a torn end. */
static void take_back(struct recorder *r)
{
	if (ftruncate(r->fd, (off_t)r->size) == 0)
		(void)lseek(r->fd, (off_t)r->size, SEEK_SET);
	forget_events(r);
}

int recorder_write(struct recorder *r, const struct batch *batch)
{
	struct iovec iov[2];
	int e;

	if (batch->used > RECORDING_CHUNK_MAX / 2)
		return -EFBIG;
	buf_clear(&r->out);
	put_events(r, batch);
	put_batch(r, batch);
	iov[0] = (struct iovec){.iov_base = r->out.data, .iov_len = r->out.len};
	iov[1] = (struct iovec){.iov_base = batch->data, .iov_len = batch->used};
	e = write_all(r->fd, iov, 2);
	if (e) {
		take_back(r);
		return e;
	}
	r->size += r->out.len + batch->used;
	return 0;
}

int recorder_close(struct recorder *r)
{
	int e;

	if (!r)
		return 0;
	e = close(r->fd) < 0 ? -errno : 0;
	forget_events(r);
	buf_done(&r->out);
	free(r);
	return e;
}
