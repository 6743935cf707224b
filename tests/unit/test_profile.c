// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "aws/profile.h"
#include "aws/region.h"
#include "util/alloc.h"
#include "util/cleanup.h"
#include "util/file.h"

static void add(struct profiles *p, bool is_config, const char *text)
{
	_cleanup_(diag_donep) struct diag diag = {};

	if (profiles_parse(p, "f", text, strlen(text), is_config, &diag))
		fail_msg("%s", diag_text(&diag));
}

static void assert_value(struct profiles *p, const char *profile, const char *key, const char *want)
{
	const char *got = profiles_get(p, profile, key);

	if (!want || !got)
		assert_true(!want && !got);
	else
		assert_string_equal(got, want);
}

static void the_form(void **state)
{
	_cleanup_(profiles_freep) struct profiles *p = profiles_new();

	add(p, false,
	    "# a comment\n; another\n\n[default]\r\naws_access_key_id = AKIA  # mine\r\n"
	    "AWS_Secret_Access_Key=a=b#c;d\nempty =\nhash = #\n  nested = no\n\ttabbed = no\n"
	    "[ spaced ] ; comment\nkey\t=\t v w \nkey = later\n[default]\nmore = yes");
	assert_value(p, "default", "aws_access_key_id", "AKIA");
	assert_value(p, "default", "AWS_SECRET_ACCESS_KEY", "a=b#c;d");
	assert_value(p, "default", "empty", NULL);
	assert_value(p, "default", "hash", NULL);
	assert_value(p, "default", "nested", NULL);
	assert_value(p, "default", "tabbed", NULL);
	assert_value(p, "default", "more", "yes");
	assert_value(p, "spaced", "key", "later");
	assert_value(p, "Default", "more", NULL);
	assert_true(profiles_has(p, "spaced"));
	assert_false(profiles_has(p, "other"));
}

static void sections_of_the_config(void **state)
{
	_cleanup_(profiles_freep) struct profiles *p = profiles_new();

	add(p, true,
	    "[default]\nregion = bare\noutput = json\n[profile a]\nregion = a\n"
	    "[profile \"b c\"]\nregion = bc\n[profile\td]\nregion = d\n[e]\nregion = e\n"
	    "[sso-session s]\nregion = s\n[profile default]\nregion = named\n[profile]\nregion = x\n"
	    "[profilef]\nregion = f\n[default]\nregion = bare again\n");
	assert_value(p, "default", "region", "named");
	assert_value(p, "default", "output", "json");
	assert_value(p, "a", "region", "a");
	assert_value(p, "b c", "region", "bc");
	assert_value(p, "d", "region", "d");
	assert_false(profiles_has(p, "e"));
	assert_false(profiles_has(p, "s"));
	assert_false(profiles_has(p, "f"));
	assert_false(profiles_has(p, ""));
}

static void the_credentials_file_wins(void **state)
{
	for (unsigned int first = 0; first < 2; first++) {
		_cleanup_(profiles_freep) struct profiles *p = profiles_new();

		for (unsigned int i = 0; i < 2; i++)
			add(p, i == first,
			    i == first ? "[profile a]\nk = config\nonly = config\n"
			               : "[a]\nk = credentials\n");
		assert_value(p, "a", "k", "credentials");
		assert_value(p, "a", "only", "config");
	}
}

static void refused(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{"key = value\n", "f:1: a key before"},
		{"[a]\nword\n", "f:2: neither"},
		{"[a\nk = v\n", "f:1: a section's name"},
		{"\n\n[a]\n\nx", "f:5: neither"},
	};
	_cleanup_(profiles_freep) struct profiles *p = profiles_new();
	_cleanup_(diag_donep) struct diag nul = {};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(diag_donep) struct diag diag = {};

		assert_int_equal(
			profiles_parse(p, "f", cases[i].text, strlen(cases[i].text), false, &diag),
			-EINVAL);
		if (strncmp(diag_text(&diag), cases[i].why, strlen(cases[i].why)))
			fail_msg("%s", diag_text(&diag));
	}
	assert_int_equal(profiles_parse(p, "f", "[a]\nk = \0v\n", 11, false, &nul), -EINVAL);
	assert_string_equal(diag_text(&nul), "f:2: a NUL byte");
}

static void bounded(void **state)
{
	_cleanup_(profiles_freep) struct profiles *p = profiles_new();
	_cleanup_(diag_donep) struct diag diag = {};
	_cleanup_(buf_donep) struct buf b = {};

	buf_puts(&b, "[a]\n");
	for (unsigned int i = 0; i < 20000; i++)
		buf_puts(&b, "k=v\n");
	assert_int_equal(profiles_parse(p, "f", b.data, b.len, false, &diag), -EINVAL);
	assert_non_null(strstr(diag_text(&diag), "too many"));
}

static void files_and_regions(void **state)
{
	char dir[] = "/tmp/quern-test-XXXXXX";
	_cleanup_(freep) char *aws = NULL, *config = NULL, *credentials = NULL, *region = NULL;
	_cleanup_(profiles_freep) struct profiles *p = NULL;
	_cleanup_(diag_donep) struct diag diag = {};

	assert_non_null(mkdtemp(dir));
	aws = path_join(dir, ".aws");
	config = path_join(aws, "config");
	credentials = path_join(dir, "elsewhere");
	unsetenv("AWS_CONFIG_FILE");
	unsetenv("AWS_PROFILE");
	setenv("HOME", dir, 1);
	setenv("AWS_SHARED_CREDENTIALS_FILE", "~/elsewhere", 1);

	assert_int_equal(profiles_load(&p, NULL), 0);
	assert_string_equal(profiles_config_file(p), config);
	assert_string_equal(profiles_credentials_file(p), credentials);
	assert_false(profiles_has(p, "default"));
	profiles_free(steal(&p));
	assert_int_equal(aws_region_find(&region, NULL), 0);
	assert_null(region);

	assert_int_equal(dir_make(aws, 0700), 0);
	assert_int_equal(file_write_atomic(config, "[default]\nregion=eu-north-1\n", 27, 0600), 0);
	assert_int_equal(file_write_atomic(credentials, "[default]\nk=v\n", 14, 0600), 0);
	assert_int_equal(profiles_load(&p, NULL), 0);
	assert_value(p, "default", "k", "v");
	profiles_free(steal(&p));
	assert_int_equal(aws_region_find(&region, NULL), 0);
	assert_string_equal(region, "eu-north-1");
	free(steal(&region));
	setenv("AWS_DEFAULT_REGION", "eu-west-1", 1);
	assert_int_equal(aws_region_find(&region, NULL), 0);
	assert_string_equal(region, "eu-west-1");
	free(steal(&region));
	setenv("AWS_REGION", "evil.example/", 1);
	assert_int_equal(aws_region_find(&region, &diag), -EINVAL);
	assert_string_equal(diag_text(&diag), "AWS_REGION: \"evil.example/\" is not a region");
	unsetenv("AWS_REGION");
	unsetenv("AWS_DEFAULT_REGION");

	diag_done(&diag);
	assert_int_equal(file_write_atomic(credentials, "[a\n", 3, 0600), 0);
	assert_int_equal(profiles_load(&p, &diag), -EINVAL);
	assert_non_null(strstr(diag_text(&diag), "elsewhere:1: "));
	diag_done(&diag);
	setenv("AWS_SHARED_CREDENTIALS_FILE", dir, 1);
	assert_int_equal(profiles_load(&p, &diag), -EISDIR);
	unlink(config);
	unlink(credentials);
	rmdir(aws);
	rmdir(dir);
}

static void endpoints(void **state)
{
	static const struct {
		const char *region, *url;
	} cases[] = {
		{"eu-west-1", "https://sts.eu-west-1.amazonaws.com"},
		{"cn-north-1", "https://sts.cn-north-1.amazonaws.com.cn"},
		{"us-iso-east-1", "https://sts.us-iso-east-1.c2s.ic.gov"},
		{"us-isob-east-1", "https://sts.us-isob-east-1.sc2s.sgov.gov"},
		{NULL, "https://sts.amazonaws.com"},
	};
	char *url;

	unsetenv("AWS_ENDPOINT_URL");
	unsetenv("AWS_ENDPOINT_URL_STS");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		url = aws_endpoint("sts", cases[i].region);
		assert_string_equal(url, cases[i].url);
		free(url);
	}
	setenv("AWS_ENDPOINT_URL", "http://all", 1);
	url = aws_endpoint("sts", NULL);
	assert_string_equal(url, "http://all");
	free(url);
	setenv("AWS_ENDPOINT_URL_STS", "http://sts", 1);
	url = aws_endpoint("sts", NULL);
	assert_string_equal(url, "http://sts");
	free(url);
	assert_false(aws_region_is_valid(""));
	assert_false(aws_region_is_valid("-a"));
	assert_false(aws_region_is_valid("EU"));
	assert_false(aws_region_is_valid("a.b"));
	assert_true(aws_region_is_valid("us-gov-east-1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_form),
		cmocka_unit_test(sections_of_the_config),
		cmocka_unit_test(the_credentials_file_wins),
		cmocka_unit_test(refused),
		cmocka_unit_test(bounded),
		cmocka_unit_test(files_and_regions),
		cmocka_unit_test(endpoints),
	};

	return cmocka_run_group_tests_name("profile", tests, NULL, NULL);
}
