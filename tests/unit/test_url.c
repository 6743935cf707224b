// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "net/url.h"
#include "util/alloc.h"
#include "util/cleanup.h"

static void parts(void **state)
{
	static const struct {
		const char *text, *host, *path, *query, *authority;
		uint16_t port;
		bool tls;
	} cases[] = {
		{"http://a", "a", "/", NULL, "a", 80, false},
		{"HTTPS://Bucket.S3.Example/", "bucket.s3.example", "/", NULL, "bucket.s3.example",
	         443, true},
		{"http://127.0.0.1:9000/a%20b?x=/&y?", "127.0.0.1", "/a%20b", "x=/&y?",
	         "127.0.0.1:9000", 9000, false},
		{"https://a:443?q", "a", "/", "q", "a", 443, true},
		{"http://a:443/?", "a", "/", "", "a:443", 443, false},
		{"http://[fd00:EC2::254]/latest", "fd00:ec2::254", "/latest", NULL,
	         "[fd00:ec2::254]", 80, false},
		{"http://[::1]:8080", "::1", "/", NULL, "[::1]:8080", 8080, false},
		{"http://minio_1:9000", "minio_1", "/", NULL, "minio_1:9000", 9000, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(url_donep) struct url u = {};
		_cleanup_(freep) char *authority = NULL;

		assert_int_equal(url_parse(cases[i].text, &u, NULL), 0);
		authority = url_authority(&u);
		assert_string_equal(u.host, cases[i].host);
		assert_string_equal(u.path, cases[i].path);
		assert_string_equal(u.query ? u.query : "(none)",
		                    cases[i].query ? cases[i].query : "(none)");
		assert_string_equal(authority, cases[i].authority);
		assert_int_equal(u.port, cases[i].port);
		assert_int_equal(u.tls, cases[i].tls);
	}
}

static void refused(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{"", "neither http://"},          {"s3.example", "neither http://"},
		{"ftp://a/", "neither http://"},  {"http://", "no host"},
		{"http:///x", "no host"},         {"http://:80", "no host"},
		{"http://a b/", "blanks"},        {"http://a/\r\nX: y", "control"},
		{"http://a/\x7f", "control"},     {"http://key:secret@a/", "a user"},
		{"http://a:0/", "a port"},        {"http://a:65536/", "a port"},
		{"http://a:-1/", "a port"},       {"http://a:/", "a port"},
		{"http://a:0x50/", "a port"},     {"http://[::1/", "never closed"},
		{"http://[1.2.3.4]/", "no IPv6"}, {"http://[::1]80/", "only a port"},
		{"http://a%2fb/", "characters"},  {"http://.a/", "characters"},
		{"http://a/#x", "'#'"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(diag_donep) struct diag diag = {};
		struct url u = {};

		assert_int_equal(url_parse(cases[i].text, &u, &diag), -EINVAL);
		assert_null(u.host);
		if (!strstr(diag_text(&diag), cases[i].why))
			fail_msg("%s", diag_text(&diag));
	}
}

static void too_long(void **state)
{
	_cleanup_(buf_donep) struct buf b = {};
	_cleanup_(diag_donep) struct diag diag = {};
	struct url u = {};

	buf_puts(&b, "http://a/");
	while (b.len <= URL_BYTES_MAX)
		buf_putc(&b, 'x');
	assert_int_equal(url_parse(buf_cstr(&b), &u, &diag), -EINVAL);
	assert_true(strlen(diag_text(&diag)) < 200);
}

static void whereabouts(void **state)
{
	assert_true(url_host_is_loopback("127.1.2.3"));
	assert_true(url_host_is_loopback("::1"));
	assert_true(url_host_is_loopback("localhost"));
	assert_false(url_host_is_loopback("128.0.0.1"));
	assert_false(url_host_is_loopback("127.0.0.1.example"));
	assert_false(url_host_is_loopback("localhost.example"));
	assert_true(url_host_is_link_local("169.254.169.254"));
	assert_true(url_host_is_link_local("fd00:ec2::254"));
	assert_true(url_host_is_link_local("fe80::1"));
	assert_false(url_host_is_link_local("169.253.169.254"));
	assert_false(url_host_is_link_local("fd00:ec3::254"));
	assert_false(url_host_is_link_local("169.254.169.254.example"));
}

static void encoding(void **state)
{
	static const char raw[] = "a/b c\xe1\x88\xb4~%\0";
	_cleanup_(buf_donep) struct buf out = {}, back = {};

	url_encode(&out, raw, sizeof(raw) - 1, "/");
	assert_string_equal(buf_cstr(&out), "a/b%20c%E1%88%B4~%25%00");
	url_decode(&back, out.data, out.len);
	assert_int_equal(back.len, sizeof(raw) - 1);
	assert_memory_equal(back.data, raw, back.len);
	buf_clear(&back);
	url_decode(&back, "%4g%%41%4", 9);
	assert_string_equal(buf_cstr(&back), "%4g%A%4");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts),    cmocka_unit_test(refused),
		cmocka_unit_test(too_long), cmocka_unit_test(whereabouts),
		cmocka_unit_test(encoding),
	};

	return cmocka_run_group_tests_name("url", tests, NULL, NULL);
}
