// SPDX-License-Identifier: Apache-2.0
/*
 * The worker is one loop: take a batch, turn its records into lines of the payload, send the payload
 * when it is large or old enough. While an output refuses, the worker repeats the same payload and
 * takes nothing more, so that what waits stays in the bounded queue, and the queue's policy decides
 * what is lost.
 *
 * The end: worker_stop() sets the deadline, closes the queue and makes `stop_fd` readable, which ends
 * every wait. From then on the worker goes on as before, but no wait lasts past the deadline, and
 * what it still holds or finds at that time is counted as dropped. An output's send() that waits only
 * in sink_poll() is bound in the same way.
 */
#include "sinks/worker.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <time.h>

#include "sinks/queue.h"
#include "util/alloc.h"
#include "util/cleanup.h"
#include "util/thread.h"
#include "util/time.h"

#define NEVER UINT64_MAX

struct worker {
	struct sink *sink;
	pthread_t thread;
	int stop_fd;            /* readable from the moment of worker_stop() on */
	atomic_ullong deadline; /* monotonic ns; NEVER until worker_stop() */
	struct formatter *formatter;
	struct payload payload;
};

static uint64_t time_left(uint64_t until)
{
	uint64_t now;

	if (until == NEVER)
		return NEVER;
	now = time_monotonic();
	return until > now ? until - now : 0;
}

static void poll_for(struct pollfd *fds, nfds_t n, uint64_t timeout)
{
	struct timespec ts = {
		.tv_sec = (time_t)(timeout / NSEC_PER_SEC),
		.tv_nsec = (long)(timeout % NSEC_PER_SEC),
	};

	if (ppoll(fds, n, timeout == NEVER ? NULL : &ts, NULL) < 0)
		fds[0].revents = 0;
}

bool sink_poll(struct sink *s, int fd, short events)
{
	struct worker *w = s->worker;
	struct pollfd fds[2] = {{.fd = fd, .events = events}, {.events = POLLIN}};

	for (;;) {
		uint64_t deadline = w->deadline, left = time_left(deadline);

		/* The stop is news only once: after it, the deadline is the timeout. */
		fds[1].fd = deadline == NEVER ? w->stop_fd : -1;
		poll_for(fds, 2, left);
		if (fds[0].revents)
			return true;
		if (!left)
			return false;
	}
}

uint64_t sink_time_left(const struct sink *s)
{
	return time_left(s->worker->deadline);
}

/* Full jitter: anything between at once and the policy's time for this attempt. */
static uint64_t retry_delay(const struct retry_policy *policy, unsigned int attempt)
{
	uint64_t most = policy->base_ns, random = 0;

	while (attempt-- && most < policy->cap_ns)
		most *= 2;
	if (most > policy->cap_ns)
		most = policy->cap_ns;
	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
		random = time_monotonic();
	return most ? random % (most + 1) : 0;
}

/* False when there is no time left for another attempt. */
static bool wait_for_retry(struct worker *w, unsigned int attempt)
{
	uint64_t delay = retry_delay(&w->sink->retry, attempt);
	uint64_t deadline = w->deadline, left = time_left(deadline);
	/* When the stop comes during the wait, the next attempt is made at once. */
	struct pollfd stop = {.fd = deadline == NEVER ? w->stop_fd : -1, .events = POLLIN};

	poll_for(&stop, 1, delay < left ? delay : left);
	return time_left(w->deadline) > 0;
}

/* Records of one event in a payload, by outcome. */
struct outcome {
	uint64_t delivered, aggregated, dropped;
};

/* What was taken is delivered; the rest, if any, is dropped for this reason. */
static void settle(struct sink *s, const struct payload *p, enum drop_reason reason)
{
	/* Summed up first: payloads have many marks, and few events. */
	struct outcome outcomes[EVENTS_MAX] = {};

	for (size_t i = 0; i < p->n_marks; i++) {
		const struct payload_mark *mark = &p->marks[i];
		struct outcome *o = &outcomes[mark->event];

		if (mark->end > p->taken) {
			o->dropped += mark->records;
		} else if (mark->records) {
			o->delivered++;
			o->aggregated += mark->records - 1;
		}
	}
	for (uint32_t id = 0; id < EVENTS_MAX; id++) {
		const struct outcome *o = &outcomes[id];
		struct tally *t = &s->tallies[id];

		if (o->delivered)
			atomic_fetch_add(&t->delivered, o->delivered);
		if (o->aggregated)
			atomic_fetch_add(&t->aggregated, o->aggregated);
		if (o->dropped)
			atomic_fetch_add(&t->dropped[reason], o->dropped);
	}
}

static enum verdict send_once(struct sink *s, struct payload *p)
{
	uint64_t start = time_monotonic();
	size_t before = p->taken;
	enum verdict verdict = s->ops->send(s, p);

	assert(p->taken >= before && p->taken <= p->bytes.len);
	if (verdict == SINK_DONE)
		p->taken = p->bytes.len;
	else if (p->taken == p->bytes.len)
		verdict = SINK_DONE; /* it went wrong after all was through */
	atomic_fetch_add(&s->send_ns, time_monotonic() - start);
	atomic_fetch_add(&s->sends, 1);
	atomic_fetch_add(&s->bytes_sent, p->taken - before);
	return verdict;
}

/* Send the payload, however long it takes, and account for all of it. */
static void flush(struct worker *w)
{
	struct sink *s = w->sink;
	struct payload *p = &w->payload;
	enum verdict verdict = s->broken ? SINK_REJECT : SINK_RETRY;

	if (!p->n_marks)
		return;
	if (verdict == SINK_RETRY && time_left(w->deadline))
		verdict = send_once(s, p);
	for (unsigned int attempt = 0; verdict == SINK_RETRY; attempt++) {
		if (!wait_for_retry(w, attempt))
			break;
		atomic_fetch_add(&s->retries, 1);
		verdict = send_once(s, p);
	}
	settle(s, p, verdict == SINK_RETRY ? DROP_SHUTDOWN : DROP_REJECTED);
	p->n_marks = 0;
	p->taken = 0;
	buf_clear(&p->bytes);
}

static enum encoded encode(struct worker *w, const struct batch *b, const struct record *r)
{
	struct payload *p = &w->payload;

	if (w->sink->ops->encode)
		return w->sink->ops->encode(w->sink, b, r, p);
	if (formatter_record(w->formatter, b, r, &p->bytes) < 0)
		return ENCODED_MALFORMED;
	payload_mark(p, b->events[r->event]->id, 1);
	return ENCODED;
}

/* One record into the payload. */
static void add_record(struct worker *w, const struct batch *b, const struct record *r)
{
	struct payload *p = &w->payload;
	struct tally *t = &w->sink->tallies[b->events[r->event]->id];

	if (!p->n_marks && !p->held)
		p->oldest = b->created;
	switch (encode(w, b, r)) {
	case ENCODED:
		break;
	case ENCODED_FILTERED:
		atomic_fetch_add(&t->filtered, 1);
		return;
	case ENCODED_MALFORMED:
		atomic_fetch_add(&t->dropped[DROP_MALFORMED], 1);
		return;
	}
	if (w->sink->flush_bytes && p->bytes.len >= w->sink->flush_bytes)
		flush(w);
}

static void take_batch(struct worker *w, const struct batch *b)
{
	bool wanted[BATCH_EVENTS_MAX] = {};

	for (uint32_t i = 0; i < b->n_events; i++) {
		wanted[i] = sink_wants(w->sink, b->events[i]);
		if (!wanted[i])
			atomic_fetch_add(&w->sink->tallies[b->events[i]->id].filtered,
			                 b->counts[i]);
	}
	for (const struct record *r = batch_first(b); r; r = batch_next(b, r))
		if (wanted[r->event])
			add_record(w, b, r);
}

/* All there is, and not what has become too large only. */
static void complete_and_flush(struct worker *w)
{
	if (w->payload.held) {
		w->sink->ops->complete(w->sink, &w->payload);
		w->payload.held = false;
	}
	flush(w);
}

/* The time at which the payload is to be sent, full or not. */
static uint64_t flush_time(const struct worker *w)
{
	if (!w->payload.n_marks && !w->payload.held)
		return NEVER;
	return w->payload.oldest + w->sink->flush_age_ns;
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;
	struct batch *b;
	int r;

	if (w->sink->ops->begin)
		w->sink->ops->begin(w->sink);
	for (;;) {
		r = queue_pop(w->sink->queue, flush_time(w), &b);
		if (r == -EPIPE)
			break;
		if (r == 0) {
			if (time_left(w->deadline))
				take_batch(w, b);
			else
				sink_drop_batch(w->sink, b, DROP_SHUTDOWN);
			batch_unref(b);
		}
		if (!time_left(flush_time(w)))
			complete_and_flush(w);
	}
	complete_and_flush(w);
	return NULL;
}

static struct worker *worker_free(struct worker *w)
{
	closep(&w->stop_fd);
	formatter_free(w->formatter);
	buf_done(&w->payload.bytes);
	free(w->payload.marks);
	free(w);
	return NULL;
}

int worker_start(struct sink *s, struct worker **ret, struct diag *diag)
{
	_cleanup_(freep) char *name = xasprintf("sink:%s", s->label);
	struct worker *w = xcalloc(1, sizeof(*w));
	int r;

	w->sink = s;
	atomic_init(&w->deadline, NEVER);
	w->formatter = formatter_new(s->format, s->host, s->color);
	w->stop_fd = eventfd(0, EFD_CLOEXEC);
	*ret = w; /* before the thread runs: sink_poll() finds it there */
	r = w->stop_fd < 0 ? -errno : thread_start(&w->thread, name, worker_main, w);
	if (r) {
		*ret = worker_free(w);
		return diag_error(diag, r, "sink %s: no thread for it: %s", s->label, strerror(-r));
	}
	return 0;
}

void worker_stop(struct worker *w, uint64_t timeout_ns)
{
	uint64_t now = time_monotonic();

	w->deadline = timeout_ns < NEVER - 1 - now ? now + timeout_ns : NEVER - 1;
	queue_close(w->sink->queue);
	eventfd_write(w->stop_fd, 1);
	if (w->sink->ops->wake)
		w->sink->ops->wake(w->sink);
	pthread_join(w->thread, NULL);
	worker_free(w);
}
