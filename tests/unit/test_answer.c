// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "aws/answer.h"
#include "util/alloc.h"
#include "util/cleanup.h"
#include "util/time.h"

#define SECRET "wJalrXUtnFEMI/K7MDENG"

static void times(void **state)
{
	static const struct {
		const char *text;
		uint64_t seconds;
	} good[] = {
		{"2015-08-30T12:36:00Z", 1440938160},
		{"1970-01-01T00:00:00Z", 0},
		{"2015-08-30T12:36:00.999Z", 1440938160},
		{"2015-08-30T14:36:00+02:00", 1440938160},
		{"2015-08-30T12:06:00-00:30", 1440938160},
		{"2024-02-29T00:00:00Z", 1709164800},
	};
	static const char *const wrong[] = {
		"",
		"soon",
		"2015-08-30",
		"2015-08-30T12:36:00",
		"2015-08-30T12:36:00Zx",
		"2015-08-30T25:36:00Z",
		"2015-13-30T12:36:00Z",
		"1969-12-31T23:59:59Z",
		"1970-01-01T00:00:00+01:00",
		"2015-08-30T12:36:00+99:00",
		"9999-12-31T23:59:59Z",
	};
	uint64_t ns;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(answer_parse_time(good[i].text, &ns), 0);
		assert_int_equal(ns, good[i].seconds * NSEC_PER_SEC);
	}
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		if (answer_parse_time(wrong[i], &ns) != -EINVAL)
			fail_msg("%s", wrong[i]);
}

static void json(void **state)
{
	static const char container[] = "{\"RoleArn\":\"x\",\"AccessKeyId\":\"ASIA\","
					"\"SecretAccessKey\":\"" SECRET "\",\"Token\":\"tok\","
					"\"Expiration\":\"2015-08-30T12:36:00Z\"}";
	static const char process[] = "{\"Version\":1,\"AccessKeyId\":\"AKIA\","
				      "\"SecretAccessKey\":\"" SECRET "\"}";
	_cleanup_(aws_keys_donep) struct aws_keys a = {}, b = {};

	assert_int_equal(answer_parse_json("x", container, strlen(container), &a, NULL), 0);
	assert_string_equal(a.access_key_id, "ASIA");
	assert_string_equal(a.secret_access_key, SECRET);
	assert_string_equal(a.session_token, "tok");
	assert_int_equal(a.expires, 1440938160 * NSEC_PER_SEC);
	assert_int_equal(answer_parse_json("x", process, strlen(process), &b, NULL), 0);
	assert_null(b.session_token);
	assert_int_equal(b.expires, 0);
}

static void bad_json(void **state)
{
	static const struct {
		const char *text, *why;
		int r;
	} cases[] = {
		{"", "not a JSON object", -EBADMSG},
		{"<html>", "not a JSON object", -EBADMSG},
		{"[]", "not a JSON object", -EBADMSG},
		{"{}", "id is missing", -EBADMSG},
		{"{\"AccessKeyId\":1}", "id is missing", -EBADMSG},
		{"{\"AccessKeyId\":\"A\",\"SecretAccessKey\":null}", "secret access key is missing",
	         -EBADMSG},
		{"{\"AccessKeyId\":\"A\\nB\",\"SecretAccessKey\":\"" SECRET "\"}", "characters",
	         -EBADMSG},
		{"{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"" SECRET "\\r\\nX: y\"}",
	         "characters", -EBADMSG},
		{"{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"" SECRET "\",\"Token\":\"\"}",
	         "session token", -EBADMSG},
		{"{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"" SECRET
	         "\",\"Expiration\":\"tomorrow\"}",
	         "expiration", -EBADMSG},
		{"{\"Code\":\"AssumeRoleUnauthorizedAccess\",\"Message\":\"EC2 cannot\\nassume\"}",
	         "x: AssumeRoleUnauthorizedAccess: EC2 cannot assume", -EACCES},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(diag_donep) struct diag diag = {};
		struct aws_keys keys = {};
		int r = answer_parse_json("x", cases[i].text, strlen(cases[i].text), &keys, &diag);

		assert_int_equal(r, cases[i].r);
		assert_null(keys.access_key_id);
		assert_null(strstr(diag_text(&diag), SECRET));
		if (!strstr(diag_text(&diag), cases[i].why))
			fail_msg("%s", diag_text(&diag));
	}
}

#define STS(expiration)                                                                              \
	"<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult>" \
	"<Credentials><SessionToken>\n  tok/+= \n</SessionToken><SecretAccessKey>" SECRET            \
	"</SecretAccessKey><Expiration>" expiration                                                  \
	"</Expiration><AccessKeyId>ASIA</AccessKeyId></Credentials></AssumeRoleResult>"              \
	"</AssumeRoleResponse>"

static int parse_sts(const char *action, const char *text, struct aws_keys *ret, struct diag *diag)
{
	return answer_parse_sts("x", action, text, strlen(text), ret, diag);
}

static void sts(void **state)
{
	_cleanup_(aws_keys_donep) struct aws_keys keys = {};
	_cleanup_(diag_donep) struct diag diag = {};
	struct aws_keys none = {};

	assert_int_equal(parse_sts("AssumeRole", STS("2015-08-30T12:36:00Z"), &keys, NULL), 0);
	assert_string_equal(keys.access_key_id, "ASIA");
	assert_string_equal(keys.secret_access_key, SECRET);
	assert_string_equal(keys.session_token, "tok/+=");
	assert_int_equal(keys.expires, 1440938160 * NSEC_PER_SEC);

	assert_int_equal(parse_sts("AssumeRole", STS("never"), &none, &diag), -EBADMSG);
	assert_int_equal(parse_sts("AssumeRole", STS(""), &none, &diag), -EBADMSG);
	assert_int_equal(parse_sts("Other", STS("2015-08-30T12:36:00Z"), &none, &diag), -EBADMSG);
	assert_int_equal(parse_sts("AssumeRole", "{}", &none, &diag), -EBADMSG);
	assert_int_equal(parse_sts("AssumeRole", "", &none, &diag), -EBADMSG);
	assert_null(none.access_key_id);
	assert_null(strstr(diag_text(&diag), SECRET));
}

static void assert_describes(unsigned int status, const char *text, const char *want)
{
	_cleanup_(freep) char *got = answer_describe_error(status, text, strlen(text));

	assert_string_equal(got, want);
}

static void errors(void **state)
{
	_cleanup_(buf_donep) struct buf long_one = {};
	_cleanup_(freep) char *got = NULL;

	assert_describes(
		403,
		"<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code>"
		"<Message>Not you</Message></Error><RequestId>1</RequestId></ErrorResponse>",
		"AccessDenied: Not you");
	assert_describes(503,
	                 "<?xml version=\"1.0\"?>\n<Error><Code>SlowDown</Code><Message>Reduce "
	                 "your\nrate\x1b[31m</Message></Error>",
	                 "SlowDown: Reduce your rate [31m");
	assert_describes(400, "{\"code\":\"InvalidToken\",\"message\":\"m\"}", "InvalidToken: m");
	assert_describes(401, "{\"message\":\"only words\"}", "only words");
	assert_describes(502, "<html><body>Bad gateway</body></html>", "HTTP status 502");
	assert_describes(500, "", "HTTP status 500");

	buf_puts(&long_one, "<Error><Code>C</Code><Message>");
	for (unsigned int i = 0; i < 1000; i++)
		buf_puts(&long_one, "\xc3\xa4");
	buf_puts(&long_one, "</Message></Error>");
	got = answer_describe_error(400, long_one.data, long_one.len);
	assert_int_equal(strlen(got), 3 + 300);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times), cmocka_unit_test(json),   cmocka_unit_test(bad_json),
		cmocka_unit_test(sts),   cmocka_unit_test(errors),
	};

	return cmocka_run_group_tests_name("answer", tests, NULL, NULL);
}
