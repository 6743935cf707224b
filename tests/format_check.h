/* SPDX-License-Identifier: Apache-2.0 */
/* What must hold for a formatted line whatever the schema and the bytes are. Aborts if it does not. */
#pragma once

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/format.h"
#include "util/alloc.h"

static inline void line_fail(const char *why, const struct buf *line)
{
	fprintf(stderr, "%s: %.*s\n", why, (int)line->len, line->data);
	abort();
}

/* One object, no key twice, one line. */
static inline void check_json(const struct buf *line)
{
	json_error_t error;
	json_t *object = json_loadb(line->data, line->len,
	                            JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, &error);

	if (!object)
		line_fail(error.text, line);
	if (!json_is_object(object) || !json_is_string(json_object_get(object, "time")) ||
	    !json_is_string(json_object_get(object, "event")) ||
	    !json_is_string(json_object_get(object, "host")))
		line_fail("a key is missing", line);
	json_decref(object);
	if (memchr(line->data, '\n', line->len) != line->data + line->len - 1)
		line_fail("not one line", line);
}

/* UTF-8, no control character, one line. */
static inline void check_text(const struct buf *line)
{
	json_t *utf8 = json_stringn(line->data, line->len);

	if (!utf8)
		line_fail("not UTF-8", line);
	json_decref(utf8);
	for (size_t i = 0; i < line->len; i++) {
		uint8_t c = (uint8_t)line->data[i];
		uint8_t next = i + 1 < line->len ? (uint8_t)line->data[i + 1] : 0;

		if ((c < ' ' && i + 1 < line->len) || c == 0x7f || (c == 0xc2 && next < 0xa0))
			line_fail("a control character", line);
	}
	if (line->data[line->len - 1] != '\n')
		line_fail("no end of the line", line);
}

/* Format one record in memory of just its size. False when it was refused. */
static inline bool check_record(struct event *event, const void *data, uint32_t size)
{
	struct batch *batch = batch_new(8);
	struct record *record = xmalloc(sizeof(*record) + size);
	uint32_t min_size = event->schema ? event->schema->min_size : 0;

	batch->events[batch->n_events++] = event_ref(event);
	record->size = size;
	record->event = 0;
	memcpy(record->data, data, size);
	for (int format = FORMAT_TEXT; format <= FORMAT_JSON; format++) {
		_cleanup_(buf_donep) struct buf out = {};
		struct formatter *f = formatter_new((enum format)format, "h\"o\nst", false);
		int r = formatter_record(f, batch, record, &out);

		formatter_free(f);
		if (r != (size < min_size ? -EBADMSG : 0) || (r && out.len))
			abort();
		if (!r)
			(format == FORMAT_JSON ? check_json : check_text)(&out);
	}
	free(record);
	batch_unref(batch);
	return size >= min_size;
}
