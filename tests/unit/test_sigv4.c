// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "aws/sigv4.h"
#include "sigv4_suite.h"
#include "util/alloc.h"
#include "util/cleanup.h"

#define MIDNIGHT 1369353600 /* 2013-05-24T00:00:00Z, the time of the examples in the S3 manual */
#define NOON     1440938160 /* 2015-08-30T12:36:00Z, that of the test suite */
#define HOST                                                                                       \
	{                                                                                          \
		"Host", "examplebucket.s3.amazonaws.com"                                           \
	}

static struct aws_keys example = {
	.access_key_id = (char *)"AKIAIOSFODNN7EXAMPLE",
	.secret_access_key = (char *)"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
};

/* Sign for S3 in us-east-1 with the manual's keys. A body that is NULL has its hash in place. */
static void sign_s3(struct sigv4_request *r, const char *body, struct sigv4_signed *ret)
{
	_cleanup_(sigv4_freep) struct sigv4 *s = sigv4_new("us-east-1", "s3", SIGV4_S3);
	char hash[SIGV4_HASH_SIZE];

	if (body) {
		sigv4_hash(body, strlen(body), hash);
		r->payload_hash = hash;
	}
	sigv4_sign(s, &example, r, MIDNIGHT, ret);
}

static void published_suite(void **state)
{
	struct sigv4_suite suite;

	assert_int_equal(sigv4_suite_run(QUERN_SOURCE_ROOT "/tests/aws/vectors", stderr, &suite),
	                 0);
	assert_int_equal(suite.failed, 0);
	assert_int_equal(suite.passed, 39);
}

static void suite_sees_a_difference(void **state)
{
	char dir[] = "/tmp/quern-test-XXXXXX";
	_cleanup_(freep) char *command = NULL;
	struct sigv4_suite suite;
	_cleanup_(fclosep) FILE *null = fopen("/dev/null", "w");

	assert_non_null(mkdtemp(dir));
	command = xasprintf("cp -r %s/tests/aws/vectors/get-vanilla %s/a && "
	                    "cp -r %s/tests/aws/vectors/get-vanilla %s/b && "
	                    "sed -i s/2015-08-30/2015-08-31/ %s/b/context.json",
	                    QUERN_SOURCE_ROOT, dir, QUERN_SOURCE_ROOT, dir, dir);
	assert_int_equal(system(command), 0);
	assert_int_equal(sigv4_suite_run(dir, null, &suite), 0);
	assert_int_equal(suite.passed, 1);
	assert_int_equal(suite.failed, 1);
	free(command);
	command = xasprintf("rm -r %s", dir);
	assert_int_equal(system(command), 0);
}

static void s3_get_of_a_range(void **state)
{
	const struct sigv4_header headers[] = {HOST, {"Range", "bytes=0-9"}};
	_cleanup_(sigv4_signed_donep) struct sigv4_signed s = {};
	struct sigv4_request r = {"GET", "/test.txt", NULL, headers, 2, NULL};

	sign_s3(&r, "", &s);
	assert_string_equal(s.signature,
	                    "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
	assert_string_equal(s.lines[0], "X-Amz-Date: 20130524T000000Z");
	assert_string_equal(s.lines[1], "X-Amz-Content-Sha256: "
	                                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b78"
	                                "52b855");
	assert_string_equal(
		s.lines[2],
		"Authorization: AWS4-HMAC-SHA256 "
		"Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
		"SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, "
		"Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
	assert_null(s.lines[3]);
}

/* The path goes out as "test$file.text"; what is signed has its dollar encoded, once. */
static void s3_put(void **state)
{
	const struct sigv4_header headers[] = {
		HOST,
		{"Date", "Fri, 24 May 2013 00:00:00 GMT"},
		{"x-amz-storage-class", "REDUCED_REDUNDANCY"},
	};
	const char *paths[] = {"/test$file.text", "/test%24file.text"};

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		_cleanup_(sigv4_signed_donep) struct sigv4_signed s = {};
		struct sigv4_request r = {"PUT", paths[i], NULL, headers, 3, NULL};

		sign_s3(&r, "Welcome to Amazon S3.", &s);
		assert_string_equal(
			s.signature,
			"98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
	}
}

static void s3_queries(void **state)
{
	static const struct {
		const char *query, *signature;
	} cases[] = {
		{"lifecycle", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"},
		{"max-keys=2&prefix=J",
	         "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"},
		{"prefix=J&max-keys=2",
	         "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"},
	};
	const struct sigv4_header headers[] = {HOST};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(sigv4_signed_donep) struct sigv4_signed s = {};
		struct sigv4_request r = {"GET", "/", cases[i].query, headers, 1, NULL};

		sign_s3(&r, "", &s);
		assert_string_equal(s.signature, cases[i].signature);
	}
}

/* The manual's upload in signed chunks: its first signature, over a literal instead of a hash. */
static void s3_chunked_seed(void **state)
{
	const struct sigv4_header headers[] = {
		{"Host", "s3.amazonaws.com"},        {"x-amz-storage-class", "REDUCED_REDUNDANCY"},
		{"Content-Encoding", "aws-chunked"}, {"x-amz-decoded-content-length", "66560"},
		{"Content-Length", "66824"},
	};
	_cleanup_(sigv4_signed_donep) struct sigv4_signed s = {};
	struct sigv4_request r = {"PUT", "/examplebucket/chunkObject.txt",    NULL, headers,
	                          5,     "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"};

	sign_s3(&r, NULL, &s);
	assert_string_equal(s.signature,
	                    "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9");
}

static void derived_key(void **state)
{
	static const uint8_t want[SIGV4_KEY_SIZE] = {
		0xc4, 0xaf, 0xb1, 0xcc, 0x57, 0x71, 0xd8, 0x71, 0x76, 0x3a, 0x39,
		0x3e, 0x44, 0xb7, 0x03, 0x57, 0x1b, 0x55, 0xcc, 0x28, 0x42, 0x4d,
		0x1a, 0x5e, 0x86, 0xda, 0x6e, 0xd3, 0xc1, 0x54, 0xa4, 0xb9,
	};
	uint8_t key[SIGV4_KEY_SIZE];

	sigv4_derive_key("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "20150830", "us-east-1", "iam",
	                 key);
	assert_memory_equal(key, want, sizeof(want));
}

static void sign_at(struct sigv4 *s, const struct aws_keys *keys, uint64_t seconds, char *ret)
{
	const struct sigv4_header headers[] = {HOST};
	struct sigv4_request r = {"GET", "/", NULL, headers, 1, SIGV4_UNSIGNED_PAYLOAD};
	_cleanup_(sigv4_signed_donep) struct sigv4_signed out = {};

	sigv4_sign(s, keys, &r, seconds, &out);
	memcpy(ret, out.signature, SIGV4_HASH_SIZE);
}

/* A signer that has served another day and another secret signs as a fresh one does. */
static void the_kept_key_is_never_stale(void **state)
{
	_cleanup_(sigv4_freep) struct sigv4 *used = sigv4_new("eu-west-1", "s3", SIGV4_S3);
	_cleanup_(sigv4_freep) struct sigv4 *fresh = sigv4_new("eu-west-1", "s3", SIGV4_S3);
	struct aws_keys corrected = example;
	char other[SIGV4_HASH_SIZE], got[SIGV4_HASH_SIZE], want[SIGV4_HASH_SIZE];

	corrected.secret_access_key = (char *)"corrected";
	sign_at(used, &example, MIDNIGHT - 1, other);
	sign_at(used, &example, MIDNIGHT, got);
	sign_at(fresh, &example, MIDNIGHT, want);
	assert_string_equal(got, want);
	assert_string_not_equal(got, other);

	sign_at(used, &corrected, MIDNIGHT, got);
	assert_string_not_equal(got, want);
	fresh = sigv4_free(fresh);
	fresh = sigv4_new("eu-west-1", "s3", SIGV4_S3);
	sign_at(fresh, &corrected, MIDNIGHT, want);
	assert_string_equal(got, want);
}

static const char *line_named(const struct sigv4_signed *s, const char *name)
{
	for (size_t i = 0; s->lines[i]; i++)
		if (!strncmp(s->lines[i], name, strlen(name)))
			return s->lines[i];
	return NULL;
}

static void the_session_token_is_sent_signed_or_not(void **state)
{
	const unsigned int rules[] = {SIGV4_S3, SIGV4_S3 | SIGV4_LATE_TOKEN};
	const struct sigv4_header headers[] = {HOST};
	struct sigv4_request r = {"GET", "/", NULL, headers, 1, SIGV4_UNSIGNED_PAYLOAD};
	struct aws_keys keys = example;

	keys.session_token = (char *)"token";
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		_cleanup_(sigv4_freep) struct sigv4 *s = sigv4_new("us-east-1", "s3", rules[i]);
		_cleanup_(sigv4_signed_donep) struct sigv4_signed out = {};
		bool is_signed;

		sigv4_sign(s, &keys, &r, NOON, &out);
		assert_string_equal(line_named(&out, "X-Amz-Security-Token"),
		                    "X-Amz-Security-Token: token");
		is_signed = strstr(line_named(&out, "Authorization"), ";x-amz-security-token,");
		assert_int_equal(is_signed, i == 0);
		assert_non_null(line_named(&out, "Authorization"));
	}
}

/* Headers that are made by the signer, or changed on the way, are not signed as given. */
static void some_headers_are_never_signed_as_given(void **state)
{
	const struct sigv4_header headers[] = {
		{"X-AMZ-DATE", "20000101T000000Z"},
		{"Authorization", "none"},
		HOST,
		{"User-Agent", "quern"},
		{"Connection", "close"},
		{"x-amz-content-sha256", "x"},
	};
	_cleanup_(sigv4_signed_donep) struct sigv4_signed s = {};
	struct sigv4_request r = {"GET", "", NULL, headers, 6, SIGV4_UNSIGNED_PAYLOAD};

	sign_s3(&r, NULL, &s);
	assert_string_equal(buf_cstr(&s.canonical_request),
	                    "GET\n/\n\nhost:examplebucket.s3.amazonaws.com\n"
	                    "x-amz-content-sha256:UNSIGNED-PAYLOAD\nx-amz-date:20130524T000000Z\n\n"
	                    "host;x-amz-content-sha256;x-amz-date\nUNSIGNED-PAYLOAD");
}

static void canonical_line(unsigned int rules, const char *path, const char *query,
                           const char *want)
{
	_cleanup_(sigv4_freep) struct sigv4 *s = sigv4_new("r", "s", rules);
	_cleanup_(sigv4_signed_donep) struct sigv4_signed out = {};
	struct sigv4_request r = {"GET", path, query, NULL, 0, SIGV4_UNSIGNED_PAYLOAD};
	_cleanup_(freep) char *start = xasprintf("GET\n%s\nx-amz-date:", want);

	sigv4_sign(s, &example, &r, NOON, &out);
	buf_cstr(&out.canonical_request);
	if (strncmp(out.canonical_request.data, start, strlen(start)))
		fail_msg("%s?%s:\n%s", path, query ? query : "", out.canonical_request.data);
}

static void paths_and_queries(void **state)
{
	canonical_line(0, "/a//b/./../c%20d", NULL, "/a//b/./../c%20d\n");
	canonical_line(0, "/%7e%zz%4", NULL, "/~%25zz%254\n");
	canonical_line(SIGV4_DOUBLE_ENCODE, "/a%20b", NULL, "/a%2520b\n");
	canonical_line(SIGV4_NORMALIZE, "/../../a/b/../", NULL, "/a/\n");
	canonical_line(SIGV4_NORMALIZE, "a/...", NULL, "/a/...\n");
	canonical_line(SIGV4_NORMALIZE, "/..", NULL, "/\n");
	canonical_line(0, "/", "&&b=2&a&b=1&a=&c=x=y", "/\na=&a=&b=1&b=2&c=x%3Dy");
	canonical_line(0, "/", "=v&+=%2b", "/\n=v&%2B=%2B");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_suite),
		cmocka_unit_test(suite_sees_a_difference),
		cmocka_unit_test(s3_get_of_a_range),
		cmocka_unit_test(s3_put),
		cmocka_unit_test(s3_queries),
		cmocka_unit_test(s3_chunked_seed),
		cmocka_unit_test(derived_key),
		cmocka_unit_test(the_kept_key_is_never_stale),
		cmocka_unit_test(the_session_token_is_sent_signed_or_not),
		cmocka_unit_test(some_headers_are_never_signed_as_given),
		cmocka_unit_test(paths_and_queries),
	};

	return cmocka_run_group_tests_name("sigv4", tests, NULL, NULL);
}
