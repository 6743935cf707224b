// SPDX-License-Identifier: Apache-2.0
#include "core/plan.h"

#include <stdlib.h>

#include "core/value.h"
#include "util/alloc.h"

/* Columns of the text form: "14:03:05.123 tcp_connect     412 curl            daddr=…" */
#define EVENT_WIDTH 12

struct builder {
	const struct event *event;
	bool json;
	bool color;
	bool has_header;          /* the event begins as ours do, see quern.h */
	const struct field *tail; /* the field of the tail rule; NULL: none */
	struct buf pending;       /* literal text before the next value */
};

static void line_done(struct line *line)
{
	for (uint32_t i = 0; i < line->n_pieces; i++) {
		struct piece *piece = &line->pieces[i];

		if (piece->inner)
			line_done(piece->inner);
		free(piece->inner);
		free(piece->literal);
	}
	free(line->pieces);
	free(line->tail);
}

struct plan *plan_free(struct plan *p)
{
	if (!p)
		return NULL;
	line_done(&p->line);
	event_unref(p->event);
	free(p);
	return NULL;
}

static void line_add_room(struct line *line, uint64_t room)
{
	line->room += room;
	if (line->room > PLAN_ROOM_MAX)
		line->room = PLAN_ROOM_MAX + 1;
}

/* The pending text as a literal, its length in *ret_len. */
static char *take_literal(struct builder *b, struct line *line, uint32_t *ret_len)
{
	char *literal = xcalloc(b->pending.len + PUT_SLACK, 1);

	if (b->pending.len)
		memcpy(literal, b->pending.data, b->pending.len);
	*ret_len = (uint32_t)b->pending.len;
	line_add_room(line, *ret_len);
	buf_clear(&b->pending);
	return literal;
}

static struct piece *add_piece(struct builder *b, struct line *line, semantic_print_fn print,
                               const struct field *f, uint32_t offset)
{
	struct piece *piece = array_push(&line->pieces, &line->n_pieces, &line->cap);

	piece->literal = take_literal(b, line, &piece->literal_len);
	piece->field = f;
	piece->print = print;
	piece->offset = offset;
	piece->size = f ? f->size : 0;
	return piece;
}

static void end_line(struct builder *b, struct line *line)
{
	line->tail = take_literal(b, line, &line->tail_len);
}

/* What the front matter says, else what the type's name says, else what suits the kind. */
static const struct semantic *choose_semantic(const struct event *e, const struct field *f,
                                              bool top)
{
	const struct semantic *s = NULL;

	for (uint32_t i = 0; top && i < e->n_notes; i++)
		if (e->notes[i].decode && streq(e->notes[i].name, f->name))
			s = semantic_find(e->notes[i].decode, f);
	if (!s)
		s = semantic_find(f->type, f);
	if (s)
		return s;
	switch (f->kind) {
	case FIELD_UINT:
	case FIELD_INT:
		return semantic_find(strchr(f->type, '*') ? "hex" : "number", f);
	case FIELD_BOOL:
		return semantic_find("bool", f);
	case FIELD_CHARS:
		return semantic_find(top && streq(f->name, "comm") ? "comm_t" : "text_t", f);
	case FIELD_BYTES:
		return semantic_find("hex", f);
	default:
		return NULL;
	}
}

static uint64_t enum_room(const struct field *f)
{
	size_t longest = PUT_INT_MAX;

	for (uint32_t i = 0; i < f->n_enumerators; i++)
		if (strlen(f->enumerators[i].name) + 2 > longest)
			longest = strlen(f->enumerators[i].name) + 2;
	return longest;
}

semantic_print_fn plan_choose_print(const struct event *e, const struct field *f, bool top,
                                    uint64_t *ret_room)
{
	const struct semantic *s = choose_semantic(e, f, top);

	if (s) {
		*ret_room = s->room ? s->room : PUT_TEXT_MAX(f->size);
		return s->print;
	}
	switch (f->kind) {
	case FIELD_ENUM:
		*ret_room = enum_room(f);
		return value_enum;
	case FIELD_FLOAT:
		*ret_room = PUT_FLOAT_MAX;
		return value_float;
	case FIELD_UINT:
	case FIELD_INT:
		*ret_room = PUT_INT128_MAX + 2;
		return value_int128;
	default:
		return NULL;
	}
}

/* "name": or name= with what separates it from what stands before. */
static void put_name(struct builder *b, const char *name, bool first)
{
	struct buf *out = &b->pending;

	if (b->json) {
		buf_puts(out, first ? "\"" : ",\"");
		buf_puts(out, name);
		buf_puts(out, "\":");
		return;
	}
	buf_puts(out, first ? "" : " ");
	buf_puts(out, b->color ? COLOR_DIM : "");
	buf_puts(out, name);
	buf_putc(out, '=');
	buf_puts(out, b->color ? COLOR_OFF : "");
}

static void add_field(struct builder *b, struct line *line, const struct field *f, uint32_t offset,
                      bool top);

static void add_struct(struct builder *b, struct line *line, const struct field *f, uint32_t offset)
{
	buf_putc(&b->pending, '{');
	for (uint32_t i = 0; i < f->n_children; i++) {
		put_name(b, f->children[i].name, i == 0);
		add_field(b, line, &f->children[i], offset, false);
	}
	buf_putc(&b->pending, '}');
}

/* The value of a field whose name is pending. A struct dissolves into its members' pieces. */
static void add_field(struct builder *b, struct line *line, const struct field *f, uint32_t offset,
                      bool top)
{
	uint64_t room = 0;
	semantic_print_fn print = plan_choose_print(b->event, f, top, &room);
	struct line *inner = NULL;
	struct piece *piece;

	offset += f->offset;
	if (!print && !f->is_array) {
		add_struct(b, line, f, offset);
		return;
	}
	piece = add_piece(b, line, print, f, offset);
	piece->is_array = f->is_array;
	if (!print) {
		inner = piece->inner = xcalloc(1, sizeof(*inner));
		add_struct(b, inner, f, 0);
		end_line(b, inner);
		room = inner->room;
	}
	if (f != b->tail)
		line_add_room(line, (room + 1) * f->count + 2);
}

static bool is_integer(const struct field *f, uint32_t size)
{
	return f && (f->kind == FIELD_UINT || f->kind == FIELD_INT) && f->size == size &&
	       !f->is_array && !f->bit_size;
}

/* The record's own time, or NULL. */
static const struct field *time_field(const struct schema *s)
{
	const struct field *f = s ? schema_field(s, "time") : NULL;

	return is_integer(f, 8) && streq(f->type, "ktime_t") ? f : NULL;
}

/* The text that may end early (core/schema.h), or NULL. */
static const struct field *tail_field(const struct schema *s)
{
	const struct field *f = s ? &s->fields[s->n_fields - 1] : NULL;

	return f && f->kind == FIELD_CHARS && !f->is_array ? f : NULL;
}

/* A value of the line's beginning; `f` may be NULL. */
static void add_column(struct builder *b, struct line *line, semantic_print_fn print,
                       const struct field *f, uint64_t room)
{
	add_piece(b, line, print, f, f ? f->offset : 0);
	line_add_room(line, room);
}

static void put_quoted(struct buf *out, const char *s)
{
	size_t n = strlen(s);

	out->len = (size_t)(put_json_string(buf_reserve(out, PUT_TEXT_MAX(n) + PUT_SLACK),
	                                    (const uint8_t *)s, (uint32_t)n, 0) -
	                    out->data);
}

static void begin_json(struct builder *b, struct line *line, const struct field *time,
                       const char *host)
{
	buf_puts(&b->pending, "{\"time\":\"");
	add_column(b, line, value_time, time, PUT_TIME_MAX);
	buf_puts(&b->pending, "\",\"event\":");
	put_quoted(&b->pending, b->event->name);
	buf_puts(&b->pending, ",\"host\":");
	put_quoted(&b->pending, host);
}

static void put_event_column(struct builder *b)
{
	const char *name = b->event->name;
	size_t n = strlen(name);
	char *start = buf_reserve(&b->pending, PUT_TEXT_MAX(n) + EVENT_WIDTH + PUT_SLACK);

	b->pending.len +=
		(size_t)(put_text_column(start, (const uint8_t *)name, (uint32_t)n, EVENT_WIDTH) -
	                 start);
}

/* Is this field shown in a column? */
static bool is_pid_column(const struct field *f)
{
	return f && streq(f->name, "pid") && is_integer(f, 4);
}

static bool is_comm_column(const struct field *f)
{
	return f && streq(f->name, "comm") && f->kind == FIELD_CHARS && !f->is_array;
}

static void begin_text(struct builder *b, struct line *line, const struct schema *s,
                       const struct field *time)
{
	const struct field *pid = s ? schema_field(s, "pid") : NULL;
	const struct field *comm = s ? schema_field(s, "comm") : NULL;

	buf_puts(&b->pending, b->color ? COLOR_DIM : "");
	add_column(b, line, value_time, time, PUT_TIME_MAX);
	buf_puts(&b->pending, b->color ? COLOR_OFF " " COLOR_EVENT : " ");
	put_event_column(b);
	buf_puts(&b->pending, b->color ? COLOR_OFF " " : " ");

	if (is_pid_column(pid))
		add_column(b, line, value_pid_column, pid, PUT_INT_MAX + VALUE_PID_WIDTH);
	else
		buf_printf(&b->pending, "%*s", VALUE_PID_WIDTH, "-");
	buf_putc(&b->pending, ' ');
	if (is_comm_column(comm))
		add_column(b, line, value_comm_column, comm,
		           PUT_TEXT_MAX(comm->size) + VALUE_COMM_WIDTH);
	else
		buf_printf(&b->pending, "%-*s", VALUE_COMM_WIDTH, "-");
}

/* Fields that the text form shows in a column, elsewhere, or not at all. */
static bool is_left_out(const struct builder *b, const struct field *f)
{
	static const char *const header[] = {"cpu", "tid", "uid", "gid", "cgroup"};

	if (b->json)
		return false;
	for (size_t i = 0; b->has_header && i < ARRAY_SIZE(header); i++)
		if (streq(f->name, header[i]))
			return true;
	return is_pid_column(f) || is_comm_column(f);
}

/* The name to print: never one of the keys that every line has. */
static void put_own_name(struct builder *b, const struct field *f)
{
	static const char *const taken[] = {"time", "event", "host"};
	char name[SCHEMA_NAME_MAX + SCHEMA_FIELDS_MAX + 1];
	char *end = stpcpy(name, f->name);

	for (size_t i = 0; i < ARRAY_SIZE(taken); i++) {
		if (!streq(f->name, taken[i]))
			continue;
		do
			end = stpcpy(end, "_");
		while (schema_field(b->event->schema, name));
	}
	put_name(b, name, false);
}

static void add_fields(struct builder *b, struct line *line, const struct field *time)
{
	const struct schema *s = b->event->schema;
	const struct field *uid = schema_field(s, "uid");

	for (uint32_t i = 0; i < s->n_fields; i++) {
		const struct field *f = &s->fields[i];

		if (f == time || is_left_out(b, f))
			continue;
		put_own_name(b, f);
		add_field(b, line, f, 0, true);
	}
	if (!b->json && b->has_header && is_integer(uid, 4))
		add_column(b, line, value_uid_note, uid, 2 * PUT_INT_MAX + COLOR_MAX);
}

static void build(struct builder *b, struct plan *plan, const char *host, bool as_bytes)
{
	const struct schema *s = as_bytes ? NULL : plan->event->schema;
	const struct field *time = time_field(s);
	struct line *line = &plan->line;

	b->has_header = time;
	b->tail = tail_field(s);
	if (b->json)
		begin_json(b, line, time, host);
	else
		begin_text(b, line, s, time);
	if (s) {
		add_fields(b, line, time);
	} else {
		put_name(b, "data", false);
		add_piece(b, line, value_bytes, NULL, 0)->size = UINT32_MAX;
	}
	buf_puts(&b->pending, b->json ? "}\n" : "\n");
	end_line(b, line);

	plan->min_size = s ? s->min_size : 0;
	plan->text_start = b->tail ? b->tail->offset : 0;
	plan->text_size = b->tail ? b->tail->size : s ? 0 : UINT32_MAX;
}

struct plan *plan_new(struct event *event, bool json, bool color, const char *host)
{
	struct plan *plan = xcalloc(1, sizeof(*plan));
	struct builder b = {.event = event, .json = json, .color = color};

	plan->event = event_ref(event);
	build(&b, plan, host, !event->schema);
	if (plan->line.room > PLAN_ROOM_MAX) {
		line_done(&plan->line);
		plan->line = (struct line){};
		build(&b, plan, host, true);
	}
	buf_done(&b.pending);
	return plan;
}
