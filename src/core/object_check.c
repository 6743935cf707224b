// SPDX-License-Identifier: Apache-2.0
#include "core/object.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "util/alloc.h"

/* The smallest records that bpf(2) has ever taken (struct bpf_func_info, struct bpf_line_info). */
#define FUNC_INFO_BYTES_MIN   8
#define LINE_INFO_BYTES_MIN   16
#define INFO_RECORD_BYTES_MAX 252

#define CODE_LD_IMM64 (BPF_LD | BPF_IMM | BPF_DW)

static bool is_identifier(const char *s)
{
	if (!s || !*s || strlen(s) > OBJECT_NAME_MAX)
		return false;
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && *s != '_' && *s != '.')
			return false;
	return true;
}

static int check_maps(const struct object *o, struct diag *diag)
{
	if (o->n_maps > OBJECT_MAPS_MAX)
		return diag_error(diag, -EBADMSG, "%u maps: at most %d are possible", o->n_maps,
		                  OBJECT_MAPS_MAX);
	for (uint32_t i = 0; i < o->n_maps; i++) {
		const struct object_map *m = &o->maps[i];

		if (!is_identifier(m->name))
			return diag_error(diag, -EBADMSG, "map %u has no valid name", i);
		if (m->pin && (m->pin[0] != '/' || strlen(m->pin) > OBJECT_PATH_MAX))
			return diag_error(diag, -EBADMSG,
			                  "map '%s' is pinned at a path that is not absolute",
			                  m->name);
		if ((m->btf_key || m->btf_value) && !o->btf_size)
			return diag_error(diag, -EBADMSG,
			                  "map '%s' names types, but there is no BTF", m->name);
		for (uint32_t j = 0; j < i; j++)
			if (streq(o->maps[j].name, m->name))
				return diag_error(diag, -EBADMSG, "two maps have the name '%s'",
				                  m->name);
	}
	return 0;
}

static bool is_map_reference(const struct bpf_insn *insn)
{
	return insn->code == CODE_LD_IMM64 &&
	       (insn->src_reg == BPF_PSEUDO_MAP_FD || insn->src_reg == BPF_PSEUDO_MAP_VALUE);
}

/*
 * Relocations stand in the order of the instructions, and cover exactly those that refer to a map: a
 * stray one would name whatever descriptor has that number in the process that loads it.
 */
static int check_relocs(const struct object *o, const struct object_program *p, struct diag *diag)
{
	uint32_t next = 0;

	for (uint32_t i = 0; i < p->n_insns; i++) {
		bool relocated = next < p->n_relocs && p->relocs[next].insn == i;
		bool wide = p->insns[i].code == CODE_LD_IMM64;

		if (wide && i + 1 == p->n_insns)
			return diag_error(diag, -EBADMSG, "program '%s' ends within an instruction",
			                  p->name);
		if (relocated != is_map_reference(&p->insns[i]))
			return diag_error(diag, -EBADMSG,
			                  "program '%s': instruction %u: a map reference without "
			                  "relocation, or the reverse",
			                  p->name, i);
		if (relocated && p->relocs[next].map >= o->n_maps)
			return diag_error(diag, -EBADMSG,
			                  "program '%s': instruction %u refers to a missing map",
			                  p->name, i);
		next += relocated;
		i += wide;
	}
	if (next != p->n_relocs)
		return diag_error(diag, -EBADMSG, "program '%s': relocations out of order",
		                  p->name);
	return 0;
}

static bool info_fits(const struct object_info *info, uint32_t min)
{
	if (!info->count)
		return true;
	return info->record_size >= min && info->record_size <= INFO_RECORD_BYTES_MAX &&
	       info->record_size % 4 == 0 && info->count <= OBJECT_INSNS_MAX;
}

static int check_programs(const struct object *o, struct diag *diag)
{
	if (o->n_programs > OBJECT_PROGRAMS_MAX)
		return diag_error(diag, -EBADMSG, "%u programs: at most %d are possible",
		                  o->n_programs, OBJECT_PROGRAMS_MAX);
	for (uint32_t i = 0; i < o->n_programs; i++) {
		const struct object_program *p = &o->programs[i];
		int r;

		if (!is_identifier(p->name))
			return diag_error(diag, -EBADMSG, "program %u has no valid name", i);
		if (!p->n_insns || p->n_insns > OBJECT_INSNS_MAX)
			return diag_error(diag, -EBADMSG,
			                  "program '%s' has %u instructions: 1 to %d are possible",
			                  p->name, p->n_insns, OBJECT_INSNS_MAX);
		if (!info_fits(&p->func_info, FUNC_INFO_BYTES_MIN) ||
		    !info_fits(&p->line_info, LINE_INFO_BYTES_MIN))
			return diag_error(diag, -EBADMSG,
			                  "program '%s' has damaged debug information", p->name);
		for (uint32_t j = 0; j < i; j++)
			if (streq(o->programs[j].name, p->name))
				return diag_error(diag, -EBADMSG, "two programs have the name '%s'",
				                  p->name);
		r = check_relocs(o, p, diag);
		if (r)
			return r;
	}
	return 0;
}

static int check_events(const struct object *o, struct diag *diag)
{
	if (o->n_events > OBJECT_EVENTS_MAX)
		return diag_error(diag, -EBADMSG, "%u events: at most %d are possible", o->n_events,
		                  OBJECT_EVENTS_MAX);
	for (uint32_t i = 0; i < o->n_events; i++) {
		const struct object_event *e = &o->events[i];
		uint32_t type = e->transport == OBJECT_RING ? BPF_MAP_TYPE_RINGBUF
		                                            : BPF_MAP_TYPE_PERF_EVENT_ARRAY;

		if (!is_identifier(e->name))
			return diag_error(diag, -EBADMSG, "event %u has no valid name", i);
		if (e->map >= o->n_maps || o->maps[e->map].type != type)
			return diag_error(diag, -EBADMSG, "event '%s' has no buffer", e->name);
		if (e->slot_map != OBJECT_NO_MAP &&
		    (e->slot_map >= o->n_maps ||
		     o->maps[e->slot_map].type != BPF_MAP_TYPE_PERCPU_ARRAY))
			return diag_error(diag, -EBADMSG, "event '%s' has no slot", e->name);
	}
	return 0;
}

int object_check(const struct object *o, struct diag *diag)
{
	int r = check_maps(o, diag);

	if (!r)
		r = check_programs(o, diag);
	if (!r)
		r = check_events(o, diag);
	return r;
}
