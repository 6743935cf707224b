// SPDX-License-Identifier: Apache-2.0
/*
 * Two tables, in the order of the data: the probes, down to what was read; the sinks, from there on.
 * Whether the sums agree is the agent's own verdict; where they do not is worked out here.
 */
#include "cli/status.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/common.h"
#include "cli/table.h"
#include "util/alloc.h"
#include "util/buf.h"

#define ATTACHED_MAX 44
#define REASON_MAX   90

static uint64_t number(const json_t *object, const char *key)
{
	json_int_t v = json_integer_value(json_object_get(object, key));

	return v > 0 ? (uint64_t)v : 0;
}

static const char *text(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s ? s : "";
}

/* 1234567 -> "1,234,567" */
static const char *grouped(uint64_t v, char out[32])
{
	char *p = out + 31;

	*p = '\0';
	for (int digits = 0; v || !digits; v /= 10, digits++) {
		if (digits && digits % 3 == 0)
			*--p = ',';
		*--p = (char)('0' + v % 10);
	}
	return p;
}

static void count_cell(struct table *t, uint64_t v)
{
	char out[32];

	table_cell(t, "%s", grouped(v, out));
}

/* "512B", "1.5K", "23M": three digits at most */
static const char *bytes(uint64_t v, char out[32])
{
	static const char units[] = "BKMGTPE";
	double scaled = (double)v;
	int unit = 0;

	for (; scaled >= 999.5 && units[unit + 1]; unit++)
		scaled /= 1024;
	snprintf(out, 32, unit && scaled < 9.95 ? "%.1f%c" : "%.0f%c", scaled, units[unit]);
	return out;
}

/* The two largest units of a time. */
static const char *duration(double seconds, char out[32])
{
	uint64_t s = seconds > 0 && seconds < 1e15 ? (uint64_t)seconds : 0;

	if (s < 60)
		snprintf(out, 32, "%" PRIu64 "s", s);
	else if (s < 3600)
		snprintf(out, 32, "%" PRIu64 "m %" PRIu64 "s", s / 60, s % 60);
	else if (s < 86400)
		snprintf(out, 32, "%" PRIu64 "h %" PRIu64 "m", s / 3600, s / 60 % 60);
	else
		snprintf(out, 32, "%" PRIu64 "d %" PRIu64 "h", s / 86400, s / 3600 % 24);
	return out;
}

static void print_headline(const json_t *status, FILE *out)
{
	char memory[32], up[32];

	fprintf(out, "quern %s on %s, kernel %s: pid %" PRIu64 ", up %s, memory %s, %s\n",
	        text(status, "version"), text(status, "host"), text(status, "kernel"),
	        number(status, "pid"),
	        duration(json_number_value(json_object_get(status, "uptime_s")), up),
	        bytes(number(status, "rss_bytes"), memory),
	        json_is_true(json_object_get(status, "balanced"))
	                ? "every event is accounted for"
	                : "NOT every event is accounted for");
}

/* What reached user space of an event, and can be shown. */
static uint64_t readable(const json_t *event)
{
	return number(event, "read") - number(event, "malformed");
}

static const json_t *find_event(const json_t *status, const char *probe, const char *name)
{
	size_t i, j;
	json_t *p, *e;

	json_array_foreach(json_object_get(status, "probes"), i, p) json_array_foreach(
		json_object_get(p, "events"), j,
		e) if (streq(text(p, "name"), probe) && streq(text(e, "name"), name)) return e;
	return NULL;
}

static void print_imbalance(const json_t *status, FILE *out)
{
	size_t i, j;
	json_t *p, *s, *e;

	json_array_foreach(json_object_get(status, "probes"), i, p)
		json_array_foreach(json_object_get(p, "events"), j, e)
	{
		uint64_t found = number(e, "lost") + number(e, "read") + number(e, "in_buffer");

		if (found != number(e, "emitted"))
			fprintf(out,
			        "  %s: %" PRIu64 " of event %s were emitted, but lost, read and "
			        "in flight are %" PRIu64 "\n",
			        text(p, "name"), number(e, "emitted"), text(e, "name"), found);
	}
	json_array_foreach(json_object_get(status, "sinks"), i, s)
		json_array_foreach(json_object_get(s, "events"), j, e)
	{
		const json_t *source = find_event(status, text(e, "probe"), text(e, "event"));

		if (source && readable(source) != number(e, "received"))
			fprintf(out,
			        "  %s: %" PRIu64 " of event %s were read, but it received "
			        "%" PRIu64 "\n",
			        text(s, "name"), readable(source), text(e, "event"),
			        number(e, "received"));
	}
}

static void attached_cell(struct table *t, const json_t *probe)
{
	const json_t *attached = json_object_get(probe, "attached");
	size_t n = json_array_size(attached);
	const char *first = json_string_value(json_array_get(attached, 0));
	_cleanup_(freep) char *cut = cli_headline(first ? first : "", ATTACHED_MAX);

	if (n > 1)
		table_cell(t, "%s +%zu", cut, n - 1);
	else
		table_cell(t, "%s", cut);
}

static uint64_t missed_runs(const json_t *probe)
{
	uint64_t sum = 0;
	size_t i;
	json_t *program;

	json_array_foreach(json_object_get(probe, "programs"), i, program) sum +=
		number(program, "missed");
	return sum;
}

static void add_event(struct table *t, const json_t *probe, const json_t *event, bool first)
{
	const char *name = text(probe, "name"), *event_name = text(event, "name");

	if (!event || streq(name, event_name))
		table_cell(t, "%s", name);
	else
		table_cell(t, "%s: %s", name, event_name);
	table_cell(t, "%s", text(probe, "state"));
	count_cell(t, number(event, "emitted"));
	count_cell(t, number(event, "lost"));
	count_cell(t, number(event, "malformed"));
	count_cell(t, number(event, "in_buffer"));
	if (first) {
		count_cell(t, missed_runs(probe));
		attached_cell(t, probe);
	} else {
		table_cell(t, "%s", "");
		table_cell(t, "%s", "");
	}
}

static void print_probes(const json_t *status, FILE *out)
{
	static const char *const heading[] = {"PROBE",       "STATE",     "EMITTED",
	                                      "LOST",        "MALFORMED", "IN FLIGHT",
	                                      "MISSED RUNS", "ATTACHED",  NULL};
	struct table t;
	size_t i, j;
	json_t *probe, *event;

	table_init(&t, heading);
	json_array_foreach(json_object_get(status, "probes"), i, probe)
	{
		json_array_foreach(json_object_get(probe, "events"), j, event)
			add_event(&t, probe, event, j == 0);
		if (!json_array_size(json_object_get(probe, "events")))
			add_event(&t, probe, NULL, true);
	}
	table_print(&t, out, 0);
	table_done(&t);
}

static void print_failures(const json_t *status, FILE *out)
{
	static const char *const heading[] = {"FAILED", "REASON", NULL};
	struct table t;
	size_t i, n = 0;
	json_t *probe;

	table_init(&t, heading);
	json_array_foreach(json_object_get(status, "probes"), i, probe)
	{
		_cleanup_(freep) char *reason = cli_headline(text(probe, "reason"), REASON_MAX);

		if (!*reason)
			continue;
		table_cell(&t, "%s", text(probe, "name"));
		table_cell(&t, "%s", reason);
		n++;
	}
	if (n) {
		fputc('\n', out);
		table_print(&t, out, 0);
	}
	table_done(&t);
}

/* "0", "12 queue_full", "15: 12 queue_full, 3 rejected" */
static void dropped_cell(struct table *t, const json_t *events)
{
	_cleanup_(buf_donep) struct buf why = {};
	uint64_t total = 0;
	size_t kinds = 0;
	char out[32];

	for (int reason = 0; reason < DROP_REASONS; reason++) {
		uint64_t sum = 0;
		size_t i;
		json_t *e;

		json_array_foreach(events, i, e) sum +=
			number(json_object_get(e, "dropped"), drop_reason_names[reason]);
		if (!sum)
			continue;
		buf_printf(&why, "%s%s %s", kinds++ ? ", " : "", grouped(sum, out),
		           drop_reason_names[reason]);
		total += sum;
	}
	if (kinds > 1)
		table_cell(t, "%s: %s", grouped(total, out), buf_cstr(&why));
	else
		table_cell(t, "%s", kinds ? buf_cstr(&why) : "0");
}

static void add_sink(struct table *t, const json_t *sink)
{
	static const char *const before[] = {"delivered", "filtered", "aggregated"};
	const json_t *events = json_object_get(sink, "events");
	char used[32], limit[32];
	uint64_t sums[ARRAY_SIZE(before)] = {}, in_flight = 0;
	size_t i;
	json_t *e;

	json_array_foreach(events, i, e)
	{
		for (size_t k = 0; k < ARRAY_SIZE(before); k++)
			sums[k] += number(e, before[k]);
		in_flight += number(e, "in_flight");
	}
	table_cell(t, "%s", text(sink, "name"));
	for (size_t k = 0; k < ARRAY_SIZE(before); k++)
		count_cell(t, sums[k]);
	dropped_cell(t, events);
	count_cell(t, in_flight);
	table_cell(t, "%s of %s", bytes(number(sink, "queue_bytes"), used),
	           bytes(number(sink, "queue_limit"), limit));
	table_cell(t, "%s", bytes(number(sink, "bytes_sent"), used));
	count_cell(t, number(sink, "retries"));
}

static void print_sinks(const json_t *status, FILE *out)
{
	static const char *const heading[] = {"SINK",    "DELIVERED", "FILTERED", "AGGREGATED",
	                                      "DROPPED", "IN FLIGHT", "QUEUE",    "SENT",
	                                      "RETRIES", NULL};
	struct table t;
	size_t i;
	json_t *sink;

	table_init(&t, heading);
	json_array_foreach(json_object_get(status, "sinks"), i, sink) add_sink(&t, sink);
	table_print(&t, out, 0);
	table_done(&t);
}

void status_print(const json_t *status, FILE *out)
{
	print_headline(status, out);
	if (!json_is_true(json_object_get(status, "balanced")))
		print_imbalance(status, out);
	fputc('\n', out);
	print_probes(status, out);
	print_failures(status, out);
	fputc('\n', out);
	print_sinks(status, out);
}
