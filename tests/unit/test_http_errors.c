// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "fake_cert.h"
#include "http_fixture.h"
#include "util/alloc.h"
#include "util/time.h"

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
	http_fixture_stop(state); /* it may still be sending what was not wanted */
	assert_int_equal(http_fixture_start(state), 0);
}

static void what_cannot_be_sent(void **state)
{
	const char *const split[] = {"X-A: b\r\nX-C: d", NULL};
	const struct fake_answer answer = {};

	assert_fails(&answer, (struct http_request){.url = "s3.example"}, HTTP_INVALID,
	             "not a URL");
	assert_fails(&answer, (struct http_request){.url = "file:///etc/passwd"}, HTTP_INVALID,
	             "not a URL");
	assert_fails(&answer, (struct http_request){.headers = split}, HTTP_INVALID, "X-A");
	assert_int_equal(fake_http_count(server), 0);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(errors_of_the_network),
		T(nobody_listens),
		T(time_outs),
		T(time_out_of_the_connection),
		T(answers_are_bounded),
		T(what_cannot_be_sent),
		T(proxies),
		T(tls),
	};

	signal(SIGPIPE, SIG_IGN);
	unsetenv("http_proxy");
	return cmocka_run_group_tests_name("http_errors", tests, NULL, NULL);
}
