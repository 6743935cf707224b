/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events and the batches that carry them.
 *
 * A struct event is one kind of event that a probe emits: identity, schema and how to show it. It is
 * immutable and reference-counted, so a batch keeps the schema of its records alive even after the
 * probe was swapped. Ids are dense and small: counters are arrays indexed by them.
 *
 * A struct batch is a block of raw records, filled by one reader thread, immutable from the moment
 * it is handed out, and shared by all sinks through its reference count. There is no allocation for
 * an event: a record is copied once, from the kernel's buffer into the batch.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/metric.h"
#include "core/schema.h"
#include "util/yaml.h"

#define EVENTS_MAX       256 /* ids in one agent */
#define BATCH_BYTES      (256u << 10)
#define BATCH_EVENTS_MAX 64 /* different events in one batch */

/* What the front matter says about one field, merged into the event. */
struct event_field_note {
	char *name;   /* the field */
	char *help;   /* one line; may be NULL */
	char *decode; /* name of a decoder (core/semantic.h); NULL: by its type */
};

struct event {
	atomic_uint refs;
	uint32_t id;           /* 0 … EVENTS_MAX - 1 */
	char *probe;           /* the probe's name */
	char *name;            /* the event's name on the wire */
	struct schema *schema; /* owned; NULL: unknown layout */
	struct event_field_note *notes;
	uint32_t n_notes;
	struct metric *metrics; /* those of this event */
	uint32_t n_metrics;
};

/*
 * Takes ownership of `schema`. The new event has one reference. Notes and metrics are filled by the
 * caller.
 */
struct event *event_new(uint32_t id, const char *probe, const char *name, struct schema *schema);
struct event *event_ref(struct event *e);
struct event *event_unref(struct event *e); /* takes NULL, returns NULL */

/* A record in a batch: 8-byte aligned, `size` bytes of data behind the header. */
struct record {
	uint32_t size;
	uint16_t event; /* index into the batch's `events` */
	uint16_t cpu;   /* that the reader found it on; 0xffff: unknown (ring buffer) */
	uint8_t data[];
};

#define RECORD_BYTES(size) ((sizeof(struct record) + (size) + 7) & ~(size_t)7)

struct batch {
	atomic_uint refs;
	int64_t wall_offset; /* monotonic -> wall-clock, ns, taken with the first record */
	uint64_t created;    /* monotonic ns of the first record's arrival */
	uint32_t n_records;
	uint32_t n_events;
	uint32_t last;                          /* index of the event that was added last */
	struct event *events[BATCH_EVENTS_MAX]; /* each with a reference */
	uint32_t counts[BATCH_EVENTS_MAX];      /* records of each */
	size_t used, capacity;
	uint8_t *data;
};

/*
 * capacity 0: BATCH_BYTES, otherwise the RECORD_BYTES() of all that it shall hold. Memory of freed
 * batches is kept for reuse, a few blocks at most.
 */
struct batch *batch_new(size_t capacity);
struct batch *batch_ref(struct batch *b);
struct batch *batch_unref(struct batch *b); /* takes NULL, returns NULL */

/* A batch of the same records that is no larger than it must be, for whoever keeps it long. */
struct batch *batch_copy(const struct batch *b);

/*
 * Copy a record in; false when there is no room left for it or for one more kind of event: start a
 * new batch. A record larger than an empty batch needs one made for it. Only before the batch is
 * shared. The first record sets `created` and `wall_offset` to now.
 */
bool batch_add(struct batch *b, struct event *event, uint16_t cpu, const void *data, uint32_t size);

/* The same without copying: room for `size` bytes, or NULL. */
void *batch_reserve(struct batch *b, struct event *event, uint16_t cpu, uint32_t size);

static inline const struct record *batch_first(const struct batch *b)
{
	return b->used ? (const struct record *)b->data : NULL;
}

static inline const struct record *batch_next(const struct batch *b, const struct record *r)
{
	const uint8_t *next = (const uint8_t *)r + RECORD_BYTES(r->size);

	return next < b->data + b->used ? (const struct record *)next : NULL;
}
