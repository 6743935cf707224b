/* SPDX-License-Identifier: Apache-2.0 */
/* An S3 sink and its scripted server, for the tests of both its sides: what it sends, what it makes of answers. */
#pragma once

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "aws/sigv4.h"
#include "sinks/s3_key.h"
#include "sinks/sink.h"
#include "util/file.h"
#include "util/time.h"

#include "aws_fixture.h"
#include "batches.h"

#define TOKEN "session-token-of-the-test"
#define ETAG  "ETag: \"d41d8cd9\"\r\n"
#define ERROR(code)                                                                                \
	"<?xml version=\"1.0\"?><Error><Code>" code "</Code><Message>The words</Message></Error>"

static const struct fake_answer stored = {.headers = ETAG};
static struct aws_fixture *f;
static struct event *event;

static inline int setup(void **state)
{
	aws_fixture_start(state);
	f = *state;
	setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1);
	setenv("AWS_SECRET_ACCESS_KEY", SECRET, 1);
	setenv("AWS_SESSION_TOKEN", TOKEN, 1);
	event = number_event(0, "tick");
	fake_http_script(f->server, &stored, 1);
	return 0;
}

static inline int teardown(void **state)
{
	event_unref(event);
	return aws_fixture_stop(state);
}

static inline void set(struct sink *s, const char *key, const char *value)
{
	const struct option *opt = s->ops->options;

	while (!streq(opt->key, key))
		opt++;
	assert_int_equal(option_set(opt, value, "test", s, NULL), 0);
}

/* Pairs of key and value, NULL at the end. */
static inline struct sink *s3_sink(const char *key, ...)
{
	struct sink *s = sink_new(sink_ops_find("s3"), "s3");
	va_list ap;

	set(s, "bucket", "lake");
	set(s, "region", "eu-west-1");
	set(s, "endpoint", fake_http_url(f->server));
	set(s, "interval", "1ms");
	va_start(ap, key);
	for (; key; key = va_arg(ap, const char *))
		set(s, key, va_arg(ap, const char *));
	va_end(ap);
	s->host = "web1.example";
	s->retry = (struct retry_policy){.base_ns = NSEC_PER_MSEC, .cap_ns = NSEC_PER_MSEC};
	return s;
}

static inline struct sink *start(struct sink *s)
{
	_cleanup_(diag_donep) struct diag diag = {};

	if (s->ops->check(s, &diag) || sink_start(s, &diag))
		fail_msg("%s", diag_text(&diag));
	return s;
}

static inline void push(struct sink *s, uint64_t first, uint32_t count)
{
	struct batch *b = number_batch(event, first, count);

	sink_push(s, b);
	batch_unref(b);
}

static inline void push_and_wait(struct sink *s, uint64_t first, uint32_t count)
{
	push(s, first, count);
	for (int i = 0; i < 5000 && sink_in_flight(s); i++)
		usleep(1000);
	assert_int_equal(sink_in_flight(s), 0);
}

static inline void stop(struct sink *s)
{
	sink_stop(s, 5 * NSEC_PER_SEC);
	sink_free(s);
}

static inline struct tally_view tally(const struct sink *s)
{
	struct tally_view v;

	tally_read(&s->tallies[0], &v);
	return v;
}

/* The server has got this many requests, in time. */
static inline void wait_requests(size_t n)
{
	for (int i = 0; i < 5000 && fake_http_count(f->server) < n; i++)
		usleep(1000);
	assert_true(fake_http_count(f->server) >= n);
}

/* What the sink complains of has these words in it, and nothing secret. */
static inline void assert_complains(struct sink *s, const char *words)
{
	_cleanup_(freep) char *complaint = sink_take_complaint(s);

	assert_non_null(complaint);
	if (!strstr(complaint, words))
		fail_msg("%s", complaint);
	assert_null(strstr(complaint, SECRET));
	assert_null(strstr(complaint, TOKEN));
}

static inline void assert_header(size_t request, const char *name, const char *want)
{
	aws_fixture_header(f, request, name, want);
}

/* Sign what came over the wire once more: the signature in it must be the same. */
static inline void assert_signed(size_t i, const char *region)
{
	const struct aws_keys keys = {.access_key_id = (char *)"AKIDEXAMPLE",
	                              .secret_access_key = (char *)SECRET,
	                              .session_token = (char *)TOKEN};
	const struct fake_request *r = fake_http_request(f->server, i);
	_cleanup_(freep) char *authorization = fake_http_header(r, "Authorization");
	_cleanup_(freep) char *date = fake_http_header(r, "X-Amz-Date");
	_cleanup_(sigv4_freep) struct sigv4 *signer = sigv4_new(region, "s3", SIGV4_S3);
	_cleanup_(sigv4_signed_donep) struct sigv4_signed again = {};
	struct sigv4_header headers[32];
	char hash[SIGV4_HASH_SIZE], *names = strstr(authorization, "SignedHeaders=") + 14, *name;
	struct sigv4_request request = {
		.method = r->method, .path = r->target, .headers = headers, .payload_hash = hash};
	uint64_t seconds = time_realtime() / NSEC_PER_SEC;
	char again_date[SIGV4_DATE_SIZE];

	names = xstrndup(names, strcspn(names, ","));
	for (char *p = names; (name = strsep(&p, ";"));)
		headers[request.n_headers++] =
			(struct sigv4_header){name, fake_http_header(r, name)};
	sigv4_hash(r->body.data, r->body.len, hash);
	assert_header(i, "X-Amz-Content-Sha256", hash);
	/* Which second it was: the one that stands there, and lately. */
	for (int back = 0; back < 60; back++, seconds--) {
		sigv4_format_date(seconds, again_date);
		if (streq(again_date, date))
			break;
	}
	assert_string_equal(again_date, date);
	sigv4_sign(signer, &keys, &request, seconds, &again);
	assert_string_equal(again.lines[SIGV4_LINES - 1] + strlen("Authorization: "),
	                    authorization);
	for (size_t h = 0; h < request.n_headers; h++)
		free((char *)headers[h].value);
	free(names);
}

/* The body, unpacked by a command, is these events as JSON. */
static inline void assert_body(size_t i, const char *command, uint64_t first, uint32_t count)
{
	const struct fake_request *r = fake_http_request(f->server, i);
	_cleanup_(freep) char *path = path_join(f->home, "body");
	_cleanup_(freep) char *line = xasprintf("%s <%s", command, path);
	char got[256];
	FILE *out;

	assert_int_equal(file_write_atomic(path, r->body.data, r->body.len, 0600), 0);
	out = popen(line, "r");
	for (uint64_t n = first; n < first + count; n++) {
		char tail[32];

		snprintf(tail, sizeof(tail), "\"n\":%lu}\n", n);
		assert_non_null(fgets(got, sizeof(got), out));
		assert_memory_equal(got, "{\"time\":", 8);
		assert_string_equal(got + strlen(got) - strlen(tail), tail);
	}
	assert_null(fgets(got, sizeof(got), out));
	assert_int_equal(pclose(out), 0);
}
