// SPDX-License-Identifier: Apache-2.0
/*
 * The agent's state as JSON. The identity is sampled from its end to its beginning (what was
 * delivered, then received, then read, then emitted), so that what is on its way while we look shows
 * up as in flight and never as less than nothing.
 */
#include "agent/agent.h"

#include <stdio.h>
#include <unistd.h>

#include "kernel/load.h"
#include "util/cleanup.h"
#include "util/time.h"

static void put(json_t *o, const char *key, uint64_t v)
{
	json_object_set_new(o, key, json_integer((json_int_t)v));
}

static uint64_t rss_bytes(void)
{
	_cleanup_(fclosep) FILE *f = fopen("/proc/self/statm", "re");
	unsigned long long size, resident;

	if (!f || fscanf(f, "%llu %llu", &size, &resident) != 2)
		return 0;
	return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* A sink's account of one event. */
static json_t *tally_json(const struct tally_view *t, const struct event *event)
{
	json_t *o = json_object(), *dropped = json_object();

	json_object_set_new(o, "probe", json_string(event->probe));
	json_object_set_new(o, "event", json_string(event->name));
	put(o, "received", t->received);
	put(o, "delivered", t->delivered);
	put(o, "filtered", t->filtered);
	put(o, "aggregated", t->aggregated);
	for (size_t why = 0; why < DROP_REASONS; why++)
		put(dropped, drop_reason_names[why], t->dropped[why]);
	json_object_set_new(o, "dropped", dropped);
	put(o, "in_flight", t->in_flight);
	return o;
}

/* What only this kind of sink counts. */
static json_t *own_json(const struct sink *s)
{
	json_t *o = json_object();

	for (size_t i = 0; s->ops->counters && s->ops->counters[i]; i++)
		put(o, s->ops->counters[i], atomic_load(&s->own[i]));
	return o;
}

static json_t *sink_json(const struct sink *s, const struct setup *setup, uint64_t *received)
{
	json_t *o = json_object(), *events = json_array();

	json_object_set_new(o, "name", json_string(s->label));
	put(o, "bytes_sent", atomic_load(&s->bytes_sent));
	put(o, "sends", atomic_load(&s->sends));
	put(o, "retries", atomic_load(&s->retries));
	put(o, "queue_bytes", sink_queue_bytes(s));
	put(o, "queue_limit", s->queue_bytes);
	if (s->ops->counters)
		json_object_set_new(o, "counters", own_json(s));
	for (size_t i = 0; i < setup->n_probes; i++) {
		for (size_t j = 0; j < setup->probes[i]->n_events; j++) {
			const struct event *event = setup->probes[i]->events[j].event;
			struct tally_view t;

			tally_read(&s->tallies[event->id], &t);
			json_array_append_new(events, tally_json(&t, event));
			if (t.received > received[event->id])
				received[event->id] = t.received;
		}
	}
	json_object_set_new(o, "events", events);
	return o;
}

static json_t *event_json(const struct probe_event *e, uint32_t cpus, uint64_t received,
                          bool *balanced)
{
	json_t *o = json_object();
	uint64_t malformed = atomic_load(&e->malformed), read = atomic_load(&e->read);
	uint64_t emitted, lost;

	probe_event_counts(e, cpus, &emitted, &lost);
	json_object_set_new(o, "name", json_string(e->event->name));
	put(o, "emitted", emitted);
	put(o, "lost", lost);
	put(o, "read", read);
	put(o, "malformed", malformed);
	json_object_set_new(o, "in_buffer", json_integer((json_int_t)(emitted - lost - read)));
	if (emitted < lost + read || read < received + malformed)
		*balanced = false;
	return o;
}

static json_t *program_json(const struct object_program *program, const struct loaded_program *l)
{
	json_t *o = json_object();
	struct loaded_stats stats = {};

	json_object_set_new(o, "name", json_string(program->name));
	if (!loaded_program_stats(l->fd, &stats)) {
		put(o, "runs", stats.runs);
		put(o, "run_ns", stats.nanoseconds);
		put(o, "missed", stats.recursion_misses);
	}
	return o;
}

static json_t *probe_json(const struct probe *p, uint32_t cpus, const uint64_t *received,
                          bool *balanced)
{
	json_t *o = json_object(), *attached = json_array(), *events = json_array(),
	       *programs = json_array();

	json_object_set_new(o, "name", json_string(p->name));
	json_object_set_new(o, "state", json_string(probe_state_names[p->state]));
	if (p->reason)
		json_object_set_new(o, "reason", json_string(p->reason));
	if (p->source)
		json_object_set_new(o, "source", json_string(p->source->path));
	if (p->object) {
		json_object_set_new(o, "object", json_string(p->cached ? "cached" : "compiled"));
		json_object_set_new(o, "types", json_string(p->object->types));
	}
	for (uint32_t i = 0; p->loaded && i < p->loaded->n_programs; i++) {
		_cleanup_(freep) char *where = attach_spec_describe(&p->loaded->programs[i].spec);

		json_array_append_new(attached, json_string(where));
		json_array_append_new(
			programs, program_json(&p->object->programs[i], &p->loaded->programs[i]));
	}
	for (size_t i = 0; i < p->n_events; i++)
		json_array_append_new(events,
		                      event_json(&p->events[i], cpus,
		                                 received[p->events[i].event->id], balanced));
	json_object_set_new(o, "attached", attached);
	json_object_set_new(o, "events", events);
	json_object_set_new(o, "programs", programs);
	return o;
}

json_t *agent_status(struct agent *a)
{
	const struct setup *setup = a->setup;
	json_t *o = json_object(), *probes = json_array(), *sinks = json_array();
	uint64_t received[EVENTS_MAX] = {}; /* the most that any sink received, by event */
	bool balanced = true;

	for (size_t i = 0; i < setup->config->n_sinks; i++)
		json_array_append_new(sinks,
		                      sink_json(setup->config->sinks[i].sink, setup, received));
	for (size_t i = 0; i < setup->n_probes; i++)
		json_array_append_new(probes,
		                      probe_json(setup->probes[i], setup->kernel->possible_cpus,
		                                 received, &balanced));
	json_object_set_new(o, "version", json_string(QUERN_VERSION));
	put(o, "pid", (uint64_t)getpid());
	json_object_set_new(o, "uptime_s",
	                    json_real((double)(time_monotonic() - a->options.started) / 1e9));
	json_object_set_new(o, "host", json_string(setup->kernel->host));
	json_object_set_new(o, "kernel", json_string(setup->kernel->release));
	put(o, "rss_bytes", rss_bytes());
	json_object_set_new(o, "probes", probes);
	json_object_set_new(o, "sinks", sinks);
	json_object_set_new(o, "balanced", json_boolean(balanced));
	return o;
}
