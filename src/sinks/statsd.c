// SPDX-License-Identifier: Apache-2.0
/*
 * Events as metrics, sent to statsd. Counters are summed up and gauges replaced for an interval, so
 * a million events cost a few lines; timers, histograms and sets are lines each. A record that was
 * merged is in flight until its line has gone. It counts once, with the first of its metrics.
 *
 * When there are more series than may be kept, the lines go out before the interval is over: memory is
 * bounded, and nothing is lost.
 *
 * A datagram is a number of whole lines. On a stream the payload is a text, and a connection that
 * breaks within a line starts again with that line. What statsd did with a datagram nobody knows;
 * but when a socket says that nobody listens, the payload waits like that of any other sink.
 */
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "sinks/sink.h"
#include "sinks/statsd_merge.h"
#include "sinks/statsd_net.h"
#include "util/alloc.h"
#include "util/time.h"

#define FLUSH_BYTES  (256u << 10)
#define PACKET_UDP   1432 /* fits into an Ethernet frame, whatever the tunnel */
#define PACKET_UNIX  8192
#define PACKET_MAX   65507
#define STREAM_PIECE (64u << 10)

struct statsd {
	struct sink base;
	/* Options. */
	int transport; /* enum statsd_transport */
	char *host, *path, *prefix;
	uint64_t port, packet_bytes, resolve_interval, interval, max_series, sample;
	int tags;       /* enum statsd_tags */
	int histograms; /* index into histogram_types */
	/* State. */
	struct statsd_net net;
	struct statsd_plan *plans[EVENTS_MAX]; /* by event id */
	struct merge *merge;
	struct print how;
	struct buf scratch, member;
	size_t line_max; /* of a line, with its newline */
	char rate[32];   /* "|@0.1" */
	unsigned int seed;
};

/* Indices of sink.own: what `quern status` shows besides. */
enum { OVERSIZE, EARLY, REFUSED, AGAIN, FAILED };

static const char *const counter_names[] = {
	[OVERSIZE] = "oversize", [EARLY] = "early_flushes",  [REFUSED] = "refused",
	[AGAIN] = "socket_full", [FAILED] = "socket_errors", NULL,
};

extern const struct sink_ops statsd_ops;

static const char *const transport_names[] = {
	[STATSD_UDP] = "udp",
	[STATSD_TCP] = "tcp",
	[STATSD_UNIX] = "unix",
	[STATSD_UNIX_STREAM] = "unix_stream",
	NULL,
};

static const char *const histogram_types[] = {"h", "d", "ms", NULL};

#define AT(member) offsetof(struct statsd, member)

static const struct option statsd_options[] = {
	{"host", OPTION_STRING, AT(host), "127.0.0.1", .help = "name or address of the server"},
	{"port", OPTION_UINT, AT(port), "8125", .min = 1, .max = 65535, .help = "its port"},
	{"transport", OPTION_CHOICE, AT(transport), "udp", transport_names,
         .help = "udp, tcp, unix (datagrams) or unix_stream"},
	{"path", OPTION_PATH, AT(path), .help = "the server's Unix socket"},
	{"prefix", OPTION_STRING, AT(prefix), "quern",
         .help = "goes before every name, with a dot"},
	{"tags", OPTION_CHOICE, AT(tags), "none", statsd_tags_names,
         .help = "how tags are written, as the server wants them"},
	{"interval", OPTION_DURATION, AT(interval), "10s", .max = 3600 * (int64_t)NSEC_PER_SEC,
         .help = "merge counters and gauges for so long; 0: not at all"},
	{"max_series", OPTION_UINT, AT(max_series), "10000", .min = 1, .max = 1000000,
         .help = "names with their tags to merge; beyond, lines are sent early"},
	{"histograms", OPTION_CHOICE, AT(histograms), "h", histogram_types,
         .help = "the type that histograms have: h, d (distribution) or ms"},
	{"sample", OPTION_UINT, AT(sample), "1", .min = 1, .max = 10000,
         .help = "send one in so many timers and histograms, saying so"},
	{"packet_bytes", OPTION_BYTES, AT(packet_bytes), "0", .max = PACKET_MAX,
         .help = "the largest datagram; 0: 1432, 8192 on Unix sockets"},
	{"resolve_interval", OPTION_DURATION, AT(resolve_interval), "1m", .max = INT64_MAX,
         .help = "look the host's name up again after so long; 0: never"},
	OPTION_END,
};

static int check_path(const struct statsd *d, struct diag *diag)
{
	bool is_unix = statsd_net_is_unix(&d->net);

	if (is_unix && !d->path)
		return diag_error(diag, -EINVAL, "sink %s: transport %s takes a \"path\"",
		                  d->base.label, transport_names[d->transport]);
	if (!is_unix && d->path)
		return diag_error(diag, -EINVAL,
		                  "sink %s: a \"path\" goes with transport unix or unix_stream",
		                  d->base.label);
	if (is_unix && strlen(d->path) >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
		return diag_error(diag, -ENAMETOOLONG,
		                  "sink %s: %s: too long for the path of a socket", d->base.label,
		                  d->path);
	return 0;
}

static int statsd_open(struct sink *s, struct diag *diag)
{
	struct statsd *d = (struct statsd *)s;
	size_t packet = d->packet_bytes;
	int r;

	d->net.transport = d->transport;
	d->net.host = d->host;
	d->net.port = (uint16_t)d->port;
	d->net.path = d->path;
	d->net.resolve_interval = d->resolve_interval;
	r = check_path(d, diag);
	if (r)
		return r;
	statsd_net_init(&d->net);
	if (!packet)
		packet = statsd_net_is_unix(&d->net) ? PACKET_UNIX : PACKET_UDP;
	/* The last newline of a datagram is left out. */
	d->line_max = statsd_net_is_stream(&d->net) ? STREAM_PIECE : packet + 1;
	d->merge = merge_new(d->max_series);
	d->seed = (unsigned int)time_monotonic();
	if (d->sample > 1)
		snprintf(d->rate, sizeof(d->rate), "|@%.9g", 1.0 / (double)d->sample);
	print_init(&d->how, false, false);
	s->flush_age_ns = d->interval;
	return 0;
}

static void statsd_close(struct sink *s)
{
	struct statsd *d = (struct statsd *)s;

	statsd_net_done(&d->net);
	d->merge = merge_free(d->merge);
	for (size_t i = 0; i < EVENTS_MAX; i++)
		d->plans[i] = statsd_plan_free(d->plans[i]);
	buf_done(&d->scratch);
	buf_done(&d->member);
}

/* The probe behind an id may have been swapped. */
static const struct statsd_plan *find_plan(struct statsd *d, struct event *e)
{
	struct statsd_plan **p = &d->plans[e->id];

	if (*p && (*p)->event != e)
		*p = statsd_plan_free(*p);
	if (!*p)
		*p = statsd_plan_new(e, d->prefix, d->tags);
	return *p;
}

static void put_merged(void *ctx, const struct merged *e)
{
	struct payload *p = ctx;

	statsd_put_number(&p->bytes, &e->series, e->value, e->kind == METRIC_GAUGE ? "g" : "c", "");
	payload_mark(p, e->event, e->records);
}

static void statsd_complete(struct sink *s, struct payload *payload)
{
	struct statsd *d = (struct statsd *)s;

	merge_drain(d->merge, put_merged, payload);
}

static bool is_left_out(struct statsd *d)
{
	return d->sample > 1 && (uint64_t)rand_r(&d->seed) % d->sample;
}

/* A record's contribution to one metric; `records` is 1 where the record is counted. */
struct update {
	const struct statsd_metric *metric;
	const struct record *record;
	uint32_t event; /* id */
	uint32_t records;
	struct statsd_series series;
};

static void merge_update(struct statsd *d, const struct update *u, struct payload *payload)
{
	struct statsd_value v = statsd_value(u->metric, u->record);

	while (!merge_add(d->merge, u->event, u->metric->kind, &u->series, v, u->records)) {
		atomic_fetch_add(&d->base.own[EARLY], 1);
		statsd_complete(&d->base, payload);
	}
	payload->held = true;
}

static void put_update(struct statsd *d, const struct update *u, struct payload *payload)
{
	static const char *const types[] = {
		[METRIC_COUNTER] = "c", [METRIC_GAUGE] = "g", [METRIC_TIMER] = "ms"};
	bool sampled = u->metric->kind != METRIC_GAUGE;
	const char *type = u->metric->kind == METRIC_HISTOGRAM ? histogram_types[d->histograms]
	                                                       : types[u->metric->kind];

	statsd_put_number(&payload->bytes, &u->series, statsd_value(u->metric, u->record), type,
	                  sampled ? d->rate : "");
	payload_mark(payload, u->event, u->records);
}

static enum encoded encode_set(struct statsd *d, const struct update *u, struct payload *payload)
{
	statsd_put_text(&payload->bytes, &u->series, d->member.data, d->member.len, "s");
	payload_mark(payload, u->event, u->records);
	return ENCODED;
}

static enum encoded encode_metric(struct statsd *d, struct update *u, struct payload *payload)
{
	enum metric_kind kind = u->metric->kind;
	bool merges = d->interval && (kind == METRIC_COUNTER || kind == METRIC_GAUGE);
	size_t room = STATSD_LINE_ROOM;

	if (kind != METRIC_SET && kind != METRIC_GAUGE && !merges && is_left_out(d))
		return ENCODED_FILTERED;
	statsd_series(u->metric, d->tags, u->record, &d->how, &d->scratch, &u->series);
	if (kind == METRIC_SET) {
		buf_clear(&d->member);
		statsd_put_member(u->metric, u->record, &d->how, &d->member);
		room += d->member.len;
	}
	/* A gauge below zero takes two lines, which stay together. */
	if ((kind == METRIC_GAUGE ? 2 : 1) * u->series.len + room > d->line_max) {
		atomic_fetch_add(&d->base.own[OVERSIZE], 1);
		return ENCODED_MALFORMED;
	}
	if (kind == METRIC_SET)
		return encode_set(d, u, payload);
	if (merges)
		merge_update(d, u, payload);
	else
		put_update(d, u, payload);
	return ENCODED;
}

static enum encoded statsd_encode(struct sink *s, const struct batch *batch,
                                  const struct record *record, struct payload *payload)
{
	struct statsd *d = (struct statsd *)s;
	struct event *e = batch->events[record->event];
	const struct statsd_plan *plan = find_plan(d, e);
	struct update u = {.record = record, .event = e->id, .records = 1};
	enum encoded result = ENCODED_MALFORMED;

	if (e->schema && record->size < e->schema->min_size)
		return ENCODED_MALFORMED;
	d->how.wall_offset = batch->wall_offset;
	d->how.created = batch->created;
	for (size_t i = 0; i < plan->n_metrics; i++) {
		enum encoded r;

		u.metric = &plan->metrics[i];
		r = encode_metric(d, &u, payload);
		if (r == ENCODED)
			u.records = 0;
		if (r < result)
			result = r;
	}
	return result;
}

/* Where the last whole piece ends that ends at or before `limit`; payload->taken when there is none. */
static size_t whole_pieces(const struct payload *p, size_t limit)
{
	size_t low = 0, high = p->n_marks; /* marks before `low` end in time, from `high` on not */

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (p->marks[middle].end <= limit)
			low = middle + 1;
		else
			high = middle;
	}
	return low && p->marks[low - 1].end > p->taken ? p->marks[low - 1].end : p->taken;
}

static ssize_t send_datagram(struct statsd *d, struct payload *p)
{
	size_t end = whole_pieces(p, p->taken + d->line_max);
	ssize_t n;

	assert(end > p->taken); /* no longer line was encoded */
	n = statsd_net_write(&d->net, p->bytes.data + p->taken, end - p->taken - 1);
	if (n >= 0)
		p->taken = end;
	return n;
}

static ssize_t send_stream(struct statsd *d, struct payload *p)
{
	size_t from = p->taken + d->net.ahead, taken;
	ssize_t n = statsd_net_write(&d->net, p->bytes.data + from, p->bytes.len - from);

	if (n < 0)
		return n;
	taken = whole_pieces(p, from + (size_t)n);
	d->net.ahead = from + (size_t)n - taken;
	p->taken = taken;
	return n;
}

/* Whether it is worth going on at once. */
static bool overcome(struct statsd *d, int error)
{
	if (error == -EAGAIN) {
		atomic_fetch_add(&d->base.own[AGAIN], 1);
		return sink_poll(&d->base, d->net.fd, POLLOUT);
	}
	if (error != -ECANCELED)
		atomic_fetch_add(&d->base.own[error == -ECONNREFUSED ? REFUSED : FAILED], 1);
	return false;
}

static enum verdict statsd_send(struct sink *s, struct payload *payload)
{
	struct statsd *d = (struct statsd *)s;
	bool stream = statsd_net_is_stream(&d->net);

	while (payload->taken < payload->bytes.len) {
		ssize_t n = statsd_net_connect(&d->net, s);

		if (!n)
			n = stream ? send_stream(d, payload) : send_datagram(d, payload);
		if (n >= 0)
			continue;
		if (overcome(d, (int)n))
			continue;
		if (n != -EAGAIN)
			statsd_net_disconnect(&d->net);
		return SINK_RETRY;
	}
	return SINK_DONE;
}

const struct sink_ops statsd_ops = {
	.name = "statsd",
	.help = "events as metrics, sent to a statsd server",
	.size = sizeof(struct statsd),
	.options = statsd_options,
	.counters = counter_names,
	.flush_bytes = FLUSH_BYTES,
	.open = statsd_open,
	.send = statsd_send,
	.close = statsd_close,
	.encode = statsd_encode,
	.complete = statsd_complete,
};
