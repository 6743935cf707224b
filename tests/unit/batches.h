/* SPDX-License-Identifier: Apache-2.0 */
/* Events and batches for the tests of whatever takes batches. */
#pragma once

#include "core/event.h"
#include "util/alloc.h"

/* An event whose record is one number, the field `n`. */
static inline struct event *number_event(uint32_t id, const char *name)
{
	struct schema *schema = xcalloc(1, sizeof(*schema));

	schema->size = 8;
	schema->n_fields = 1;
	schema->fields = xcalloc(1, sizeof(*schema->fields));
	*schema->fields = (struct field){
		.name = xstrdup("n"),
		.type = xstrdup("u64"),
		.kind = FIELD_UINT,
		.size = 8,
		.count = 1,
	};
	assert_int_equal(schema_seal(schema, NULL), 0);
	return event_new(id, name, name, schema);
}

/* A batch of `count` records of the event, numbered from `first` on. */
static inline struct batch *number_batch(struct event *e, uint64_t first, uint32_t count)
{
	struct batch *b = batch_new(count ? count * RECORD_BYTES(8) : 8);

	for (uint64_t n = first; n < first + count; n++)
		assert_true(batch_add(b, e, 0, &n, sizeof(n)));
	return b;
}
