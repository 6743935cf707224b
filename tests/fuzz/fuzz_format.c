/* SPDX-License-Identifier: Apache-2.0 */
#include "../format_check.h"
#include "core/semantic.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Decode the schema's n-th field as the n-th byte says. */
static void decode(struct event *e, const uint8_t *choice, uint32_t n)
{
	uint32_t known = 0;

	while (semantics[known].name)
		known++;
	e->notes = xcalloc(n, sizeof(*e->notes));
	for (uint32_t i = 0; i < n && i < e->schema->n_fields; i++) {
		e->notes[i].name = xstrdup(e->schema->fields[i].name);
		e->notes[i].decode = xstrdup(semantics[choice[i] % known].name);
		e->n_notes++;
	}
}

/* A stored schema, a count of decoders and a byte for each, and the record. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wire_reader r = wire_reader_init(data, size);
	struct schema *s;
	struct event *e;
	const uint8_t *choice;
	uint8_t n;

	if (schema_read(&r, &s, NULL))
		return 0;
	e = event_new(0, "probe", "event", s);
	n = wire_get_u8(&r);
	choice = wire_get_bytes(&r, n);
	if (choice)
		decode(e, choice, n);
	check_record(e, r.p, (uint32_t)wire_left(&r));
	event_unref(e);
	return 0;
}
