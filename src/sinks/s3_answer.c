// SPDX-License-Identifier: Apache-2.0
/*
 * What a server's answer means. Answers are hostile: codes are compared, a region is taken over only
 * when it is one, a time only when a clock could show it. What a message repeats of an answer has
 * been tamed by aws/answer.c, and is left out when it repeats something secret.
 *
 * Nothing is given up that somebody may put right: a bucket may be created and a permission given,
 * so for those it is tried again, slowly, and said. Only an object that the server does not
 * take for what it is, is refused.
 */
#include "sinks/s3.h"

#include <inttypes.h>
#include <string.h>

#include "aws/answer.h"
#include "aws/region.h"
#include "aws/xml.h"
#include "util/alloc.h"
#include "util/time.h"

#define CLOCK_MAX   9000000000ull /* seconds since 1970: the year 2255 */
#define ECHO_MIN    8             /* so much of a secret in an answer is too much */
#define QUIET_BLIPS 2             /* failures that pass by themselves are said from the third on */

/* Whether the code is one of a list that ends with NULL. */
static bool is_one_of(const char *code, const char *const *list)
{
	for (; code && *list; list++)
		if (streq(code, *list))
			return true;
	return false;
}

static bool has_part_of(const char *text, const char *secret)
{
	_cleanup_(secret_freep) char *part = NULL;

	if (!secret || strlen(secret) < ECHO_MIN)
		return false;
	part = xstrndup(secret, ECHO_MIN);
	return strstr(text, part) != NULL;
}

/* The answer in a few words, none of them secret. Heap string. */
static char *describe(const struct aws_keys *keys, const struct http_response *r)
{
	char *words = answer_describe_error(r->status, r->body.data, r->body.len);

	if (!has_part_of(words, keys->secret_access_key) &&
	    !has_part_of(words, keys->session_token))
		return words;
	free(words);
	return xasprintf("HTTP status %u", r->status);
}

/* The region that the answer says the bucket is in: a heap string, or NULL. */
static char *named_region(const struct http_response *r)
{
	const char *header = http_response_header(r, "x-amz-bucket-region");
	char *region =
		header ? xstrdup(header) : xml_get(r->body.data, r->body.len, "Error/Region");

	if (region && aws_region_is_valid(region))
		return region;
	free(region);
	return NULL;
}

static enum s3_fate follow_region(struct s3 *s, const struct http_response *r, const char *words)
{
	_cleanup_(freep) char *region = named_region(r), *before = xstrdup(s->target.region);

	if (!region || streq(region, before) || s3_target_set(s, region, NULL)) {
		sink_complain(&s->base,
		              "bucket %s is not at %s, and the answer does not say where (%s): set "
		              "its region and endpoint",
		              s->bucket, s->target.authority, words);
		return S3_SLOWLY;
	}
	sink_complain(&s->base,
	              "bucket %s is in region %s, not in %s: it is used from now on; set "
	              "the region to save the detour",
	              s->bucket, region, before);
	return S3_AGAIN;
}

static enum s3_fate follow_clock(struct s3 *s, const struct http_response *r)
{
	const char *date = http_response_header(r, "Date");
	uint64_t seconds;

	if (!date || http_parse_date(date, &seconds) || seconds > CLOCK_MAX) {
		sink_complain(&s->base,
		              "the server finds this host's clock wrong, and does not say "
		              "what time it is: set the clock");
		return S3_SLOWLY;
	}
	s->skew_ns = (int64_t)(seconds * NSEC_PER_SEC - time_realtime());
	sink_complain(&s->base,
	              "this host's clock is %" PRId64 " s behind the server's, whose time "
	              "is used to sign from now on: set the clock",
	              s->skew_ns / (int64_t)NSEC_PER_SEC);
	return S3_AGAIN;
}

/* It passes by itself; said when it does not. */
static enum s3_fate blip(struct s3 *s, const char *words)
{
	if (s->failures >= QUIET_BLIPS)
		sink_complain(&s->base, "%s: %s; trying again", s->target.authority, words);
	return S3_LATER;
}

static enum s3_fate judge_no_answer(struct s3 *s, const struct http_response *r)
{
	const char *words = r->message ? r->message : http_error_names[r->error];

	if (r->error == HTTP_ABORTED)
		return S3_LATER;
	/* What passes slowly, or seldom, is said at once. */
	if (r->error != HTTP_TLS && r->error != HTTP_NAME && r->error != HTTP_TIMEOUT)
		return blip(s, words);
	sink_complain(&s->base, "%s: %s%s", s->target.authority, words,
	              r->error == HTTP_TLS && !s->ca_file
	                      ? "; a server with a certificate of its own needs ca_file"
	                      : "");
	return S3_LATER;
}

static enum s3_fate judge_client_error(struct s3 *s, unsigned int status, const char *code,
                                       const char *words)
{
	/* Bytes that arrived otherwise than they were sent, or too late. */
	static const char *const damaged[] = {"BadDigest",
	                                      "XAmzContentSHA256Mismatch",
	                                      "XAmzContentChecksumMismatch",
	                                      "IncompleteBody",
	                                      "RequestTimeout",
	                                      "OperationAborted",
	                                      NULL};
	static const char *const fixable[] = {
		"InvalidBucketName",  "InvalidStorageClass", "AccessControlListNotSupported",
		"InvalidAccessKeyId", "InvalidToken",        NULL};
	bool kms = code && !strncmp(code, "KMS.", 4);

	if (status == 408 || status == 429 || is_one_of(code, damaged))
		return blip(s, words);
	if (status == 401 || status == 403 || status == 404 || kms || is_one_of(code, fixable)) {
		const char *provider = credentials_provider(s->credentials);

		sink_complain(&s->base,
		              "bucket %s at %s does not take events: %s (credentials: %s); trying "
		              "again every few minutes",
		              s->bucket, s->target.authority, words, provider ? provider : "none");
		return S3_SLOWLY;
	}
	sink_complain(&s->base, "bucket %s refuses object %s for good: %s", s->bucket,
	              s->object.key, words);
	return S3_REFUSED;
}

static enum s3_fate judge_error(struct s3 *s, const struct aws_keys *keys,
                                const struct http_response *r, const char *code)
{
	static const char *const elsewhere[] = {"PermanentRedirect", "AuthorizationHeaderMalformed",
	                                        "IllegalLocationConstraintException", NULL};
	static const char *const expired[] = {"ExpiredToken", "ExpiredTokenException",
	                                      "TokenRefreshRequired", NULL};
	static const char *const busy[] = {"SlowDown", "InternalError", "ServiceUnavailable", NULL};
	_cleanup_(freep) char *words = describe(keys, r);

	if (r->status >= 500 || is_one_of(code, busy))
		return blip(s, words);
	if (code && streq(code, "RequestTimeTooSkewed"))
		return follow_clock(s, r);
	if (is_one_of(code, expired)) {
		credentials_expire(s->credentials);
		sink_complain(&s->base, "%s: new credentials are fetched", words);
		return S3_AGAIN;
	}
	if (code && (streq(code, "InvalidAccessKeyId") || streq(code, "InvalidToken")))
		credentials_expire(s->credentials);
	if ((r->status >= 300 && r->status < 400) || is_one_of(code, elsewhere))
		return follow_region(s, r, words);
	return judge_client_error(s, r->status, code, words);
}

enum s3_fate s3_judge(struct s3 *s, const struct aws_keys *keys,
                      const struct http_response *response)
{
	_cleanup_(answer_error_donep) struct answer_error e = {};

	if (response->error != HTTP_OK)
		return judge_no_answer(s, response);
	answer_parse_error(response->body.data, response->body.len, &e);
	if (response->status >= 300 || e.code)
		return judge_error(s, keys, response, e.code);
	if (response->status == 200 && http_response_header(response, "ETag"))
		return S3_STORED;
	/* A portal or a proxy that says yes to everything has stored nothing. */
	sink_complain(&s->base,
	              "%s answers with status %u and without an ETag: this is no S3 server",
	              s->target.authority, response->status);
	return S3_LATER;
}
