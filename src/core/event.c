// SPDX-License-Identifier: Apache-2.0
/*
 * A batch is one block of memory: the struct, then its records. Blocks of the usual size go through
 * a small pool, because they are born and freed at the rate of the traffic by different threads,
 * and 256 KiB from malloc() would be a fresh mapping, page faults included, each time. The pool is
 * short, so what a burst of events took goes back to the system once the sinks have caught up.
 */
#include "core/event.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "util/alloc.h"
#include "util/time.h"

#define POOL_BLOCKS 4

static struct {
	pthread_mutex_t lock;
	struct batch *blocks[POOL_BLOCKS];
	unsigned int n;
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER};

struct event *event_new(uint32_t id, const char *probe, const char *name, struct schema *schema)
{
	struct event *e = xcalloc(1, sizeof(*e));

	assert(id < EVENTS_MAX);
	atomic_init(&e->refs, 1);
	e->id = id;
	e->probe = xstrdup(probe);
	e->name = xstrdup(name);
	e->schema = schema;
	return e;
}

struct event *event_ref(struct event *e)
{
	atomic_fetch_add_explicit(&e->refs, 1, memory_order_relaxed);
	return e;
}

struct event *event_unref(struct event *e)
{
	if (!e || atomic_fetch_sub_explicit(&e->refs, 1, memory_order_acq_rel) > 1)
		return NULL;
	for (uint32_t i = 0; i < e->n_notes; i++) {
		free(e->notes[i].name);
		free(e->notes[i].help);
		free(e->notes[i].decode);
	}
	for (uint32_t i = 0; i < e->n_metrics; i++)
		metric_done(&e->metrics[i]);
	free(e->notes);
	free(e->metrics);
	schema_free(e->schema);
	free(e->probe);
	free(e->name);
	free(e);
	return NULL;
}

static struct batch *pool_get(void)
{
	struct batch *b = NULL;

	pthread_mutex_lock(&pool.lock);
	if (pool.n)
		b = pool.blocks[--pool.n];
	pthread_mutex_unlock(&pool.lock);
	return b;
}

/* False when the pool is full: the block stays the caller's. */
static bool pool_put(struct batch *b)
{
	bool kept = false;

	pthread_mutex_lock(&pool.lock);
	if (pool.n < POOL_BLOCKS) {
		pool.blocks[pool.n++] = b;
		kept = true;
	}
	pthread_mutex_unlock(&pool.lock);
	return kept;
}

struct batch *batch_new(size_t capacity)
{
	struct batch *b = NULL;

	if (!capacity)
		capacity = BATCH_BYTES;
	assert(capacity < SIZE_MAX - sizeof(*b) - 8);
	capacity = (capacity + 7) & ~(size_t)7;
	if (capacity == BATCH_BYTES)
		b = pool_get();
	if (!b)
		b = xmalloc(sizeof(*b) + capacity);
	memset(b, 0, sizeof(*b));
	atomic_init(&b->refs, 1);
	b->capacity = capacity;
	b->data = (uint8_t *)(b + 1);
	return b;
}

struct batch *batch_ref(struct batch *b)
{
	atomic_fetch_add_explicit(&b->refs, 1, memory_order_relaxed);
	return b;
}

struct batch *batch_unref(struct batch *b)
{
	if (!b || atomic_fetch_sub_explicit(&b->refs, 1, memory_order_acq_rel) > 1)
		return NULL;
	for (uint32_t i = 0; i < b->n_events; i++)
		event_unref(b->events[i]);
	if (b->capacity != BATCH_BYTES || !pool_put(b))
		free(b);
	return NULL;
}

struct batch *batch_copy(const struct batch *b)
{
	struct batch *copy = batch_new(b->used ? b->used : 1);

	copy->wall_offset = b->wall_offset;
	copy->created = b->created;
	copy->n_records = b->n_records;
	copy->n_events = b->n_events;
	for (uint32_t i = 0; i < b->n_events; i++) {
		copy->events[i] = event_ref(b->events[i]);
		copy->counts[i] = b->counts[i];
	}
	copy->used = b->used;
	memcpy(copy->data, b->data, b->used);
	return copy;
}

/* The event's index in the batch, entered if it is new; BATCH_EVENTS_MAX when the table is full. */
static uint32_t find_event(struct batch *b, struct event *event)
{
	uint32_t i;

	for (i = 0; i < b->n_events; i++)
		if (b->events[i] == event)
			return i;
	if (i < BATCH_EVENTS_MAX) {
		b->events[i] = event_ref(event);
		b->n_events++;
	}
	return i;
}

void *batch_reserve(struct batch *b, struct event *event, uint16_t cpu, uint32_t size)
{
	size_t bytes = RECORD_BYTES((size_t)size);
	struct record *r;
	uint32_t i = b->last;

	if (bytes > b->capacity - b->used)
		return NULL;
	if (b->events[i] != event) {
		i = find_event(b, event);
		if (i == BATCH_EVENTS_MAX)
			return NULL;
		b->last = i;
	}
	if (!b->n_records) {
		b->created = time_monotonic();
		b->wall_offset = time_wall_offset();
	}

	r = (struct record *)(b->data + b->used);
	/* The padding behind the record may end up in a recording. */
	memset((uint8_t *)r + bytes - 8, 0, 8);
	r->size = size;
	r->event = (uint16_t)i;
	r->cpu = cpu;
	b->used += bytes;
	b->n_records++;
	b->counts[i]++;
	return r->data;
}

bool batch_add(struct batch *b, struct event *event, uint16_t cpu, const void *data, uint32_t size)
{
	void *p = batch_reserve(b, event, cpu, size);

	if (!p)
		return false;
	if (size)
		memcpy(p, data, size);
	return true;
}
