// SPDX-License-Identifier: Apache-2.0
/*
 * Reading is streamed: a window of the file is in memory, at least the chunk that is looked at, and
 * it grows only with bytes that are really there. A batch leaves here only after each of its records
 * was found to lie inside of it and to belong to a known event, so that whoever walks the batch need
 * not check again.
 */
#include "core/recording.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "core/recording_format.h"
#include "util/alloc.h"

#define READ_BYTES (1u << 20)

struct recording {
	int fd;
	char *path;
	struct buf in;   /* the window */
	size_t pos;      /* of the next chunk in it */
	uint64_t offset; /* of the next chunk in the file */
	bool ended;
	struct event *events[RECORDING_EVENTS_MAX]; /* what the file's indices mean; references */
	uint32_t n_events;
	struct event *ids[EVENTS_MAX]; /* an event of each id, which goes by probe and name */
	uint32_t n_ids;
};

/* See that `need` bytes from `pos` on are in the window; 0 also when the file has fewer. */
static int fill(struct recording *rec, size_t need)
{
	if (rec->in.len - rec->pos >= need)
		return 0;
	buf_shift(&rec->in, rec->pos);
	rec->pos = 0;
	while (rec->in.len < need) {
		ssize_t n = read(rec->fd, buf_reserve(&rec->in, READ_BYTES), READ_BYTES);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		rec->in.len += (size_t)n;
	}
	return 0;
}

static const uint8_t *window(const struct recording *rec, size_t *ret_left)
{
	*ret_left = rec->in.len - rec->pos;
	return (const uint8_t *)rec->in.data + rec->pos;
}

static void advance(struct recording *rec, size_t n)
{
	rec->pos += n;
	rec->offset += n;
}

static int check_header(struct recording *rec, struct diag *diag)
{
	struct wire_reader r;
	const uint8_t *p;
	uint32_t version;
	size_t left;
	int e = fill(rec, RECORDING_HEADER);

	if (e)
		return diag_error(diag, e, "%s: %s", rec->path, strerror(-e));
	p = window(rec, &left);
	if (left < RECORDING_HEADER || memcmp(p, RECORDING_MAGIC, 8) != 0)
		return diag_error(diag, -EBADMSG,
		                  "%s: not a recording (quern run --record FILE makes one)",
		                  rec->path);
	r = wire_reader_init(p + 8, 4);
	version = wire_get_u32(&r);
	if (version != RECORDING_VERSION)
		return diag_error(diag, -EBADMSG,
		                  "%s: a recording of version %u; this program reads version %d",
		                  rec->path, version, RECORDING_VERSION);
	advance(rec, RECORDING_HEADER);
	return 0;
}

int recording_open(const char *path, struct recording **ret, struct diag *diag)
{
	struct recording *rec = xcalloc(1, sizeof(*rec));
	int r;

	rec->path = xstrdup(path);
	rec->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (rec->fd < 0)
		r = diag_error(diag, -errno, "%s: %s", path, strerror(errno));
	else
		r = check_header(rec, diag);
	if (r)
		recording_close(rec);
	else
		*ret = rec;
	return r;
}

struct recording *recording_close(struct recording *rec)
{
	if (!rec)
		return NULL;
	if (rec->fd >= 0)
		close(rec->fd);
	while (rec->n_events)
		event_unref(rec->events[--rec->n_events]);
	while (rec->n_ids)
		event_unref(rec->ids[--rec->n_ids]);
	buf_done(&rec->in);
	free(rec->path);
	free(rec);
	return NULL;
}

/* The end, and why, and how much of the file is behind it. */
static int damaged(struct recording *rec, struct diag *diag, const char *why)
{
	uint64_t end = rec->offset + (rec->in.len - rec->pos);
	struct stat st;

	if (fstat(rec->fd, &st) == 0 && S_ISREG(st.st_mode) && (uint64_t)st.st_size > end)
		end = (uint64_t)st.st_size;
	rec->ended = true;
	return diag_error(diag, -EBADMSG,
	                  "%s: %s at byte %" PRIu64 ": the last %" PRIu64 " bytes are lost",
	                  rec->path, why, rec->offset, end - rec->offset);
}

/* The event's id: that of its predecessor, if its probe was swapped. EVENTS_MAX: there are too many. */
static uint32_t find_id(const struct recording *rec, const char *probe, const char *name)
{
	uint32_t id;

	for (id = 0; id < rec->n_ids; id++)
		if (streq(rec->ids[id]->probe, probe) && streq(rec->ids[id]->name, name))
			break;
	return id;
}

static char *get_optional_str(struct wire_reader *r)
{
	char *s = wire_get_str(r, RECORDING_STR_MAX);

	if (*s)
		return s;
	free(s);
	return NULL;
}

static void read_notes(struct wire_reader *r, struct event *e)
{
	uint32_t n = wire_get_count(r, 12);

	if (n > SCHEMA_FIELDS_MAX)
		r->failed = true;
	if (r->failed)
		return;
	e->notes = xcalloc(n, sizeof(*e->notes));
	e->n_notes = n;
	for (uint32_t i = 0; i < n; i++) {
		e->notes[i].name = wire_get_str(r, RECORDING_STR_MAX);
		e->notes[i].help = get_optional_str(r);
		e->notes[i].decode = get_optional_str(r);
	}
}

static void read_metrics(struct wire_reader *r, struct event *e)
{
	uint32_t n = wire_get_count(r, 25); /* a metric's least */

	if (n > METRICS_MAX)
		r->failed = true;
	if (r->failed)
		return;
	e->metrics = xcalloc(n, sizeof(*e->metrics));
	e->n_metrics = n;
	for (uint32_t i = 0; i < n; i++)
		metric_read(r, &e->metrics[i]);
}

/* The event that a chunk describes, with one reference; NULL: the chunk makes no sense. */
static struct event *read_event(struct recording *rec, struct wire_reader *r)
{
	_cleanup_(freep) char *probe = wire_get_str(r, RECORDING_STR_MAX);
	_cleanup_(freep) char *name = wire_get_str(r, RECORDING_STR_MAX);
	uint32_t id = find_id(rec, probe, name);
	struct event *e;

	if (r->failed || !*name || id == EVENTS_MAX)
		return NULL;
	e = event_new(id, probe, name, NULL);
	read_notes(r, e);
	if (wire_get_u8(r) && !r->failed && schema_read(r, &e->schema, NULL))
		r->failed = true;
	if (wire_left(r))
		read_metrics(r, e);
	if (r->failed || wire_left(r))
		return event_unref(e);
	return e;
}

static bool learn_event(struct recording *rec, struct wire_reader *r)
{
	uint32_t index = wire_get_u32(r);
	struct event *e;

	if (index > rec->n_events || index >= RECORDING_EVENTS_MAX)
		return false;
	e = read_event(rec, r);
	if (!e)
		return false;
	if (index == rec->n_events)
		rec->n_events++;
	else
		event_unref(rec->events[index]);
	rec->events[index] = e;
	if (e->id == rec->n_ids)
		rec->ids[rec->n_ids++] = event_ref(e);
	return true;
}

/* Count each event's records, and see that they fill the block exactly. */
static bool count_records(struct batch *b)
{
	size_t pos = 0;

	for (uint32_t i = 0; i < b->n_records; i++) {
		const struct record *record = (const struct record *)(b->data + pos);

		if (b->used - pos < sizeof(*record) || b->used - pos < RECORD_BYTES(record->size) ||
		    record->event >= b->n_events)
			return false;
		b->counts[record->event]++;
		pos += RECORD_BYTES(record->size);
	}
	return pos == b->used;
}

/* NULL: the chunk makes no sense. */
static struct batch *read_batch(struct recording *rec, struct wire_reader *r)
{
	int64_t wall_offset = (int64_t)wire_get_u64(r);
	uint64_t created = wire_get_u64(r);
	uint32_t n_records = wire_get_u32(r);
	uint32_t n_events = wire_get_count(r, 4);
	size_t used;
	struct batch *b;

	if (r->failed || n_events > BATCH_EVENTS_MAX)
		return NULL;
	used = wire_left(r) - 4 * (size_t)n_events;
	b = batch_new(used <= BATCH_BYTES ? 0 : used);
	b->wall_offset = wall_offset;
	b->created = created;
	b->n_records = n_records;
	for (uint32_t i = 0; i < n_events; i++) {
		uint32_t index = wire_get_u32(r);

		if (index >= rec->n_events)
			return batch_unref(b);
		b->events[b->n_events++] = event_ref(rec->events[index]);
	}
	memcpy(b->data, wire_get_bytes(r, used), used);
	b->used = used;
	return count_records(b) ? b : batch_unref(b);
}

struct chunk {
	uint32_t type, size;
	struct wire_reader payload;
};

/*
 * Bring the next chunk into the window and check it. 1, or 0 at the end of the file, or a negative
 * errno with a message.
 */
static int next_chunk(struct recording *rec, struct chunk *ret, struct diag *diag)
{
	struct wire_reader r;
	const uint8_t *p;
	size_t left;
	uint32_t crc;
	int e = fill(rec, RECORDING_CHUNK);

	if (e)
		return diag_error(diag, e, "%s: %s", rec->path, strerror(-e));
	p = window(rec, &left);
	if (!left)
		return 0;
	r = wire_reader_init(p, left);
	ret->type = wire_get_u32(&r);
	ret->size = wire_get_u32(&r);
	crc = wire_get_u32(&r);
	if (ret->size > RECORDING_CHUNK_MAX)
		return damaged(rec, diag, "damaged");

	e = fill(rec, RECORDING_CHUNK + (size_t)ret->size);
	if (e)
		return diag_error(diag, e, "%s: %s", rec->path, strerror(-e));
	p = window(rec, &left);
	if (r.failed || left < RECORDING_CHUNK + (size_t)ret->size)
		return damaged(rec, diag, "ends in the middle of a chunk");
	if (crc32(crc32(0, p, 8), p + RECORDING_CHUNK, ret->size) != crc)
		return damaged(rec, diag, "damaged");
	ret->payload = wire_reader_init(p + RECORDING_CHUNK, ret->size);
	return 1;
}

/* A batch goes to *ret; other chunks leave it alone. False: the chunk makes no sense. */
static bool take_chunk(struct recording *rec, struct chunk *chunk, struct batch **ret)
{
	switch (chunk->type) {
	case CHUNK_EVENT:
		return learn_event(rec, &chunk->payload);
	case CHUNK_BATCH:
		*ret = read_batch(rec, &chunk->payload);
		return *ret;
	default:
		return false;
	}
}

int recording_next(struct recording *rec, struct batch **ret, struct diag *diag)
{
	struct batch *b = NULL;

	while (!b && !rec->ended) {
		struct chunk chunk;
		int r = next_chunk(rec, &chunk, diag);

		rec->ended = r <= 0;
		if (r < 0)
			return r;
		if (r > 0 && !take_chunk(rec, &chunk, &b))
			return damaged(rec, diag, "not understood");
		if (r > 0)
			advance(rec, RECORDING_CHUNK + (size_t)chunk.size);
	}
	*ret = b;
	return 0;
}
