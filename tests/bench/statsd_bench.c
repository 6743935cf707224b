// SPDX-License-Identifier: Apache-2.0
/*
 * Updates a second that the statsd sink merges on one core, worker and queue included: records of an
 * event like tcp_connect's, counted by process and address, and a socket that takes what is sent.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sinks/sink.h"
#include "util/alloc.h"
#include "util/time.h"

#define RECORDS     4000000u
#define BATCH_COUNT 2000u

struct call {
	char comm[16];
	uint8_t address[4];
	uint16_t port;
	uint16_t unused;
};

static void add_field(struct schema *s, const char *name, const char *type, enum field_kind kind,
                      uint32_t offset, uint32_t size)
{
	s->fields[s->n_fields++] = (struct field){.name = xstrdup(name),
	                                          .type = xstrdup(type),
	                                          .kind = kind,
	                                          .offset = offset,
	                                          .size = size,
	                                          .count = 1};
}

static struct event *make_event(void)
{
	struct schema *s = xcalloc(1, sizeof(*s));
	struct metric_tag tags[] = {{(char *)"process", (char *)"comm"},
	                            {(char *)"address", (char *)"address"},
	                            {(char *)"port", (char *)"port"}};
	struct metric metric = {.name = (char *)"tcp.connect", .tags = tags, .n_tags = 3};
	struct event *e;

	s->size = sizeof(struct call);
	s->fields = xcalloc(3, sizeof(*s->fields));
	add_field(s, "comm", "char", FIELD_CHARS, 0, 16);
	add_field(s, "address", "ipv4_t", FIELD_BYTES, 16, 4);
	add_field(s, "port", "port_t", FIELD_UINT, 20, 2);
	if (schema_seal(s, NULL))
		abort();
	e = event_new(0, "tcp_connect", "tcp_connect", s);
	e->metrics = xcalloc(1, sizeof(*e->metrics));
	e->n_metrics = 1;
	metric_copy(&metric, &e->metrics[0]);
	return e;
}

static struct batch *make_batch(struct event *e, uint32_t series)
{
	struct batch *b = batch_new(BATCH_COUNT * RECORD_BYTES(sizeof(struct call)));

	for (uint32_t i = 0; i < BATCH_COUNT; i++) {
		uint32_t n = (i * 2654435761u) % series;
		struct call c = {.address = {10, 0, (uint8_t)(n >> 8), (uint8_t)n}, .port = 443};

		snprintf(c.comm, sizeof(c.comm), "worker-%u", n % 16);
		if (!batch_add(b, e, 0, &c, sizeof(c)))
			abort();
	}
	return b;
}

static void set(struct sink *s, const char *key, const char *value)
{
	const struct option *opt = s->ops->options;

	while (!streq(opt->key, key))
		opt++;
	if (option_set(opt, value, "bench", s, NULL))
		abort();
}

static double cpu_seconds(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static int listener(char port[8])
{
	struct sockaddr_in a = {.sin_family = AF_INET};
	socklen_t size = sizeof(a);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(fd, (struct sockaddr *)&a, sizeof(a)) ||
	    getsockname(fd, (struct sockaddr *)&a, &size))
		abort();
	snprintf(port, 8, "%u", ntohs(a.sin_port));
	return fd;
}

static void run(const char *tags, uint32_t series)
{
	struct sink *s = sink_new(sink_ops_find("statsd"), "statsd");
	struct event *e = make_event();
	struct batch *b = make_batch(e, series);
	struct tally_view v;
	char port[8];
	int fd = listener(port);
	double cpu;

	set(s, "tags", tags);
	set(s, "port", port);
	if (sink_start(s, NULL))
		abort();
	cpu = cpu_seconds();
	for (uint32_t i = 0; i < RECORDS / BATCH_COUNT; i++) {
		sink_wait_room(s, b->capacity);
		sink_push(s, b);
	}
	sink_stop(s, 60 * NSEC_PER_SEC);
	cpu = cpu_seconds() - cpu;
	tally_read(&s->tallies[0], &v);
	printf("%-10s %7u %12.0f %10" PRIu64 " %10" PRIu64 "\n", tags, series, RECORDS / cpu,
	       v.delivered, v.aggregated);
	sink_free(s);
	batch_unref(b);
	event_unref(e);
	close(fd);
}

int main(void)
{
	printf("%-10s %7s %12s %10s %10s\n", "tags", "series", "updates/s", "lines", "merged");
	run("none", 1);
	run("dogstatsd", 16);
	run("dogstatsd", 2000);
	run("graphite", 2000);
	return 0;
}
