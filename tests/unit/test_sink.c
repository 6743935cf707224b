// SPDX-License-Identifier: Apache-2.0
/*
 * A sink with an output that behaves as badly as the test wants. The property that everything is
 * measured by: each record that was received has exactly one outcome, at every moment none has two,
 * and what the output took is what counts as delivered.
 */
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "sinks/sink.h"
#include "util/time.h"

#include "batches.h"

#define EVENTS 3

/* Takes lines, or a part of them, or refuses, as `script` or the dice say. */
struct fake {
	struct sink base;
	const char
		*script; /* d done, r retry, x reject, p a part and retry; at its end: the last */
	bool dice;
	bool stuck;          /* waits as if for a slow peer */
	int refuses_to_open; /* errno */
	unsigned int seed;
	const char *unwanted; /* an event's name */
	uint64_t taken[EVENTS];
	uint64_t sends, closed;
	struct buf got;
};

static struct event *events[EVENTS];

static int fake_open(struct sink *s, struct diag *diag)
{
	struct fake *f = (struct fake *)s;

	return f->refuses_to_open ? diag_error(diag, -f->refuses_to_open, "refused") : 0;
}

/* Take the first n lines that were not taken yet. */
static void take_lines(struct fake *f, struct payload *p, size_t n)
{
	for (size_t i = 0; i < p->n_marks && n; i++) {
		if (p->marks[i].end <= p->taken)
			continue;
		buf_append(&f->got, p->bytes.data + p->taken, p->marks[i].end - p->taken);
		p->taken = p->marks[i].end;
		f->taken[p->marks[i].event]++;
		n--;
	}
}

static enum verdict fake_send(struct sink *s, struct payload *p)
{
	struct fake *f = (struct fake *)s;
	char c = f->dice ? "drrppx"[rand_r(&f->seed) % 6] : *f->script;

	f->sends++;
	assert(p->n_marks && p->marks[p->n_marks - 1].end == p->bytes.len);
	assert(p->taken < p->bytes.len);
	if (f->stuck && !sink_poll(s, -1, 0))
		return SINK_RETRY;
	if (!f->dice && f->script[1])
		f->script++;
	if (c == 'd')
		take_lines(f, p, SIZE_MAX);
	else if (c == 'p')
		take_lines(f, p, 1 + p->n_marks / 2);
	return c == 'd' ? SINK_DONE : c == 'x' ? SINK_REJECT : SINK_RETRY;
}

static void fake_close(struct sink *s)
{
	((struct fake *)s)->closed++;
}

static bool fake_wants(const struct sink *s, const struct event *e)
{
	const char *unwanted = ((const struct fake *)s)->unwanted;

	return !unwanted || !streq(e->name, unwanted);
}

static const struct sink_ops fake_ops = {
	.name = "fake",
	.size = sizeof(struct fake),
	.open = fake_open,
	.send = fake_send,
	.close = fake_close,
	.wants = fake_wants,
};

static struct fake *fake_new(const char *script)
{
	struct fake *f = (struct fake *)sink_new(&fake_ops, "fake");

	f->script = script;
	f->base.retry = (struct retry_policy){.base_ns = 1000, .cap_ns = 50000};
	return f;
}

static void fake_free(struct fake *f)
{
	buf_done(&f->got);
	sink_free(&f->base);
}

static void start(struct fake *f)
{
	assert_int_equal(sink_start(&f->base, NULL), 0);
}

static void push(struct fake *f, struct event *e, uint64_t first, uint32_t count)
{
	struct batch *b = number_batch(e, first, count);

	sink_push(&f->base, b);
	batch_unref(b);
}

static struct tally_view tally(struct fake *f, uint32_t id)
{
	struct tally_view v;

	tally_read(&f->base.tallies[id], &v);
	return v;
}

static void wait_settled(struct fake *f)
{
	for (int i = 0; i < 2000 && sink_in_flight(&f->base); i++)
		usleep(1000);
	assert_int_equal(sink_in_flight(&f->base), 0);
}

static void everything_arrives_in_order(void **state)
{
	struct fake *f = fake_new("d");
	char *line, *next;
	uint64_t n = 0;

	f->base.format = FORMAT_JSON;
	start(f);
	for (uint64_t i = 0; i < 100; i++)
		push(f, events[i % EVENTS], i * 10, 10);
	sink_stop(&f->base, NSEC_PER_SEC);
	for (line = (char *)buf_cstr(&f->got); *line; line = next, n++) {
		char expected[32];

		next = strchr(line, '\n') + 1;
		snprintf(expected, sizeof(expected), "\"n\":%llu}\n", (unsigned long long)n);
		assert_memory_equal(next - strlen(expected), expected, strlen(expected));
	}
	assert_int_equal(n, 1000);
	assert_int_equal(tally(f, 0).delivered, 340);
	assert_int_equal(f->base.bytes_sent, f->got.len);
	assert_int_equal(f->base.sends, 100);
	assert_int_equal(f->closed, 1);
	assert_int_equal(sink_queue_bytes(&f->base), 0);
	fake_free(f);
}

static void retry_brings_the_same_again(void **state)
{
	struct fake *f = fake_new("rrprrd");

	start(f);
	push(f, events[0], 0, 100);
	wait_settled(f);
	assert_int_equal(tally(f, 0).delivered, 100);
	assert_int_equal(f->taken[0], 100);
	assert_int_equal(f->base.retries, 5);
	assert_int_equal(f->base.sends, 6);
	fake_free(f);
}

static void reject_drops_what_was_not_taken(void **state)
{
	struct fake *f = fake_new("px");

	start(f);
	push(f, events[0], 0, 100);
	wait_settled(f);
	assert_int_equal(tally(f, 0).delivered, 51);
	assert_int_equal(tally(f, 0).dropped[DROP_REJECTED], 49);
	fake_free(f);
}

static void a_broken_output_is_not_asked_again(void **state)
{
	struct fake *f = fake_new("d");

	f->base.broken = true;
	start(f);
	push(f, events[0], 0, 100);
	wait_settled(f);
	assert_int_equal(tally(f, 0).dropped[DROP_REJECTED], 100);
	assert_int_equal(f->sends, 0);
	fake_free(f);
}

static void malformed_records_are_counted(void **state)
{
	struct fake *f = fake_new("d");
	struct batch *b = batch_new(0);
	uint64_t n = 7;

	for (int i = 0; i < 10; i++)
		assert_true(batch_add(b, events[1], 0, &n, i % 2 ? 8 : 7));
	start(f);
	sink_push(&f->base, b);
	batch_unref(b);
	wait_settled(f);
	assert_int_equal(tally(f, 1).delivered, 5);
	assert_int_equal(tally(f, 1).dropped[DROP_MALFORMED], 5);
	fake_free(f);
}

static void unwanted_events_are_filtered(void **state)
{
	struct fake *f = fake_new("d");
	struct batch *b = batch_new(0);
	uint64_t n = 7;

	f->unwanted = "one";
	start(f);
	for (int i = 0; i < 9; i++)
		assert_true(batch_add(b, events[i % 3], 0, &n, sizeof(n)));
	sink_push(&f->base, b);
	batch_unref(b);
	push(f, events[1], 0, 5); /* nothing in it for this sink */
	wait_settled(f);
	assert_int_equal(tally(f, 0).delivered, 3);
	assert_int_equal(tally(f, 1).delivered, 0);
	assert_int_equal(tally(f, 1).filtered, 8);
	assert_int_equal(tally(f, 2).delivered, 3);
	sink_stop(&f->base, 0);

	/* Nor are they missed when they come too late. */
	push(f, events[1], 0, 5);
	push(f, events[2], 0, 5);
	assert_int_equal(tally(f, 1).filtered, 13);
	assert_int_equal(tally(f, 2).dropped[DROP_SHUTDOWN], 5);
	fake_free(f);
}

static void payloads_follow_size_and_age(void **state)
{
	struct fake *f = fake_new("d");

	f->base.flush_bytes = 1000;
	f->base.flush_age_ns = 3600 * NSEC_PER_SEC;
	start(f);
	push(f, events[0], 0, 1);
	usleep(20000);
	assert_int_equal(f->base.sends, 0); /* neither large nor old */
	push(f, events[0], 0, 100);
	for (int i = 0; i < 1000 && f->base.sends < 2; i++)
		usleep(1000);
	assert_true(f->base.sends > 1);
	assert_true(f->base.bytes_sent / f->base.sends < 1100);
	sink_stop(&f->base, NSEC_PER_SEC);
	assert_int_equal(tally(f, 0).delivered, 101);
	fake_free(f);

	f = fake_new("d");
	f->base.flush_bytes = 1 << 20;
	f->base.flush_age_ns = 30 * NSEC_PER_MSEC;
	start(f);
	for (int i = 0; i < 5; i++)
		push(f, events[0], 0, 1);
	wait_settled(f);
	assert_int_equal(f->base.sends, 1);
	fake_free(f);
}

/* How long sink_stop() takes, in ms. */
static uint64_t timed_stop(struct fake *f, uint64_t timeout_ms)
{
	uint64_t start = time_monotonic();

	sink_stop(&f->base, timeout_ms * NSEC_PER_MSEC);
	return (time_monotonic() - start) / NSEC_PER_MSEC;
}

static void stop_ends_in_time(void **state)
{
	static const char *const scripts[] = {"r", "pr", "d"};

	for (size_t i = 0; i < ARRAY_SIZE(scripts); i++) {
		struct fake *f = fake_new(scripts[i]);
		uint64_t took;

		f->stuck = *scripts[i] == 'd';
		f->base.retry.base_ns = f->base.retry.cap_ns = 20 * NSEC_PER_MSEC;
		start(f);
		for (int n = 0; n < 50; n++)
			push(f, events[0], 0, 100);
		usleep(10000);
		took = timed_stop(f, 100);
		assert_in_range(took, 50, 300);
		assert_int_equal(sink_in_flight(&f->base), 0);
		assert_int_equal(tally(f, 0).delivered, f->taken[0]);
		assert_int_equal(tally(f, 0).delivered + tally(f, 0).dropped[DROP_SHUTDOWN], 5000);
		fake_free(f);
	}
}

static void stop_interrupts_the_wait_for_a_retry(void **state)
{
	struct fake *f = fake_new("rd");

	/* The first delay is random up to an hour: the test's own time limit would end it. */
	f->base.retry.base_ns = f->base.retry.cap_ns = 3600 * NSEC_PER_SEC;
	start(f);
	push(f, events[0], 0, 1);
	usleep(10000);
	assert_true(timed_stop(f, 10000) < 1000);
	assert_int_equal(tally(f, 0).delivered, 1);
	fake_free(f);
}

static void a_sink_that_cannot_open_leaves_nothing(void **state)
{
	_cleanup_(diag_donep) struct diag diag = {};
	struct fake *f = fake_new("d");

	f->refuses_to_open = ENOENT;
	assert_int_equal(sink_start(&f->base, &diag), -ENOENT);
	assert_string_equal(diag_text(&diag), "refused");
	assert_int_equal(f->closed, 0);
	fake_free(f);
}

struct producer {
	struct fake *fake;
	unsigned int seed;
	atomic_bool *stop;
	uint64_t pushed[EVENTS];
};

/* Batches of random sizes and mixtures, malformed records among them. */
static void *produce(void *arg)
{
	struct producer *p = arg;

	while (!*p->stop) {
		struct batch *b = batch_new(rand_r(&p->seed) % 2 ? 0 : 4096);
		uint32_t n = 1 + (uint32_t)rand_r(&p->seed) % 200;
		uint64_t number = 0;

		for (uint32_t i = 0; i < n; i++) {
			uint32_t which = (uint32_t)rand_r(&p->seed) % EVENTS;

			if (!batch_add(b, events[which], 0, &number, rand_r(&p->seed) % 50 ? 8 : 4))
				break;
			p->pushed[which]++;
		}
		sink_push(&p->fake->base, b);
		batch_unref(b);
		if (rand_r(&p->seed) % 8 == 0)
			usleep(100);
	}
	return NULL;
}

/* The test's observer: nobody may ever see more outcomes than records. */
static void watch(struct fake *f, uint64_t ns)
{
	uint64_t until = time_monotonic() + ns;

	while (time_monotonic() < until)
		for (uint32_t id = 0; id < EVENTS; id++) {
			struct tally_view v = tally(f, id);

			assert_true(v.in_flight <= v.received);
		}
}

static void one_round(unsigned int seed)
{
	struct fake *f = fake_new(NULL);
	atomic_bool stop = false;
	struct producer producers[2];
	pthread_t threads[ARRAY_SIZE(producers)];

	f->dice = true;
	f->seed = seed;
	f->base.on_full = seed & 1 ? ON_FULL_DROP_NEWEST : ON_FULL_DROP_OLDEST;
	f->base.queue_bytes = seed & 2 ? 20000 : 1 << 20;
	f->base.flush_bytes = seed & 4 ? 2000 : 0;
	f->unwanted = seed & 8 ? "two" : NULL;
	start(f);
	for (size_t i = 0; i < ARRAY_SIZE(producers); i++) {
		producers[i] = (struct producer){.fake = f, .seed = seed * 7 + i, .stop = &stop};
		pthread_create(&threads[i], NULL, produce, &producers[i]);
	}
	watch(f, rand_r(&seed) % 30 * NSEC_PER_MSEC);
	sink_stop(&f->base, rand_r(&seed) % 20 * NSEC_PER_MSEC);
	stop = true;
	for (size_t i = 0; i < ARRAY_SIZE(producers); i++)
		pthread_join(threads[i], NULL);

	for (uint32_t id = 0; id < EVENTS; id++) {
		struct tally_view v = tally(f, id);

		assert_int_equal(v.received, producers[0].pushed[id] + producers[1].pushed[id]);
		assert_int_equal(v.delivered, f->taken[id]);
		assert_int_equal(v.in_flight, 0);
		assert_int_equal(v.aggregated, 0);
	}
	assert_int_equal(tally(f, 0).filtered, 0);
	if (f->unwanted)
		assert_int_equal(tally(f, 2).filtered, tally(f, 2).received);
	fake_free(f);
}

static void nothing_is_counted_twice_or_never(void **state)
{
	for (unsigned int seed = 0; seed < 48; seed++)
		one_round(seed);
	for (int i = 0; i < EVENTS; i++)
		assert_int_equal(events[i]->refs, 1); /* no batch was left over */
}

static int setup(void **state)
{
	static const char *const names[EVENTS] = {"zero", "one", "two"};

	for (uint32_t i = 0; i < EVENTS; i++)
		events[i] = number_event(i, names[i]);
	return 0;
}

static int teardown(void **state)
{
	for (int i = 0; i < EVENTS; i++)
		event_unref(events[i]);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_arrives_in_order),
		cmocka_unit_test(retry_brings_the_same_again),
		cmocka_unit_test(reject_drops_what_was_not_taken),
		cmocka_unit_test(a_broken_output_is_not_asked_again),
		cmocka_unit_test(malformed_records_are_counted),
		cmocka_unit_test(unwanted_events_are_filtered),
		cmocka_unit_test(payloads_follow_size_and_age),
		cmocka_unit_test(stop_ends_in_time),
		cmocka_unit_test(stop_interrupts_the_wait_for_a_retry),
		cmocka_unit_test(a_sink_that_cannot_open_leaves_nothing),
		cmocka_unit_test(nothing_is_counted_twice_or_never),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
