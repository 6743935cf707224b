// SPDX-License-Identifier: Apache-2.0
#include "agent/fanout.h"

#include <stdlib.h>

#include "util/alloc.h"
#include "util/log.h"
#include "util/time.h"

void fanout_init(struct fanout *f)
{
	*f = (struct fanout){};
	pthread_mutex_init(&f->lock, NULL);
}

void fanout_done(struct fanout *f)
{
	pthread_mutex_destroy(&f->lock);
	free(f->sinks);
	f->sinks = NULL;
}

void fanout_add(struct fanout *f, struct sink *sink)
{
	pthread_mutex_lock(&f->lock);
	*array_push(&f->sinks, &f->n, &f->cap) = sink;
	pthread_mutex_unlock(&f->lock);
}

void fanout_remove(struct fanout *f, struct sink *sink)
{
	pthread_mutex_lock(&f->lock);
	for (size_t i = 0; i < f->n; i++) {
		if (f->sinks[i] != sink)
			continue;
		f->sinks[i] = f->sinks[--f->n];
		break;
	}
	pthread_mutex_unlock(&f->lock);
}

void fanout_push(struct fanout *f, struct batch *batch)
{
	pthread_mutex_lock(&f->lock);
	for (size_t i = 0; i < f->n; i++)
		sink_push(f->sinks[i], batch);
	pthread_mutex_unlock(&f->lock);
}

void fanout_wait_room(struct fanout *f, size_t bytes)
{
	pthread_mutex_lock(&f->lock);
	for (size_t i = 0; i < f->n; i++)
		sink_wait_room(f->sinks[i], bytes);
	pthread_mutex_unlock(&f->lock);
}

int fanout_start(struct fanout *f, struct config *c, const char *host, struct diag *diag)
{
	for (size_t i = 0; i < c->n_sinks; i++) {
		struct sink *s = c->sinks[i].sink;
		int r;

		s->host = host;
		r = sink_start(s, diag);
		if (r) {
			fanout_stop(f, c, 0);
			return r;
		}
		fanout_add(f, s);
	}
	return 0;
}

static void log_complaint(struct sink *s)
{
	_cleanup_(freep) char *words = sink_take_complaint(s);

	if (words)
		log_warning("sink %s: %s", s->label, words);
}

void fanout_log_complaints(const struct config *c)
{
	for (size_t i = 0; i < c->n_sinks; i++)
		log_complaint(c->sinks[i].sink);
}

void fanout_stop(struct fanout *f, struct config *c, uint64_t timeout_ns)
{
	uint64_t deadline = time_monotonic() + timeout_ns;

	for (size_t i = 0; i < c->n_sinks; i++) {
		uint64_t now = time_monotonic();

		fanout_remove(f, c->sinks[i].sink);
		sink_stop(c->sinks[i].sink, deadline > now ? deadline - now : 0);
		log_complaint(c->sinks[i].sink);
	}
}

bool fanout_all_broken(struct fanout *f)
{
	bool all = true;

	pthread_mutex_lock(&f->lock);
	for (size_t i = 0; i < f->n; i++)
		all &= atomic_load(&f->sinks[i]->broken);
	pthread_mutex_unlock(&f->lock);
	return all;
}
