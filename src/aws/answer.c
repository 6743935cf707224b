// SPDX-License-Identifier: Apache-2.0
#include "aws/answer.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <jansson.h>

#include "aws/xml.h"
#include "util/alloc.h"
#include "util/cleanup.h"
#include "util/time.h"

#define WORDS_MAX 300 /* of AWS's words in a message */

/* Strings of an answer may be secrets: wipe them all before their memory is given back. */
static void json_wipe(json_t *j)
{
	const char *key;
	json_t *value;
	size_t i;

	json_object_foreach(j, key, value) json_wipe(value);
	json_array_foreach(j, i, value) json_wipe(value);
	if (json_is_string(j))
		explicit_bzero((char *)json_string_value(j), json_string_length(j));
}

static void json_freep(json_t **j)
{
	json_wipe(*j);
	json_decref(*j);
}

/* AWS's services do not agree on the case of keys. */
static const char *get_string(const json_t *object, const char *name)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)object, key,
	                    value) if (!strcasecmp(key, name)) return json_string_value(value);
	return NULL;
}

static char *copy(const char *s)
{
	return s ? xstrdup(s) : NULL;
}

int answer_parse_time(const char *text, uint64_t *ret)
{
	unsigned int hours, minutes;
	struct tm tm = {};
	int used = 0;
	char sign;
	time_t t;

	if (sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday,
	           &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &used) != 6)
		return -EINVAL;
	if (tm.tm_year < 1970 || tm.tm_mon < 1 || tm.tm_mon > 12 || tm.tm_mday < 1 ||
	    tm.tm_mday > 31 || tm.tm_hour < 0 || tm.tm_hour > 23 || tm.tm_min < 0 ||
	    tm.tm_min > 59 || tm.tm_sec < 0 || tm.tm_sec > 60)
		return -EINVAL;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	t = timegm(&tm);
	text += used;
	if (*text == '.')
		text += 1 + strspn(text + 1, "0123456789");
	if (!streq(text, "Z")) {
		used = 0;
		if (sscanf(text, "%c%2u:%2u%n", &sign, &hours, &minutes, &used) != 3 ||
		    text[used] || (sign != '+' && sign != '-') || hours > 23 || minutes > 59)
			return -EINVAL;
		t += (sign == '+' ? -1 : 1) * (time_t)(hours * 3600 + minutes * 60);
	}
	if (t < 0 || (uint64_t)t > INT64_MAX / NSEC_PER_SEC)
		return -EINVAL;
	*ret = (uint64_t)t * NSEC_PER_SEC;
	return 0;
}

/* Check what was found, and hand it over. */
static int finish(const char *who, struct aws_keys *keys, const char *expiration,
                  struct aws_keys *ret, struct diag *diag)
{
	const char *why = aws_keys_check(keys);

	if (!why && expiration && answer_parse_time(expiration, &keys->expires))
		why = "its time of expiration is not one";
	if (why)
		return diag_error(diag, -EBADMSG, "%s: the answer is of no use: %s", who, why);
	*ret = *keys;
	*keys = (struct aws_keys){};
	return 0;
}

int answer_parse_json(const char *who, const char *data, size_t size, struct aws_keys *ret,
                      struct diag *diag)
{
	_cleanup_(json_freep) json_t *answer = json_loadb(data, size, 0, NULL);
	_cleanup_(aws_keys_donep) struct aws_keys keys = {};
	const char *code, *token;

	if (!json_is_object(answer))
		return diag_error(diag, -EBADMSG, "%s: the answer is not a JSON object", who);
	code = get_string(answer, "Code"); /* instance metadata tells failures with status 200 */
	if (code && strcasecmp(code, "Success")) {
		_cleanup_(freep) char *words = answer_describe_error(200, data, size);

		return diag_error(diag, -EACCES, "%s: %s", who, words);
	}
	token = get_string(answer, "Token");
	if (!token)
		token = get_string(answer, "SessionToken");
	keys.access_key_id = copy(get_string(answer, "AccessKeyId"));
	keys.secret_access_key = copy(get_string(answer, "SecretAccessKey"));
	keys.session_token = copy(token);
	return finish(who, &keys, get_string(answer, "Expiration"), ret, diag);
}

static char *get_credential(const char *action, const char *name, const char *data, size_t size)
{
	_cleanup_(freep) char *path =
		xasprintf("%sResponse/%sResult/Credentials/%s", action, action, name);

	return xml_get(data, size, path);
}

int answer_parse_sts(const char *who, const char *action, const char *data, size_t size,
                     struct aws_keys *ret, struct diag *diag)
{
	_cleanup_(freep) char *expiration = get_credential(action, "Expiration", data, size);
	_cleanup_(aws_keys_donep) struct aws_keys keys = {
		.access_key_id = get_credential(action, "AccessKeyId", data, size),
		.secret_access_key = get_credential(action, "SecretAccessKey", data, size),
		.session_token = get_credential(action, "SessionToken", data, size),
	};

	if (!keys.session_token || !expiration)
		return diag_error(diag, -EBADMSG, "%s: the answer holds no credentials", who);
	return finish(who, &keys, expiration, ret, diag);
}

/* Printable and short, whatever came. */
static char *tame(char *text)
{
	size_t n = 0;

	if (!text)
		return NULL;
	for (char *p = text; *p && n < WORDS_MAX; p++, n++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = ' ';
	while (n && ((unsigned char)text[n] & 0xc0) == 0x80)
		n--; /* not in the middle of a character */
	text[n] = '\0';
	return text;
}

void answer_error_done(struct answer_error *e)
{
	free(e->code);
	free(e->message);
	*e = (struct answer_error){};
}

void answer_parse_error(const char *data, size_t size, struct answer_error *ret)
{
	static const char *const places[][2] = {
		{"ErrorResponse/Error/Code", "ErrorResponse/Error/Message"}, /* STS and most */
		{"Error/Code", "Error/Message"},                             /* S3 */
	};
	struct answer_error e = {};

	for (size_t i = 0; i < ARRAY_SIZE(places) && !e.code; i++) {
		e.code = xml_get(data, size, places[i][0]);
		if (e.code)
			e.message = xml_get(data, size, places[i][1]);
	}
	if (!e.code) {
		_cleanup_(json_freep) json_t *j = json_loadb(data, size, 0, NULL);

		e.code = copy(get_string(j, "Code"));
		e.message = copy(get_string(j, "Message"));
	}
	e.code = tame(e.code);
	e.message = tame(e.message);
	*ret = e;
}

char *answer_describe_error(unsigned int status, const char *data, size_t size)
{
	_cleanup_(answer_error_donep) struct answer_error e = {};

	answer_parse_error(data, size, &e);
	if (e.code && e.message)
		return xasprintf("%s: %s", e.code, e.message);
	if (e.code || e.message)
		return xstrdup(e.code ? e.code : e.message);
	return xasprintf("HTTP status %u", status);
}
