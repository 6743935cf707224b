/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counters and gauges that wait to be sent: one entry for each series of an event, counters summed up
 * (and held at the limits of 64 bits), gauges replaced. Bounded in entries and their text; all memory is allocated
 * as it is first needed and kept. Private to the statsd sink; one thread.
 */
#pragma once

#include <stdbool.h>

#include "sinks/statsd_lines.h"

struct merged {
	uint64_t hash;
	struct statsd_series series; /* `text` is valid in merge_drain() only */
	size_t text;
	struct statsd_value value;
	enum metric_kind kind;
	uint32_t event; /* id */
	uint32_t records;
};

struct merge;

struct merge *merge_new(size_t max);
struct merge *merge_free(struct merge *m); /* takes NULL, returns NULL */

/* False when it is full: drain it first. */
bool merge_add(struct merge *m, uint32_t event, enum metric_kind kind,
               const struct statsd_series *series, struct statsd_value value, uint32_t records);

/* Call `each` for every entry in the order of their first record, and forget them. */
void merge_drain(struct merge *m, void (*each)(void *ctx, const struct merged *entry), void *ctx);
