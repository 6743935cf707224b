// SPDX-License-Identifier: Apache-2.0
#include "core/format.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "core/plan.h"
#include "util/alloc.h"

const char *const format_names[] = {"text", "json", NULL};

struct formatter {
	struct print how;
	char *host;
	/* By event id. A swapped probe's event is another object with the same id. */
	struct plan *plans[EVENTS_MAX];
};

struct formatter *formatter_new(enum format format, const char *host, bool color)
{
	struct formatter *f = xcalloc(1, sizeof(*f));

	print_init(&f->how, format == FORMAT_JSON, color);
	f->host = xstrdup(host);
	return f;
}

struct formatter *formatter_free(struct formatter *f)
{
	if (!f)
		return NULL;
	for (uint32_t i = 0; i < EVENTS_MAX; i++)
		plan_free(f->plans[i]);
	free(f->host);
	free(f);
	return NULL;
}

static char *put_line(char *o, const struct line *line, const uint8_t *p, uint32_t left,
                      struct print *how);

static char *put_array(char *o, const struct piece *piece, const uint8_t *p, struct print *how)
{
	uint32_t count = piece->field->count;

	*o++ = '[';
	for (uint32_t i = 0; i < count; i++, p += piece->size) {
		if (i)
			*o++ = how->json ? ',' : ' ';
		if (piece->print)
			o = piece->print(o, piece->field, p, piece->size, how);
		else
			o = put_line(o, piece->inner, p, piece->size, how);
	}
	*o++ = ']';
	return o;
}

/* `left` bytes are there at p: only a text that ends the record, or its bytes, may have less. */
static char *put_line(char *o, const struct line *line, const uint8_t *p, uint32_t left,
                      struct print *how)
{
	for (uint32_t i = 0; i < line->n_pieces; i++) {
		const struct piece *piece = &line->pieces[i];
		const uint8_t *value = p + piece->offset;
		uint32_t size = left - piece->offset;

		o = put_literal(o, piece->literal, piece->literal_len);
		if (__builtin_expect(piece->is_array, 0))
			o = put_array(o, piece, value, how);
		else
			o = piece->print(o, piece->field, value,
			                 size < piece->size ? size : piece->size, how);
	}
	return put_literal(o, line->tail, line->tail_len);
}

static const struct plan *make_plan(struct formatter *f, struct event *event)
{
	plan_free(f->plans[event->id]);
	f->plans[event->id] = plan_new(event, f->how.json, f->how.color, f->host);
	return f->plans[event->id];
}

int formatter_record(struct formatter *f, const struct batch *batch, const struct record *record,
                     struct buf *out)
{
	struct event *event = batch->events[record->event];
	const struct plan *plan = f->plans[event->id];
	size_t room;
	char *start, *end;

	if (!plan || plan->event != event)
		plan = make_plan(f, event);
	if (record->size < plan->min_size)
		return -EBADMSG;
	f->how.wall_offset = batch->wall_offset;
	f->how.created = batch->created;
	room = plan_room(plan, record->size);
	start = buf_reserve(out, room);
	end = put_line(start, &plan->line, record->data, record->size, &f->how);
	assert((size_t)(end - start) <= room);
	out->len += (size_t)(end - start);
	return 0;
}
