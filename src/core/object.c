// SPDX-License-Identifier: Apache-2.0
/*
 * The file: magic, format version, SHA-256 of everything behind it, then the parts in the order of
 * struct object. Reading has two steps that know nothing of each other: the parts are read within
 * the bounds of the input, and then object_check() (object_check.c) looks at the whole as it would
 * at an object that quern-cc has just made. A checksum can be forged, so neither step relies on it; it is there to
 * tell a damaged file from a wrong one.
 */
#include "core/object.h"

#include <errno.h>
#include <openssl/sha.h>
#include <string.h>

#include "util/alloc.h"
#include "util/wire.h"

#define MAGIC        "QUERNOBJ"
#define MAGIC_BYTES  8
#define HEADER_BYTES (MAGIC_BYTES + 4 + SHA256_DIGEST_LENGTH)

#define DIAGNOSTICS_BYTES_MAX (1u << 20)

/* The least that one of each takes in the file, to check counts before allocating. */
#define MAP_BYTES_MIN     36
#define RELOC_BYTES       8
#define PROGRAM_BYTES_MIN 32
#define EVENT_BYTES_MIN   14

static void program_done(struct object_program *p)
{
	free(p->name);
	free(p->insns);
	free(p->relocs);
	free(p->func_info.data);
	free(p->line_info.data);
}

struct object *object_free(struct object *o)
{
	if (!o)
		return NULL;
	for (uint32_t i = 0; i < o->n_maps; i++) {
		free(o->maps[i].name);
		free(o->maps[i].pin);
	}
	for (uint32_t i = 0; i < o->n_programs; i++)
		program_done(&o->programs[i]);
	for (uint32_t i = 0; i < o->n_events; i++) {
		free(o->events[i].name);
		schema_free(o->events[i].schema);
	}
	free(o->maps);
	free(o->programs);
	free(o->events);
	free(o->btf);
	free(o->key);
	free(o->source_name);
	free(o->toolchain);
	free(o->types);
	free(o->license);
	free(o->diagnostics);
	free(o);
	return NULL;
}

static void write_map(struct buf *out, const struct object_map *m)
{
	wire_put_str(out, m->name);
	wire_put_u32(out, m->type);
	wire_put_u32(out, m->key_size);
	wire_put_u32(out, m->value_size);
	wire_put_u32(out, m->max_entries);
	wire_put_u32(out, m->flags);
	wire_put_u32(out, m->btf_key);
	wire_put_u32(out, m->btf_value);
	wire_put_str(out, m->pin);
}

static void write_info(struct buf *out, const struct object_info *info)
{
	wire_put_u32(out, info->record_size);
	wire_put_blob(out, info->data, info->count * info->record_size);
}

static void write_program(struct buf *out, const struct object_program *p)
{
	wire_put_str(out, p->name);
	wire_put_blob(out, p->insns, p->n_insns * (uint32_t)sizeof(*p->insns));
	wire_put_u32(out, p->n_relocs);
	for (uint32_t i = 0; i < p->n_relocs; i++) {
		wire_put_u32(out, p->relocs[i].insn);
		wire_put_u32(out, p->relocs[i].map);
	}
	write_info(out, &p->func_info);
	write_info(out, &p->line_info);
}

static void write_event(struct buf *out, const struct object_event *e)
{
	wire_put_str(out, e->name);
	wire_put_u8(out, (uint8_t)e->transport);
	wire_put_u32(out, e->map);
	wire_put_u32(out, e->slot_map);
	wire_put_u8(out, e->schema != NULL);
	if (e->schema)
		schema_write(e->schema, out);
}

static void write_parts(const struct object *o, struct buf *out)
{
	wire_put_str(out, o->key);
	wire_put_str(out, o->source_name);
	wire_put_str(out, o->toolchain);
	wire_put_str(out, o->types);
	wire_put_str(out, o->license);
	wire_put_str(out, o->diagnostics);
	wire_put_u32(out, o->kernel_version);
	wire_put_blob(out, o->btf, o->btf_size);
	wire_put_u32(out, o->n_maps);
	for (uint32_t i = 0; i < o->n_maps; i++)
		write_map(out, &o->maps[i]);
	wire_put_u32(out, o->n_programs);
	for (uint32_t i = 0; i < o->n_programs; i++)
		write_program(out, &o->programs[i]);
	wire_put_u32(out, o->n_events);
	for (uint32_t i = 0; i < o->n_events; i++)
		write_event(out, &o->events[i]);
}

void object_write(const struct object *o, struct buf *out)
{
	size_t start = out->len;
	unsigned char *hash;

	buf_append(out, MAGIC, MAGIC_BYTES);
	wire_put_u32(out, OBJECT_FORMAT_VERSION);
	buf_reserve(out, SHA256_DIGEST_LENGTH);
	out->len += SHA256_DIGEST_LENGTH;
	write_parts(o, out);
	hash = (unsigned char *)out->data + start + HEADER_BYTES - SHA256_DIGEST_LENGTH;
	SHA256((unsigned char *)out->data + start + HEADER_BYTES, out->len - start - HEADER_BYTES,
	       hash);
}

static void read_map(struct wire_reader *r, struct object_map *m)
{
	m->name = wire_get_str(r, OBJECT_NAME_MAX);
	m->type = wire_get_u32(r);
	m->key_size = wire_get_u32(r);
	m->value_size = wire_get_u32(r);
	m->max_entries = wire_get_u32(r);
	m->flags = wire_get_u32(r);
	m->btf_key = wire_get_u32(r);
	m->btf_value = wire_get_u32(r);
	m->pin = wire_get_str(r, OBJECT_PATH_MAX);
	if (!*m->pin) {
		free(m->pin);
		m->pin = NULL;
	}
}

static void read_info(struct wire_reader *r, struct object_info *info)
{
	uint32_t size;
	const void *data;

	info->record_size = wire_get_u32(r);
	data = wire_get_blob(r, &size);
	if (!size)
		return;
	if (!info->record_size || size % info->record_size) {
		r->failed = true;
		return;
	}
	info->count = size / info->record_size;
	info->data = xmemdup(data, size);
}

static void read_program(struct wire_reader *r, struct object_program *p)
{
	uint32_t size;
	const void *insns;

	p->name = wire_get_str(r, OBJECT_NAME_MAX);
	insns = wire_get_blob(r, &size);
	if (size % sizeof(*p->insns))
		r->failed = true;
	p->n_insns = size / (uint32_t)sizeof(*p->insns);
	p->insns = xmemdup(insns, p->n_insns * sizeof(*p->insns));
	p->n_relocs = wire_get_count(r, RELOC_BYTES);
	p->relocs = xcalloc(p->n_relocs, sizeof(*p->relocs));
	for (uint32_t i = 0; i < p->n_relocs; i++) {
		p->relocs[i].insn = wire_get_u32(r);
		p->relocs[i].map = wire_get_u32(r);
	}
	read_info(r, &p->func_info);
	read_info(r, &p->line_info);
}

static int read_event(struct wire_reader *r, struct object_event *e, struct diag *diag)
{
	uint8_t transport;

	e->name = wire_get_str(r, OBJECT_NAME_MAX);
	transport = wire_get_u8(r);
	if (transport > OBJECT_PERF)
		r->failed = true;
	e->transport = (enum object_transport)transport;
	e->map = wire_get_u32(r);
	e->slot_map = wire_get_u32(r);
	return wire_get_u8(r) ? schema_read(r, &e->schema, diag) : 0;
}

static int read_parts(struct wire_reader *r, struct object *o, struct diag *diag)
{
	const void *btf;
	int e = 0;

	o->key = wire_get_str(r, OBJECT_NAME_MAX);
	o->source_name = wire_get_str(r, OBJECT_PATH_MAX);
	o->toolchain = wire_get_str(r, OBJECT_PATH_MAX);
	o->types = wire_get_str(r, 2 * OBJECT_PATH_MAX);
	o->license = wire_get_str(r, OBJECT_NAME_MAX);
	o->diagnostics = wire_get_str(r, DIAGNOSTICS_BYTES_MAX);
	o->kernel_version = wire_get_u32(r);
	btf = wire_get_blob(r, &o->btf_size);
	o->btf = o->btf_size ? xmemdup(btf, o->btf_size) : NULL;

	o->n_maps = wire_get_count(r, MAP_BYTES_MIN);
	o->maps = xcalloc(o->n_maps, sizeof(*o->maps));
	for (uint32_t i = 0; i < o->n_maps; i++)
		read_map(r, &o->maps[i]);
	o->n_programs = wire_get_count(r, PROGRAM_BYTES_MIN);
	o->programs = xcalloc(o->n_programs, sizeof(*o->programs));
	for (uint32_t i = 0; i < o->n_programs; i++)
		read_program(r, &o->programs[i]);
	o->n_events = wire_get_count(r, EVENT_BYTES_MIN);
	o->events = xcalloc(o->n_events, sizeof(*o->events));
	for (uint32_t i = 0; i < o->n_events && !e; i++)
		e = read_event(r, &o->events[i], diag);
	return e;
}

static int check_header(const uint8_t *data, size_t size, struct diag *diag)
{
	struct wire_reader r = wire_reader_init(data, size);
	unsigned char hash[SHA256_DIGEST_LENGTH];
	uint32_t version;

	if (size > OBJECT_BYTES_MAX)
		return diag_error(diag, -EBADMSG, "the object is larger than %u MB",
		                  OBJECT_BYTES_MAX >> 20);
	if (size < HEADER_BYTES || memcmp(data, MAGIC, MAGIC_BYTES) != 0)
		return diag_error(diag, -EBADMSG, "not a probe object");
	wire_get_bytes(&r, MAGIC_BYTES);
	version = wire_get_u32(&r);
	if (version != OBJECT_FORMAT_VERSION)
		return diag_error(diag, -EBADMSG,
		                  "a probe object of format %u; this program reads format %d",
		                  version, OBJECT_FORMAT_VERSION);
	SHA256(data + HEADER_BYTES, size - HEADER_BYTES, hash);
	if (memcmp(hash, wire_get_bytes(&r, sizeof(hash)), sizeof(hash)) != 0)
		return diag_error(diag, -EBADMSG, "the object is damaged: its checksum is wrong");
	return 0;
}

int object_read(const void *data, size_t size, struct object **ret, struct diag *diag)
{
	_cleanup_(object_freep) struct object *o = NULL;
	struct wire_reader r;
	int e = check_header(data, size, diag);

	if (e)
		return e;
	o = xcalloc(1, sizeof(*o));
	r = wire_reader_init((const uint8_t *)data + HEADER_BYTES, size - HEADER_BYTES);
	e = read_parts(&r, o, diag);
	if (e || r.failed || wire_left(&r))
		return diag_error(diag, -EBADMSG, "the object is damaged: its parts do not fit");
	e = object_check(o, diag);
	if (e)
		return e;
	*ret = steal(&o);
	return 0;
}
