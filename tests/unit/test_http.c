// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "fake_cert.h"
#include "fake_http.h"
#include "net/http.h"
#include "util/alloc.h"
#include "util/time.h"

static struct fake_http *server;
static struct http *client;

static int start(void **state)
{
	server = fake_http_start(NULL, NULL);
	return http_new(4, &client, NULL);
}

static int stop(void **state)
{
	client = http_free(client);
	server = fake_http_stop(server);
	return 0;
}

/* Fetch `path` from the server, which answers as told; the request may ask for more. */
static struct http_response get(const struct fake_answer *answer, struct http_request r)
{
	_cleanup_(freep) char *url = xasprintf("%s/path", fake_http_url(server));
	struct http_response response;

	fake_http_script(server, answer, 1);
	if (!r.method)
		r.method = "GET";
	if (!r.url)
		r.url = url;
	http_fetch(client, &r, &response);
	return response;
}

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

static void assert_fails(const struct fake_answer *answer, struct http_request request,
                         enum http_error error, const char *words)
{
	_cleanup_(http_response_donep) struct http_response r = get(answer, request);

	if (r.error != error || !r.message || !strstr(r.message, words))
		fail_msg("%s (%s), not %s: %s", http_error_names[r.error], words,
		         http_error_names[error], r.message ? r.message : "no message");
}

static void errors_of_the_network(void **state)
{
	const struct fake_answer reset = {.body = "0123456789", .cut = 5, .end = FAKE_RESET};
	const struct fake_answer cut = {.body = "0123456789", .cut = 5, .end = FAKE_CLOSE};
	const struct fake_answer none = {.raw = "", .end = FAKE_CLOSE};
	const struct fake_answer other = {.raw = "SSH-2.0-OpenSSH_9.2\r\n\r\n\r\n",
	                                  .end = FAKE_CLOSE};

	assert_fails(&reset, (struct http_request){}, HTTP_NETWORK, "");
	assert_fails(&cut, (struct http_request){}, HTTP_NETWORK, "5 bytes");
	assert_fails(&none, (struct http_request){}, HTTP_NETWORK, "Empty reply");
	assert_fails(&other, (struct http_request){}, HTTP_NETWORK, "HTTP/0.9");
	assert_fails(&none, (struct http_request){.url = "http://name.invalid/"}, HTTP_NAME,
	             "name.invalid");
}

static void nobody_listens(void **state)
{
	const struct fake_answer answer = {};
	_cleanup_(freep) char *url = xstrdup(fake_http_url(server));

	fake_http_stop(server);
	server = fake_http_start(NULL, NULL);
	assert_fails(&answer, (struct http_request){.url = url}, HTTP_REFUSED, "onnect");
}

static void time_outs(void **state)
{
	const struct fake_answer silent = {.raw = "", .end = FAKE_HANG};
	const struct fake_answer stalled = {.body = "0123456789", .cut = 5, .end = FAKE_HANG};
	const struct fake_answer slow = {.body = "0123456789", .chunk = 1, .pause_ms = 50};
	const struct http_request total = {.total_ns = 200 * NSEC_PER_MSEC};
	const struct http_request stall = {.stall_ns = 1};
	uint64_t before = time_monotonic();

	assert_fails(&silent, total, HTTP_TIMEOUT, "timed out");
	assert_fails(&stalled, total, HTTP_TIMEOUT, "timed out");
	assert_fails(&slow, total, HTTP_TIMEOUT, "timed out");
	assert_true(time_monotonic() - before < 3 * NSEC_PER_SEC);
	assert_fails(&stalled, stall, HTTP_TIMEOUT, "too slow");
	assert_true(time_monotonic() - before < 8 * NSEC_PER_SEC);
}

/* Nobody takes connections from a listener whose backlog is full. */
static void time_out_of_the_connection(void **state)
{
	const struct fake_answer answer = {};
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(a);
	_cleanup_(closep) int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	_cleanup_(freep) char *url = NULL;
	int waiting[4];

	assert_int_equal(bind(listener, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(listener, 0), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&a, &size), 0);
	for (size_t i = 0; i < ARRAY_SIZE(waiting); i++) {
		waiting[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		connect(waiting[i], (struct sockaddr *)&a, sizeof(a));
	}
	url = xasprintf("http://127.0.0.1:%u/", ntohs(a.sin_port));
	assert_fails(&answer, (struct http_request){.url = url, .connect_ns = 100 * NSEC_PER_MSEC},
	             HTTP_TIMEOUT, "onnect");
	for (size_t i = 0; i < ARRAY_SIZE(waiting); i++)
		close(waiting[i]);
}

static void answers_are_bounded(void **state)
{
	_cleanup_(buf_donep) struct buf big = {}, headers = {};
	struct fake_answer answer = {};
	struct http_response r;

	while (big.len < HTTP_BODY_MAX)
		buf_puts(&big, "0123456789abcdef");
	answer.body = buf_cstr(&big);
	r = get(&answer, (struct http_request){});
	assert_int_equal(r.error, HTTP_OK);
	assert_int_equal(r.body.len, HTTP_BODY_MAX);
	http_response_done(&r);
	buf_putc(&big, 'x');
	answer.body = buf_cstr(&big);
	assert_fails(&answer, (struct http_request){}, HTTP_TOO_LARGE, "larger");

	answer.body = "01234567";
	r = get(&answer, (struct http_request){.max_body = 8, .secret = true});
	assert_int_equal(r.error, HTTP_OK);
	assert_true(r.secret);
	http_response_done(&r);
	assert_fails(&answer, (struct http_request){.max_body = 7}, HTTP_TOO_LARGE, "larger");

	for (unsigned int i = 0; headers.len <= 2 * HTTP_HEADERS_MAX; i++)
		buf_printf(&headers, "X-%u: something long enough to fill it soon\r\n", i);
	answer.headers = buf_cstr(&headers);
	assert_fails(&answer, (struct http_request){}, HTTP_TOO_LARGE, "larger");
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

static void what_cannot_be_sent(void **state)
{
	const char *const split[] = {"X-A: b\r\nX-C: d", NULL};
	const struct fake_answer answer = {};

	assert_fails(&answer, (struct http_request){.url = "s3.example"}, HTTP_NETWORK,
	             "not a URL");
	assert_fails(&answer, (struct http_request){.url = "file:///etc/passwd"}, HTTP_NETWORK,
	             "not a URL");
	assert_fails(&answer, (struct http_request){.headers = split}, HTTP_NETWORK, "X-A");
	assert_int_equal(fake_http_count(server), 0);
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

static void proxies(void **state)
{
	const struct fake_answer answer = {.body = "from the proxy"};
	struct http_response r;

	setenv("http_proxy", fake_http_url(server), 1);
	r = get(&answer, (struct http_request){.url = "http://bucket.invalid/key"});
	assert_int_equal(r.error, HTTP_OK);
	assert_string_equal(fake_http_request(server, 0)->target, "http://bucket.invalid/key");
	http_response_done(&r);
	r = get(&answer, (struct http_request){});
	assert_string_equal(fake_http_request(server, 0)->target, "/path");
	http_response_done(&r);
	assert_fails(&answer,
	             (struct http_request){.url = "http://bucket.invalid/", .direct = true},
	             HTTP_NAME, "");
	r = get(&answer, (struct http_request){.url = "http://169.254.0.1:9/",
	                                       .total_ns = 100 * NSEC_PER_MSEC});
	http_response_done(&r); /* whoever answers there, or nobody: not the proxy */
	assert_int_equal(fake_http_count(server), 0);
	unsetenv("http_proxy");
}

static void tls(void **state)
{
	const struct fake_answer answer = {.body = "x"};
	char dir[] = "/tmp/quern-test-XXXXXX";
	_cleanup_(freep) char *pem = NULL, *other = NULL, *plain = NULL;
	struct http_response r;

	assert_non_null(mkdtemp(dir));
	pem = xasprintf("%s/a.pem", dir);
	other = xasprintf("%s/b.pem", dir);
	fake_cert_write(pem);
	fake_cert_write(other);
	plain = xasprintf("https%s/", fake_http_url(server) + 4);
	assert_fails(&answer, (struct http_request){.url = plain}, HTTP_TLS, "");

	fake_http_stop(server);
	server = fake_http_start(pem, pem);
	assert_fails(&answer, (struct http_request){}, HTTP_TLS, "self");
	assert_fails(&answer, (struct http_request){.ca_file = other}, HTTP_TLS, "certificate");
	assert_fails(&answer, (struct http_request){.ca_file = "/nowhere/ca.pem"}, HTTP_TLS,
	             "/nowhere/ca.pem");
	assert_fails(&answer,
	             (struct http_request){.ca_file = pem, .client_cert = "/nowhere/c.pem"},
	             HTTP_TLS, "/nowhere/c.pem");
	r = get(&answer, (struct http_request){.ca_file = pem, .client_cert = pem});
	assert_int_equal(r.error, HTTP_OK);
	http_response_done(&r);

	unlink(pem);
	unlink(other);
	rmdir(dir);
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

#define T(f) cmocka_unit_test_setup_teardown(f, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(an_answer),
		T(methods_and_bodies),
		T(a_large_body),
		T(paths_go_out_as_given),
		T(errors_of_the_network),
		T(nobody_listens),
		T(time_outs),
		T(time_out_of_the_connection),
		T(answers_are_bounded),
		T(redirects_only_when_asked),
		T(what_cannot_be_sent),
		T(several_at_once),
		T(given_up),
		T(one_after_the_other),
		T(woken),
		T(stale_connections),
		T(proxies),
		T(tls),
		cmocka_unit_test(dates),
	};

	signal(SIGPIPE, SIG_IGN);
	unsetenv("http_proxy");
	return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}
