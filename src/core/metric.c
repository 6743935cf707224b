// SPDX-License-Identifier: Apache-2.0
#include "core/metric.h"

#include <stdlib.h>

#include "util/alloc.h"

#define STR_MAX 4096

const char *const metric_kind_names[] = {
	[METRIC_COUNTER] = "counter",     [METRIC_GAUGE] = "gauge", [METRIC_TIMER] = "timer",
	[METRIC_HISTOGRAM] = "histogram", [METRIC_SET] = "set",     NULL,
};

static char *copy_optional(const char *s)
{
	return s ? xstrdup(s) : NULL;
}

void metric_copy(const struct metric *from, struct metric *to)
{
	*to = (struct metric){
		.event = copy_optional(from->event),
		.name = xstrdup(from->name),
		.kind = from->kind,
		.value = copy_optional(from->value),
		.unit = copy_optional(from->unit),
		.tags = xcalloc(from->n_tags, sizeof(*to->tags)),
		.n_tags = from->n_tags,
	};
	for (size_t i = 0; i < from->n_tags; i++) {
		to->tags[i].tag = xstrdup(from->tags[i].tag);
		to->tags[i].field = xstrdup(from->tags[i].field);
	}
}

void metric_done(struct metric *m)
{
	free(m->event);
	free(m->name);
	free(m->value);
	free(m->unit);
	for (size_t i = 0; i < m->n_tags; i++) {
		free(m->tags[i].tag);
		free(m->tags[i].field);
	}
	free(m->tags);
	*m = (struct metric){};
}

void metric_write(const struct metric *m, struct buf *out)
{
	wire_put_str(out, m->event);
	wire_put_str(out, m->name);
	wire_put_u8(out, (uint8_t)m->kind);
	wire_put_str(out, m->value);
	wire_put_str(out, m->unit);
	wire_put_u32(out, (uint32_t)m->n_tags);
	for (size_t i = 0; i < m->n_tags; i++) {
		wire_put_str(out, m->tags[i].tag);
		wire_put_str(out, m->tags[i].field);
	}
}

static char *get_optional(struct wire_reader *r)
{
	char *s = wire_get_str(r, STR_MAX);

	if (*s)
		return s;
	free(s);
	return NULL;
}

void metric_read(struct wire_reader *r, struct metric *m)
{
	uint32_t n;

	m->event = get_optional(r);
	m->name = wire_get_str(r, STR_MAX);
	m->kind = wire_get_u8(r);
	m->value = get_optional(r);
	m->unit = get_optional(r);
	n = wire_get_count(r, 8);
	if (!*m->name || m->kind > METRIC_SET || n > METRICS_MAX)
		r->failed = true;
	if (r->failed)
		return;
	m->tags = xcalloc(n, sizeof(*m->tags));
	m->n_tags = n;
	for (uint32_t i = 0; i < n; i++) {
		m->tags[i].tag = wire_get_str(r, STR_MAX);
		m->tags[i].field = wire_get_str(r, STR_MAX);
	}
}
