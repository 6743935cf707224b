// SPDX-License-Identifier: Apache-2.0
/*
 * A list under a mutex: it is taken once for a batch of some hundred records, so nothing finer would
 * be measurable.
 */
#include "sinks/queue.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "util/alloc.h"
#include "util/time.h"

struct entry {
	struct entry *next;
	struct batch *batch;
};

struct queue {
	pthread_mutex_t lock;
	pthread_cond_t filled; /* something to take, or closed */
	pthread_cond_t room;   /* something was taken, or closed */
	struct entry *head, **tail;
	uint64_t bytes, limit;
	enum on_full on_full;
	bool closed;
	queue_drop_fn drop;
	void *ctx;
};

static size_t batch_cost(const struct batch *b)
{
	return sizeof(struct entry) + sizeof(*b) + b->capacity;
}

struct queue *queue_new(uint64_t limit, enum on_full on_full, queue_drop_fn drop, void *ctx)
{
	struct queue *q = xcalloc(1, sizeof(*q));
	pthread_condattr_t monotonic;

	pthread_mutex_init(&q->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&q->filled, &monotonic);
	pthread_cond_init(&q->room, &monotonic);
	pthread_condattr_destroy(&monotonic);
	q->tail = &q->head;
	q->limit = limit;
	q->on_full = on_full;
	q->drop = drop;
	q->ctx = ctx;
	return q;
}

struct queue *queue_free(struct queue *q)
{
	if (!q)
		return NULL;
	assert(!q->head);
	pthread_cond_destroy(&q->filled);
	pthread_cond_destroy(&q->room);
	pthread_mutex_destroy(&q->lock);
	free(q);
	return NULL;
}

static bool has_room(const struct queue *q, size_t bytes)
{
	return !q->head || (q->bytes <= q->limit && bytes <= q->limit - q->bytes);
}

static struct batch *take_head(struct queue *q)
{
	struct entry *e = q->head;
	struct batch *b = e->batch;

	q->head = e->next;
	if (!q->head)
		q->tail = &q->head;
	q->bytes -= batch_cost(b);
	free(e);
	return b;
}

static void add_tail(struct queue *q, struct batch *b)
{
	struct entry *e = xmalloc(sizeof(*e));

	*e = (struct entry){.batch = b};
	*q->tail = e;
	q->tail = &e->next;
	q->bytes += batch_cost(b);
}

static void drop_oldest(struct queue *q)
{
	struct batch *oldest = take_head(q);

	q->drop(q->ctx, oldest, DROP_QUEUE_FULL);
	batch_unref(oldest);
}

/* One that waits alone is about to be taken; behind others, a mostly empty one is kept as a copy. */
static bool should_copy(const struct queue *q, const struct batch *b)
{
	return q->head && b->used < b->capacity / 2;
}

void queue_push(struct queue *q, struct batch *batch)
{
	size_t cost;

	pthread_mutex_lock(&q->lock);
	cost = batch_cost(batch) - (should_copy(q, batch) ? batch->capacity - batch->used : 0);
	while (!q->closed && q->on_full == ON_FULL_DROP_OLDEST && !has_room(q, cost))
		drop_oldest(q);
	if (!q->closed && has_room(q, cost)) {
		add_tail(q, should_copy(q, batch) ? batch_copy(batch) : batch_ref(batch));
		pthread_cond_signal(&q->filled);
	} else {
		q->drop(q->ctx, batch, q->closed ? DROP_SHUTDOWN : DROP_QUEUE_FULL);
	}
	pthread_mutex_unlock(&q->lock);
}

/* False when the time was over. */
static bool wait_filled(struct queue *q, uint64_t until)
{
	struct timespec ts = {
		.tv_sec = (time_t)(until / NSEC_PER_SEC),
		.tv_nsec = (long)(until % NSEC_PER_SEC),
	};

	if (until == UINT64_MAX)
		return pthread_cond_wait(&q->filled, &q->lock) == 0;
	return pthread_cond_timedwait(&q->filled, &q->lock, &ts) != ETIMEDOUT;
}

int queue_pop(struct queue *q, uint64_t until, struct batch **ret)
{
	bool in_time = true;
	int r = 0;

	pthread_mutex_lock(&q->lock);
	while (!q->head && !q->closed && in_time)
		in_time = wait_filled(q, until);
	if (q->head) {
		*ret = take_head(q);
		pthread_cond_broadcast(&q->room);
	} else {
		r = q->closed ? -EPIPE : -ETIMEDOUT;
	}
	pthread_mutex_unlock(&q->lock);
	return r;
}

void queue_close(struct queue *q)
{
	pthread_mutex_lock(&q->lock);
	q->closed = true;
	pthread_cond_broadcast(&q->filled);
	pthread_cond_broadcast(&q->room);
	pthread_mutex_unlock(&q->lock);
}

void queue_wait_room(struct queue *q, size_t bytes)
{
	pthread_mutex_lock(&q->lock);
	while (!q->closed && !has_room(q, bytes))
		pthread_cond_wait(&q->room, &q->lock);
	pthread_mutex_unlock(&q->lock);
}

uint64_t queue_bytes(struct queue *q)
{
	uint64_t bytes;

	pthread_mutex_lock(&q->lock);
	bytes = q->bytes;
	pthread_mutex_unlock(&q->lock);
	return bytes;
}
