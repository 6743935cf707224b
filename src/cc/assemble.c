// SPDX-License-Identifier: Apache-2.0
#include "cc/assemble.h"

#include <bpf/btf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cc/schema_btf.h"
#include "cc/stock.h"
#include "util/alloc.h"
#include "util/cleanup.h"

#define SLOT_SUFFIX "__slot"

DEFINE_CLEANUP(struct btf *, btf__free)

static bool is_carrier(const char *name)
{
	return !strncmp(name, CARRIER_PREFIX, strlen(CARRIER_PREFIX));
}

static uint32_t find_map(const struct object *o, const char *name)
{
	for (uint32_t i = 0; i < o->n_maps; i++)
		if (streq(o->maps[i].name, name))
			return i;
	return OBJECT_NO_MAP;
}

static int add_maps(const struct bcc *bcc, struct object *o, struct diag *diag)
{
	size_t n = bcc_n_tables(bcc);

	o->maps = xcalloc(n, sizeof(*o->maps));
	for (size_t i = 0; i < n; i++) {
		const char *name = bcc_table_name(bcc, i);
		const struct recorded_map *m = fakekernel_map(bcc_table_fd(bcc, i));

		if (is_carrier(name))
			continue;
		if (!m)
			return diag_error(diag, -EINVAL, "map '%s' is not made by this program",
			                  name);
		o->maps[o->n_maps++] = (struct object_map){
			.name = xstrdup(name),
			.type = m->type,
			.key_size = m->key_size,
			.value_size = m->value_size,
			.max_entries = m->max_entries,
			.flags = m->flags,
			.btf_key = m->btf_key,
			.btf_value = m->btf_value,
		};
	}
	return 0;
}

/* The BTF that maps and programs refer to; libbcc loads one for the whole module. */
static void add_btf(const struct bcc *bcc, struct object *o)
{
	const struct recorded *r = fakekernel_recorded();

	for (size_t i = r->n_btfs; i-- > 0;) {
		const struct recorded_btf *b = &r->btfs[i];

		for (size_t j = 0; j < r->n_maps; j++) {
			if (r->maps[j].btf_fd != b->fd || !r->maps[j].btf_value)
				continue;
			o->btf = xmemdup(b->data, b->size);
			o->btf_size = b->size;
			return;
		}
	}
	/* No map has types: then it is the one that programs are loaded with. */
	if (!o->btf && bcc_n_functions(bcc)) {
		const struct recorded_program *p = bcc_function_program(bcc, 0);
		const struct recorded_btf *b = p ? fakekernel_btf(p->btf_fd) : NULL;

		if (b) {
			o->btf = xmemdup(b->data, b->size);
			o->btf_size = b->size;
		}
	}
}

/* The object's index of the map that an instruction refers to, by descriptor or by number. */
static uint32_t referred_map(const struct bcc *bcc, const struct map_numbers *numbers,
                             const struct object *o, int32_t imm)
{
	if (imm >= MAP_NUMBER_FIRST && (size_t)(imm - MAP_NUMBER_FIRST) < numbers->n)
		return find_map(o, numbers->names[imm - MAP_NUMBER_FIRST]);
	for (size_t i = 0; i < bcc_n_tables(bcc); i++)
		if (bcc_table_fd(bcc, i) == imm)
			return find_map(o, bcc_table_name(bcc, i));
	return OBJECT_NO_MAP;
}

static int add_relocs(const struct bcc *bcc, const struct map_numbers *numbers,
                      const struct object *o, struct object_program *p, struct diag *diag)
{
	size_t n = 0, cap = 0;

	for (uint32_t i = 0; i + 1 < p->n_insns; i++) {
		struct bpf_insn *insn = &p->insns[i];
		struct object_reloc *reloc;
		uint32_t map;

		if (insn->code != (BPF_LD | BPF_IMM | BPF_DW))
			continue;
		if (insn->src_reg == BPF_PSEUDO_MAP_FD || insn->src_reg == BPF_PSEUDO_MAP_VALUE) {
			map = referred_map(bcc, numbers, o, insn->imm);
			if (map == OBJECT_NO_MAP)
				return diag_error(diag, -EINVAL,
				                  "%s: instruction %u refers to a map that is not "
				                  "there",
				                  p->name, i);
			reloc = array_push(&p->relocs, &n, &cap);
			*reloc = (struct object_reloc){.insn = i, .map = map};
			insn->imm = 0;
		}
		i++; /* the second half */
	}
	p->n_relocs = (uint32_t)n;
	return 0;
}

static struct object_info copy_info(const void *data, uint32_t size, uint32_t count)
{
	if (!data || !count)
		return (struct object_info){};
	return (struct object_info){
		.data = xmemdup(data, (size_t)size * count), .record_size = size, .count = count};
}

static int add_programs(const struct bcc *bcc, const struct map_numbers *numbers, struct object *o,
                        struct diag *diag)
{
	size_t n = bcc_n_functions(bcc);

	o->programs = xcalloc(n, sizeof(*o->programs));
	for (size_t i = 0; i < n; i++) {
		const struct recorded_program *r = bcc_function_program(bcc, i);
		struct object_program *p = &o->programs[o->n_programs];
		int err;

		if (!r)
			return diag_error(diag, -EINVAL, "%s: libbcc did not accept this function",
			                  bcc_function_name(bcc, i));
		p->name = xstrdup(bcc_function_name(bcc, i));
		p->insns = xmemdup(r->insns, r->n_insns * sizeof(*r->insns));
		p->n_insns = r->n_insns;
		if (o->btf_size) {
			p->func_info =
				copy_info(r->func_info, r->func_info_size, r->func_info_count);
			p->line_info =
				copy_info(r->line_info, r->line_info_size, r->line_info_count);
		}
		o->n_programs++;
		err = add_relocs(bcc, numbers, o, p, diag);
		if (err)
			return err;
	}
	return 0;
}

/* The layout of an event: of the slot's record for one of ours, else what can be found out. */
static struct schema *event_schema(const struct bcc *bcc, const struct object *o,
                                   const struct object_event *e, const struct btf *btf,
                                   struct diag *diag)
{
	_cleanup_(diag_donep) struct diag why = {};
	struct schema *schema = NULL;
	uint32_t record;

	if (e->slot_map == OBJECT_NO_MAP)
		return stock_schema(bcc, e->name, btf);
	if (!btf) {
		diag_warning(diag, "event '%s': the program has no BTF: shown as bytes", e->name);
		return NULL;
	}
	record = schema_btf_member_type(btf, o->maps[e->slot_map].btf_value, "record");
	if (!record || schema_from_btf(btf, record, &schema, &why))
		diag_warning(diag, "event '%s': %s: shown as bytes", e->name,
		             record ? diag_text(&why) : "its slot has no member 'record'");
	return schema;
}

static int add_events(const struct bcc *bcc, struct object *o, struct diag *diag)
{
	_cleanup_(btf__freep) struct btf *btf = schema_btf_parse(o->btf, o->btf_size);

	o->events = xcalloc(o->n_maps, sizeof(*o->events));
	for (uint32_t i = 0; i < o->n_maps; i++) {
		const struct object_map *m = &o->maps[i];
		_cleanup_(freep) char *slot = xasprintf("%s" SLOT_SUFFIX, m->name);
		struct object_event *e = &o->events[o->n_events];

		if (m->type != BPF_MAP_TYPE_RINGBUF && m->type != BPF_MAP_TYPE_PERF_EVENT_ARRAY)
			continue;
		/* An array that no program submits to is for bpf_perf_event_read(). */
		if (m->type == BPF_MAP_TYPE_PERF_EVENT_ARRAY &&
		    find_map(o, slot) == OBJECT_NO_MAP && !bcc_n_event_fields(bcc, m->name))
			continue;
		if (o->n_events == OBJECT_EVENTS_MAX)
			return diag_error(diag, -E2BIG, "more than %d events", OBJECT_EVENTS_MAX);
		e->name = xstrdup(m->name);
		e->transport = m->type == BPF_MAP_TYPE_RINGBUF ? OBJECT_RING : OBJECT_PERF;
		e->map = i;
		e->slot_map = find_map(o, slot);
		e->schema = event_schema(bcc, o, e, btf, diag);
		o->n_events++;
	}
	return 0;
}

int assemble(const struct bcc *bcc, const struct map_numbers *numbers, struct object *o,
             struct diag *diag)
{
	int r = add_maps(bcc, o, diag);

	if (r)
		return r;
	add_btf(bcc, o);
	r = add_programs(bcc, numbers, o, diag);
	if (!r)
		r = add_events(bcc, o, diag);
	o->license = xstrdup(bcc_license(bcc));
	return r;
}

bool assemble_wants_carriers(const struct object *o)
{
	for (uint32_t i = 0; i < o->n_events; i++)
		if (o->events[i].slot_map == OBJECT_NO_MAP && !o->events[i].schema)
			return true;
	return false;
}
