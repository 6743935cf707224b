// SPDX-License-Identifier: Apache-2.0
/*
 * The S3 sink against a scripted server: what is sent, byte by byte, and what becomes of the records
 * for each kind of answer.
 */
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

static int setup(void **state)
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

static int teardown(void **state)
{
	event_unref(event);
	return aws_fixture_stop(state);
}

static void set(struct sink *s, const char *key, const char *value)
{
	const struct option *opt = s->ops->options;

	while (!streq(opt->key, key))
		opt++;
	assert_int_equal(option_set(opt, value, "test", s, NULL), 0);
}

/* Pairs of key and value, NULL at the end. */
static struct sink *s3_sink(const char *key, ...)
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

static struct sink *start(struct sink *s)
{
	_cleanup_(diag_donep) struct diag diag = {};

	if (s->ops->check(s, &diag) || sink_start(s, &diag))
		fail_msg("%s", diag_text(&diag));
	return s;
}

static void push(struct sink *s, uint64_t first, uint32_t count)
{
	struct batch *b = number_batch(event, first, count);

	sink_push(s, b);
	batch_unref(b);
}

static void push_and_wait(struct sink *s, uint64_t first, uint32_t count)
{
	push(s, first, count);
	for (int i = 0; i < 5000 && sink_in_flight(s); i++)
		usleep(1000);
	assert_int_equal(sink_in_flight(s), 0);
}

static void stop(struct sink *s)
{
	sink_stop(s, 5 * NSEC_PER_SEC);
	sink_free(s);
}

static struct tally_view tally(const struct sink *s)
{
	struct tally_view v;

	tally_read(&s->tallies[0], &v);
	return v;
}

/* The server has got this many requests, in time. */
static void wait_requests(size_t n)
{
	for (int i = 0; i < 5000 && fake_http_count(f->server) < n; i++)
		usleep(1000);
	assert_true(fake_http_count(f->server) >= n);
}

/* What the sink complains of has these words in it, and nothing secret. */
static void assert_complains(struct sink *s, const char *words)
{
	_cleanup_(freep) char *complaint = sink_take_complaint(s);

	assert_non_null(complaint);
	if (!strstr(complaint, words))
		fail_msg("%s", complaint);
	assert_null(strstr(complaint, SECRET));
	assert_null(strstr(complaint, TOKEN));
}

static void assert_header(size_t request, const char *name, const char *want)
{
	aws_fixture_header(f, request, name, want);
}

/* Sign what came over the wire once more: the signature in it must be the same. */
static void assert_signed(size_t i, const char *region)
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
static void assert_body(size_t i, const char *command, uint64_t first, uint32_t count)
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

static void an_object_is_put(void **state)
{
	struct sink *s = start(s3_sink("key", "in/{host}/{sequence}-{id}.{ext}", "storage_class",
	                               "STANDARD_IA", "acl", "bucket-owner-full-control", "sse",
	                               "aws:kms", "sse_kms_key_id", "alias/quern", NULL));
	const struct fake_request *r;

	push_and_wait(s, 0, 100);
	assert_int_equal(tally(s).delivered, 100);
	assert_int_equal(fake_http_count(f->server), 1);
	r = fake_http_request(f->server, 0);
	assert_string_equal(r->method, "PUT");
	assert_memory_equal(r->target, "/lake/in/web1.example/00000001-", 31);
	assert_int_equal(strlen(r->target), 31 + 16 + strlen(".ndjson.zst"));
	assert_header(0, "Content-Type", "application/x-ndjson");
	assert_header(0, "Content-Encoding", "zstd");
	assert_header(0, "x-amz-storage-class", "STANDARD_IA");
	assert_header(0, "x-amz-acl", "bucket-owner-full-control");
	assert_header(0, "x-amz-server-side-encryption", "aws:kms");
	assert_header(0, "x-amz-server-side-encryption-aws-kms-key-id", "alias/quern");
	assert_header(0, "x-amz-meta-quern-host", "web1.example");
	assert_header(0, "x-amz-meta-quern-count", "100");
	assert_header(0, "x-amz-meta-quern-first", "1");
	assert_header(0, "x-amz-meta-quern-last", "100");
	assert_header(0, "X-Amz-Security-Token", TOKEN);
	assert_header(0, "Expect", NULL);
	assert_signed(0, "eu-west-1");
	assert_null(sink_take_complaint(s));
	stop(s);
}

static void the_bucket_may_be_in_the_host_s_name(void **state)
{
	const char *port = strrchr(fake_http_url(f->server), ':');
	_cleanup_(freep) char *endpoint = xasprintf("http://localhost%s", port);
	_cleanup_(freep) char *host = xasprintf("lake.localhost%s", port);
	struct sink *s = start(
		s3_sink("endpoint", endpoint, "path_style", "false", "key", "a b+c=ü/{id}", NULL));

	push_and_wait(s, 0, 1);
	assert_memory_equal(fake_http_request(f->server, 0)->target, "/a%20b%2Bc%3D%C3%BC/", 20);
	assert_header(0, "Host", host);
	assert_signed(0, "eu-west-1");
	stop(s);
}

static void optional_headers_are_left_out(void **state)
{
	struct sink *s = start(s3_sink("compression", "none", NULL));

	push_and_wait(s, 0, 10);
	assert_header(0, "Content-Encoding", NULL);
	assert_header(0, "x-amz-storage-class", NULL);
	assert_header(0, "x-amz-acl", NULL);
	assert_header(0, "x-amz-server-side-encryption", NULL);
	assert_signed(0, "eu-west-1");
	assert_body(0, "cat", 0, 10);
	stop(s);
}

static void the_checksum_is_that_of_the_body(void **state)
{
	struct sink *s = start(s3_sink(NULL));
	_cleanup_(freep) char *path = path_join(f->home, "body"), *command = NULL;
	const struct fake_request *r;
	char line[64];
	FILE *out;

	push_and_wait(s, 0, 10);
	r = fake_http_request(f->server, 0);
	assert_int_equal(file_write_atomic(path, r->body.data, r->body.len, 0600), 0);
	command = xasprintf("openssl dgst -sha256 -binary %s | base64", path);
	out = popen(command, "r");
	assert_non_null(fgets(line, sizeof(line), out));
	assert_int_equal(pclose(out), 0);
	line[strcspn(line, "\n")] = '\0';
	assert_header(0, "x-amz-checksum-sha256", line);
	stop(s);
}

static void every_compression_can_be_read_back(void **state)
{
	static const char *const ways[][2] = {{"gzip", "gzip -dc"}, {"zstd", "zstd -dcq"}};

	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		struct sink *s = start(s3_sink("compression", ways[i][0], NULL));

		fake_http_script(f->server, &stored, 1);
		push_and_wait(s, 0, 1000);
		assert_header(0, "Content-Encoding", ways[i][0]);
		assert_body(0, ways[i][1], 0, 1000);
		stop(s);
	}
}

static void objects_are_numbered_without_gaps(void **state)
{
	struct sink *s = start(s3_sink(NULL));
	_cleanup_(freep) char *run = NULL;

	push_and_wait(s, 0, 10);
	push_and_wait(s, 10, 5);
	run = fake_http_header(fake_http_request(f->server, 0), "x-amz-meta-quern-run");
	assert_header(1, "x-amz-meta-quern-run", run);
	assert_header(1, "x-amz-meta-quern-sequence", "2");
	assert_header(1, "x-amz-meta-quern-first", "11");
	assert_header(1, "x-amz-meta-quern-last", "15");
	assert_string_not_equal(fake_http_request(f->server, 0)->target,
	                        fake_http_request(f->server, 1)->target);
	stop(s);
}

static void a_size_makes_an_object(void **state)
{
	struct sink *s = start(s3_sink("interval", "1h", "max_bytes", "1K", NULL));
	_cleanup_(freep) char *count = NULL;

	push(s, 0, 100); /* some 70 bytes each */
	wait_requests(5);
	sink_stop(s, 5 * NSEC_PER_SEC); /* what remains goes at the end */
	sink_free(s);
	count = fake_http_header(fake_http_request(f->server, 0), "x-amz-meta-quern-count");
	assert_in_range(strtoul(count, NULL, 10), 10, 20);
	assert_body(0, "zstd -dcq", 0, (uint32_t)strtoul(count, NULL, 10));
	assert_header(fake_http_count(f->server) - 1, "x-amz-meta-quern-last", "100");
}

/* What passes by itself is repeated: the same bytes under the same name. */
static void a_repetition_is_the_same(void **state)
{
	const struct fake_answer answers[] = {
		{.status = 500, .body = ERROR("InternalError")},
		{.status = 503, .body = ERROR("SlowDown")},
		{.status = 429},
		{.end = FAKE_RESET, .raw = "HTTP/1.1 "},
		{.status = 400, .body = ERROR("RequestTimeout")},
		{.status = 400, .body = ERROR("BadDigest")},
		{.status = 502, .body = "<html>Bad gateway"},
		{.status = 200, .headers = ETAG, .body = ERROR("InternalError")},
		{.status = 200, .body = "Welcome to the hotel"},
		{.status = 204, .headers = ETAG},
		{.headers = ETAG},
	};
	struct sink *s = start(s3_sink(NULL));
	size_t n = ARRAY_SIZE(answers);

	fake_http_script(f->server, answers, n);
	push_and_wait(s, 0, 100);
	assert_int_equal(tally(s).delivered, 100);
	assert_int_equal(fake_http_count(f->server), n);
	assert_int_equal(s->retries, n - 2); /* what was reset, libcurl repeats by itself */
	for (size_t i = 1; i < n; i++) {
		const struct fake_request *a = fake_http_request(f->server, 0),
					  *b = fake_http_request(f->server, i);

		assert_string_equal(a->target, b->target);
		assert_int_equal(a->body.len, b->body.len);
		assert_memory_equal(a->body.data, b->body.data, a->body.len);
		assert_signed(i, "eu-west-1");
	}
	assert_complains(s, "this is no S3 server");
	stop(s);
}

static void a_time_out_is_repeated(void **state)
{
	const struct fake_answer answers[] = {{.delay_ms = 400, .headers = ETAG},
	                                      {.headers = ETAG}};
	struct sink *s = start(s3_sink("timeout", "100ms", NULL));

	fake_http_script(f->server, answers, 2);
	push_and_wait(s, 0, 100);
	assert_int_equal(tally(s).delivered, 100);
	assert_int_equal(s->retries, 1);
	stop(s);
}

static void what_is_refused_for_good_is_dropped(void **state)
{
	const struct fake_answer answers[] = {{.status = 400, .body = ERROR("InvalidArgument")},
	                                      {.headers = ETAG}};
	struct sink *s = start(s3_sink(NULL));

	fake_http_script(f->server, answers, 2);
	push_and_wait(s, 0, 100);
	assert_int_equal(tally(s).dropped[DROP_REJECTED], 100);
	assert_complains(s, "for good: InvalidArgument: The words");
	push_and_wait(s, 100, 10);
	assert_int_equal(tally(s).delivered, 10);
	assert_header(1, "x-amz-meta-quern-first", "101");
	assert_body(1, "zstd -dcq", 100, 10);
	stop(s);
}

static void what_people_can_mend_is_tried_again(void **state)
{
	static const struct {
		unsigned int status;
		const char *body, *words;
	} cases[] = {
		{403, ERROR("AccessDenied"), "bucket lake at "},
		{403, ERROR("SignatureDoesNotMatch"), "SignatureDoesNotMatch"},
		{403, ERROR("InvalidAccessKeyId"),
	         "(credentials: the environment (AWS_ACCESS_KEY_ID))"},
		{404, ERROR("NoSuchBucket"), "NoSuchBucket: The words"},
		{400, ERROR("KMS.DisabledException"), "KMS.Disabled"},
		{403, "<Error><Code>A</Code><Message>" TOKEN "</Message></Error>", "status 403"},
		{403, "<Error><Code>A</Code><Message>" SECRET "</Message></Error>", "status 403"},
		{301, ERROR("PermanentRedirect"), "does not say where"},
		{307, "", "does not say where"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct fake_answer answers[] = {
			{.status = cases[i].status, .body = cases[i].body},
			{.status = cases[i].status, .body = cases[i].body},
			{.headers = ETAG}};
		struct sink *s = start(s3_sink(NULL));

		fake_http_script(f->server, answers, 3);
		push_and_wait(s, 0, 10);
		assert_int_equal(tally(s).delivered, 10);
		assert_complains(s, cases[i].words);
		assert_true(s->retry.base_ns > NSEC_PER_MSEC);
		stop(s);
	}
}

static void the_same_complaint_is_made_once(void **state)
{
	const struct fake_answer denied = {.status = 403, .body = ERROR("AccessDenied")};
	struct sink *s = start(s3_sink(NULL));

	fake_http_script(f->server, &denied, 1);
	push(s, 0, 10);
	wait_requests(2);
	assert_complains(s, "AccessDenied");
	wait_requests(fake_http_count(f->server) + 2);
	assert_null(sink_take_complaint(s));
	sink_stop(s, 0);
	sink_free(s);
}

static void a_wrong_region_is_corrected(void **state)
{
	const struct fake_answer wrong[] = {
		{.status = 301,
	         .headers = "x-amz-bucket-region: ap-south-1\r\n",
	         .body = ERROR("PermanentRedirect")},
		{.status = 400,
	         .body = "<Error><Code>AuthorizationHeaderMalformed</Code><Message>no</Message>"
	                 "<Region>ap-south-1</Region></Error>"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		const struct fake_answer answers[] = {wrong[i], stored};
		struct sink *s = start(s3_sink(NULL));

		fake_http_script(f->server, answers, 2);
		push_and_wait(s, 0, 10);
		assert_int_equal(tally(s).delivered, 10);
		assert_int_equal(s->retries, 0);
		assert_signed(0, "eu-west-1");
		assert_signed(1, "ap-south-1");
		assert_complains(s, "is in region ap-south-1, not in eu-west-1");
		stop(s);
	}
}

/* A region goes into the name of the host that gets the events. */
static void a_hostile_region_is_not_followed(void **state)
{
	const struct fake_answer answers[] = {{.status = 301,
	                                       .headers = "x-amz-bucket-region: evil.example/\r\n",
	                                       .body = ERROR("PermanentRedirect")},
	                                      stored};
	struct sink *s = start(s3_sink(NULL));

	fake_http_script(f->server, answers, 2);
	push_and_wait(s, 0, 10);
	assert_signed(1, "eu-west-1");
	assert_complains(s, "does not say where");
	stop(s);
}

static void the_server_s_clock_is_used(void **state)
{
	const struct fake_answer answers[] = {{.status = 403,
	                                       .headers = "Date: Fri, 24 May 2013 00:00:00 GMT\r\n",
	                                       .body = ERROR("RequestTimeTooSkewed")},
	                                      stored};
	struct sink *s = start(s3_sink(NULL));
	_cleanup_(freep) char *date = NULL;

	fake_http_script(f->server, answers, 2);
	push_and_wait(s, 0, 10);
	assert_int_equal(s->retries, 0);
	date = fake_http_header(fake_http_request(f->server, 1), "X-Amz-Date");
	assert_memory_equal(date, "20130524T0000", 13);
	assert_complains(s, "behind the server's");
	stop(s);
}

static void absurd_clocks_are_not_believed(void **state)
{
	static const char *const dates[] = {"", "Date: yesterday\r\n",
	                                    "Date: Fri, 24 May 9999 00:00:00 GMT\r\n"};

	for (size_t i = 0; i < ARRAY_SIZE(dates); i++) {
		const struct fake_answer answers[] = {
			{.status = 403, .headers = dates[i], .body = ERROR("RequestTimeTooSkewed")},
			stored};
		struct sink *s = start(s3_sink(NULL));

		fake_http_script(f->server, answers, 2);
		push_and_wait(s, 0, 10);
		assert_int_equal(s->retries, 1);
		assert_signed(1, "eu-west-1");
		stop(s);
	}
}

/* The first request brings new keys, as whoever rotates them does, and is refused with the old. */
static void rotate_keys(const struct fake_request *request, struct fake_answer *answer, void *arg)
{
	_cleanup_(freep) char *token = fake_http_header(request, "X-Amz-Security-Token");

	if (streq(token, "new")) {
		*answer = stored;
		return;
	}
	aws_fixture_file(f, "credentials",
	                 "[default]\naws_access_key_id=B\naws_secret_access_key=" SECRET
	                 "\naws_session_token=new\n");
	*answer = (struct fake_answer){.status = 400, .body = ERROR("ExpiredToken")};
}

static void an_expired_token_is_replaced(void **state)
{
	struct sink *s = s3_sink(NULL);

	unsetenv("AWS_ACCESS_KEY_ID");
	unsetenv("AWS_SECRET_ACCESS_KEY");
	unsetenv("AWS_SESSION_TOKEN");
	aws_fixture_file(f, "credentials",
	                 "[default]\naws_access_key_id=A\naws_secret_access_key=" SECRET
	                 "\naws_session_token=old\n");
	fake_http_handle(f->server, rotate_keys, NULL);
	start(s);
	push_and_wait(s, 0, 10);
	assert_int_equal(tally(s).delivered, 10);
	assert_int_equal(s->retries, 0);
	assert_int_equal(fake_http_count(f->server), 2);
	assert_header(0, "X-Amz-Security-Token", "old");
	assert_complains(s, "new credentials are fetched");
	stop(s);
}

static void a_token_that_stays_expired_is_not_hammered_on(void **state)
{
	const struct fake_answer expired = {.status = 400, .body = ERROR("ExpiredToken")};
	struct sink *s = s3_sink(NULL);

	s->retry = (struct retry_policy){.base_ns = 60 * NSEC_PER_SEC, .cap_ns = UINT32_MAX};
	fake_http_script(f->server, &expired, 1);
	start(s);
	push(s, 0, 10);
	wait_requests(4);
	sink_stop(s, 0);
	assert_true(fake_http_count(f->server) <= 8);
	assert_int_equal(tally(s).dropped[DROP_SHUTDOWN], 10);
	sink_free(s);
}

static void missing_credentials_are_said(void **state)
{
	struct sink *s = s3_sink(NULL);

	unsetenv("AWS_ACCESS_KEY_ID");
	start(s);
	push(s, 0, 10);
	for (int i = 0; i < 5000 && !s->retries; i++)
		usleep(1000);
	assert_complains(s, "AWS_ACCESS_KEY_ID");
	setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1);
	stop(s);
	assert_int_equal(fake_http_count(f->server), 1);
}

static void assert_stops_in_time(struct sink *s, const char *words)
{
	uint64_t begin;

	start(s);
	push(s, 0, 10);
	usleep(50000);
	begin = time_monotonic();
	sink_stop(s, 200 * NSEC_PER_MSEC);
	assert_true(time_monotonic() - begin < 600 * NSEC_PER_MSEC);
	assert_int_equal(tally(s).dropped[DROP_SHUTDOWN], 10);
	if (words)
		assert_complains(s, words);
	sink_free(s);
}

static void a_dead_server_does_not_hold_up_the_end(void **state)
{
	const struct fake_answer hangs = {.end = FAKE_HANG, .raw = "HTTP/1.1 200 OK\r\n"};

	fake_http_script(f->server, &hangs, 1);
	assert_stops_in_time(s3_sink(NULL), NULL);
	assert_stops_in_time(s3_sink("endpoint", "http://127.0.0.1:1", NULL), "127.0.0.1:1: ");
}

static void the_end_stores_what_is_there(void **state)
{
	struct sink *s = start(s3_sink("interval", "1h", NULL));

	push(s, 0, 10);
	stop(s);
	assert_int_equal(fake_http_count(f->server), 1);
	assert_body(0, "zstd -dcq", 0, 10);
}

static void keys_are_made_by_a_template(void **state)
{
	_cleanup_(buf_donep) struct buf key = {};
	_cleanup_(freep) char *host = s3_key_host("../web 1.exa/mple\n");
	const struct s3_key_values values = {
		.host = host,
		.time = 1440938160 * NSEC_PER_SEC + 7 * NSEC_PER_MSEC,
		.sequence = 42,
		.id = 0xabc,
		.ext = "ndjson.gz",
	};

	assert_int_equal(s3_key_check("{host}-{id}", NULL), 0);
	s3_key_expand("{host}/{year}-{month}-{day}/{hour}.{minute}/{time}_{sequence}_{id}.{ext}",
	              &values, &key);
	assert_string_equal(buf_cstr(&key), "-.-web-1.exa-mple-/2015-08-30/12.36/"
	                                    "20150830T123600.007Z_00000042_0000000000000abc."
	                                    "ndjson.gz");
}

static void assert_refused(const char *key, const char *value, const char *message)
{
	_cleanup_(diag_donep) struct diag diag = {};
	struct sink *s = s3_sink(key, value, NULL);

	assert_int_equal(s->ops->check(s, &diag), -EINVAL);
	if (!strstr(diag_text(&diag), message))
		fail_msg("%s", diag_text(&diag));
	sink_free(s);
}

static void impossible_options_are_refused(void **state)
{
	char longest[1100] = "{id}";

	memset(longest + 4, 'k', sizeof(longest) - 5);
	longest[sizeof(longest) - 1] = '\0';
	assert_refused("key", "x/{hots}/{id}",
	               "no placeholder begins at \"{hots}/{id}\"; there are {host} ");
	assert_refused("key", "x/{id", "no placeholder begins at \"{id\"");
	assert_refused("key", "x/{id}}", "no placeholder begins at \"}\"");
	assert_refused("key", "{i{id}", "no placeholder begins at \"{i{id}\"");
	assert_refused("key", "{}{id}", "no placeholder");
	assert_refused("key", "", "would replace each other");
	assert_refused("key", "{host}/{time}", "would replace each other; add {id}, or {host}, ");
	assert_refused("key", "/{id}", "empty folder name");
	assert_refused("key", "a//{id}", "empty folder name");
	assert_refused("key", "a/../{id}", "\"..\" as a folder name");
	assert_refused("key", "a\n{id}", "control character");
	assert_refused("key", longest, "longer than S3's 1024 bytes");
	assert_refused("bucket", "", "\"bucket\" is missing");
	assert_refused("bucket", "evil.example/x", "is no bucket's name");
	assert_refused("bucket", "-lake", "is no bucket's name");
	assert_refused("bucket", "Lake", "is no bucket's name");
	assert_refused("region", "eu west", "\"eu west\" is no region");
	assert_refused("endpoint", "minio:9000", "");
	assert_refused("endpoint", "http://minio:9000/sub", "anything behind the host");
	assert_refused("sse_kms_key_id", "alias/x", "needs sse: aws:kms");
}

static void a_missing_authority_is_said_at_the_start(void **state)
{
	_cleanup_(diag_donep) struct diag diag = {};
	struct sink *s = s3_sink("ca_file", "/nonexistent.pem", NULL);

	assert_int_equal(sink_start(s, &diag), -ENOENT);
	assert_string_equal(diag_text(&diag),
	                    "sink s3: ca_file: /nonexistent.pem: No such file or directory");
	sink_free(s);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_object_is_put),
		TEST(the_bucket_may_be_in_the_host_s_name),
		TEST(optional_headers_are_left_out),
		TEST(the_checksum_is_that_of_the_body),
		TEST(every_compression_can_be_read_back),
		TEST(objects_are_numbered_without_gaps),
		TEST(a_size_makes_an_object),
		TEST(a_repetition_is_the_same),
		TEST(a_time_out_is_repeated),
		TEST(what_is_refused_for_good_is_dropped),
		TEST(what_people_can_mend_is_tried_again),
		TEST(the_same_complaint_is_made_once),
		TEST(a_wrong_region_is_corrected),
		TEST(a_hostile_region_is_not_followed),
		TEST(the_server_s_clock_is_used),
		TEST(absurd_clocks_are_not_believed),
		TEST(an_expired_token_is_replaced),
		TEST(a_token_that_stays_expired_is_not_hammered_on),
		TEST(missing_credentials_are_said),
		TEST(a_dead_server_does_not_hold_up_the_end),
		TEST(the_end_stores_what_is_there),
		TEST(keys_are_made_by_a_template),
		TEST(impossible_options_are_refused),
		TEST(a_missing_authority_is_said_at_the_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
