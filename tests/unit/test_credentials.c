// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "aws/provider.h"
#include "aws_fixture.h"
#include "util/alloc.h"

/* The environment. */

static void environment(void **state)
{
	struct aws_fixture *f = *state;

	setenv("AWS_ACCESS_KEY_ID", "AKIA", 1);
	setenv("AWS_SECRET_ACCESS_KEY", SECRET, 1);
	aws_fixture_expect(f, "AKIA", NULL, "the environment (AWS_ACCESS_KEY_ID)");
	assert_true(credentials_refresh_time(f->credentials) == UINT64_MAX);
	setenv("AWS_SESSION_TOKEN", "tok", 1);
	aws_fixture_expect(f, "AKIA", NULL, "the environment (AWS_ACCESS_KEY_ID)");
	credentials_expire(f->credentials);
	aws_fixture_expect(f, "AKIA", "tok", "the environment (AWS_ACCESS_KEY_ID)");
}

static void half_an_environment(void **state)
{
	struct aws_fixture *f = *state;

	aws_fixture_file(f, "credentials",
	                 "[default]\naws_access_key_id=P\naws_secret_access_key=" SECRET "\n");
	setenv("AWS_ACCESS_KEY_ID", "AKIA", 1);
	aws_fixture_fails(f, -EINVAL, "AWS_ACCESS_KEY_ID is set without AWS_SECRET_ACCESS_KEY");
	unsetenv("AWS_ACCESS_KEY_ID");
	setenv("AWS_SECRET_ACCESS_KEY", SECRET, 1);
	aws_fixture_fails(f, -EINVAL, "AWS_SECRET_ACCESS_KEY is set without AWS_ACCESS_KEY_ID");
	setenv("AWS_ACCESS_KEY_ID", "AKIA", 1);
	setenv("AWS_SECRET_ACCESS_KEY", SECRET "\nX-Injected: yes", 1);
	aws_fixture_fails(f, -EINVAL, "the secret access key has characters that none can have");
	setenv("AWS_ACCESS_KEY_ID", "", 1);
	setenv("AWS_SECRET_ACCESS_KEY", "", 1);
	aws_fixture_expect(f, "P", NULL, "profile \"default\"");
}

/* Profiles. */

static void profiles(void **state)
{
	struct aws_fixture *f = *state;

	aws_fixture_file(f, "credentials",
	                 "[default]\naws_access_key_id=D\naws_secret_access_key=" SECRET "\n"
	                 "[p]\naws_access_key_id=P\naws_secret_access_key=" SECRET
	                 "\naws_session_token=t\n");
	aws_fixture_expect(f, "D", NULL, "profile \"default\"");
	setenv("AWS_PROFILE", "p", 1);
	credentials_expire(f->credentials);
	aws_fixture_expect(f, "P", "t", "profile \"p\"");
	aws_fixture_file(f, "credentials",
	                 "[p]\naws_access_key_id=Q\naws_secret_access_key=" SECRET "\n");
	credentials_expire(f->credentials);
	aws_fixture_expect(f, "Q", NULL, "profile \"p\"");
	setenv("AWS_PROFILE", "q", 1);
	credentials_expire(f->credentials);
	aws_fixture_fails(f, -EINVAL, "AWS_PROFILE is \"q\", which is in neither");
}

static void profiles_that_cannot_serve(void **state)
{
	struct aws_fixture *f = *state;
	static const struct {
		const char *config, *words;
	} cases[] = {
		{"[default]\naws_access_key_id=D\n",
	         "\"default\": the secret access key is missing"},
		{"[default]\naws_secret_access_key=" SECRET "\n", "the access key id is missing"},
		{"[default]\nsso_session=s\n", "SSO"},
		{"[default]\nrole_arn=r\n", "role_arn needs"},
		{"[default]\nrole_arn=r\nsource_profile=nobody\n", "no source_profile \"nobody\""},
		{"[default]\nrole_arn=r\nsource_profile=b\n[profile b]\nregion=x\n",
	         "profile \"b\": it has no keys"},
		{"[default]\nrole_arn=r\ncredential_source=Moon\n", "credential_source is"},
		{"[default]\nrole_arn=r\ncredential_source=Environment\n",
	         "AWS_ACCESS_KEY_ID is not set"},
		{"[default]\nrole_arn=r\nmfa_serial=m\nsource_profile=default\n", "mfa_serial"},
		{"[default]\nrole_arn=r\nsource_profile=b\n"
	         "[profile b]\nrole_arn=r\nsource_profile=default\n",
	         "circle"},
		{"[default\n", "/config:1: "},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct aws_keys *keys;

		aws_fixture_file(f, "config", cases[i].config);
		diag_done(&f->diag);
		assert_true(credentials_get(f->credentials, NOW, &keys, &f->diag) < 0);
		if (!strstr(diag_text(&f->diag), cases[i].words))
			fail_msg("%s: %s", cases[i].config, diag_text(&f->diag));
		assert_null(strstr(diag_text(&f->diag), SECRET));
	}
	assert_int_equal(fake_http_count(f->server), 0);
}

/* A profile of other settings is passed over. */
static void nobody_is_configured(void **state)
{
	struct aws_fixture *f = *state;

	aws_fixture_file(f, "config", "[default]\nregion = eu-west-1\n");
	aws_fixture_fails(f, -ENOENT, "no AWS credentials: set AWS_ACCESS_KEY_ID");
	assert_non_null(strstr(diag_text(&f->diag),
	                       "(AWS_ACCESS_KEY_ID is not set; profile \"default\" has no keys; "
	                       "AWS_WEB_IDENTITY_TOKEN_FILE is not set; "
	                       "AWS_CONTAINER_CREDENTIALS_FULL_URI is not set; "
	                       "AWS_EC2_METADATA_DISABLED is set)"));
	aws_fixture_file(f, "config", "");
	aws_fixture_fails(f, -ENOENT, "has no profile \"default\"");
}

static void assumed_role(void **state)
{
	struct aws_fixture *f = *state;
	const struct fake_request *seen;
	_cleanup_(freep) char *authorization = NULL;

	aws_fixture_answer(f, STS("AssumeRole", "ASIA", IN_AN_HOUR));
	setenv("AWS_REGION", "eu-west-1", 1);
	setenv("AWS_PROFILE", "r", 1);
	aws_fixture_file(f, "credentials",
	                 "[base]\naws_access_key_id=AKIA\naws_secret_access_key=" SECRET "\n");
	aws_fixture_file(f, "config",
	                 "[profile r]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = base\n"
	                 "external_id = e&x\nduration_seconds = 900\nrole_session_name = me@x\n");
	aws_fixture_expect(f, "ASIA", "tok", "profile \"r\"");
	assert_true(aws_fixture_get(f, NOW)->expires == NOW + HOUR);
	assert_int_equal(fake_http_count(f->server), 1);
	seen = fake_http_request(f->server, 0);
	assert_string_equal(seen->method, "POST");
	assert_string_equal(seen->target, "/");
	assert_int_equal(seen->body.len, strlen("Action=AssumeRole&Version=2011-06-15&RoleArn="
	                                        "arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr&RoleSessionName="
	                                        "me%40x&ExternalId=e%26x&DurationSeconds=900"));
	assert_memory_equal(seen->body.data,
	                    "Action=AssumeRole&Version=2011-06-15&RoleArn="
	                    "arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr&RoleSessionName="
	                    "me%40x&ExternalId=e%26x&DurationSeconds=900",
	                    seen->body.len);
	authorization = fake_http_header(seen, "Authorization");
	assert_non_null(authorization);
	assert_int_equal(strncmp(authorization, "AWS4-HMAC-SHA256 Credential=AKIA/", 33), 0);
	assert_non_null(strstr(authorization, "/eu-west-1/sts/aws4_request, "
	                                      "SignedHeaders=content-type;host;x-amz-date, "));
	aws_fixture_header(f, 0, "X-Amz-Security-Token", NULL);
	aws_fixture_header(f, 0, "X-Amz-Date", "20150830T123600Z");
}

/* A role by a role, by the keys in the profile itself. */
static void roles_in_a_row(void **state)
{
	struct aws_fixture *f = *state;
	const struct fake_answer answers[] = {
		{.body = STS("AssumeRole", "ASIA1", IN_AN_HOUR)},
		{.body = STS("AssumeRole", "ASIA2", IN_AN_HOUR)},
	};
	_cleanup_(freep) char *second = NULL;

	fake_http_script(f->server, answers, 2);
	aws_fixture_file(f, "config",
	                 "[default]\nrole_arn=a\nsource_profile=b\n"
	                 "[profile b]\nrole_arn=b\nsource_profile=b\naws_access_key_id=AKIA\n"
	                 "aws_secret_access_key=" SECRET "\n");
	aws_fixture_expect(f, "ASIA2", "tok", "profile \"default\"");
	assert_int_equal(fake_http_count(f->server), 2);
	aws_fixture_header(f, 1, "X-Amz-Security-Token", "tok");
	second = fake_http_header(fake_http_request(f->server, 1), "Authorization");
	assert_non_null(strstr(second, "Credential=ASIA1/"));
	assert_non_null(strstr(second, "/us-east-1/sts/"));
}

static void refused_role(void **state)
{
	struct aws_fixture *f = *state;
	const struct fake_answer denied = {.status = 403, .body = DENIED};
	_cleanup_(provider_run_donep) struct provider_run run = {};
	struct aws_keys keys = {};

	fake_http_script(f->server, &denied, 1);
	aws_fixture_file(f, "config", "[default]\nrole_arn=r\ncredential_source=Environment\n");
	setenv("AWS_PROFILE", "default", 1);
	setenv("AWS_SECRET_ACCESS_KEY", SECRET, 1);
	setenv("AWS_ACCESS_KEY_ID", "AKIA", 1);
	/* Keys in the environment go before any profile: ask the profile itself. */
	assert_int_equal(provider_profile(&run, &keys, &f->diag), -EACCES);
	assert_string_equal(diag_text(&f->diag),
	                    "profile \"default\": AccessDenied: Not authorized");
}

/* The order of the chain: taking the first away brings up the next. */
static void precedence(void **state)
{
	struct aws_fixture *f = *state;
	_cleanup_(freep) char *credentials = NULL;

	unsetenv("AWS_EC2_METADATA_DISABLED");
	aws_fixture_url(f, "AWS_EC2_METADATA_SERVICE_ENDPOINT", "");
	aws_fixture_url(f, "AWS_CONTAINER_CREDENTIALS_FULL_URI", "/");
	setenv("AWS_WEB_IDENTITY_TOKEN_FILE", aws_fixture_file(f, "token", "t"), 1);
	setenv("AWS_ROLE_ARN", "r", 1);
	credentials = xstrdup(aws_fixture_file(f, "credentials",
	                                       "[default]\naws_access_key_id=P\n"
	                                       "aws_secret_access_key=" SECRET "\n"));
	setenv("AWS_ACCESS_KEY_ID", "E", 1);
	setenv("AWS_SECRET_ACCESS_KEY", SECRET, 1);

	assert_string_equal(aws_fixture_get(f, NOW)->access_key_id, "E");
	unsetenv("AWS_ACCESS_KEY_ID");
	unsetenv("AWS_SECRET_ACCESS_KEY");
	credentials_expire(f->credentials);
	assert_string_equal(aws_fixture_get(f, NOW)->access_key_id, "P");
	unlink(credentials);
	credentials_expire(f->credentials);
	aws_fixture_answer(f, STS("AssumeRoleWithWebIdentity", "W", IN_AN_HOUR));
	assert_string_equal(aws_fixture_get(f, NOW)->access_key_id, "W");
	unsetenv("AWS_WEB_IDENTITY_TOKEN_FILE");
	credentials_expire(f->credentials);
	aws_fixture_answer(f, JSON("C", IN_AN_HOUR));
	assert_string_equal(aws_fixture_get(f, NOW)->access_key_id, "C");
	unsetenv("AWS_CONTAINER_CREDENTIALS_FULL_URI");
	credentials_expire(f->credentials);
	{
		const struct fake_answer answers[] = {
			{.body = "T"}, {.body = "role"}, {.body = JSON("I", IN_AN_HOUR)}};

		fake_http_script(f->server, answers, 3);
		assert_string_equal(aws_fixture_get(f, NOW)->access_key_id, "I");
	}
}

/* Refreshing. */

static void refreshed_before_they_expire(void **state)
{
	struct aws_fixture *f = *state;
	const struct fake_answer answers[] = {
		{.body = JSON("ONE", IN_AN_HOUR)},
		{.body = JSON("TWO", "2015-08-30T14:36:00Z")},
	};
	bool differs = false;
	uint64_t first;

	aws_fixture_url(f, "AWS_CONTAINER_CREDENTIALS_FULL_URI", "/");
	fake_http_script(f->server, answers, 2);
	assert_string_equal(aws_fixture_get(f, NOW)->access_key_id, "ONE");
	first = credentials_refresh_time(f->credentials);
	assert_true(first >= NOW + 50 * MINUTE && first < NOW + 55 * MINUTE);
	assert_string_equal(aws_fixture_get(f, first - 1)->access_key_id, "ONE");
	assert_int_equal(fake_http_count(f->server), 1);
	assert_string_equal(aws_fixture_get(f, first)->access_key_id, "TWO");
	assert_string_equal(aws_fixture_get(f, first + 1)->access_key_id, "TWO");
	assert_int_equal(fake_http_count(f->server), 2);

	/* Not all agents ask at the same moment. */
	for (unsigned int i = 0; i < 10 && !differs; i++) {
		aws_fixture_answer(f, JSON("ONE", IN_AN_HOUR));
		credentials_expire(f->credentials);
		aws_fixture_get(f, NOW);
		differs = credentials_refresh_time(f->credentials) != first;
	}
	assert_true(differs);
}

static void a_failed_refresh_is_a_warning_at_first(void **state)
{
	struct aws_fixture *f = *state;
	const struct fake_answer denied = {.status = 403, .body = "{\"code\":\"Denied\"}"};
	const struct aws_keys *keys = NULL;

	aws_fixture_url(f, "AWS_CONTAINER_CREDENTIALS_FULL_URI", "/");
	aws_fixture_answer(f, JSON("ONE", IN_AN_HOUR));
	aws_fixture_get(f, NOW);
	fake_http_script(f->server, &denied, 1);
	assert_string_equal(aws_fixture_get(f, NOW + 56 * MINUTE)->access_key_id, "ONE");
	assert_int_equal(f->diag.warnings, 1);
	assert_non_null(strstr(diag_text(&f->diag),
	                       "Denied; the keys in use are good until 2015-08-30T13:36:00"));
	assert_string_equal(aws_fixture_get(f, NOW + 56 * MINUTE)->access_key_id, "ONE");
	assert_int_equal(f->diag.warnings, 0);
	assert_int_equal(fake_http_count(f->server), 1);
	aws_fixture_get(f, NOW + 58 * MINUTE);
	assert_int_equal(fake_http_count(f->server), 2);
	diag_done(&f->diag);
	assert_int_equal(credentials_get(f->credentials, NOW + HOUR, &keys, &f->diag), -EACCES);
	assert_null(keys);

	/* And a server that says they are expired is believed at once. */
	aws_fixture_answer(f, JSON("ONE", IN_AN_HOUR));
	aws_fixture_get(f, NOW);
	fake_http_script(f->server, &denied, 1);
	credentials_expire(f->credentials);
	aws_fixture_fails(f, -EACCES, "Denied");
	aws_fixture_answer(f, JSON("TWO", IN_AN_HOUR));
	assert_string_equal(aws_fixture_get(f, NOW)->access_key_id, "TWO");
}

/* Keys that came expired are tried (whose clock is right?), and replaced a minute later. */
static void keys_that_come_expired(void **state)
{
	struct aws_fixture *f = *state;

	aws_fixture_url(f, "AWS_CONTAINER_CREDENTIALS_FULL_URI", "/");
	aws_fixture_answer(f, JSON("OLD", "2015-08-30T12:00:00Z"));
	assert_string_equal(aws_fixture_get(f, NOW)->access_key_id, "OLD");
	aws_fixture_get(f, NOW + 59 * NSEC_PER_SEC);
	assert_int_equal(fake_http_count(f->server), 1);
	aws_fixture_get(f, NOW + MINUTE);
	assert_int_equal(fake_http_count(f->server), 2);
}

#define T(f) cmocka_unit_test_setup_teardown(f, aws_fixture_start, aws_fixture_stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(environment),
		T(half_an_environment),
		T(profiles),
		T(profiles_that_cannot_serve),
		T(nobody_is_configured),
		T(assumed_role),
		T(roles_in_a_row),
		T(refused_role),
		T(precedence),
		T(refreshed_before_they_expire),
		T(a_failed_refresh_is_a_warning_at_first),
		T(keys_that_come_expired),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("credentials", tests, NULL, NULL);
}
