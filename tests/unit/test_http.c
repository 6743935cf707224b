// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "http_fixture.h"
#include "util/alloc.h"
#include "util/time.h"

static void assert_header(const struct fake_request *r, const char *name, const char *want)
{
	_cleanup_(freep) char *value = fake_http_header(r, name);

	if (want && value)
		assert_string_equal(value, want);
	else
		assert_true(!want && !value);
}

static void an_answer(void **state)
{
	const char *const headers[] = {"X-One: 1", "X-Empty;", NULL};
	const struct fake_answer answer = {
		.status = 404,
		.headers = "ETag: \"abc\"  \r\nx-twice: 1\r\nX-Twice: 2\r\nNone:\r\n",
		.body = "not here",
	};
	_cleanup_(http_response_donep) struct http_response r =
		get(&answer, (struct http_request){.headers = headers});
	const struct fake_request *seen = fake_http_request(server, 0);

	assert_int_equal(r.error, HTTP_OK);
	assert_null(r.message);
	assert_int_equal(r.status, 404);
	assert_string_equal(buf_cstr(&r.body), "not here");
	assert_string_equal(http_response_header(&r, "etag"), "\"abc\"");
	assert_string_equal(http_response_header(&r, "X-TWICE"), "1");
	assert_string_equal(http_response_header(&r, "None"), "");
	assert_null(http_response_header(&r, "X-Twic"));
	assert_string_equal(seen->method, "GET");
	assert_string_equal(seen->target, "/path");
	assert_header(seen, "X-One", "1");
	assert_header(seen, "Content-Type", NULL);
	assert_header(seen, "Content-Length", NULL);
}

static void methods_and_bodies(void **state)
{
	static const struct {
		const char *method, *body, *length;
		size_t size;
	} cases[] = {
		{"PUT", "a\0b", "3", 3}, {"POST", "x", "1", 1},     {"PUT", NULL, "0", 0},
		{"POST", NULL, "0", 0},  {"DELETE", NULL, NULL, 0}, {"HEAD", NULL, NULL, 0},
		{"DELETE", "y", "1", 1},
	};
	const struct fake_answer answer = {.body = "ok"};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(http_response_donep) struct http_response r =
			get(&answer, (struct http_request){.method = cases[i].method,
		                                           .body = cases[i].body,
		                                           .body_size = cases[i].size});
		const struct fake_request *seen = fake_http_request(server, 0);

		assert_int_equal(r.error, HTTP_OK);
		assert_int_equal(r.status, 200);
		assert_int_equal(r.body.len, streq(cases[i].method, "HEAD") ? 0 : 2);
		assert_string_equal(seen->method, cases[i].method);
		assert_header(seen, "Content-Length", cases[i].length);
		assert_header(seen, "Content-Type", NULL);
		assert_header(seen, "Expect", NULL);
		assert_int_equal(seen->body.len, cases[i].size);
		if (cases[i].size)
			assert_memory_equal(seen->body.data, cases[i].body, cases[i].size);
	}
	assert_int_equal(fake_http_connections(server), 1);
}

/* Two megabytes are more than any buffer on the way; the server may ask to be asked first. */
static void a_large_body(void **state)
{
	const char *const headers[] = {"Expect: 100-continue", "Content-Type: text/plain", NULL};
	const struct fake_answer answer = {};
	_cleanup_(buf_donep) struct buf body = {};

	for (uint32_t i = 0; body.len < 2 << 20; i++)
		buf_append(&body, &i, sizeof(i));
	for (size_t i = 0; i < 2; i++) {
		_cleanup_(http_response_donep) struct http_response r =
			get(&answer, (struct http_request){.method = "PUT",
		                                           .headers = i ? headers : NULL,
		                                           .body = body.data,
		                                           .body_size = body.len});
		const struct fake_request *seen = fake_http_request(server, 0);

		assert_int_equal(r.error, HTTP_OK);
		assert_header(seen, "Content-Type", i ? "text/plain" : NULL);
		assert_int_equal(seen->body.len, body.len);
		assert_memory_equal(seen->body.data, body.data, body.len);
	}
}

/* What is signed is what goes out: neither dots nor escapes are touched. */
static void paths_go_out_as_given(void **state)
{
	const struct fake_answer answer = {};
	_cleanup_(freep) char *url =
		xasprintf("%s/a/../b//./c%%2e%%7E?x&y=%%20", fake_http_url(server));
	_cleanup_(http_response_donep) struct http_response r =
		get(&answer, (struct http_request){.url = url});

	assert_int_equal(r.error, HTTP_OK);
	assert_string_equal(fake_http_request(server, 0)->target, "/a/../b//./c%2e%7E?x&y=%20");
}

static void redirects_only_when_asked(void **state)
{
	const struct fake_answer script[] = {
		{.status = 301, .headers = "Location: /two\r\nX-Hop: 1\r\n", .body = "moved"},
		{.status = 307, .headers = "Location: /three\r\n"},
		{.status = 200, .body = "there"},
	};
	const struct fake_answer elsewhere = {.status = 302,
	                                      .headers = "Location: file:///etc/passwd\r\n"};
	_cleanup_(freep) char *url = xasprintf("%s/one", fake_http_url(server));
	struct http_request request = {.method = "GET", .url = url, .redirects = 2};
	struct http_response r = get(&script[0], (struct http_request){});

	assert_int_equal(r.error, HTTP_OK);
	assert_int_equal(r.status, 301);
	assert_string_equal(http_response_header(&r, "Location"), "/two");
	http_response_done(&r);

	fake_http_script(server, script, 3);
	http_fetch(client, &request, &r);
	assert_int_equal(r.error, HTTP_OK);
	assert_int_equal(r.status, 200);
	assert_string_equal(buf_cstr(&r.body), "there");
	assert_null(http_response_header(&r, "X-Hop"));
	assert_string_equal(fake_http_request(server, 2)->target, "/three");
	http_response_done(&r);

	assert_fails(&script[0], request, HTTP_NETWORK, "redirects");
	assert_fails(&elsewhere, request, HTTP_NETWORK, "file");
}

struct outcome {
	unsigned int done;
	enum http_error error;
	unsigned int status;
};

static void note(struct http_response *response, void *arg)
{
	struct outcome *o = arg;

	o->done++;
	o->error = response->error;
	o->status = response->status;
}

static void several_at_once(void **state)
{
	const struct fake_answer answer = {.body = "x", .delay_ms = 200};
	struct outcome outcomes[8] = {};
	struct http_request r = {.method = "GET", .url = fake_http_url(server), .done = note};
	uint64_t before = time_monotonic();
	int left;

	fake_http_script(server, &answer, 1);
	for (size_t i = 0; i < ARRAY_SIZE(outcomes); i++) {
		r.arg = &outcomes[i];
		assert_int_equal(http_start(client, &r, NULL, NULL), 0);
	}
	while ((left = http_poll(client, NSEC_PER_SEC)) > 0)
		;
	assert_int_equal(left, 0);
	assert_true(time_monotonic() - before < NSEC_PER_SEC);
	for (size_t i = 0; i < ARRAY_SIZE(outcomes); i++) {
		assert_int_equal(outcomes[i].done, 1);
		assert_int_equal(outcomes[i].status, 200);
	}
}

static void given_up(void **state)
{
	const struct fake_answer silent = {.raw = "", .end = FAKE_HANG};
	struct outcome outcomes[2] = {};
	struct http_request r = {.method = "GET", .url = fake_http_url(server), .done = note};
	struct http_call *calls[2];

	fake_http_script(server, &silent, 1);
	for (size_t i = 0; i < 2; i++) {
		r.arg = &outcomes[i];
		assert_int_equal(http_start(client, &r, &calls[i], NULL), 0);
	}
	assert_int_equal(http_poll(client, 50 * NSEC_PER_MSEC), 2);
	http_abort(client, calls[0]);
	assert_int_equal(outcomes[0].done, 1);
	assert_int_equal(outcomes[0].error, HTTP_ABORTED);
	assert_int_equal(http_poll(client, 0), 1);
	assert_int_equal(outcomes[1].done, 0);
	client = http_free(client);
	assert_int_equal(outcomes[1].done, 1);
	assert_int_equal(outcomes[1].error, HTTP_ABORTED);
}

struct chain {
	unsigned int left;
	struct http_request request;
};

static void start_another(struct http_response *response, void *arg)
{
	struct chain *c = arg;

	if (response->error == HTTP_OK && --c->left)
		assert_int_equal(http_start(client, &c->request, NULL, NULL), 0);
}

static void one_after_the_other(void **state)
{
	const struct fake_answer answer = {.body = "x"};
	struct chain c = {
		.left = 5,
		.request = {.method = "GET", .url = fake_http_url(server), .done = start_another}};

	c.request.arg = &c;
	fake_http_script(server, &answer, 1);
	assert_int_equal(http_start(client, &c.request, NULL, NULL), 0);
	while (http_poll(client, NSEC_PER_SEC) > 0)
		;
	assert_int_equal(c.left, 0);
	assert_int_equal(fake_http_count(server), 5);
	assert_int_equal(fake_http_connections(server), 1);
}

static void *wake(void *arg)
{
	struct timespec t = {.tv_nsec = 50000000};

	nanosleep(&t, NULL);
	http_wakeup(client);
	return NULL;
}

static void woken(void **state)
{
	uint64_t before = time_monotonic();
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, wake, NULL), 0);
	assert_int_equal(http_poll(client, 10 * NSEC_PER_SEC), 0);
	assert_true(time_monotonic() - before < 5 * NSEC_PER_SEC);
	pthread_join(thread, NULL);
}

/* A connection that the server has closed meanwhile is replaced without a word. */
static void stale_connections(void **state)
{
	const struct fake_answer answer = {.body = "x", .end = FAKE_CLOSE};

	for (unsigned int i = 0; i < 3; i++) {
		_cleanup_(http_response_donep) struct http_response r =
			get(&answer,
		            (struct http_request){.method = "PUT", .body = "b", .body_size = 1});

		assert_int_equal(r.error, HTTP_OK);
		assert_int_equal(fake_http_request(server, 0)->body.len, 1);
	}
}

static void dates(void **state)
{
	static const char *const wrong[] = {
		"",
		"24 May 2013",
		"Fri, 24 Mai 2013 00:00:00 GMT",
		"Fri, 24 ayJ 2013 00:00:00 GMT",
		"Fri, 24 May 1913 00:00:00 GMT",
		"Fri, 24 May 2013 24:00:00 GMT",
		"Fri, -1 May 2013 00:00:00 GMT",
		"Fri, 24 May 2013 00:00:00 CET",
		"Fri, 24 May 99999 00:00:00 GMT",
	};
	uint64_t t;

	assert_int_equal(http_parse_date("Fri, 24 May 2013 00:00:00 GMT", &t), 0);
	assert_int_equal(t, 1369353600);
	assert_int_equal(http_parse_date("Thu, 29 Feb 2024 23:59:59 GMT", &t), 0);
	assert_int_equal(t, 1709251199);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_int_equal(http_parse_date(wrong[i], &t), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(an_answer),
		T(methods_and_bodies),
		T(a_large_body),
		T(paths_go_out_as_given),
		T(redirects_only_when_asked),
		T(several_at_once),
		T(given_up),
		T(one_after_the_other),
		T(woken),
		T(stale_connections),
		cmocka_unit_test(dates),
	};

	signal(SIGPIPE, SIG_IGN);
	unsetenv("http_proxy");
	return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}
