// SPDX-License-Identifier: Apache-2.0
/*
 * A sink's life, and its counting. Every record gets exactly one outcome, counted once: by whoever
 * takes it out of the flow (the queue when it is full, the worker else). `received` is counted
 * before anybody else can see the record, and readers look at `received` last, so that nobody ever
 * sees more outcomes than records.
 */
#include "sinks/sink.h"

#include <assert.h>
#include <stdlib.h>

#include "sinks/queue.h"
#include "sinks/worker.h"
#include "util/alloc.h"
#include "util/cleanup.h"
#include "util/time.h"

#define COMPLAIN_AGAIN (300 * NSEC_PER_SEC)

const char *const drop_reason_names[DROP_REASONS] = {
	[DROP_QUEUE_FULL] = "queue_full",
	[DROP_MALFORMED] = "malformed",
	[DROP_REJECTED] = "rejected",
	[DROP_SHUTDOWN] = "shutdown",
};

static const char *const on_full_names[] = {
	[ON_FULL_DROP_NEWEST] = "drop_newest",
	[ON_FULL_DROP_OLDEST] = "drop_oldest",
	NULL,
};

const struct option sink_options[] = {
	{
		.key = "format",
		.type = OPTION_CHOICE,
		.offset = offsetof(struct sink, format),
		.fallback = "text",
		.choices = format_names,
		.help = "how events are written; most outputs choose json",
	},
	{
		.key = "queue_bytes",
		.type = OPTION_BYTES,
		.offset = offsetof(struct sink, queue_bytes),
		.fallback = "16M",
		.min = 64 << 10,
		.max = (int64_t)16 << 30,
		.help = "memory for events that wait for this sink",
	},
	{
		.key = "on_full",
		.type = OPTION_CHOICE,
		.offset = offsetof(struct sink, on_full),
		.fallback = "drop_newest",
		.choices = on_full_names,
		.help = "which events to drop when that memory is full",
	},
	OPTION_END,
};

void tally_read(const struct tally *t, struct tally_view *ret)
{
	struct tally_view v = {
		.delivered = atomic_load(&t->delivered),
		.filtered = atomic_load(&t->filtered),
		.aggregated = atomic_load(&t->aggregated),
	};
	uint64_t settled = v.delivered + v.filtered + v.aggregated;

	for (int i = 0; i < DROP_REASONS; i++) {
		v.dropped[i] = atomic_load(&t->dropped[i]);
		settled += v.dropped[i];
	}
	v.received = atomic_load(&t->received);
	v.in_flight = v.received - settled;
	*ret = v;
}

uint64_t sink_in_flight(const struct sink *s)
{
	struct tally_view v;
	uint64_t sum = 0;

	for (uint32_t id = 0; id < EVENTS_MAX; id++) {
		tally_read(&s->tallies[id], &v);
		sum += v.in_flight;
	}
	return sum;
}

void sink_drop_batch(struct sink *s, const struct batch *batch, enum drop_reason reason)
{
	for (uint32_t i = 0; i < batch->n_events; i++) {
		struct tally *t = &s->tallies[batch->events[i]->id];
		bool wanted = sink_wants(s, batch->events[i]);

		atomic_fetch_add(wanted ? &t->dropped[reason] : &t->filtered, batch->counts[i]);
	}
}

static void drop_from_queue(void *ctx, const struct batch *batch, enum drop_reason reason)
{
	sink_drop_batch(ctx, batch, reason);
}

void payload_mark(struct payload *p, uint32_t event, uint32_t records)
{
	*array_push(&p->marks, &p->n_marks, &p->cap_marks) = (struct payload_mark){
		.end = (uint32_t)p->bytes.len,
		.event = event,
		.records = records,
	};
}

struct sink *sink_new(const struct sink_ops *ops, const char *label)
{
	struct sink *s;

	assert(ops->size >= sizeof(*s) && ops->open && ops->send && ops->close);
	assert(!ops->encode == !ops->complete);
	s = xcalloc(1, ops->size);
	s->ops = ops;
	s->label = xstrdup(label);
	s->host = "";
	s->flush_bytes = ops->flush_bytes;
	s->flush_age_ns = ops->flush_age_ns;
	s->retry = (struct retry_policy){.base_ns = NSEC_PER_SEC, .cap_ns = 30 * NSEC_PER_SEC};
	s->tallies = xcalloc(EVENTS_MAX, sizeof(*s->tallies));
	options_init(sink_options, s);
	s->format = ops->format;
	if (ops->options)
		options_init(ops->options, s);
	return s;
}

struct sink *sink_free(struct sink *s)
{
	if (!s)
		return NULL;
	sink_stop(s, 0);
	queue_free(s->queue);
	options_done(sink_options, s);
	if (s->ops->options)
		options_done(s->ops->options, s);
	free(s->complaint);
	free(s->last_complaint);
	free(s->tallies);
	free(s->label);
	free(s);
	return NULL;
}

int sink_start(struct sink *s, struct diag *diag)
{
	int r;

	assert(!s->queue);
	r = s->ops->open(s, diag);
	if (r)
		return r;
	/* Who waits for more has to say how much he waits for: the payload is memory, too. */
	assert(s->flush_bytes || !s->flush_age_ns);
	s->queue = queue_new(s->queue_bytes, s->on_full, drop_from_queue, s);
	r = worker_start(s, &s->worker, diag);
	if (r) {
		queue_close(s->queue);
		s->ops->close(s);
	}
	return r;
}

void sink_stop(struct sink *s, uint64_t timeout_ns)
{
	if (!s->worker)
		return;
	worker_stop(s->worker, timeout_ns);
	s->worker = NULL;
	s->ops->close(s);
}

void sink_push(struct sink *s, struct batch *batch)
{
	bool any = false;

	for (uint32_t i = 0; i < batch->n_events; i++) {
		const struct event *e = batch->events[i];

		atomic_fetch_add(&s->tallies[e->id].received, batch->counts[i]);
		any = any || sink_wants(s, e);
	}
	if (any)
		queue_push(s->queue, batch);
	else
		/* Nothing of it is wanted: all of it is counted as filtered. */
		sink_drop_batch(s, batch, DROP_REJECTED);
}

void sink_complain(struct sink *s, const char *fmt, ...)
{
	_cleanup_(buf_donep) struct buf words = {};
	uint64_t now = time_monotonic();
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&words, fmt, ap);
	va_end(ap);
	if (s->last_complaint && streq(s->last_complaint, buf_cstr(&words)) &&
	    now - s->complained_at < COMPLAIN_AGAIN)
		return;
	free(s->last_complaint);
	s->last_complaint = buf_take(&words);
	s->complained_at = now;
	free(atomic_exchange(&s->complaint, xstrdup(s->last_complaint)));
}

char *sink_take_complaint(struct sink *s)
{
	return atomic_exchange(&s->complaint, NULL);
}

uint64_t sink_queue_bytes(const struct sink *s)
{
	return s->queue ? queue_bytes(s->queue) : 0;
}

void sink_wait_room(struct sink *s, size_t bytes)
{
	queue_wait_room(s->queue, bytes);
}
