// SPDX-License-Identifier: Apache-2.0
/* The S3 sink: what it sends, byte by byte, and which options it takes. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "s3_sink.h"

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
		TEST(the_end_stores_what_is_there),
		TEST(keys_are_made_by_a_template),
		TEST(impossible_options_are_refused),
		TEST(a_missing_authority_is_said_at_the_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
