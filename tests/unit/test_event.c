/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/event.h"
#include "util/alloc.h"
#include "util/time.h"

static struct event *make(uint32_t id)
{
	return event_new(id, "probe", "event", NULL);
}

static void records_come_back_as_they_went_in(void **state)
{
	struct batch *b = batch_new(0);
	struct event *one = make(1), *two = make(2);
	const struct record *r;
	uint8_t data[64];

	for (uint32_t size = 0; size < sizeof(data); size++) {
		memset(data, (int)size, sizeof(data));
		assert_true(batch_add(b, size % 3 ? one : two, (uint16_t)size, data, size));
	}
	assert_int_equal(b->n_records, 64);
	assert_int_equal(b->n_events, 2);
	assert_int_equal(b->counts[0], 22);
	assert_int_equal(b->counts[1], 42);
	r = batch_first(b);
	for (uint32_t size = 0; size < sizeof(data); size++, r = batch_next(b, r)) {
		memset(data, (int)size, sizeof(data));
		assert_non_null(r);
		assert_int_equal((uintptr_t)r % 8, 0);
		assert_int_equal(r->size, size);
		assert_int_equal(r->cpu, size);
		assert_ptr_equal(b->events[r->event], size % 3 ? one : two);
		assert_memory_equal(r->data, data, size);
		/* Padding must not carry what was in memory before. */
		for (const uint8_t *p = r->data + size; p < (uint8_t *)r + RECORD_BYTES(size); p++)
			assert_int_equal(*p, 0);
	}
	assert_null(r);
	event_unref(one);
	event_unref(two);
	batch_unref(b);
}

static void a_full_batch_refuses(void **state)
{
	struct batch *b = batch_new(RECORD_BYTES(10) + RECORD_BYTES(3));
	struct event *e = make(0);

	assert_null(batch_first(b));
	assert_false(batch_add(b, e, 0, "", UINT32_MAX));
	assert_true(batch_add(b, e, 0, "0123456789", 10));
	assert_false(batch_add(b, e, 0, "0123456789", 10));
	assert_true(batch_add(b, e, 0, "012", 3));
	assert_false(batch_add(b, e, 0, "", 0));
	assert_int_equal(b->n_records, 2);
	assert_int_equal(b->used, b->capacity);
	batch_unref(b);
	event_unref(e);
}

static void a_batch_holds_so_many_kinds_of_events(void **state)
{
	struct batch *b = batch_new(0);
	struct event *events[BATCH_EVENTS_MAX + 1];

	for (uint32_t i = 0; i <= BATCH_EVENTS_MAX; i++) {
		events[i] = make(i);
		assert_int_equal(batch_add(b, events[i], 0, "x", 1), i < BATCH_EVENTS_MAX);
	}
	assert_int_equal(b->n_events, BATCH_EVENTS_MAX);
	assert_true(batch_add(b, events[5], 0, "x", 1));
	assert_int_equal(b->counts[5], 2);
	for (uint32_t i = 0; i <= BATCH_EVENTS_MAX; i++) {
		assert_int_equal(atomic_load(&events[i]->refs), i < BATCH_EVENTS_MAX ? 2 : 1);
		event_unref(events[i]);
	}
	batch_unref(b);
}

static void a_batch_keeps_its_events_alive(void **state)
{
	struct batch *b = batch_new(0);
	struct event *e = make(0);

	assert_true(batch_add(b, e, 0, "x", 1));
	e = event_unref(e);
	assert_null(e);
	assert_string_equal(b->events[0]->name, "event");
	assert_int_equal(atomic_load(&b->events[0]->refs), 1);
	batch_ref(b);
	assert_null(batch_unref(b));
	assert_string_equal(b->events[0]->name, "event");
	batch_unref(b);
	assert_null(batch_unref(NULL));
	assert_null(event_unref(NULL));
}

static void the_first_record_sets_the_time(void **state)
{
	struct batch *b = batch_new(0);
	struct event *e = make(0);
	uint64_t before = time_monotonic(), wall;

	assert_int_equal(b->created, 0);
	assert_true(batch_add(b, e, 0, "x", 1));
	assert_in_range(b->created, before, time_monotonic());
	wall = b->created + (uint64_t)b->wall_offset;
	assert_in_range(wall, time_realtime() - NSEC_PER_SEC, time_realtime() + NSEC_PER_SEC);
	batch_unref(b);
	event_unref(e);
}

static void a_reused_block_is_like_new(void **state)
{
	struct event *e = make(0);

	for (int i = 0; i < 20; i++) {
		struct batch *b = batch_new(0);

		assert_int_equal(b->capacity, BATCH_BYTES);
		assert_int_equal(b->used, 0);
		assert_int_equal(b->n_records, 0);
		assert_int_equal(b->n_events, 0);
		assert_int_equal(b->created, 0);
		assert_true(batch_add(b, e, 0, "x", 1));
		batch_unref(b);
	}
	assert_int_equal(atomic_load(&e->refs), 1);
	event_unref(e);
}

/* Many threads share one event and hand batches through the pool; a race shows under TSan or ASan. */
static void *churn(void *arg)
{
	for (int i = 0; i < 2000; i++) {
		struct batch *b = batch_new(0), *again = batch_ref(b);

		if (!batch_add(b, arg, 0, &i, sizeof(i)))
			abort();
		batch_unref(b);
		if (memcmp(batch_first(again)->data, &i, sizeof(i)) != 0)
			abort();
		batch_unref(again);
	}
	return NULL;
}

static void batches_are_made_and_freed_by_any_thread(void **state)
{
	struct event *e = make(0);
	pthread_t threads[4];

	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, churn, e), 0);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(atomic_load(&e->refs), 1);
	event_unref(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_come_back_as_they_went_in),
		cmocka_unit_test(a_full_batch_refuses),
		cmocka_unit_test(a_batch_holds_so_many_kinds_of_events),
		cmocka_unit_test(a_batch_keeps_its_events_alive),
		cmocka_unit_test(the_first_record_sets_the_time),
		cmocka_unit_test(a_reused_block_is_like_new),
		cmocka_unit_test(batches_are_made_and_freed_by_any_thread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
