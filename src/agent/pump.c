// SPDX-License-Identifier: Apache-2.0
#include "agent/pump.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/alloc.h"

#define PAGE_BYTES     4096u
#define PERF_PAGES_MIN 8u

/* What the reader's callbacks are given. */
struct pump_source {
	struct pump *pump;
	const struct probe *probe;
	struct probe_event *event;
	struct reader_source *source;
	uint32_t min_size;
};

void pump_init(struct pump *p, struct fanout *fanout)
{
	*p = (struct pump){.fanout = fanout, .reader = reader_new()};
}

void pump_done(struct pump *p)
{
	p->batch = batch_unref(p->batch);
	p->reader = reader_free(p->reader);
	free(p->sources);
	p->sources = NULL;
}

void pump_reserve(struct pump *p, size_t max_sources)
{
	assert(!p->n_sources); /* the reader holds pointers into the array */
	p->sources = xrealloc(p->sources, max_sources, sizeof(*p->sources));
}

static void hand_out(struct pump *p)
{
	int r;

	if (p->batch && p->batch->n_records) {
		r = p->recorder ? recorder_write(p->recorder, p->batch) : 0;
		if (r) {
			p->record_error = r;
			recorder_close(p->recorder);
			p->recorder = NULL;
		}
		fanout_push(p->fanout, p->batch);
	}
	p->batch = batch_unref(p->batch);
}

static void on_record(void *ctx, uint16_t cpu, const void *data, uint32_t size)
{
	struct pump_source *s = ctx;
	struct pump *p = s->pump;

	atomic_fetch_add_explicit(&s->event->read, 1, memory_order_relaxed);
	if (size < s->min_size || size > SCHEMA_RECORD_MAX) {
		atomic_fetch_add_explicit(&s->event->malformed, 1, memory_order_relaxed);
		return;
	}
	if (p->batch && batch_add(p->batch, s->event->event, cpu, data, size))
		return;
	hand_out(p);
	p->batch = batch_new(0);
	if (!batch_add(p->batch, s->event->event, cpu, data, size))
		atomic_fetch_add_explicit(&s->event->malformed, 1, memory_order_relaxed);
}

static void on_lost(void *ctx, uint64_t lost)
{
	struct pump_source *s = ctx;

	atomic_fetch_add_explicit(&s->event->perf_lost, lost, memory_order_relaxed);
}

/* The largest power of two that fits into each CPU's share. */
static uint32_t perf_pages(uint64_t bytes, uint32_t cpus)
{
	uint32_t pages = PERF_PAGES_MIN;

	while ((uint64_t)pages * 2 * PAGE_BYTES * (cpus ? cpus : 1) <= bytes)
		pages *= 2;
	return pages;
}

int pump_add_probe(struct pump *p, struct probe *probe, const struct kernel *k, uint64_t perf_bytes,
                   struct diag *diag)
{
	for (size_t i = 0; i < probe->n_events; i++) {
		struct probe_event *e = &probe->events[i];
		struct pump_source *s = &p->sources[p->n_sources];
		int r;

		*s = (struct pump_source){
			.pump = p,
			.probe = probe,
			.event = e,
			.min_size = e->event->schema ? e->event->schema->min_size : 0,
		};
		if (e->transport == OBJECT_RING)
			r = reader_add_ring(p->reader, e->map_fd, on_record, s, &s->source, diag);
		else
			r = reader_add_perf(p->reader, e->map_fd,
			                    perf_pages(perf_bytes, k->online_cpus), on_record,
			                    on_lost, s, &s->source, diag);
		if (r)
			return r;
		p->n_sources++;
	}
	return 0;
}

void pump_remove_probe(struct pump *p, const struct probe *probe)
{
	for (size_t i = 0; i < p->n_sources; i++) {
		if (p->sources[i].probe != probe || !p->sources[i].source)
			continue;
		reader_remove(p->reader, p->sources[i].source);
		p->sources[i].source = NULL;
	}
}

uint64_t pump_drain(struct pump *p)
{
	uint64_t n = reader_drain(p->reader);

	hand_out(p);
	return n;
}
