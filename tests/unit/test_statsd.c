// SPDX-License-Identifier: Apache-2.0
/* What the statsd sink makes of events: lines, merged and packed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "statsd_server.h"

static void counters_are_merged(void **state)
{
	struct server server = inet_server(SOCK_DGRAM, 0);
	struct sink *s = statsd(&server, NULL);

	add_metric(event, "calls", METRIC_COUNTER, NULL, "comm=comm");
	add_metric(event, "levels", METRIC_COUNTER, "level", "");
	push(s, "a", 3, 1000);
	push(s, "b", -1, 10);
	stop(s);
	assert_packet(server.fd, "q.calls:1010|c\nq.levels:2990|c");
	assert_silence(server.fd);
	/* A record counts once, however many metrics it has. */
	assert_int_equal(tally(s).delivered, 1);
	assert_int_equal(tally(s).aggregated, 1009);
	sink_free(s);
	server_close(&server);
}

static void an_interval_sends(void **state)
{
	struct server server = inet_server(SOCK_DGRAM, 0);
	struct sink *s = statsd(&server, "interval", "50ms", NULL);

	push(s, "a", 3, 5);
	assert_packet(server.fd, "q.call:5|c");
	push(s, "a", 3, 7);
	assert_packet(server.fd, "q.call:7|c");
	sink_free(s);
	server_close(&server);
}

static void what_is_merged_is_in_flight(void **state)
{
	struct server server = inet_server(SOCK_DGRAM, 0);
	struct sink *s = statsd(&server, NULL);

	push(s, "a", 3, 5);
	usleep(20000);
	assert_int_equal(tally(s).in_flight, 5);
	sink_stop(s, 0);
	assert_int_equal(tally(s).dropped[DROP_SHUTDOWN], 5);
	sink_free(s);
	server_close(&server);
}

static void every_kind(void **state)
{
	static const char *const histograms[] = {"h", "d", "ms"};
	struct server server = inet_server(SOCK_DGRAM, 0);

	add_metric(event, "c", METRIC_COUNTER, "load", "");
	add_metric(event, "g", METRIC_GAUGE, "level", "");
	add_metric(event, "t", METRIC_TIMER, "ns", "");
	add_metric(event, "h", METRIC_HISTOGRAM, "ns", "");
	add_metric(event, "s", METRIC_SET, "address", "");
	add_metric(event, "none", METRIC_COUNTER, "missing", "");
	add_metric(event, "text", METRIC_COUNTER, "comm", "");
	for (size_t i = 0; i < ARRAY_SIZE(histograms); i++) {
		struct sink *s = statsd(&server, "histograms", histograms[i], NULL);
		char expected[256];

		push(s, "a", 7, 1);
		push(s, "a", -5, 2);
		stop(s);
		snprintf(expected, sizeof(expected),
		         "q.t:1.5|ms\nq.h:1500000|%s\nq.s:192.0.2.7|s\n"
		         "q.t:1.5|ms\nq.h:1500000|%s\nq.s:192.0.2.7|s\n"
		         "q.t:1.5|ms\nq.h:1500000|%s\nq.s:192.0.2.7|s\n"
		         "q.c:1.5|c\nq.g:0|g\nq.g:-5|g",
		         histograms[i], histograms[i], histograms[i]);
		assert_packet(server.fd, expected);
		sink_free(s);
	}
	server_close(&server);
}

/* Nanoseconds are decimal fractions of a millisecond, not the doubles nearest to them. */
static void times_are_short(void **state)
{
	struct server server = inet_server(SOCK_DGRAM, 0);
	struct sink *s = statsd(&server, NULL);
	struct call c = call("a", 3);

	add_metric(event, "t", METRIC_TIMER, "ns", "");
	c.ns = 9330094;
	push_of(s, event, &c, 1);
	c.ns = 8477434;
	push_of(s, event, &c, 1);
	stop(s);
	assert_packet(server.fd, "q.t:9.330094|ms\nq.t:8.477434|ms");
	sink_free(s);
	server_close(&server);
}

static void without_an_interval_nothing_is_merged(void **state)
{
	struct server server = inet_server(SOCK_DGRAM, 0);
	struct sink *s = statsd(&server, "interval", "0", NULL);

	add_metric(event, "g", METRIC_GAUGE, "level", "");
	push(s, "a", -5, 2);
	assert_packet(server.fd, "q.g:0|g\nq.g:-5|g\nq.g:0|g\nq.g:-5|g");
	sink_free(s);
	server_close(&server);
}

static void assert_dialect(const char *dialect, const char *expected)
{
	struct server server = inet_server(SOCK_DGRAM, 0);
	struct sink *s = statsd(&server, "tags", dialect, "prefix", "a b", NULL);

	push(s, "x:y|z@#,;=\n\"\t\xff", 3, 2);
	stop(s);
	assert_packet(server.fd, expected);
	sink_free(s);
	server_close(&server);
}

static void tags_in_every_dialect(void **state)
{
	add_metric(event, "n:1", METRIC_COUNTER, NULL, "who=comm ip=address no=nothing e:=path");
	assert_dialect("none", "a_b.n_1:2|c");
	assert_dialect("dogstatsd", "a_b.n_1:2|c|#who:x_y_z_________,ip:192.0.2.7,e_:_");
	assert_dialect("graphite", "a_b.n_1;who=x_y_z_________;ip=192.0.2.7;e_=_:2|c");
	assert_dialect("influx", "a_b.n_1,who=x_y_z_________,ip=192.0.2.7,e_=_:2|c");
}

static void sampling_says_so(void **state)
{
	struct server server = inet_server(SOCK_DGRAM, 0);
	struct sink *s = statsd(&server, "sample", "4", "packet_bytes", "60000", NULL);
	static char got[65536];
	unsigned int lines = 0;
	ssize_t n;

	add_metric(event, "t", METRIC_TIMER, "ns", "");
	push(s, "a", 3, 4000);
	stop(s);
	n = recv(server.fd, got, sizeof(got) - 1, 0);
	assert_true(n > 0);
	got[n] = '\0';
	for (char *line = strtok(got, "\n"); line; line = strtok(NULL, "\n"), lines++)
		assert_string_equal(line, "q.t:1.5|ms|@0.25");
	assert_in_range(lines, 800, 1200);
	assert_int_equal(tally(s).delivered, lines);
	assert_int_equal(tally(s).filtered, 4000 - lines);
	sink_free(s);
	server_close(&server);
}

/* Whole lines up to the size, and as many as fit. */
static void lines_are_packed(void **state)
{
	struct server server = inet_server(SOCK_DGRAM, 0);
	struct sink *s = statsd(&server, "tags", "graphite", NULL);
	unsigned int lines = 0, packets = 0;
	char got[2048];
	ssize_t n;

	add_metric(event, "calls", METRIC_COUNTER, NULL, "level=level");
	for (int32_t i = 0; i < 500; i++)
		push(s, "a", 100000 + i, 1);
	stop(s);
	while (lines < 500) {
		n = recv(server.fd, got, sizeof(got) - 1, 0);
		assert_in_range(n, 1, 1432);
		got[n] = '\0';
		packets++;
		for (char *line = strtok(got, "\n"); line; line = strtok(NULL, "\n")) {
			char expected[64];

			snprintf(expected, sizeof(expected), "q.calls;level=%u:1|c",
			         100000 + lines++);
			assert_string_equal(line, expected);
		}
	}
	/* Lines of 24 bytes and the newline between them: 57 to a packet. */
	assert_int_equal(packets, 9);
	assert_silence(server.fd);
	sink_free(s);
	server_close(&server);
}

static void long_lines_are_counted(void **state)
{
	struct server server = inet_server(SOCK_DGRAM, 0);
	struct sink *s = statsd(&server, "tags", "graphite", "packet_bytes", "150", NULL);
	struct call c = call("a", 3);

	add_metric(event, "calls", METRIC_COUNTER, NULL, "path=path");
	memset(c.path, 'x', sizeof(c.path));
	push_of(s, event, &c, 3);
	push(s, "a", 3, 1);
	stop(s);
	assert_packet(server.fd, "q.calls;path=_:1|c");
	assert_int_equal(tally(s).dropped[DROP_MALFORMED], 3);
	assert_string_equal(s->ops->counters[0], "oversize");
	assert_int_equal(s->own[0], 3);
	sink_free(s);
	server_close(&server);
}

static void long_tags_are_cut(void **state)
{
	struct server server = inet_server(SOCK_DGRAM, 0);
	struct sink *s = statsd(&server, "tags", "graphite", NULL);
	struct call c = call("a", 3);
	char expected[256] = "q.calls;path=";

	add_metric(event, "calls", METRIC_COUNTER, NULL, "path=path");
	memset(c.path, 'x', sizeof(c.path));
	memset(expected + strlen(expected), 'x', 200);
	strcat(expected, ":3|c");
	push_of(s, event, &c, 3);
	stop(s);
	assert_packet(server.fd, expected);
	sink_free(s);
	server_close(&server);
}

static void too_many_series_are_sent_early(void **state)
{
	struct server server = inet_server(SOCK_DGRAM, 0);
	struct sink *s = statsd(&server, "tags", "graphite", "max_series", "2", NULL);

	add_metric(event, "n", METRIC_COUNTER, NULL, "l=level");
	for (int32_t i = 0; i < 5; i++)
		push(s, "a", i, 2);
	stop(s);
	assert_packet(server.fd, "q.n;l=0:2|c\nq.n;l=1:2|c\nq.n;l=2:2|c\nq.n;l=3:2|c\nq.n;l=4:2|c");
	assert_string_equal(s->ops->counters[1], "early_flushes");
	assert_int_equal(s->own[1], 2);
	assert_int_equal(tally(s).delivered, 5);
	assert_int_equal(tally(s).aggregated, 5);
	sink_free(s);
	server_close(&server);
}

/* As many as the table has to grow for; each record is in the sum. */
static void many_series(void **state)
{
	struct server server = inet_server(SOCK_STREAM, 0);
	struct sink *s = statsd(&server, "transport", "tcp", "tags", "influx", NULL);
	FILE *f;
	unsigned int lines = 0, sum = 0, level, n;
	int peer;

	add_metric(event, "n", METRIC_COUNTER, NULL, "l=level");
	for (int32_t i = 0; i < 10000; i++)
		push(s, "a", i % 5000, 1);
	stop(s);
	peer = accept(server.fd, NULL, NULL);
	assert_true(peer >= 0);
	f = fdopen(peer, "r");
	while (fscanf(f, "q.n,l=%u:%u|c\n", &level, &n) == 2) {
		assert_int_equal(level, lines++);
		sum += n;
	}
	assert_int_equal(lines, 5000);
	assert_int_equal(sum, 10000);
	assert_int_equal(tally(s).delivered, 5000);
	fclose(f);
	sink_free(s);
	server_close(&server);
}

static void short_records_are_malformed(void **state)
{
	struct server server = inet_server(SOCK_DGRAM, 0);
	struct sink *s = statsd(&server, NULL);
	struct batch *b = batch_new(0);

	add_metric(event, "calls", METRIC_COUNTER, "load", "");
	assert_true(batch_add(b, event, 0, "short", 5));
	sink_push(s, b);
	batch_unref(b);
	stop(s);
	assert_int_equal(tally(s).dropped[DROP_MALFORMED], 1);
	sink_free(s);
	server_close(&server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(counters_are_merged),
		TEST(an_interval_sends),
		TEST(what_is_merged_is_in_flight),
		TEST(every_kind),
		TEST(times_are_short),
		TEST(without_an_interval_nothing_is_merged),
		TEST(tags_in_every_dialect),
		TEST(sampling_says_so),
		TEST(lines_are_packed),
		TEST(long_lines_are_counted),
		TEST(long_tags_are_cut),
		TEST(too_many_series_are_sent_early),
		TEST(many_series),
		TEST(short_records_are_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
