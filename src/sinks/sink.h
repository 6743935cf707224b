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
#include <stdbool.h>
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
	atomic_ullong filtered;   /* a step's decision, or an event that the output does not want */
	atomic_ullong aggregated; /* merged into another record by a step or the output */
	atomic_ullong dropped[DROP_REASONS];
};

/* A tally at one moment. */
struct tally_view {
	uint64_t received, delivered, filtered, aggregated, dropped[DROP_REASONS], in_flight;
};

/* Read so that in_flight is never negative, whatever other threads count meanwhile. */
void tally_read(const struct tally *t, struct tally_view *ret);

/*
 * Where a piece of a payload ends, and what it stands for: usually one record, many if the output has
 * merged them, none if another piece stands for the same record. When the piece is delivered, one of
 * its records counts as delivered and the others as aggregated; until then all are in flight.
 */
struct payload_mark {
	uint32_t end;
	uint32_t event; /* id */
	uint32_t records;
};

/* Bytes ready to go out, and the records they stand for, in their order. */
struct payload {
	struct buf bytes;
	struct payload_mark *marks;
	size_t n_marks, cap_marks;
	uint64_t oldest; /* monotonic ns of the first record's arrival */
	size_t taken;    /* of `bytes`: what the output has already sent; it goes on behind it */
	bool held;       /* the output's encode() keeps records that complete() will bring */
};

/* What was appended to `bytes` since the last mark stands for so many records of the event. */
void payload_mark(struct payload *p, uint32_t event, uint32_t records);

/* What encode() made of a record: pieces with marks, or nothing by choice, or nothing for its form. */
enum encoded { ENCODED, ENCODED_FILTERED, ENCODED_MALFORMED };

enum verdict { SINK_DONE, SINK_RETRY, SINK_REJECT };

struct sink;

/*
 * An output. A sink's kind is one file: it defines its struct (whose first member is struct sink),
 * its option table and one of these, and adds its name to the list in sinks/list.c.
 */
struct sink_ops {
	const char *name; /* the key in YAML: "console" */
	const char *help;
	size_t size;                  /* of the struct that begins with struct sink */
	const struct option *options; /* its own keys, offsets into that struct */
	int format;                   /* enum format, unless configured */
	uint64_t flush_bytes;         /* send at this size; 0: any, if flush_age_ns is 0 */
	uint64_t flush_age_ns;        /* send at this age; 0: after every batch */

	/* Whether the options make sense, each and together; opens nothing. NULL: always. */
	int (*check)(const struct sink *sink, struct diag *diag);
	/* Get ready, with options that were checked. Must not block long. */
	int (*open)(struct sink *sink, struct diag *diag);
	/*
	 * The worker's first call: for what may take a while and go wrong, so that it is said at the
	 * start and not with the first payload. NULL: nothing.
	 */
	void (*begin)(struct sink *sink);
	/*
	 * Send what is behind payload->taken. The same payload comes again after SINK_RETRY. An
	 * output that can send a part moves `taken` as it goes: those records count as delivered
	 * even when the rest is given up. May wait, in sink_poll() or for sink_time_left().
	 */
	enum verdict (*send)(struct sink *sink, struct payload *payload);
	/* End a wait in send() that is not sink_poll()'s; called by any thread. NULL: there is none. */
	void (*wake)(struct sink *sink);
	/* Release what open() took; called once for each successful open(). */
	void (*close)(struct sink *sink);
	/*
	 * An output that does not send lines takes each record in its own way: bytes and marks into
	 * the payload, or kept for later (`held`). NULL: the formatter writes a line.
	 */
	enum encoded (*encode)(struct sink *sink, const struct batch *batch,
	                       const struct record *record, struct payload *payload);
	/* Put what encode() has kept into the payload: it is old enough to be sent. */
	void (*complete)(struct sink *sink, struct payload *payload);
	const char *const *counters; /* what sink.own[] counts, NULL-terminated; NULL: nothing */
	/* NULL: it wants every event. Must always answer the same; called by any thread. */
	bool (*wants)(const struct sink *sink, const struct event *event);
};

/* Before the n-th repetition: a random time up to base * 2^n, and never more than cap. */
struct retry_policy {
	uint64_t base_ns, cap_ns;
};

enum on_full { ON_FULL_DROP_NEWEST, ON_FULL_DROP_OLDEST };

struct queue;
struct worker;

#define SINK_OWN_MAX 8

struct sink {
	const struct sink_ops *ops;
	char *label; /* unique in one agent: "console", "s3-2" */
	/* Options that every sink has (sink_options). */
	int format; /* enum format */
	uint64_t queue_bytes;
	int on_full; /* enum on_full */
	/* Set by sink_new() from the kind's defaults; open() may change them by its options. */
	uint64_t flush_bytes, flush_age_ns;
	struct retry_policy retry;
	bool color; /* text in colours */
	/* State. */
	const char *host; /* the host's name in events; set by the agent, outlives the sink */
	struct queue *queue;
	struct worker *worker;
	struct tally *tallies; /* EVENTS_MAX of them */
	atomic_ullong bytes_sent, sends, retries, send_ns;
	atomic_ullong own[SINK_OWN_MAX]; /* the output's own (ops->counters) */
	atomic_bool broken;              /* the output is gone for good (EPIPE on the console) */
	/* See sink_complain(). */
	_Atomic(char *) complaint;
	char *last_complaint;
	uint64_t complained_at;
};

extern const struct option sink_options[];       /* the common keys */
extern const struct sink_ops *const sink_list[]; /* NULL-terminated */

const struct sink_ops *sink_ops_find(const char *name);

/* A sink with its default options; the caller then parses options into it. */
struct sink *sink_new(const struct sink_ops *ops, const char *label);
struct sink *sink_free(struct sink *s); /* stops it first if it runs */

/* Open the output and start the worker. Once in a sink's life. */
int sink_start(struct sink *s, struct diag *diag);

/*
 * Offer a batch. Takes its own reference when it keeps it. Counts the records as received, and as
 * dropped when the queue is full. Never blocks on the output.
 */
void sink_push(struct sink *s, struct batch *batch);

/* Deliver what is queued, within `timeout_ns`, then stop; the rest is counted as DROP_SHUTDOWN. */
void sink_stop(struct sink *s, uint64_t timeout_ns);

/*
 * For an output's send(): wait until `fd` is ready for `events` (of poll(2)); false when the time to
 * stop is over before, and then send() returns SINK_RETRY.
 */
bool sink_poll(struct sink *s, int fd, short events);

/*
 * For an output that waits by itself: how long send() may take from now on, in ns. UINT64_MAX until
 * the time to stop has come; then its wake() is called, and at 0 send() returns SINK_RETRY.
 */
uint64_t sink_time_left(const struct sink *s);

/*
 * For an output: say what keeps it from sending, for the agent to log. The latest words count, and
 * the same are not said again for some minutes.
 */
void sink_complain(struct sink *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* What there is to log, in a heap string, or NULL. Any thread; everything is said once. */
char *sink_take_complaint(struct sink *s);

/* Records that are neither delivered nor otherwise accounted for, over all events. */
uint64_t sink_in_flight(const struct sink *s);

/* Bytes waiting in the queue. */
uint64_t sink_queue_bytes(const struct sink *s);

/* Wait until the queue has room for `bytes` (replay only: there the source can wait). */
void sink_wait_room(struct sink *s, size_t bytes);
