// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "sinks/queue.h"
#include "util/time.h"

#include "batches.h"

struct drops {
	uint64_t records[DROP_REASONS];
	uint64_t last; /* number of the first record of the batch that was dropped last */
};

static uint64_t first_number(const struct batch *b)
{
	uint64_t n;

	memcpy(&n, batch_first(b)->data, sizeof(n));
	return n;
}

static void count_drop(void *ctx, const struct batch *batch, enum drop_reason reason)
{
	struct drops *d = ctx;

	d->records[reason] += batch->n_records;
	d->last = first_number(batch);
}

static void push(struct queue *q, struct event *e, uint64_t first, uint32_t count)
{
	struct batch *b = number_batch(e, first, count);

	queue_push(q, b);
	batch_unref(b);
}

static uint64_t pop(struct queue *q)
{
	struct batch *b;
	uint64_t n;

	assert_int_equal(queue_pop(q, 0, &b), 0);
	n = first_number(b);
	batch_unref(b);
	return n;
}

static void first_in_first_out(void **state)
{
	struct event *e = number_event(0, "e");
	struct queue *q = queue_new(1 << 20, ON_FULL_DROP_NEWEST, count_drop, NULL);
	struct batch *b;

	assert_int_equal(queue_bytes(q), 0);
	for (uint64_t i = 0; i < 10; i++)
		push(q, e, i, 1);
	assert_true(queue_bytes(q) > 10 * sizeof(struct batch));
	for (uint64_t i = 0; i < 10; i++)
		assert_int_equal(pop(q), i);
	assert_int_equal(queue_bytes(q), 0);
	assert_int_equal(queue_pop(q, time_monotonic() + NSEC_PER_MSEC, &b), -ETIMEDOUT);
	queue_free(q);
	event_unref(e);
}

static void full_drops_newest(void **state)
{
	struct event *e = number_event(0, "e");
	struct drops drops = {};
	struct queue *q = queue_new(100000, ON_FULL_DROP_NEWEST, count_drop, &drops);
	uint64_t kept = 0;

	for (uint64_t i = 0; i < 100; i++) {
		push(q, e, i, 1000);
		assert_true(queue_bytes(q) <= 100000);
	}
	for (; queue_bytes(q); kept++)
		assert_int_equal(pop(q), kept);
	assert_int_equal(drops.records[DROP_QUEUE_FULL], (100 - kept) * 1000);
	assert_true(kept > 2 && kept < 10);
	queue_free(q);
	event_unref(e);
}

static void full_drops_oldest(void **state)
{
	struct event *e = number_event(0, "e");
	struct drops drops = {};
	struct queue *q = queue_new(100000, ON_FULL_DROP_OLDEST, count_drop, &drops);
	uint64_t i;

	for (i = 0; i < 100; i++) {
		push(q, e, i, 1000);
		assert_true(queue_bytes(q) <= 100000);
	}
	assert_int_equal(drops.records[DROP_QUEUE_FULL], (drops.last + 1) * 1000);
	for (i = drops.last + 1; i < 100; i++)
		assert_int_equal(pop(q), i);
	assert_int_equal(queue_bytes(q), 0);
	queue_free(q);
	event_unref(e);
}

static void a_giant_is_let_in_alone(void **state)
{
	struct event *e = number_event(0, "e");
	struct drops drops = {};
	struct queue *q = queue_new(4096, ON_FULL_DROP_OLDEST, count_drop, &drops);

	push(q, e, 1, 10000);
	assert_true(queue_bytes(q) > 4096);
	assert_int_equal(drops.records[DROP_QUEUE_FULL], 0);
	push(q, e, 2, 1); /* the oldest, the giant, has to go */
	assert_int_equal(drops.records[DROP_QUEUE_FULL], 10000);
	push(q, e, 3, 10000);
	assert_int_equal(drops.records[DROP_QUEUE_FULL], 10001);
	assert_int_equal(pop(q), 3);
	queue_free(q);

	q = queue_new(4096, ON_FULL_DROP_NEWEST, count_drop, &drops);
	push(q, e, 1, 1);
	push(q, e, 2, 10000);
	assert_int_equal(drops.last, 2);
	assert_int_equal(pop(q), 1);
	queue_free(q);
	event_unref(e);
}

/* What is charged is the memory that is held: a batch of the usual size with one record in it. */
static void mostly_empty_batches_shrink(void **state)
{
	struct event *e = number_event(0, "e");
	struct queue *q = queue_new(4 * BATCH_BYTES, ON_FULL_DROP_NEWEST, count_drop, NULL);
	struct batch *b;

	for (uint64_t i = 0; i < 100; i++) {
		b = batch_new(0);
		assert_true(batch_add(b, e, 3, &i, sizeof(i)));
		queue_push(q, b);
		batch_unref(b);
	}
	assert_true(queue_bytes(q) < 2 * BATCH_BYTES);
	for (uint64_t i = 0; i < 100; i++) {
		assert_int_equal(queue_pop(q, 0, &b), 0);
		assert_true(i == 0 || b->capacity < 100);
		assert_int_equal(first_number(b), i);
		assert_int_equal(b->n_records, 1);
		assert_int_equal(b->counts[0], 1);
		assert_ptr_equal(b->events[0], e);
		assert_int_equal(batch_first(b)->cpu, 3);
		assert_null(batch_next(b, batch_first(b)));
		batch_unref(b);
	}
	assert_int_equal(e->refs, 1);
	queue_free(q);
	event_unref(e);
}

static void closed_keeps_what_it_has(void **state)
{
	struct event *e = number_event(0, "e");
	struct drops drops = {};
	struct queue *q = queue_new(1 << 20, ON_FULL_DROP_OLDEST, count_drop, &drops);
	struct batch *b;

	push(q, e, 1, 1);
	queue_close(q);
	push(q, e, 2, 7);
	assert_int_equal(drops.records[DROP_SHUTDOWN], 7);
	assert_int_equal(pop(q), 1);
	assert_int_equal(queue_pop(q, UINT64_MAX, &b), -EPIPE);
	queue_wait_room(q, 1 << 30); /* does not wait */
	queue_free(q);
	event_unref(e);
}

static void *close_later(void *queue)
{
	usleep(20000);
	queue_close(queue);
	return NULL;
}

static void close_wakes_who_waits(void **state)
{
	struct queue *q = queue_new(1 << 20, ON_FULL_DROP_NEWEST, count_drop, NULL);
	struct batch *b;
	pthread_t thread;

	pthread_create(&thread, NULL, close_later, q);
	assert_int_equal(queue_pop(q, UINT64_MAX, &b), -EPIPE);
	pthread_join(thread, NULL);
	queue_free(q);
}

static void *take_later(void *queue)
{
	usleep(20000);
	pop(queue);
	return NULL;
}

static void room_is_waited_for(void **state)
{
	struct event *e = number_event(0, "e");
	struct drops drops = {};
	struct queue *q = queue_new(30000, ON_FULL_DROP_NEWEST, count_drop, &drops);
	pthread_t thread;

	push(q, e, 1, 1000);
	queue_wait_room(q, 1000); /* it fits: does not wait */
	pthread_create(&thread, NULL, take_later, q);
	queue_wait_room(q, 1000000); /* more than ever fits: until it is empty */
	assert_int_equal(queue_bytes(q), 0);
	pthread_join(thread, NULL);
	queue_free(q);
	event_unref(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_in_first_out),
		cmocka_unit_test(full_drops_newest),
		cmocka_unit_test(full_drops_oldest),
		cmocka_unit_test(a_giant_is_let_in_alone),
		cmocka_unit_test(mostly_empty_batches_shrink),
		cmocka_unit_test(closed_keeps_what_it_has),
		cmocka_unit_test(close_wakes_who_waits),
		cmocka_unit_test(room_is_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
