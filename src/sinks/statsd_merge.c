// SPDX-License-Identifier: Apache-2.0
/*
 * An array of entries in their order, and a table of indices into it, open-addressed and at most half
 * full. Their texts stand one behind the other in one buffer. Names come from processes of any user,
 * so the hash has a secret: nobody can choose names that collide.
 */
#include "sinks/statsd_merge.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "util/alloc.h"
#include "util/time.h"

#define TEXTS_MAX (64u << 20)

struct merge {
	struct merged *entries;
	size_t n, cap, max;
	uint32_t *slots; /* index + 1; 0: empty */
	size_t n_slots;  /* a power of two */
	struct buf texts;
	uint64_t secret;
};

struct merge *merge_new(size_t max)
{
	struct merge *m = xcalloc(1, sizeof(*m));

	m->max = max;
	m->n_slots = 64;
	m->slots = xcalloc(m->n_slots, sizeof(*m->slots));
	if (getrandom(&m->secret, sizeof(m->secret), GRND_NONBLOCK) < 0)
		m->secret = time_monotonic();
	return m;
}

struct merge *merge_free(struct merge *m)
{
	if (!m)
		return NULL;
	free(m->entries);
	free(m->slots);
	buf_done(&m->texts);
	free(m);
	return NULL;
}

static uint64_t mix(uint64_t h, uint64_t v)
{
	unsigned __int128 product =
		(unsigned __int128)(h ^ v ^ 0x9e3779b97f4a7c15) * 0xd6e8feb86659fd93;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t hash_series(const struct merge *m, uint32_t event, enum metric_kind kind,
                            const struct statsd_series *s)
{
	uint64_t h = mix(m->secret, (uint64_t)event << 32 | kind), v;
	size_t i;

	for (i = 0; i + 8 <= s->len; i += 8) {
		memcpy(&v, s->text + i, 8);
		h = mix(h, v ^ m->secret);
	}
	v = 0;
	memcpy(&v, s->text + i, s->len - i);
	return mix(mix(h, v), s->len);
}

static void grow_slots(struct merge *m)
{
	free(m->slots);
	m->n_slots *= 2;
	m->slots = xcalloc(m->n_slots, sizeof(*m->slots));
	for (size_t i = 0; i < m->n; i++) {
		size_t at = m->entries[i].hash & (m->n_slots - 1);

		while (m->slots[at])
			at = (at + 1) & (m->n_slots - 1);
		m->slots[at] = (uint32_t)i + 1;
	}
}

static bool is_entry(const struct merge *m, const struct merged *e, uint64_t hash, uint32_t event,
                     enum metric_kind kind, const struct statsd_series *s)
{
	return e->hash == hash && e->event == event && e->kind == kind && e->series.len == s->len &&
	       e->series.head == s->head && memcmp(m->texts.data + e->text, s->text, s->len) == 0;
}

static void update(struct merged *e, struct statsd_value v, uint32_t records)
{
	e->records += records;
	if (e->kind == METRIC_GAUGE) {
		e->value = v;
		return;
	}
	e->value.real += v.real;
	if (__builtin_add_overflow(e->value.whole, v.whole, &e->value.whole))
		e->value.whole = v.whole < 0 ? INT64_MIN : INT64_MAX;
}

bool merge_add(struct merge *m, uint32_t event, enum metric_kind kind,
               const struct statsd_series *series, struct statsd_value value, uint32_t records)
{
	uint64_t hash = hash_series(m, event, kind, series);
	size_t at = hash & (m->n_slots - 1);
	struct merged *e;

	for (; m->slots[at]; at = (at + 1) & (m->n_slots - 1)) {
		e = &m->entries[m->slots[at] - 1];
		/* Records are counted in 32 bits. */
		if (is_entry(m, e, hash, event, kind, series)) {
			if (e->records == UINT32_MAX)
				return false;
			update(e, value, records);
			return true;
		}
	}
	if (m->n == m->max || (m->n && m->texts.len + series->len > TEXTS_MAX))
		return false;
	e = array_push(&m->entries, &m->n, &m->cap);
	*e = (struct merged){
		.hash = hash,
		.series = {.len = series->len, .head = series->head},
		.text = m->texts.len,
		.value = value,
		.kind = kind,
		.event = event,
		.records = records,
	};
	buf_append(&m->texts, series->text, series->len);
	m->slots[at] = (uint32_t)m->n;
	if (m->n * 2 > m->n_slots)
		grow_slots(m);
	return true;
}

void merge_drain(struct merge *m, void (*each)(void *ctx, const struct merged *entry), void *ctx)
{
	for (size_t i = 0; i < m->n; i++) {
		m->entries[i].series.text = m->texts.data + m->entries[i].text;
		each(ctx, &m->entries[i]);
	}
	m->n = 0;
	buf_clear(&m->texts);
	memset(m->slots, 0, m->n_slots * sizeof(*m->slots));
}
