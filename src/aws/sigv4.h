/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AWS Signature Version 4: what proves to AWS who sent a request. No I/O and no clock: the time is
 * an argument. A signer belongs to one region and service, keeps the signing key of the day (deriving
 * it takes four HMACs), and is used by one thread at a time.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "aws/keys.h"
#include "util/buf.h"

#define SIGV4_HASH_SIZE        65 /* a SHA-256 in hex, and its NUL */
#define SIGV4_DATE_SIZE        17 /* "20150830T123600Z", and its NUL */
#define SIGV4_KEY_SIZE         32
#define SIGV4_UNSIGNED_PAYLOAD "UNSIGNED-PAYLOAD"

/* Services differ in how they read a path, and in what they want to see signed. */
enum sigv4_rule {
	SIGV4_NORMALIZE = 1 << 0,      /* "/a/../b//c" is signed as "/b/c" */
	SIGV4_DOUBLE_ENCODE = 1 << 1,  /* the path as sent is encoded once more */
	SIGV4_PAYLOAD_HEADER = 1 << 2, /* x-amz-content-sha256 is sent and signed */
	SIGV4_LATE_TOKEN = 1 << 3,     /* the session token is sent, and not signed */

	SIGV4_S3 = SIGV4_PAYLOAD_HEADER,
	SIGV4_OTHERS = SIGV4_NORMALIZE | SIGV4_DOUBLE_ENCODE,
};

struct sigv4_header {
	const char *name, *value;
};

/* A request as it will be sent. All strings are the caller's. */
struct sigv4_request {
	const char *method;
	const char *path;  /* percent-encoded, without the query; "" is "/" */
	const char *query; /* percent-encoded, without the '?'; NULL: none */
	/*
	 * The headers to sign, Host among them, in any order; a repeated name is joined. Those that
	 * are made here (X-Amz-Date …) and those that proxies change are left out.
	 */
	const struct sigv4_header *headers;
	size_t n_headers;
	const char *payload_hash; /* sigv4_hash() of the body, or SIGV4_UNSIGNED_PAYLOAD */
};

/* Lines that go with the request: date, session token, payload hash, authorization. */
#define SIGV4_LINES 4

struct sigv4_signed {
	char *lines[SIGV4_LINES + 1]; /* "Name: value", NULL at the end */
	char signature[SIGV4_HASH_SIZE];
	struct buf canonical_request, string_to_sign; /* how it came about, for tests */
};

void sigv4_signed_done(struct sigv4_signed *s);
static inline void sigv4_signed_donep(struct sigv4_signed *s)
{
	sigv4_signed_done(s);
}

/* The SHA-256 of a body, in hex. */
void sigv4_hash(const void *data, size_t size, char ret[SIGV4_HASH_SIZE]);

/* The time as X-Amz-Date has it. `seconds` since 1970, below the year 10000. */
void sigv4_format_date(uint64_t seconds, char ret[SIGV4_DATE_SIZE]);

/* The signing key of one day ("20150830"). */
void sigv4_derive_key(const char *secret, const char *day, const char *region, const char *service,
                      uint8_t ret[SIGV4_KEY_SIZE]);

struct sigv4 *sigv4_new(const char *region, const char *service, unsigned int rules);
struct sigv4 *sigv4_free(struct sigv4 *s);
static inline void sigv4_freep(struct sigv4 **s)
{
	sigv4_free(*s);
}

/* Sign `request` with `keys` at `seconds` since 1970. The caller ends with sigv4_signed_done(). */
void sigv4_sign(struct sigv4 *s, const struct aws_keys *keys, const struct sigv4_request *request,
                uint64_t seconds, struct sigv4_signed *ret);
