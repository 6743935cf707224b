// SPDX-License-Identifier: Apache-2.0
/* The statsd sink and its servers: there, away, late, and breaking off. */
#include <netdb.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "statsd_server.h"

static void assert_all_through(struct server *server, const char *transport, bool stream)
{
	struct sink *s = statsd(server, "transport", transport, "interval", "50ms", NULL);

	push(s, "a", 3, 5);
	if (stream) {
		int peer = accept(server->fd, NULL, NULL), again;

		assert_true(peer >= 0);
		assert_packet(peer, "q.call:5|c\n");
		close(peer);
		push(s, "a", 3, 6);
		again = accept(server->fd, NULL, NULL);
		assert_true(again >= 0);
		assert_packet(again, "q.call:6|c\n");
		close(again);
	} else {
		assert_packet(server->fd, "q.call:5|c");
	}
	sink_free(s);
	server_close(server);
}

static void every_transport(void **state)
{
	struct server tcp = inet_server(SOCK_STREAM, 0), unix_stream, unix_datagram;

	assert_all_through(&tcp, "tcp", true);
	unix_stream = unix_server(SOCK_STREAM);
	assert_all_through(&unix_stream, "unix_stream", true);
	unix_datagram = unix_server(SOCK_DGRAM);
	assert_all_through(&unix_datagram, "unix", false);
}

/* Lines that were sent in part only are sent again as a whole on the next connection. */
static void a_broken_stream_goes_on_with_whole_lines(void **state)
{
	struct server server = inet_server(SOCK_STREAM, 0);
	struct sink *s;
	int small = 4096, peer;
	unsigned int first = 0, n = 0, value;
	char scrap[3000];
	FILE *f;

	assert_int_equal(setsockopt(server.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
	s = statsd(&server, "transport", "tcp", NULL);
	set(s, "interval", "50ms");
	add_metric(event, "value.of.a.long.name.to.have.many.bytes", METRIC_HISTOGRAM, "level", "");
	for (int32_t i = 0; i < 200000; i++) {
		static struct call c;

		c = call("a", i);
		push_of(s, event, &c, 1);
		if (i % 1000 == 0)
			usleep(1000);
	}
	peer = accept(server.fd, NULL, NULL);
	assert_true(recv(peer, scrap, sizeof(scrap), MSG_WAITALL) > 0);
	close(peer); /* with unread data: a reset */
	peer = accept(server.fd, NULL, NULL);
	assert_true(peer >= 0);
	set_timeout(peer);
	f = fdopen(peer, "r");
	while (n < 1000 &&
	       fscanf(f, "q.value.of.a.long.name.to.have.many.bytes:%u|h\n", &value) == 1) {
		first = n ? first : value;
		assert_int_equal(value, first + n++);
	}
	assert_int_equal(n, 1000);
	assert_true(first > 0);
	sink_stop(s, 0);
	tally(s);
	fclose(f);
	sink_free(s);
	server_close(&server);
}

static void wait_for(atomic_ullong *counter)
{
	for (int i = 0; i < 5000 && !atomic_load(counter); i++)
		usleep(1000);
	assert_int_not_equal(atomic_load(counter), 0);
}

static void a_server_that_is_not_there(void **state)
{
	struct server server = inet_server(SOCK_DGRAM, 0);
	struct sink *s = statsd(&server, "interval", "1ms", NULL);
	int port = server.port;

	assert_string_equal(s->ops->counters[2], "refused");
	server_close(&server);
	push(s, "a", 3, 1); /* this is what the refusal answers to */
	usleep(20000);
	push(s, "a", 3, 2);
	wait_for(&s->own[2]);
	server = inet_server(SOCK_DGRAM, port);
	push(s, "b", 3, 4);
	stop(s);
	/* What was refused came again. */
	assert_int_equal(tally(s).in_flight, 0);
	assert_int_equal(tally(s).dropped[DROP_SHUTDOWN], 0);
	sink_free(s);
	server_close(&server);
}

static void a_stream_server_that_comes_late(void **state)
{
	struct server server = inet_server(SOCK_STREAM, 0);
	struct sink *s = statsd(&server, "transport", "tcp", "interval", "1ms", NULL);
	int port = server.port, peer;

	server_close(&server);
	push(s, "a", 3, 9);
	wait_for(&s->own[2]);
	server = inet_server(SOCK_STREAM, port);
	peer = accept(server.fd, NULL, NULL);
	assert_true(peer >= 0);
	assert_packet(peer, "q.call:9|c\n");
	close(peer);
	sink_free(s);
	server_close(&server);
}

/* "localhost" may be ::1 first, where nobody listens. */
static void every_address_of_a_name_is_tried(void **state)
{
	const struct addrinfo hints = {.ai_family = AF_INET};
	struct addrinfo *addresses;
	struct server server;
	struct sink *s;
	int peer;

	if (getaddrinfo("localhost", NULL, &hints, &addresses)) {
		print_message("\"localhost\" has no address here\n");
		skip();
	}
	freeaddrinfo(addresses);
	server = inet_server(SOCK_STREAM, 0);
	s = statsd(&server, "transport", "tcp", "host", "localhost", "interval", "1ms",
	           "resolve_interval", "1ns", NULL);
	push(s, "a", 3, 9);
	peer = accept(server.fd, NULL, NULL);
	assert_true(peer >= 0);
	assert_packet(peer, "q.call:9|c\n");
	push(s, "a", 3, 4); /* looked up again, and the same connection kept */
	assert_packet(peer, "q.call:4|c\n");
	close(peer);
	sink_free(s);
	server_close(&server);
}

static void a_name_that_is_none(void **state)
{
	struct server server = inet_server(SOCK_DGRAM, 0);
	struct sink *s = statsd(&server, "host", "nothing.invalid", "interval", "1ms", NULL);
	uint64_t start = time_monotonic();

	push(s, "a", 3, 9);
	usleep(50000);
	sink_stop(s, 0);
	assert_true(time_monotonic() - start < 2 * NSEC_PER_SEC);
	assert_int_equal(tally(s).dropped[DROP_SHUTDOWN], 9);
	sink_free(s);
	server_close(&server);
}

static void assert_refused(const char *key, const char *value, const char *message)
{
	_cleanup_(diag_donep) struct diag diag = {};
	struct sink *s = sink_new(sink_ops_find("statsd"), "statsd");

	set(s, key, value);
	assert_true(sink_start(s, &diag) < 0);
	assert_string_equal(diag_text(&diag), message);
	sink_free(s);
}

static void wrong_paths_are_refused(void **state)
{
	assert_refused("transport", "unix", "sink statsd: transport unix takes a \"path\"");
	assert_refused("path", "/x",
	               "sink statsd: a \"path\" goes with transport unix or unix_stream");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_transport),
		TEST(a_broken_stream_goes_on_with_whole_lines),
		TEST(a_server_that_is_not_there),
		TEST(a_stream_server_that_comes_late),
		TEST(every_address_of_a_name_is_tried),
		TEST(a_name_that_is_none),
		TEST(wrong_paths_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
