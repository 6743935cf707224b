/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a record to the text of its metrics: what `metrics` of an event means for its records, worked
 * out once (a plan), and lines in statsd's form and its dialects of tags. Private to the statsd sink;
 * one thread.
 *
 * statsd has no way to quote. In names, tags and the values of sets, what would end one of them is
 * replaced by _, and so is all that is not printable ASCII; values of tags are cut at TAG_BYTES_MAX.
 */
#pragma once

#include "core/event.h"
#include "core/print.h"
#include "core/semantic.h"
#include "util/buf.h"

#define TAG_BYTES_MAX 200

enum statsd_tags { TAGS_NONE, TAGS_DOGSTATSD, TAGS_GRAPHITE, TAGS_INFLUX };

extern const char *const statsd_tags_names[]; /* "none", …, NULL */

/* One field of the records. */
struct statsd_field {
	const struct field *field; /* NULL: none */
	uint32_t offset;           /* from the record's start */
	semantic_print_fn print;
	uint64_t room;
};

struct statsd_metric {
	enum metric_kind kind;
	char *name;                /* with the prefix, escaped */
	struct statsd_field value; /* none: 1 */
	double per_unit;           /* what the value is divided by: timers go out in ms */
	struct statsd_tag {
		char *lead; /* what stands before the value: ";tag=" */
		struct statsd_field value;
	} * tags;
	size_t n_tags;
};

struct statsd_plan {
	struct event *event; /* a reference */
	struct statsd_metric *metrics;
	size_t n_metrics;
};

/* An event without metrics has one: a counter with the event's name. */
struct statsd_plan *statsd_plan_new(struct event *e, const char *prefix, enum statsd_tags tags);
struct statsd_plan *statsd_plan_free(struct statsd_plan *p); /* takes NULL, returns NULL */

/* A number: the sum of both. */
struct statsd_value {
	int64_t whole;
	double real;
};

/* What a metric and its tags are called: `head` bytes before the value, the rest behind it. */
struct statsd_series {
	const char *text;
	size_t len, head;
};

/* The series of a record, in `scratch`. The record is no shorter than its schema's min_size. */
void statsd_series(const struct statsd_metric *m, enum statsd_tags tags, const struct record *r,
                   struct print *how, struct buf *scratch, struct statsd_series *ret);

/* The value of a record, timers in milliseconds. Not for sets. */
struct statsd_value statsd_value(const struct statsd_metric *m, const struct record *r);

/* The value of a set's record, escaped, appended to `out`. */
void statsd_put_member(const struct statsd_metric *m, const struct record *r, struct print *how,
                       struct buf *out);

/* Append lines. `type` is statsd's: "c", "g", "ms"; `rate` "" or "|@0.1". */
void statsd_put_number(struct buf *out, const struct statsd_series *s, struct statsd_value v,
                       const char *type, const char *rate);
void statsd_put_text(struct buf *out, const struct statsd_series *s, const char *value, size_t len,
                     const char *type);

/* The most that a line takes around its series and, for texts, the value. */
#define STATSD_LINE_ROOM (2 * PUT_FLOAT_MAX)
