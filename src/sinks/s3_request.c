// SPDX-License-Identifier: Apache-2.0
/*
 * An object of one PutObject: up to 5 GiB are allowed, and payloads are far smaller. What is signed
 * is every header that is given here, and the hash of the very bytes that are sent.
 *
 * Metadata lets a reader prove that he has all of a run: records and objects are numbered from 1 on,
 * so that the `first` of an object follows the `last` of the one before.
 */
#include "sinks/s3.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/random.h>

#include <openssl/evp.h>

#include "aws/region.h"
#include "net/url.h"
#include "sinks/s3_key.h"
#include "util/alloc.h"
#include "util/time.h"

#define HEADERS_MAX 24

const char *const s3_path_styles[] = {
	[S3_PATH_STYLE_AUTO] = "auto",
	[S3_PATH_STYLE_NO] = "false",
	[S3_PATH_STYLE_YES] = "true",
	NULL,
};

const char *const s3_storage_classes[] = {
	"default",    "STANDARD", "STANDARD_IA",  "ONEZONE_IA",         "INTELLIGENT_TIERING",
	"GLACIER_IR", "GLACIER",  "DEEP_ARCHIVE", "REDUCED_REDUNDANCY", "EXPRESS_ONEZONE",
	NULL,
};

const char *const s3_acls[] = {
	"default",
	"private",
	"public-read",
	"public-read-write",
	"authenticated-read",
	"aws-exec-read",
	"bucket-owner-read",
	"bucket-owner-full-control",
	NULL,
};

const char *const s3_sse[] = {"none", "AES256", "aws:kms", "aws:kms:dsse", NULL};

void s3_target_done(struct s3_target *t)
{
	free(t->region);
	free(t->url);
	free(t->authority);
	free(t->path);
	sigv4_free(t->signer);
	*t = (struct s3_target){};
}

/*
 * The bucket as a part of the host's name is Amazon's way; other servers mostly live at one address.
 * Amazon's certificates do not cover a name with more dots.
 */
static bool uses_path(const struct s3 *s, const struct url *endpoint)
{
	const char *amazon = strstr(endpoint->host, ".amazonaws.com");

	if (s->path_style != S3_PATH_STYLE_AUTO)
		return s->path_style == S3_PATH_STYLE_YES;
	if (s->endpoint && s->endpoint[0] && !amazon)
		return true;
	return endpoint->tls && strchr(s->bucket, '.');
}

int s3_target_make(const struct s3 *s, const char *region, struct s3_target *ret, struct diag *diag)
{
	_cleanup_(freep) char *text = NULL, *authority = NULL;
	_cleanup_(url_donep) struct url url = {};
	struct s3_target t = {};
	bool in_path;
	int r;

	text = s->endpoint ? xstrdup(s->endpoint)
	                   : xasprintf("https://s3.%s.%s", region, aws_dns_suffix(region));
	r = url_parse(text, &url, diag);
	if (r)
		return r;
	if (!streq(url.path, "/") || url.query)
		return diag_error(diag, -EINVAL,
		                  "endpoint: a URL such as https://minio.example:9000, without "
		                  "anything behind the host");
	in_path = uses_path(s, &url);
	authority = url_authority(&url);
	t.region = xstrdup(region);
	t.authority = in_path ? steal(&authority) : xasprintf("%s.%s", s->bucket, authority);
	t.path = in_path ? xasprintf("/%s/", s->bucket) : xstrdup("/");
	t.url = xasprintf("%s://%s%s", url.tls ? "https" : "http", t.authority, t.path);
	t.signer = sigv4_new(region, "s3", SIGV4_S3);
	*ret = t;
	return 0;
}

int s3_target_set(struct s3 *s, const char *region, struct diag *diag)
{
	struct s3_target t;
	int r = s3_target_make(s, region, &t, diag);

	if (r)
		return r;
	s3_target_done(&s->target);
	s->target = t;
	return 0;
}

void s3_object_done(struct s3_object *o)
{
	free(o->key);
	buf_done(&o->packed);
	*o = (struct s3_object){};
}

static char *make_key(const struct s3 *s, uint64_t sequence)
{
	static const char *const suffixes[] = {
		[COMPRESSION_NONE] = "", [COMPRESSION_GZIP] = ".gz", [COMPRESSION_ZSTD] = ".zst"};
	_cleanup_(freep) char *ext = xasprintf(
		"%s%s", s->base.format == FORMAT_JSON ? "ndjson" : "txt", suffixes[s->compression]);
	struct s3_key_values values = {
		.host = s->host,
		.time = time_realtime(),
		.sequence = sequence,
		.ext = ext,
	};
	struct buf key = {};

	/* Without random bytes, very early at boot, run and sequence still tell objects apart. */
	if (getrandom(&values.id, sizeof(values.id), GRND_NONBLOCK) != sizeof(values.id))
		values.id = s->run + sequence;
	s3_key_expand(s->key, &values, &key);
	return buf_take(&key);
}

static void put_checksum(struct s3_object *o)
{
	uint8_t hash[SIGV4_KEY_SIZE];

	sigv4_hash(o->data, o->size, o->hash);
	for (size_t i = 0; i < sizeof(hash); i++) {
		const char pair[] = {o->hash[2 * i], o->hash[2 * i + 1], '\0'};

		hash[i] = (uint8_t)strtoul(pair, NULL, 16);
	}
	EVP_EncodeBlock((uint8_t *)o->checksum, hash, sizeof(hash));
}

void s3_object_make(struct s3 *s, const struct payload *payload)
{
	struct s3_object *o = &s->object;

	o->data = payload->bytes.data;
	o->size = payload->bytes.len;
	if (s->compression != COMPRESSION_NONE) {
		buf_clear(&o->packed);
		compressor_run(s->compressor, payload->bytes.data, payload->bytes.len, &o->packed);
		o->data = o->packed.data;
		o->size = o->packed.len;
	}
	put_checksum(o);
	o->sequence = ++s->n_objects;
	o->first = s->n_records + 1;
	s->n_records += payload->n_marks;
	o->last = s->n_records;
	free(o->key);
	o->key = make_key(s, o->sequence);
	o->made = true;
}

uint64_t s3_now(const struct s3 *s)
{
	return time_realtime() + (uint64_t)s->skew_ns;
}

void s3_put_done(struct s3_put *p)
{
	free(p->url);
	for (size_t i = 0; i < p->n_lines; i++)
		secret_free(p->lines[i]); /* the session token is among them */
	free(p->lines);
	*p = (struct s3_put){};
}

static void add_line(struct s3_put *p, char *line)
{
	*array_push(&p->lines, &p->n_lines, &p->cap_lines) = line;
}

/* "Name: value", of which the name and the value are to be signed. Without a value: no header. */
static void add_header(struct s3_put *p, struct sigv4_header *headers, size_t *n, const char *name,
                       const char *value)
{
	if (!value || !value[0])
		return;
	headers[(*n)++] = (struct sigv4_header){name, value};
	add_line(p, xasprintf("%s: %s", name, value));
}

static const char *choice(const char *const *names, int index)
{
	return index ? names[index] : NULL;
}

void s3_put_make(struct s3 *s, const struct aws_keys *keys, struct s3_put *ret)
{
	static const char *const encodings[] = {
		[COMPRESSION_GZIP] = "gzip", [COMPRESSION_ZSTD] = "zstd"};
	const struct s3_object *o = &s->object;
	_cleanup_(sigv4_signed_donep) struct sigv4_signed signature = {};
	_cleanup_(buf_donep) struct buf path = {};
	struct sigv4_header headers[HEADERS_MAX];
	char count[24], first[24], last[24], run[17], sequence[24];
	struct sigv4_request request = {
		.method = "PUT", .headers = headers, .payload_hash = o->hash};
	struct s3_put put = {};
	size_t n = 0;

	snprintf(count, sizeof(count), "%" PRIu64, o->last + 1 - o->first);
	snprintf(first, sizeof(first), "%" PRIu64, o->first);
	snprintf(last, sizeof(last), "%" PRIu64, o->last);
	snprintf(run, sizeof(run), "%016" PRIx64, s->run);
	snprintf(sequence, sizeof(sequence), "%" PRIu64, o->sequence);
	add_header(&put, headers, &n, "Host", s->target.authority);
	add_header(&put, headers, &n, "Content-Type",
	           s->base.format == FORMAT_JSON ? "application/x-ndjson"
	                                         : "text/plain; charset=utf-8");
	add_header(&put, headers, &n, "Content-Encoding", encodings[s->compression]);
	add_header(&put, headers, &n, "x-amz-checksum-sha256", o->checksum);
	add_header(&put, headers, &n, "x-amz-storage-class",
	           choice(s3_storage_classes, s->storage_class));
	add_header(&put, headers, &n, "x-amz-acl", choice(s3_acls, s->acl));
	add_header(&put, headers, &n, "x-amz-server-side-encryption", choice(s3_sse, s->sse));
	add_header(&put, headers, &n, "x-amz-server-side-encryption-aws-kms-key-id",
	           s->sse_kms_key_id);
	add_header(&put, headers, &n, "x-amz-meta-quern-host", s->host);
	add_header(&put, headers, &n, "x-amz-meta-quern-run", run);
	add_header(&put, headers, &n, "x-amz-meta-quern-sequence", sequence);
	add_header(&put, headers, &n, "x-amz-meta-quern-count", count);
	add_header(&put, headers, &n, "x-amz-meta-quern-first", first);
	add_header(&put, headers, &n, "x-amz-meta-quern-last", last);

	buf_puts(&path, s->target.path);
	url_encode(&path, o->key, strlen(o->key), "/");
	request.path = buf_cstr(&path);
	request.n_headers = n;
	sigv4_sign(s->target.signer, keys, &request, s3_now(s) / NSEC_PER_SEC, &signature);
	for (size_t i = 0; signature.lines[i]; i++)
		add_line(&put, steal(&signature.lines[i]));
	add_line(&put, NULL);
	/* The target's URL ends with its path, of which the key goes on. */
	put.url = xasprintf("%s%s", s->target.url, buf_cstr(&path) + strlen(s->target.path));
	*ret = put;
}
