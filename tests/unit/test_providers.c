// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "aws/provider.h"
#include "aws_fixture.h"
#include "util/alloc.h"
#include "util/file.h"

/* credential_process. */

static void program(struct aws_fixture *f, const char *text)
{
	_cleanup_(freep) char *config = NULL;
	const char *path = aws_fixture_file(f, "program", text);

	chmod(path, 0700);
	config = xasprintf("[default]\ncredential_process = '%s' \"a b\" c\\ d\n", path);
	aws_fixture_file(f, "config", config);
}

static void process(void **state)
{
	struct aws_fixture *f = *state;
	_cleanup_(freep) char *who = xasprintf("credential_process %s/program", f->home);

	program(f, "#!/bin/sh\n[ \"$1|$2|$#\" = 'a b|c d|2' ] || exit 3\ncat <<'E'\n" JSON(
			   "ASIA", IN_AN_HOUR) "\nE\n");
	aws_fixture_expect(f, "ASIA", "tok", who);
	assert_true(aws_fixture_get(f, NOW)->expires == NOW + HOUR);
}

static void programs_that_fail(void **state)
{
	struct aws_fixture *f = *state;

	program(f, "#!/bin/sh\necho " SECRET " >&2\nexit 7\n");
	aws_fixture_fails(f, -EACCES, "/program: exit status 7");
	program(f, "#!/bin/sh\nkill -9 $$\n");
	aws_fixture_fails(f, -EACCES, "ended by signal 9");
	program(f, "#!/bin/sh\necho " SECRET "\n");
	aws_fixture_fails(f, -EBADMSG, "not a JSON object");
	program(f, "#!/bin/sh\nexec head -c 1000000 /dev/zero\n");
	aws_fixture_fails(f, -EFBIG, "printed too much");
	program(f, "#!/nowhere/sh\n");
	aws_fixture_fails(f, -ENOENT, "No such file");
	aws_fixture_file(f, "config", "[default]\ncredential_process = ''\n");
	aws_fixture_fails(f, -ENOENT, "No such file");
}

static void untrusted_config(void **state)
{
	struct aws_fixture *f = *state;
	_cleanup_(freep) char *config = path_join(f->home, "config");

	program(f, "#!/bin/sh\ncat <<'E'\n" JSON("ASIA", IN_AN_HOUR) "\nE\n");
	assert_int_equal(chmod(config, 0666), 0);
	aws_fixture_fails(f, -EPERM, "so its credential_process is not run");
}

/* Gone, or a zombie that nobody has buried yet. */
static bool is_dead(const char *pid)
{
	_cleanup_(freep) char *path = xasprintf("/proc/%s/stat", pid), *line = NULL;

	return file_read_line(path, &line) < 0 || strstr(line, ") Z ");
}

/* It is ended with what it has started, whether it waits itself or only its child does. */
static void programs_that_hang(void **state)
{
	struct aws_fixture *f = *state;
	static const char *const texts[] = {
		"#!/bin/sh\necho $$ >%s/log\nsleep 60\n",
		"#!/bin/sh\nsleep 60 &\necho $! >%s/log\nexit 0\n",
		"#!/bin/sh\necho $$ >%s/log\nexec >&-\nsleep 60\n",
	};
	_cleanup_(freep) char *path = path_join(f->home, "program"),
			      *log = path_join(f->home, "log");

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		_cleanup_(provider_run_donep) struct provider_run run = {
			.process_ns = 300 * NSEC_PER_MSEC};
		_cleanup_(freep) char *text = xasprintf(texts[i], f->home), *pid = NULL;
		const struct timespec nap = {.tv_nsec = 10 * NSEC_PER_MSEC};
		struct aws_keys keys = {};

		program(f, text);
		assert_int_equal(provider_process(&run, path, &keys, &f->diag), -ETIMEDOUT);
		assert_int_equal(file_read_line(log, &pid), 0);
		for (unsigned int n = 0; n < 100 && !is_dead(pid); n++)
			nanosleep(&nap, NULL);
		assert_true(is_dead(pid));
	}
}

static void commands(void **state)
{
	static const struct {
		const char *command;
		const char *words[4];
	} cases[] = {
		{"", {NULL}},
		{"  ", {NULL}},
		{"a", {"a", NULL}},
		{" a  b\tc ", {"a", "b", "c", NULL}},
		{"'a b' \"c d\"", {"a b", "c d", NULL}},
		{"a'b'\"c\"d ''", {"abcd", "", NULL}},
		{"a\\ b \"\\\"\" '\\'", {"a b", "\"", "\\", NULL}},
		{"$HOME;x|y", {"$HOME;x|y", NULL}},
		{"'open end", {"open end", NULL}},
		{"\\", {"\\", NULL}},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(freep) char **words = provider_split_command(cases[i].command);
		size_t n = 0;

		for (; cases[i].words[n]; n++)
			assert_string_equal(words[n], cases[i].words[n]);
		assert_null(words[n]);
	}
}

/* Web identity. */

static void web_identity(void **state)
{
	struct aws_fixture *f = *state;
	const struct fake_request *seen;

	aws_fixture_answer(f, STS("AssumeRoleWithWebIdentity", "ASIA", IN_AN_HOUR));
	setenv("AWS_WEB_IDENTITY_TOKEN_FILE", aws_fixture_file(f, "token", "one.two/three=\n"), 1);
	setenv("AWS_ROLE_ARN", "arn:aws:iam::1:role/w", 1);
	aws_fixture_expect(f, "ASIA", "tok", "web identity (role arn:aws:iam::1:role/w)");
	seen = fake_http_request(f->server, 0);
	aws_fixture_header(f, 0, "Authorization", NULL);
	aws_fixture_header(f, 0, "Content-Type",
	                   "application/x-www-form-urlencoded; charset=utf-8");
	assert_memory_equal(seen->body.data,
	                    "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws"
	                    "%3Aiam%3A%3A1%3Arole%2Fw&RoleSessionName=quern&WebIdentityToken="
	                    "one.two%2Fthree%3D",
	                    seen->body.len);

	aws_fixture_file(f, "token", "four");
	aws_fixture_get(f, NOW + 59 * MINUTE);
	assert_int_equal(fake_http_count(f->server), 2);
	seen = fake_http_request(f->server, 1);
	assert_memory_equal(seen->body.data + seen->body.len - 4, "four", 4);
}

/* A refusal is the end: what comes later in the chain is not asked. */
static void web_identity_that_fails(void **state)
{
	struct aws_fixture *f = *state;
	const struct fake_answer denied = {.status = 403, .body = DENIED};
	const struct fake_answer busy[] = {
		{.status = 503},
		{.body = STS("AssumeRoleWithWebIdentity", "ASIA", IN_AN_HOUR)},
	};
	const struct fake_answer broken = {.status = 500};

	aws_fixture_url(f, "AWS_CONTAINER_CREDENTIALS_FULL_URI", "/container");
	setenv("AWS_WEB_IDENTITY_TOKEN_FILE", "/nowhere/token", 1);
	aws_fixture_fails(f, -EINVAL, "AWS_WEB_IDENTITY_TOKEN_FILE is set without AWS_ROLE_ARN");
	setenv("AWS_ROLE_ARN", "r", 1);
	aws_fixture_fails(f, -ENOENT, "the token in /nowhere/token cannot be read");
	setenv("AWS_WEB_IDENTITY_TOKEN_FILE", aws_fixture_file(f, "token", " \n"), 1);
	aws_fixture_fails(f, -EINVAL, "is empty");
	aws_fixture_file(f, "token", "a\nb");
	aws_fixture_fails(f, -EINVAL, "more than one");
	aws_fixture_file(f, "token", SECRET);
	fake_http_script(f->server, &denied, 1);
	aws_fixture_fails(f, -EACCES, "web identity (role r): AccessDenied: Not authorized");
	assert_int_equal(fake_http_count(f->server), 1);
	aws_fixture_answer(f, "<html>");
	aws_fixture_fails(f, -EBADMSG, "holds no credentials");
	fake_http_script(f->server, &broken, 1);
	aws_fixture_fails(f, -EIO, "HTTP status 500");
	assert_int_equal(fake_http_count(f->server), 2);
	setenv("AWS_REGION", "not/one", 1);
	aws_fixture_fails(f, -EINVAL, "not a region");
	unsetenv("AWS_REGION");
	setenv("AWS_ENDPOINT_URL_STS", "sts.example", 1);
	aws_fixture_fails(f, -EINVAL, "not a URL");
	aws_fixture_url(f, "AWS_ENDPOINT_URL_STS", "");
	fake_http_script(f->server, busy, 2);
	assert_string_equal(aws_fixture_get(f, NOW)->access_key_id, "ASIA");
}

/* The container endpoint. */

static void container(void **state)
{
	struct aws_fixture *f = *state;
	static const char who[] = "the container endpoint (AWS_CONTAINER_CREDENTIALS_FULL_URI)";

	aws_fixture_answer(f, JSON("ASIA", IN_AN_HOUR));
	aws_fixture_url(f, "AWS_CONTAINER_CREDENTIALS_FULL_URI", "/v2/credentials?id=1");
	aws_fixture_expect(f, "ASIA", "tok", who);
	assert_string_equal(fake_http_request(f->server, 0)->target, "/v2/credentials?id=1");
	aws_fixture_header(f, 0, "Authorization", NULL);
	setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "Basic abc", 1);
	credentials_expire(f->credentials);
	aws_fixture_expect(f, "ASIA", "tok", who);
	aws_fixture_header(f, 1, "Authorization", "Basic abc");
	setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", aws_fixture_file(f, "token", "xyz\n"), 1);
	credentials_expire(f->credentials);
	aws_fixture_expect(f, "ASIA", "tok", who);
	aws_fixture_header(f, 2, "Authorization", "xyz");
}

static void container_that_fails(void **state)
{
	struct aws_fixture *f = *state;
	const struct fake_answer moved = {.status = 302, .headers = "Location: /other\r\n"};
	const struct fake_answer missing = {
		.status = 404, .body = "{\"code\":\"NotFound\",\"message\":\"no role\"}"};
	const struct fake_answer reset = {.body = "{\"AccessKeyId\"", .cut = 5, .end = FAKE_RESET};
	_cleanup_(buf_donep) struct buf big = {};

	aws_fixture_url(f, "AWS_CONTAINER_CREDENTIALS_FULL_URI", "/");
	aws_fixture_answer(f, "{}");
	aws_fixture_fails(f, -EBADMSG, "the access key id is missing");
	fake_http_script(f->server, &moved, 1);
	aws_fixture_fails(f, -EACCES, "HTTP status 302");
	assert_int_equal(fake_http_count(f->server), 1);
	fake_http_script(f->server, &missing, 1);
	aws_fixture_fails(f, -EACCES, "NotFound: no role");
	fake_http_script(f->server, &reset, 1);
	aws_fixture_fails(f, -EIO, "(AWS_CONTAINER_CREDENTIALS_FULL_URI): no answer: ");
	assert_int_equal(fake_http_count(f->server), 2);
	while (big.len <= PROVIDER_ANSWER_MAX)
		buf_puts(&big, JSON("ASIA", IN_AN_HOUR));
	aws_fixture_answer(f, buf_cstr(&big));
	aws_fixture_fails(f, -EBADMSG, "larger than allowed");
	setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "a\r\nX-B: c", 1);
	aws_fixture_fails(f, -EINVAL, "line break");
	setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/nowhere/token", 1);
	aws_fixture_fails(f, -ENOENT, "/nowhere/token");
	f->server = fake_http_stop(f->server);
	unsetenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
	unsetenv("AWS_CONTAINER_AUTHORIZATION_TOKEN");
	aws_fixture_fails(f, -ECONNREFUSED, "no answer");
	f->server = fake_http_start(NULL, NULL);
}

static void assert_container_url(struct aws_fixture *f, const char *full, const char *relative,
                                 const char *want)
{
	_cleanup_(provider_run_donep) struct provider_run run = {};
	_cleanup_(freep) char *url = NULL;
	int r;

	unsetenv("AWS_CONTAINER_CREDENTIALS_FULL_URI");
	unsetenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
	if (full)
		setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", full, 1);
	if (relative)
		setenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", relative, 1);
	r = provider_container_url(&run, &url, &f->diag);
	assert_string_equal(url ? url : "(refused)", want);
	assert_int_equal(r < 0, !url);
}

static void container_urls(void **state)
{
	struct aws_fixture *f = *state;
	static const char *const allowed[] = {
		"http://127.0.0.1:1/x",   "http://localhost/",       "http://[::1]/",
		"http://169.254.170.2/x", "http://169.254.170.23/x", "http://[fd00:ec2::23]/x",
		"https://keys.example/x",
	};
	static const char *const refused[] = {
		"http://keys.example/x",      "http://169.254.169.254/",
		"http://127.0.0.1.example/",  "http://127.0.0.1@evil/",
		"ftp://127.0.0.1/",           "http://[fd00:ec2::254]/",
		"http://localhost.evil.com/",
	};

	for (size_t i = 0; i < ARRAY_SIZE(allowed); i++)
		assert_container_url(f, allowed[i], NULL, allowed[i]);
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		assert_container_url(f, refused[i], NULL, "(refused)");
	assert_container_url(f, NULL, "/v2/x", "http://169.254.170.2/v2/x");
	assert_container_url(f, "http://evil/", "/v2/x", "http://169.254.170.2/v2/x");
	assert_container_url(f, NULL, "@evil/", "(refused)");
	assert_container_url(f, NULL, ".evil/", "(refused)");
}

/* The instance metadata. */

static void metadata(void **state)
{
	struct aws_fixture *f = *state;
	const struct fake_answer answers[] = {
		{.body = "TOKEN=="},
		{.body = "my-role\n"},
		{.body = JSON("ASIA", IN_AN_HOUR)},
	};

	unsetenv("AWS_EC2_METADATA_DISABLED");
	aws_fixture_url(f, "AWS_EC2_METADATA_SERVICE_ENDPOINT", "/");
	setenv("http_proxy", "http://192.0.2.1:1", 1);
	fake_http_script(f->server, answers, 3);
	aws_fixture_expect(f, "ASIA", "tok", "instance metadata (role my-role)");
	assert_int_equal(fake_http_count(f->server), 3);
	assert_string_equal(fake_http_request(f->server, 0)->method, "PUT");
	assert_string_equal(fake_http_request(f->server, 0)->target, "/latest/api/token");
	aws_fixture_header(f, 0, "X-aws-ec2-metadata-token-ttl-seconds", "300");
	assert_string_equal(fake_http_request(f->server, 1)->target,
	                    "/latest/meta-data/iam/security-credentials/");
	aws_fixture_header(f, 1, "X-aws-ec2-metadata-token", "TOKEN==");
	assert_string_equal(fake_http_request(f->server, 2)->target,
	                    "/latest/meta-data/iam/security-credentials/my-role");
	aws_fixture_header(f, 2, "X-aws-ec2-metadata-token", "TOKEN==");
	assert_int_equal(fake_http_connections(f->server), 1);
}

static void metadata_that_fails(void **state)
{
	struct aws_fixture *f = *state;
	static const struct {
		struct fake_answer answers[3];
		size_t n;
		int r;
		const char *words;
	} cases[] = {
		{{{.status = 403}}, 1, -EACCES, "HTTP status 403"},
		{{{.body = ""}}, 1, -EBADMSG, "no token"},
		{{{.body = "a\r\nX-B: c"}}, 1, -EBADMSG, "no token"},
		{{{.body = "T"}, {.status = 404}}, 2, -ENOENT, "the instance has no role"},
		{{{.body = "T"}, {.status = 401}}, 2, -EACCES, "HTTP status 401"},
		{{{.body = "T"}, {.body = "a\nb"}}, 2, -EBADMSG, "names no role"},
		{{{.body = "T"}, {.body = "r"}, {.body = "<html>"}},
	         3,
	         -EBADMSG,
	         "not a JSON object"},
		{{{.body = "T"},
	          {.body = "r"},
	          {.body = "{\"Code\":\"AssumeRoleUnauthorizedAccess\",\"Message\":\"no trust\"}"}},
	         3,
	         -EACCES,
	         "AssumeRoleUnauthorizedAccess: no trust"},
	};

	unsetenv("AWS_EC2_METADATA_DISABLED");
	aws_fixture_url(f, "AWS_EC2_METADATA_SERVICE_ENDPOINT", "");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		fake_http_script(f->server, cases[i].answers, cases[i].n);
		aws_fixture_fails(f, cases[i].r, cases[i].words);
		/* Version 1, without a token, is not tried. */
		assert_string_equal(fake_http_request(f->server, 0)->method, "PUT");
		assert_int_equal(fake_http_count(f->server), cases[i].n);
	}
}

static void metadata_that_is_silent(void **state)
{
	struct aws_fixture *f = *state;
	const struct fake_answer silent = {.raw = "", .end = FAKE_HANG};
	uint64_t before = time_monotonic();

	unsetenv("AWS_EC2_METADATA_DISABLED");
	aws_fixture_url(f, "AWS_EC2_METADATA_SERVICE_ENDPOINT", "");
	fake_http_script(f->server, &silent, 1);
	aws_fixture_fails(f, -ETIMEDOUT, "no answer");
	assert_int_equal(fake_http_count(f->server), 2);
	assert_true(time_monotonic() - before < 4 * NSEC_PER_SEC);
}

#define T(f) cmocka_unit_test_setup_teardown(f, aws_fixture_start, aws_fixture_stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(process),
		T(programs_that_fail),
		T(untrusted_config),
		T(programs_that_hang),
		cmocka_unit_test(commands),
		T(web_identity),
		T(web_identity_that_fails),
		T(container),
		T(container_that_fails),
		T(container_urls),
		T(metadata),
		T(metadata_that_fails),
		T(metadata_that_is_silent),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("providers", tests, NULL, NULL);
}
