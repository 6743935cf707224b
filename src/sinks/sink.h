/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sink: a bounded queue of batches, a worker thread, and an output behind a small interface. The
 * worker takes batches, runs the sink's steps, formats records into a payload, and asks the output
 * to send it when it is large, full or old enough. The output only answers done, retry or reject;
 * waiting, repeating, counting and giving up are the worker's.
 *
 * Threads: sink_push() is called by the reader and never blocks. The output's functions are called
 * by the worker only, but for open and close (before the start, after the end). Counters may be read
 * at any time by anybody.
 */
#pragma once

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "core/event.h"
#include "core/format.h"
#include "core/option.h"
#include "util/buf.h"
#include "util/diag.h"

enum drop_reason {
	DROP_QUEUE_FULL, /* the queue was at its limit */
	DROP_MALFORMED,  /* shorter than its schema, or not printable */
	DROP_REJECTED,   /* the output refused it for good */
	DROP_SHUTDOWN,   /* not sent when the time to stop had come */
	DROP_REASONS,
};

extern const char *const drop_reason_names[DROP_REASONS];

/* What became of one event's records at one sink. received - (the rest) is in flight. */
struct tally {
	atomic_ullong received;
	atomic_ullong delivered;
	atomic_ullong filtered;   /* a step's decision */
	atomic_ullong aggregated; /* merged into another record by a step */
	atomic_ullong dropped[DROP_REASONS];
};

/* Bytes ready to go out, and the records they stand for. */
struct payload {
	struct buf bytes;
	uint32_t records;
	uint32_t counts[EVENTS_MAX]; /* of each event id */
	uint64_t oldest;             /* monotonic ns of the first record's arrival */
};

enum verdict { SINK_DONE, SINK_RETRY, SINK_REJECT };

struct sink;

/*
 * An output. A sink's kind is one file: it defines its struct (whose first member is struct sink),
 * its option table and one of these, and adds its name to the list in sinks/list.c.
 */
struct sink_ops {
	const char *name; /* the key in YAML: "console" */
	const char *help;
	size_t size;                        /* of the struct that begins with struct sink */
	const struct option *options;       /* its own keys, offsets into that struct */
	uint64_t flush_bytes, flush_age_ns; /* defaults: send at this size or age; 0: every batch */

	/* Check the options and get ready. Must not block long. */
	int (*open)(struct sink *sink, struct diag *diag);
	/* Send all of it. The same payload comes again after SINK_RETRY. */
	enum verdict (*send)(struct sink *sink, const struct payload *payload);
	/* Release what open() took; called once for each successful open(). */
	void (*close)(struct sink *sink);
};

enum on_full { ON_FULL_DROP_NEWEST, ON_FULL_DROP_OLDEST };

struct queue;
struct worker;

struct sink {
	const struct sink_ops *ops;
	char *label; /* unique in one agent: "console", "s3-2" */
	/* Options that every sink has (sink_options). */
	int format; /* enum format */
	uint64_t queue_bytes;
	int on_full; /* enum on_full */
	/* State. */
	const char *host; /* the host's name in events; set by the agent, outlives the sink */
	struct queue *queue;
	struct worker *worker;
	struct tally *tallies; /* EVENTS_MAX of them */
	atomic_ullong bytes_sent, sends, retries, send_ns;
	atomic_bool broken; /* the output is gone for good (EPIPE on the console) */
};

extern const struct option sink_options[];       /* the common keys */
extern const struct sink_ops *const sink_list[]; /* NULL-terminated */

const struct sink_ops *sink_ops_find(const char *name);

/* A sink with its default options; the caller then parses options into it. */
struct sink *sink_new(const struct sink_ops *ops, const char *label);
struct sink *sink_free(struct sink *s); /* stops it first if it runs */

/* Open the output and start the worker. */
int sink_start(struct sink *s, struct diag *diag);

/*
 * Offer a batch. Takes its own reference when it keeps it. Counts the records as received, and as
 * dropped when the queue is full. Never blocks on the output.
 */
void sink_push(struct sink *s, struct batch *batch);

/* Deliver what is queued, within `timeout_ns`, then stop; the rest is counted as DROP_SHUTDOWN. */
void sink_stop(struct sink *s, uint64_t timeout_ns);

/* Records that are neither delivered nor otherwise accounted for, over all events. */
uint64_t sink_in_flight(const struct sink *s);

/* Wait until the queue has room for `bytes` (replay only: there the source can wait). */
void sink_wait_room(struct sink *s, size_t bytes);
