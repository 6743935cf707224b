/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The S3 sink's parts, private to it: s3.c (options, and the way of a payload), s3_request.c (an
 * object, where it goes, the signed request), s3_answer.c (what an answer means). The worker's thread
 * owns all of it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "aws/credentials.h"
#include "aws/sigv4.h"
#include "net/http.h"
#include "sinks/sink.h"
#include "util/compress.h"

/* Where objects go: made from the options, and made anew when the bucket turns out to be elsewhere. */
struct s3_target {
	char *region;
	char *url;       /* of the bucket: "https://bucket.s3.eu-west-1.amazonaws.com/" */
	char *authority; /* the Host header's value */
	char *path;      /* "/", or "/bucket/": what the key is appended to */
	struct sigv4 *signer;
};

/* One payload as it is stored. It is made once, so that every attempt stores the same. */
struct s3_object {
	bool made;
	char *key;
	const void *data; /* the payload's own bytes, or those in `packed` */
	size_t size;
	char hash[SIGV4_HASH_SIZE]; /* SHA-256 of data, in hex */
	char checksum[45];          /* the same in base64 */
	uint64_t sequence;          /* of objects in this run, from 1 */
	uint64_t first, last;       /* of records in this run, from 1 */
	struct buf packed;
};

struct s3 {
	struct sink base;
	/* Options. */
	char *bucket, *region, *endpoint, *key, *sse_kms_key_id, *ca_file;
	int path_style;              /* enum s3_path_style */
	int compression;             /* enum compression */
	int storage_class, acl, sse; /* indices of the names; 0: none is sent */
	uint64_t interval, max_bytes, connect_timeout, timeout;
	/* State. */
	struct http *http;
	struct credentials *credentials;
	struct compressor *compressor;
	struct s3_target target;
	struct s3_object object;
	char *host;               /* fit for keys and headers */
	uint64_t run;             /* random */
	uint64_t n_objects;       /* made in this run */
	uint64_t n_records;       /* in them */
	int64_t skew_ns;          /* what the server's clock shows more than ours */
	struct retry_policy pace; /* for what passes by itself */
	unsigned int failures;    /* in a row */
};

enum s3_path_style { S3_PATH_STYLE_AUTO, S3_PATH_STYLE_NO, S3_PATH_STYLE_YES };

extern const char *const s3_path_styles[], *const s3_storage_classes[], *const s3_acls[],
										*const s3_sse[];

/* Where the options say that objects go, in this region. -EINVAL with the reason. */
int s3_target_make(const struct s3 *s, const char *region, struct s3_target *ret,
                   struct diag *diag);
/* The same, into `s->target`. */
int s3_target_set(struct s3 *s, const char *region, struct diag *diag);
void s3_target_done(struct s3_target *t);

/* Make `s->object` of what is to be sent of the payload. */
void s3_object_make(struct s3 *s, const struct payload *payload);
void s3_object_done(struct s3_object *o);

/* The wall-clock as the server sees it, in ns. */
uint64_t s3_now(const struct s3 *s);

/* PutObject for `s->object`, signed; the URL and the header lines are the caller's, see s3_put_done(). */
struct s3_put {
	char *url;
	char **lines; /* NULL at the end */
	size_t n_lines, cap_lines;
};

void s3_put_make(struct s3 *s, const struct aws_keys *keys, struct s3_put *ret);
void s3_put_done(struct s3_put *p);
static inline void s3_put_donep(struct s3_put *p)
{
	s3_put_done(p);
}

enum s3_fate {
	S3_STORED,
	S3_AGAIN,   /* something was put right: at once */
	S3_LATER,   /* it will pass */
	S3_SLOWLY,  /* somebody has to put it right first */
	S3_REFUSED, /* this object will never be taken */
};

/* What the answer to PutObject means; puts right what can be, and complains about the rest. */
enum s3_fate s3_judge(struct s3 *s, const struct aws_keys *keys,
                      const struct http_response *response);
