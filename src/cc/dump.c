// SPDX-License-Identifier: Apache-2.0
#include "cc/dump.h"

#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/object.h"
#include "util/cleanup.h"
#include "util/file.h"

static void dump_fields(const struct field *fields, uint32_t n, int indent)
{
	static const char *const kinds[] = {
		[FIELD_UINT] = "uint",   [FIELD_INT] = "int",      [FIELD_BOOL] = "bool",
		[FIELD_ENUM] = "enum",   [FIELD_CHARS] = "chars",  [FIELD_BYTES] = "bytes",
		[FIELD_FLOAT] = "float", [FIELD_STRUCT] = "struct"};

	for (uint32_t i = 0; i < n; i++) {
		const struct field *f = &fields[i];

		printf("%*s+%u %s %s: %s, %u bytes", indent, "", f->offset, f->type, f->name,
		       kinds[f->kind], f->size);
		if (f->is_array)
			printf(" x %u", f->count);
		if (f->bit_size)
			printf(", %u bits from bit %u", f->bit_size, f->bit_offset);
		if (f->n_enumerators)
			printf(", %u names", f->n_enumerators);
		putchar('\n');
		dump_fields(f->children, f->n_children, indent + 2);
	}
}

static void dump(const struct object *o)
{
	printf("%s: %s, types %s, license %s\n", o->source_name, o->toolchain, o->types,
	       o->license);
	for (uint32_t i = 0; i < o->n_maps; i++) {
		const struct object_map *m = &o->maps[i];
		const char *type = libbpf_bpf_map_type_str(m->type);

		printf("map %s: %s, key %u, value %u, %u entries\n", m->name, type ? type : "?",
		       m->key_size, m->value_size, m->max_entries);
	}
	for (uint32_t i = 0; i < o->n_programs; i++) {
		const struct object_program *p = &o->programs[i];

		printf("program %s: %u instructions, %u map references, %u lines\n", p->name,
		       p->n_insns, p->n_relocs, p->line_info.count);
	}
	for (uint32_t i = 0; i < o->n_events; i++) {
		const struct object_event *e = &o->events[i];

		printf("event %s: %s buffer%s\n", e->name,
		       e->transport == OBJECT_RING ? "ring" : "perf",
		       e->slot_map == OBJECT_NO_MAP ? "" : ", counted");
		if (e->schema)
			dump_fields(e->schema->fields, e->schema->n_fields, 2);
	}
}

int dump_object(const char *path)
{
	_cleanup_(object_freep) struct object *o = NULL;
	_cleanup_(diag_donep) struct diag diag = {};
	_cleanup_(buf_donep) struct buf b = {};
	int r = file_read(path, OBJECT_BYTES_MAX, &b);

	if (r) {
		fprintf(stderr, "quern-cc: %s: %s\n", path, strerror(-r));
		return EXIT_FAILURE;
	}
	if (object_read(b.data, b.len, &o, &diag)) {
		fprintf(stderr, "quern-cc: %s: %s\n", path, diag_text(&diag));
		return EXIT_FAILURE;
	}
	dump(o);
	return EXIT_SUCCESS;
}
