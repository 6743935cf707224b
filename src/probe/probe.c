// SPDX-License-Identifier: Apache-2.0
#include "probe/probe.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

#include "util/alloc.h"
#include "util/cleanup.h"

const char *const probe_state_names[] = {
	[PROBE_NEW] = "new",   [PROBE_BUILT] = "built",     [PROBE_LOADED] = "loaded",
	[PROBE_LIVE] = "live", [PROBE_STOPPED] = "stopped", [PROBE_FAILED] = "failed",
};

struct probe *probe_new(struct probe_source *source)
{
	struct probe *p = xcalloc(1, sizeof(*p));

	p->name = xstrdup(source->name);
	p->source = source;
	return p;
}

struct probe *probe_new_failed(const char *name, const char *reason)
{
	struct probe *p = xcalloc(1, sizeof(*p));

	p->name = xstrdup(name);
	p->state = PROBE_FAILED;
	p->reason = xstrdup(reason);
	return p;
}

static void detach_all(struct probe *p)
{
	for (uint32_t i = 0; p->attachments && i < p->object->n_programs; i++)
		attachment_free(p->attachments[i]);
	free(p->attachments);
	p->attachments = NULL;
}

/* Everything that exists in the kernel, and what describes it. */
static void unload(struct probe *p)
{
	detach_all(p);
	for (size_t i = 0; i < p->n_events; i++)
		event_unref(p->events[i].event);
	free(p->events);
	p->events = NULL;
	p->n_events = 0;
	p->loaded = loaded_free(p->loaded);
	for (uint32_t i = 0; p->specs && i < p->object->n_programs; i++)
		attach_spec_done(&p->specs[i]);
	free(p->specs);
	p->specs = NULL;
}

struct probe *probe_free(struct probe *p)
{
	if (!p)
		return NULL;
	unload(p);
	object_free(p->object);
	probe_source_free(p->source);
	free(p->reason);
	free(p->warnings);
	free(p->name);
	free(p);
	return NULL;
}

void probe_fail(struct probe *p, struct diag *diag)
{
	unload(p);
	free(p->reason);
	p->reason = xstrdup(diag_text(diag));
	p->state = PROBE_FAILED;
}

static int find_program(const struct object *o, const char *function)
{
	for (uint32_t i = 0; i < o->n_programs; i++)
		if (streq(o->programs[i].name, function))
			return (int)i;
	return -ENOENT;
}

int probe_resolve_attach(struct probe *p, const struct kernel *k, struct diag *diag)
{
	uint32_t attached = 0;

	p->specs = xcalloc(p->object->n_programs, sizeof(*p->specs));
	for (uint32_t i = 0; i < p->object->n_programs; i++)
		attach_spec_from_name(k, p->object->programs[i].name, &p->specs[i]);
	for (size_t i = 0; i < p->source->n_attach; i++) {
		const struct probe_attach *a = &p->source->attach[i];
		int at = find_program(p->object, a->function);

		if (at < 0)
			return diag_error(
				diag, at,
				"%s: attach names the function %s, which the program does "
				"not have",
				p->source->path, a->function);
		attach_spec_done(&p->specs[at]);
		attach_spec_copy(&a->spec, &p->specs[at]);
	}
	for (uint32_t i = 0; i < p->object->n_programs; i++)
		attached += p->specs[i].kind != ATTACH_NONE;
	if (!attached)
		return diag_error(diag, -ENOENT,
		                  "%s: nothing to attach: no function has a name such as "
		                  "tracepoint__CATEGORY__NAME on this kernel, and no front matter "
		                  "says where one attaches",
		                  p->source->path);
	return 0;
}

static void annotate(struct event *event, const struct probe_source *source)
{
	event->n_notes = (uint32_t)source->n_fields;
	event->notes = xcalloc(source->n_fields, sizeof(*event->notes));
	for (size_t i = 0; i < source->n_fields; i++) {
		const struct event_field_note *note = &source->fields[i];

		event->notes[i] = (struct event_field_note){
			.name = xstrdup(note->name),
			.help = note->help ? xstrdup(note->help) : NULL,
			.decode = note->decode ? xstrdup(note->decode) : NULL,
		};
	}
	event->metrics = xcalloc(source->n_metrics, sizeof(*event->metrics));
	for (size_t i = 0; i < source->n_metrics; i++) {
		const struct metric *m = &source->metrics[i];

		if (streq(m->event ?: source->name, event->name))
			metric_copy(m, &event->metrics[event->n_metrics++]);
	}
}

static int make_events(struct probe *p, uint32_t *next_id, struct diag *diag)
{
	const struct object *o = p->object;

	p->events = xcalloc(o->n_events, sizeof(*p->events));
	for (uint32_t i = 0; i < o->n_events; i++) {
		struct object_event *oe = &o->events[i];
		struct probe_event *e = &p->events[p->n_events];
		bool counts = oe->slot_map != OBJECT_NO_MAP;

		if (*next_id == EVENTS_MAX)
			return diag_error(diag, -E2BIG, "%s: more than %d kinds of events in all",
			                  p->source->path, EVENTS_MAX);
		*e = (struct probe_event){
			.event = event_new((*next_id)++, p->name, oe->name, steal(&oe->schema)),
			.transport = oe->transport,
			.map_fd = p->loaded->maps[oe->map],
			.slot_fd = counts ? p->loaded->maps[oe->slot_map] : -1,
			.slot_size = counts ? o->maps[oe->slot_map].value_size : 0,
		};
		annotate(e->event, p->source);
		p->n_events++;
	}
	return 0;
}

int probe_load(struct probe *p, const struct kernel *k, uint32_t *next_id, struct diag *diag)
{
	int r = probe_resolve_attach(p, k, diag);

	if (!r)
		r = load_object(k, p->object, p->specs, NULL, &p->loaded, NULL, diag);
	if (!r)
		r = make_events(p, next_id, diag);
	if (!r)
		p->state = PROBE_LOADED;
	return r;
}

int probe_attach(struct probe *p, const struct kernel *k, struct diag *diag)
{
	p->attachments = xcalloc(p->object->n_programs, sizeof(struct attachment *));
	for (uint32_t i = 0; i < p->object->n_programs; i++) {
		const struct loaded_program *program = &p->loaded->programs[i];
		int r;

		if (program->spec.kind == ATTACH_NONE)
			continue;
		r = attach_program(k, &program->spec, program->fd, &p->attachments[i], diag);
		if (r)
			return r;
	}
	p->state = PROBE_LIVE;
	return 0;
}

void probe_detach(struct probe *p)
{
	if (p->state != PROBE_LIVE)
		return;
	detach_all(p);
	p->state = PROBE_STOPPED;
}

void probe_event_counts(const struct probe_event *e, uint32_t possible_cpus, uint64_t *ret_emitted,
                        uint64_t *ret_lost)
{
	size_t stride = (e->slot_size + 7) & ~7u; /* the kernel rounds each CPU's value up */
	_cleanup_(freep) uint8_t *values = NULL;
	uint32_t zero = 0;

	*ret_lost = atomic_load(&e->perf_lost);
	*ret_emitted = atomic_load(&e->read) + *ret_lost;
	if (e->slot_fd < 0 || stride < 2 * sizeof(uint64_t))
		return;
	values = xcalloc(possible_cpus, stride);
	if (bpf_map_lookup_elem(e->slot_fd, &zero, values) < 0)
		return;
	*ret_emitted = *ret_lost = 0;
	for (uint32_t cpu = 0; cpu < possible_cpus; cpu++) {
		uint64_t counts[2]; /* struct NAME__slot of quern.h: emitted, lost */

		memcpy(counts, values + cpu * stride, sizeof(counts));
		*ret_emitted += counts[0];
		*ret_lost += counts[1];
	}
}
