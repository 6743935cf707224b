// SPDX-License-Identifier: Apache-2.0
/* The S3 sink: what becomes of the records for each kind of answer, and for none. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "s3_sink.h"

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
	assert_complains(s, "imed out");
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

/* Credentials with this token from the shared file, or none; the environment has none from now on. */
static void use_credentials_file(const char *token)
{
	_cleanup_(freep) char *text =
		xasprintf("[default]\naws_access_key_id=A\n"
	                  "aws_secret_access_key=" SECRET "\naws_session_token=%s\n",
	                  token ? token : "");

	unsetenv("AWS_ACCESS_KEY_ID");
	unsetenv("AWS_SECRET_ACCESS_KEY");
	unsetenv("AWS_SESSION_TOKEN");
	if (token)
		aws_fixture_file(f, "credentials", text);
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

	use_credentials_file("old");
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

	use_credentials_file(NULL);
	start(s);
	for (int i = 0; i < 5000 && !s->complaint; i++)
		usleep(1000);
	assert_complains(s, "set AWS_ACCESS_KEY_ID"); /* before there is any event */
	push(s, 0, 10);
	for (int i = 0; i < 5000 && !s->retries; i++)
		usleep(1000);
	assert_null(sink_take_complaint(s));
	use_credentials_file("some");
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

#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
