/* SPDX-License-Identifier: Apache-2.0 */
/* For the tests of the statsd sink: an event, servers on loopback and Unix sockets, a sink at one. */
#pragma once

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "sinks/sink.h"
#include "util/alloc.h"
#include "util/cleanup.h"
#include "util/time.h"

struct call {
	char comm[16];
	uint8_t address[4];
	int32_t level;
	uint64_t ns;
	double load;
	char path[512];
};

static struct event *event;

static inline void add_field(struct schema *s, const char *name, const char *type,
                             enum field_kind kind, size_t offset, size_t size)
{
	s->fields[s->n_fields++] = (struct field){
		.name = xstrdup(name),
		.type = xstrdup(type),
		.kind = kind,
		.offset = (uint32_t)offset,
		.size = (uint32_t)size,
		.count = 1,
	};
}

#define FIELD(s, name, type, kind)                                                                 \
	add_field(s, #name, type, kind, offsetof(struct call, name),                               \
	          sizeof(((struct call *)NULL)->name))

/* An event of struct call, without metrics. */
static inline struct event *call_event(uint32_t id, const char *name)
{
	struct schema *s = xcalloc(1, sizeof(*s));

	s->size = sizeof(struct call);
	s->fields = xcalloc(6, sizeof(*s->fields));
	FIELD(s, comm, "char", FIELD_CHARS);
	FIELD(s, address, "ipv4_t", FIELD_BYTES);
	FIELD(s, level, "int", FIELD_INT);
	FIELD(s, ns, "duration_ns_t", FIELD_UINT);
	FIELD(s, load, "double", FIELD_FLOAT);
	FIELD(s, path, "char", FIELD_CHARS);
	assert_int_equal(schema_seal(s, NULL), 0);
	return event_new(id, name, name, s);
}

/* `tags` is "tag=field tag=field". */
static inline void add_metric(struct event *e, const char *name, enum metric_kind kind,
                              const char *value, const char *tags)
{
	_cleanup_(freep) char *copy = xstrdup(tags);
	struct metric_tag list[8];
	struct metric m = {.name = (char *)name, .kind = kind, .value = (char *)value};
	char *save;

	m.tags = list;
	for (char *t = strtok_r(copy, " ", &save); t; t = strtok_r(NULL, " ", &save)) {
		char *field = strchr(t, '=');

		*field++ = '\0';
		list[m.n_tags++] = (struct metric_tag){.tag = t, .field = field};
	}
	e->metrics = xrealloc(e->metrics, e->n_metrics + 1, sizeof(*e->metrics));
	metric_copy(&m, &e->metrics[e->n_metrics++]);
}

static inline int make_event(void **state)
{
	event = call_event(0, "call");
	return 0;
}

static inline int drop_event(void **state)
{
	event_unref(event);
	return 0;
}

/* A server: where it listens, and its socket. */
struct server {
	int fd;
	int port;
	char path[64];
};

static inline void set_timeout(int fd)
{
	struct timeval limit = {.tv_sec = 5};

	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)), 0);
}

static inline struct server inet_server(int type, int port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	struct server s = {.fd = socket(AF_INET, type | SOCK_CLOEXEC, 0)};
	socklen_t size = sizeof(a);
	int on = 1;

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(s.fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	assert_int_equal(bind(s.fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(getsockname(s.fd, (struct sockaddr *)&a, &size), 0);
	if (type == SOCK_STREAM)
		assert_int_equal(listen(s.fd, 4), 0);
	s.port = ntohs(a.sin_port);
	set_timeout(s.fd);
	return s;
}

static inline struct server unix_server(int type)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	struct server s = {.fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0)};

	snprintf(s.path, sizeof(s.path), "/tmp/quern-statsd-%d", (int)getpid());
	unlink(s.path);
	memcpy(a.sun_path, s.path, sizeof(s.path));
	assert_int_equal(bind(s.fd, (struct sockaddr *)&a, sizeof(a)), 0);
	if (type == SOCK_STREAM)
		assert_int_equal(listen(s.fd, 4), 0);
	set_timeout(s.fd);
	return s;
}

static inline void server_close(struct server *s)
{
	close(s->fd);
	if (*s->path)
		unlink(s->path);
}

static inline void set(struct sink *s, const char *key, const char *value)
{
	const struct option *opt = s->ops->options;

	while (!streq(opt->key, key))
		opt++;
	assert_int_equal(option_set(opt, value, "test", s, NULL), 0);
}

/* Pairs of key and value, NULL at the end. Everything waits for the end unless they say otherwise. */
static inline struct sink *statsd(const struct server *server, const char *key, ...)
{
	struct sink *s = sink_new(sink_ops_find("statsd"), "statsd");
	char port[16];
	va_list ap;

	snprintf(port, sizeof(port), "%d", server->port);
	if (server->port)
		set(s, "port", port);
	else
		set(s, "path", server->path);
	set(s, "interval", "1h");
	set(s, "prefix", "q");
	va_start(ap, key);
	for (; key; key = va_arg(ap, const char *))
		set(s, key, va_arg(ap, const char *));
	va_end(ap);
	s->retry = (struct retry_policy){.base_ns = NSEC_PER_MSEC, .cap_ns = NSEC_PER_MSEC};
	assert_int_equal(sink_start(s, NULL), 0);
	return s;
}

static inline struct call call(const char *comm, int32_t level)
{
	struct call c = {.address = {192, 0, 2, 7}, .level = level, .ns = 1500000, .load = 0.5};

	snprintf(c.comm, sizeof(c.comm), "%s", comm);
	return c;
}

static inline void push_of(struct sink *s, struct event *e, const struct call *c, uint32_t count)
{
	struct batch *b = batch_new((size_t)count * RECORD_BYTES(sizeof(*c)));

	for (uint32_t i = 0; i < count; i++)
		assert_true(batch_add(b, e, 0, c, sizeof(*c)));
	sink_push(s, b);
	batch_unref(b);
}

static inline void push(struct sink *s, const char *comm, int32_t level, uint32_t count)
{
	struct call c = call(comm, level);

	push_of(s, event, &c, count);
}

static inline void stop(struct sink *s)
{
	sink_stop(s, 5 * NSEC_PER_SEC);
}

static inline struct tally_view tally(const struct sink *s)
{
	struct tally_view v;

	tally_read(&s->tallies[0], &v);
	assert_int_equal(v.received, v.delivered + v.filtered + v.aggregated + v.in_flight +
	                                     v.dropped[DROP_QUEUE_FULL] +
	                                     v.dropped[DROP_MALFORMED] + v.dropped[DROP_REJECTED] +
	                                     v.dropped[DROP_SHUTDOWN]);
	return v;
}

static inline void assert_packet(int fd, const char *expected)
{
	char got[65536];
	ssize_t n = recv(fd, got, sizeof(got) - 1, 0);

	assert_true(n >= 0);
	got[n] = '\0';
	assert_string_equal(got, expected);
}

static inline void assert_silence(int fd)
{
	char c;

	assert_int_equal(recv(fd, &c, 1, MSG_DONTWAIT), -1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_event, drop_event)
