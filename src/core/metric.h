/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the records of an event count: what `metrics:` of a probe's front matter says. Names of fields
 * may be dotted paths into structs; whether the event has them is seen where the metric is used.
 */
#pragma once

#include <stddef.h>

#include "util/wire.h"

#define METRICS_MAX 64 /* of one event, and tags of one metric */

enum metric_kind { METRIC_COUNTER, METRIC_GAUGE, METRIC_TIMER, METRIC_HISTOGRAM, METRIC_SET };

extern const char *const metric_kind_names[]; /* as `kind:` has them, NULL at the end */

struct metric_tag {
	char *tag, *field;
};

struct metric {
	char *event; /* which of the probe's events; NULL: the one named like the probe */
	char *name;
	enum metric_kind kind;
	char *value; /* a field; NULL: 1 */
	char *unit;  /* NULL: none */
	struct metric_tag *tags;
	size_t n_tags;
};

void metric_copy(const struct metric *from, struct metric *to);
void metric_done(struct metric *m);

/* For recordings. Reading is for hostile input: the reader has failed when there is no sense in it. */
void metric_write(const struct metric *m, struct buf *out);
void metric_read(struct wire_reader *r, struct metric *m);
