// SPDX-License-Identifier: Apache-2.0
#include "sinks/statsd_lines.h"

#include <stdlib.h>
#include <string.h>

#include "core/plan.h"
#include "util/alloc.h"

const char *const statsd_tags_names[] = {
	[TAGS_NONE] = "none",
	[TAGS_DOGSTATSD] = "dogstatsd",
	[TAGS_GRAPHITE] = "graphite",
	[TAGS_INFLUX] = "influx",
	NULL,
};

/* Copy to `o`, which may be `text` itself. Returns the end. */
static char *escape(char *o, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		*o++ = c > ' ' && c < 0x7f && !memchr(":|@#,;=\"\\", c, 9) ? c : '_';
	}
	return o;
}

static void put_escaped(struct buf *out, const char *text)
{
	size_t n = strlen(text);

	escape(buf_reserve(out, n + 1), text, n);
	out->len += n;
}

/* A child by the first `len` bytes of `name`. */
static const struct field *find_child(const struct field *fields, uint32_t n, const char *name,
                                      size_t len)
{
	for (uint32_t i = 0; i < n; i++)
		if (strncmp(fields[i].name, name, len) == 0 && !fields[i].name[len])
			return &fields[i];
	return NULL;
}

/* "a.b": member b of the struct a. False when there is none, or it is an array or a struct. */
static bool find_field(const struct event *e, const char *path, struct statsd_field *ret)
{
	const struct schema *s = e->schema;
	const struct field *fields = s ? s->fields : NULL, *f = NULL;
	uint32_t n = s ? s->n_fields : 0;
	bool top = !strchr(path, '.');

	*ret = (struct statsd_field){};
	for (size_t len; *path; path += len + (path[len] == '.')) {
		len = strcspn(path, ".");
		f = find_child(fields, n, path, len);
		if (!f || f->is_array)
			return false;
		ret->offset += f->offset;
		fields = f->children;
		n = f->n_children;
	}
	if (!f)
		return false;
	ret->print = plan_choose_print(e, f, top, &ret->room);
	ret->field = f;
	return ret->print;
}

static bool is_number(const struct field *f)
{
	switch (f->kind) {
	case FIELD_UINT:
	case FIELD_INT:
	case FIELD_BOOL:
	case FIELD_ENUM:
	case FIELD_FLOAT:
		return f->size <= 8;
	default:
		return false;
	}
}

static double units_per_ms(const char *unit, const struct field *f)
{
	static const struct {
		const char *unit;
		double per_ms;
	} units[] = {{"ns", 1e6}, {"us", 1e3}, {"s", 1e-3}};

	if (f && streq(f->type, "duration_ns_t"))
		return 1e6;
	for (size_t i = 0; unit && i < ARRAY_SIZE(units); i++)
		if (streq(units[i].unit, unit))
			return units[i].per_ms;
	return 1;
}

static char *full_name(const char *prefix, const char *name)
{
	struct buf out = {};

	if (prefix && *prefix) {
		put_escaped(&out, prefix);
		buf_putc(&out, '.');
	}
	put_escaped(&out, name);
	return buf_take(&out);
}

static char *tag_lead(const char *tag, enum statsd_tags tags, bool first)
{
	static const char *const leads[] = {
		[TAGS_DOGSTATSD] = ",", [TAGS_GRAPHITE] = ";", [TAGS_INFLUX] = ","};
	struct buf out = {};

	buf_puts(&out, tags == TAGS_DOGSTATSD && first ? "|#" : leads[tags]);
	put_escaped(&out, tag);
	buf_putc(&out, tags == TAGS_DOGSTATSD ? ':' : '=');
	return buf_take(&out);
}

static void add_tags(struct statsd_metric *m, const struct metric *from, const struct event *e,
                     enum statsd_tags tags)
{
	m->tags = xcalloc(from->n_tags, sizeof(*m->tags));
	for (size_t i = 0; i < from->n_tags && tags != TAGS_NONE; i++) {
		struct statsd_tag *tag = &m->tags[m->n_tags];

		if (!find_field(e, from->tags[i].field, &tag->value))
			continue;
		tag->lead = tag_lead(from->tags[i].tag, tags, !m->n_tags);
		m->n_tags++;
	}
}

static void add_metric(struct statsd_plan *p, const struct metric *from, const char *prefix,
                       enum statsd_tags tags)
{
	struct statsd_metric *m = &p->metrics[p->n_metrics];

	*m = (struct statsd_metric){.kind = from->kind};
	/* Nothing can be measured by what the event does not have. */
	if (from->value && !find_field(p->event, from->value, &m->value))
		return;
	if (m->value.field && m->kind != METRIC_SET && !is_number(m->value.field))
		return;
	m->per_unit = m->kind == METRIC_TIMER ? units_per_ms(from->unit, m->value.field) : 1;
	m->name = full_name(prefix, from->name);
	add_tags(m, from, p->event, tags);
	p->n_metrics++;
}

struct statsd_plan *statsd_plan_new(struct event *e, const char *prefix, enum statsd_tags tags)
{
	struct statsd_plan *p = xcalloc(1, sizeof(*p));

	p->event = event_ref(e);
	p->metrics = xcalloc(e->n_metrics + 1, sizeof(*p->metrics));
	for (uint32_t i = 0; i < e->n_metrics; i++)
		add_metric(p, &e->metrics[i], prefix, tags);
	if (!p->n_metrics)
		add_metric(p, &(struct metric){.name = e->name}, prefix, tags);
	return p;
}

struct statsd_plan *statsd_plan_free(struct statsd_plan *p)
{
	if (!p)
		return NULL;
	for (size_t i = 0; i < p->n_metrics; i++) {
		for (size_t t = 0; t < p->metrics[i].n_tags; t++)
			free(p->metrics[i].tags[t].lead);
		free(p->metrics[i].tags);
		free(p->metrics[i].name);
	}
	free(p->metrics);
	event_unref(p->event);
	free(p);
	return NULL;
}

/* What a field shows, escaped and cut; _ when that is nothing. */
static void put_field(struct buf *out, const struct statsd_field *f, const struct record *r,
                      struct print *how)
{
	const uint8_t *p = r->data + f->offset;
	uint32_t left = r->size - f->offset;
	uint32_t size = left < f->field->size ? left : f->field->size;
	char *start, *end;
	size_t n;

	if (f->field->kind == FIELD_CHARS) {
		/* As it is, not as it would be quoted for people. */
		n = strnlen((const char *)p, size < TAG_BYTES_MAX ? size : TAG_BYTES_MAX);
		start = buf_reserve(out, n + 1);
		end = escape(start, (const char *)p, n);
	} else {
		start = buf_reserve(out, f->room + PUT_SLACK);
		n = (size_t)(f->print(start, f->field, p, size, how) - start);
		end = escape(start, start, n < TAG_BYTES_MAX ? n : TAG_BYTES_MAX);
	}
	if (end == start)
		*end++ = '_';
	out->len += (size_t)(end - start);
}

void statsd_series(const struct statsd_metric *m, enum statsd_tags tags, const struct record *r,
                   struct print *how, struct buf *scratch, struct statsd_series *ret)
{
	size_t name;

	buf_clear(scratch);
	buf_puts(scratch, m->name);
	name = scratch->len;
	for (size_t i = 0; i < m->n_tags; i++) {
		buf_puts(scratch, m->tags[i].lead);
		put_field(scratch, &m->tags[i].value, r, how);
	}
	ret->text = scratch->data;
	ret->len = scratch->len;
	ret->head = tags == TAGS_DOGSTATSD ? name : scratch->len;
}

static double read_float(const struct field *f, const uint8_t *p)
{
	double d = 0;
	float s = 0;

	if (f->size == sizeof(d)) {
		memcpy(&d, p, sizeof(d));
		return d;
	}
	memcpy(&s, p, sizeof(s));
	return s;
}

/* Of what has no finite value: nothing. */
static struct statsd_value real_value(double v)
{
	return (struct statsd_value){.real = __builtin_isfinite(v) ? v : 0};
}

struct statsd_value statsd_value(const struct statsd_metric *m, const struct record *r)
{
	const struct field *f = m->value.field;
	const uint8_t *p = r->data + m->value.offset;
	struct statsd_value v = {.whole = 1};
	bool is_signed;

	if (f && f->kind == FIELD_FLOAT) {
		v = real_value(read_float(f, p) / m->per_unit);
	} else if (f) {
		uint64_t bits = field_bits(f, p);

		is_signed = f->kind == FIELD_INT || (f->kind == FIELD_ENUM && f->is_signed);
		v.whole = !is_signed && bits > INT64_MAX ? INT64_MAX : (int64_t)bits;
		if (m->per_unit != 1)
			v = real_value((double)v.whole / m->per_unit);
	}
	return v;
}

void statsd_put_member(const struct statsd_metric *m, const struct record *r, struct print *how,
                       struct buf *out)
{
	if (m->value.field)
		put_field(out, &m->value, r, how);
	else
		buf_putc(out, '1');
}

static void put_line(struct buf *out, const struct statsd_series *s, const char *value, size_t len,
                     const char *type, const char *rate)
{
	buf_append(out, s->text, s->head);
	buf_putc(out, ':');
	buf_append(out, value, len);
	buf_putc(out, '|');
	buf_puts(out, type);
	buf_puts(out, rate);
	buf_append(out, s->text + s->head, s->len - s->head);
	buf_putc(out, '\n');
}

void statsd_put_number(struct buf *out, const struct statsd_series *s, struct statsd_value v,
                       const char *type, const char *rate)
{
	static const struct print how = {};
	char text[PUT_FLOAT_MAX + PUT_SLACK];
	char *end = v.real != 0 ? put_double(text, (double)v.whole + v.real, &how)
	                        : put_int(text, v.whole);

	/* A gauge with a sign is a change: below zero is reached from zero. */
	if (*type == 'g' && *text == '-')
		put_line(out, s, "0", 1, type, rate);
	put_line(out, s, text, (size_t)(end - text), type, rate);
}

void statsd_put_text(struct buf *out, const struct statsd_series *s, const char *value, size_t len,
                     const char *type)
{
	put_line(out, s, value, len, type, "");
}
