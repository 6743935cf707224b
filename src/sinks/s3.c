// SPDX-License-Identifier: Apache-2.0
/*
 * Events as objects in an S3 bucket. A payload is made into an object once, name and compressed bytes
 * and all, and that object is what every attempt stores: a repetition of what had arrived after all
 * replaces it by itself, so nothing is there twice.
 *
 * An attempt whose answer can be put right at once (a wrong region, an expired token, a clock that is
 * off) is repeated at once, a few times; everything else is the worker's, at one of two paces.
 */
#include "sinks/s3.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "aws/region.h"
#include "net/url.h"
#include "sinks/s3_key.h"
#include "util/alloc.h"
#include "util/time.h"

#define REGION_FALLBACK "us-east-1"
#define PATIENCE        10 /* how much slower it is tried when somebody has to act first */
#define TRIES_AT_ONCE   4
#define WAIT_MAX        (3600 * NSEC_PER_SEC)
#define BUCKET_MIN      3
#define BUCKET_MAX      63
#define SETTING_MAX     2048

extern const struct sink_ops s3_ops;

#define AT(member) offsetof(struct s3, member)

static const struct option s3_options[] = {
	{"bucket", OPTION_STRING, AT(bucket), .help = "the bucket; or the variable AWS_BUCKET"},
	{"region", OPTION_STRING, AT(region),
         .help = "the bucket's region; else AWS_REGION, the profile's, or what the server says"},
	{"endpoint", OPTION_STRING, AT(endpoint),
         .help = "the URL of a server that is not Amazon's; or AWS_ENDPOINT_URL"},
	{"path_style", OPTION_CHOICE, AT(path_style), "auto", s3_path_styles,
         .help = "the bucket in the path instead of the host's name: auto, true, false"},
	{"key", OPTION_STRING, AT(key), "{host}/{year}/{month}/{day}/{time}-{sequence}-{id}.{ext}",
         .help = "the template of the objects' names"},
	{"interval", OPTION_DURATION, AT(interval), "30s", .min = NSEC_PER_MSEC,
         .max = 86400 * (int64_t)NSEC_PER_SEC, .help = "an object at least so often"},
	{"max_bytes", OPTION_BYTES, AT(max_bytes), "8M", .min = 1 << 10, .max = 512 << 20,
         .help = "an object when so much waits, before compression"},
	{"compression", OPTION_CHOICE, AT(compression), "zstd", compression_names,
         .help = "of objects: none, gzip, zstd"},
	{"storage_class", OPTION_CHOICE, AT(storage_class), "default", s3_storage_classes,
         .help = "the class of the objects' storage"},
	{"acl", OPTION_CHOICE, AT(acl), "default", s3_acls, .help = "a canned ACL for objects"},
	{"sse", OPTION_CHOICE, AT(sse), "none", s3_sse, .help = "how the server encrypts objects"},
	{"sse_kms_key_id", OPTION_STRING, AT(sse_kms_key_id),
         .help = "with which key, for aws:kms and aws:kms:dsse"},
	{"ca_file", OPTION_PATH, AT(ca_file),
         .help = "authorities to trust instead of the system's; PEM"},
	{"connect_timeout", OPTION_DURATION, AT(connect_timeout), "10s", .min = NSEC_PER_MSEC,
         .max = 3600 * (int64_t)NSEC_PER_SEC, .help = "how long a connection may take"},
	{"timeout", OPTION_DURATION, AT(timeout), "2m", .min = NSEC_PER_MSEC,
         .max = 3600 * (int64_t)NSEC_PER_SEC, .help = "how long storing an object may take"},
	OPTION_END,
};

/* It becomes a part of a host's name. */
static int check_bucket(const char *bucket, struct diag *diag)
{
	_cleanup_(freep) char *shown = NULL;
	size_t n = bucket ? strlen(bucket) : 0;
	bool good = n >= BUCKET_MIN && n <= BUCKET_MAX && !strstr(bucket, "..");

	if (!n)
		return diag_error(diag, -EINVAL,
		                  "\"bucket\" is missing, and AWS_BUCKET is not set");
	for (const char *p = bucket; *p; p++)
		good &= islower((unsigned char)*p) || isdigit((unsigned char)*p) ||
		        (strchr(".-", *p) && p != bucket && p[1]);
	if (good)
		return 0;
	shown = diag_quote(bucket);
	return diag_error(diag, -EINVAL,
	                  "bucket: %s is no bucket's name (3 to 63 of a-z, 0-9, '-' and '.')",
	                  shown);
}

static int check_kms_key(const struct s3 *s, struct diag *diag)
{
	if (!s->sse_kms_key_id || !s->sse_kms_key_id[0])
		return 0;
	if (!strstr(s3_sse[s->sse], "kms"))
		return diag_error(diag, -EINVAL, "sse_kms_key_id: needs sse: aws:kms");
	if (strlen(s->sse_kms_key_id) > SETTING_MAX)
		return diag_error(diag, -EINVAL, "sse_kms_key_id: too long");
	for (const char *p = s->sse_kms_key_id; *p; p++)
		if (!isgraph((unsigned char)*p))
			return diag_error(
				diag, -EINVAL,
				"sse_kms_key_id: has blanks or other odd characters in it");
	return 0;
}

static int s3_check(const struct sink *sink, struct diag *diag)
{
	const struct s3 *s = (const struct s3 *)sink;
	struct s3_target trial = {};
	int r = check_bucket(s->bucket, diag);

	if (r)
		return r;
	if (s->region && !aws_region_is_valid(s->region)) {
		_cleanup_(freep) char *shown = diag_quote(s->region);

		return diag_error(diag, -EINVAL, "region: %s is no region", shown);
	}
	r = s3_target_make(s, REGION_FALLBACK, &trial, diag);
	s3_target_done(&trial);
	return r ?: s3_key_check(s->key, diag) ?: check_kms_key(s, diag);
}

static int open_target(struct s3 *s, struct diag *diag)
{
	_cleanup_(freep) char *region = s->region ? xstrdup(s->region) : NULL;
	int r = region ? 0 : aws_region_find(&region, diag);

	/* Wherever the bucket is, Amazon's servers there say where. */
	return r ?: s3_target_set(s, region ? region : REGION_FALLBACK, diag);
}

static int s3_open(struct sink *sink, struct diag *diag)
{
	struct s3 *s = (struct s3 *)sink;
	int r;

	if (s->ca_file && access(s->ca_file, R_OK) < 0)
		return diag_error(diag, -errno, "sink %s: ca_file: %s: %s", sink->label, s->ca_file,
		                  strerror(errno));
	r = open_target(s, diag);
	if (r)
		return r;
	r = http_new(1, &s->http, diag);
	if (r) {
		s3_target_done(&s->target);
		return r;
	}
	s->pace = sink->retry;
	sink->flush_age_ns = s->interval;
	sink->flush_bytes = s->max_bytes;
	s->credentials = credentials_new();
	s->compressor = compressor_new(s->compression);
	s->host = s3_key_host(sink->host);
	if (getrandom(&s->run, sizeof(s->run), GRND_NONBLOCK) != sizeof(s->run))
		s->run = time_realtime();
	return 0;
}

static void s3_close(struct sink *sink)
{
	struct s3 *s = (struct s3 *)sink;

	s->http = http_free(s->http);
	s->credentials = credentials_free(s->credentials);
	s->compressor = compressor_free(s->compressor);
	s3_target_done(&s->target);
	s3_object_done(&s->object);
	free(s->host);
	s->host = NULL;
}

static void s3_wake(struct sink *sink)
{
	struct s3 *s = (struct s3 *)sink;

	http_wakeup(s->http);
}

static void on_done(struct http_response *response, void *arg)
{
	struct http_response *ret = arg;

	*ret = *response;
	*response = (struct http_response){};
}

/* One request, given up when the time to stop is over. */
static void fetch(struct s3 *s, const struct http_request *request, struct http_response *ret)
{
	_cleanup_(diag_donep) struct diag diag = {};
	struct http_request mine = *request;
	struct http_call *call;
	int r;

	*ret = (struct http_response){.error = HTTP_ERRORS}; /* under way */
	mine.done = on_done;
	mine.arg = ret;
	r = http_start(s->http, &mine, &call, &diag);
	if (r) {
		*ret = (struct http_response){.error = HTTP_INVALID,
		                              .message = xstrdup(diag_text(&diag))};
		return;
	}
	while (ret->error == HTTP_ERRORS) {
		uint64_t left = sink_time_left(&s->base);

		if (!left || http_poll(s->http, left < WAIT_MAX ? left : WAIT_MAX) < 0)
			break;
	}
	if (ret->error == HTTP_ERRORS)
		http_abort(s->http, call);
}

/* 0, or the error that credentials_get() says, which has been complained of. */
static int get_keys(struct s3 *s, const struct aws_keys **ret)
{
	_cleanup_(diag_donep) struct diag diag = {};
	int r = credentials_get(s->credentials, s3_now(s), ret, &diag);

	if (diag.errors || diag.warnings)
		sink_complain(&s->base, "%s", diag_text(&diag));
	return r;
}

static void s3_begin(struct sink *sink)
{
	const struct aws_keys *keys;

	(void)get_keys((struct s3 *)sink, &keys);
}

static enum s3_fate put_once(struct s3 *s)
{
	_cleanup_(http_response_donep) struct http_response response = {};
	_cleanup_(s3_put_donep) struct s3_put put = {};
	struct http_request request = {.method = "PUT"};
	const struct aws_keys *keys;
	int r = get_keys(s, &keys);

	if (r)
		return r == -ENOENT || r == -EINVAL || r == -EACCES ? S3_SLOWLY : S3_LATER;
	s3_put_make(s, keys, &put);
	request.url = put.url;
	request.headers = (const char *const *)put.lines;
	request.body = s->object.data;
	request.body_size = s->object.size;
	request.ca_file = s->ca_file;
	request.connect_ns = s->connect_timeout;
	request.total_ns = s->timeout;
	fetch(s, &request, &response);
	return s3_judge(s, keys, &response);
}

static enum verdict s3_send(struct sink *sink, struct payload *payload)
{
	struct s3 *s = (struct s3 *)sink;
	enum s3_fate fate = S3_AGAIN;

	/* Until there is a verdict, it is the same payload that comes. */
	if (!s->object.made)
		s3_object_make(s, payload);
	for (int i = 0; fate == S3_AGAIN && i < TRIES_AT_ONCE; i++)
		fate = put_once(s);
	sink->retry = s->pace;
	if (fate != S3_LATER)
		sink->retry = (struct retry_policy){s->pace.base_ns * PATIENCE,
		                                    s->pace.cap_ns * PATIENCE};
	s->failures++;
	if (fate != S3_STORED && fate != S3_REFUSED)
		return SINK_RETRY;
	s->failures = 0;
	s->object.made = false;
	return fate == S3_STORED ? SINK_DONE : SINK_REJECT;
}

const struct sink_ops s3_ops = {
	.name = "s3",
	.help = "events as objects in an S3 bucket",
	.size = sizeof(struct s3),
	.options = s3_options,
	.format = FORMAT_JSON,
	.flush_bytes = 8u << 20,
	.flush_age_ns = 30 * NSEC_PER_SEC,
	.check = s3_check,
	.open = s3_open,
	.begin = s3_begin,
	.send = s3_send,
	.wake = s3_wake,
	.close = s3_close,
};
