// SPDX-License-Identifier: Apache-2.0
/*
 * The request in its canonical form is hashed; that hash, the date and the scope (day, region,
 * service) make the string to sign; and its HMAC under a key that is derived from the secret for
 * that scope is the signature. The day's key is kept until the day or the secret changes: of the
 * secret only a hash stays, so that a corrected secret under the same identifier is noticed.
 */
#include "aws/sigv4.h"

#include <assert.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "aws/canonical.h"
#include "util/alloc.h"
#include "util/cleanup.h"

#define DAY_SIZE     9
#define SECONDS_MAX  253402300799ull /* the end of the year 9999 */
#define HEADERS_MAX  64
#define HEADERS_OURS 3
#define SCOPE_END    "aws4_request"

struct sigv4 {
	char *region, *service;
	unsigned int rules;
	char day[DAY_SIZE]; /* what the key was derived for; "" before the first time */
	uint8_t secret_hash[SIGV4_KEY_SIZE];
	uint8_t key[SIGV4_KEY_SIZE];
};

/* Only a broken installation of OpenSSL fails here, and nothing could be sent without. */
static void sha256(const void *data, size_t size, uint8_t ret[SIGV4_KEY_SIZE])
{
	int ok = EVP_Digest(data, size, ret, NULL, EVP_sha256(), NULL);

	assert(ok == 1);
}

static void hmac(const void *key, size_t key_size, const void *data, size_t size,
                 uint8_t ret[SIGV4_KEY_SIZE])
{
	const void *ok = HMAC(EVP_sha256(), key, (int)key_size, data, size, ret, NULL);

	assert(ok);
}

static void put_hex(const uint8_t hash[SIGV4_KEY_SIZE], char ret[SIGV4_HASH_SIZE])
{
	static const char hex[] = "0123456789abcdef";

	for (size_t i = 0; i < SIGV4_KEY_SIZE; i++) {
		ret[2 * i] = hex[hash[i] >> 4];
		ret[2 * i + 1] = hex[hash[i] & 15];
	}
	ret[2 * SIGV4_KEY_SIZE] = '\0';
}

void sigv4_hash(const void *data, size_t size, char ret[SIGV4_HASH_SIZE])
{
	uint8_t hash[SIGV4_KEY_SIZE];

	sha256(data, size, hash);
	put_hex(hash, ret);
}

void sigv4_format_date(uint64_t seconds, char ret[SIGV4_DATE_SIZE])
{
	time_t t = (time_t)seconds;
	struct tm tm;

	assert(seconds <= SECONDS_MAX);
	gmtime_r(&t, &tm);
	strftime(ret, SIGV4_DATE_SIZE, "%Y%m%dT%H%M%SZ", &tm);
}

void sigv4_derive_key(const char *secret, const char *day, const char *region, const char *service,
                      uint8_t ret[SIGV4_KEY_SIZE])
{
	_cleanup_(secret_freep) char *first = xasprintf("AWS4%s", secret);
	const char *const parts[] = {region, service, SCOPE_END};

	hmac(first, strlen(first), day, strlen(day), ret);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		uint8_t key[SIGV4_KEY_SIZE];

		memcpy(key, ret, sizeof(key));
		hmac(key, sizeof(key), parts[i], strlen(parts[i]), ret);
		explicit_bzero(key, sizeof(key));
	}
}

struct sigv4 *sigv4_new(const char *region, const char *service, unsigned int rules)
{
	struct sigv4 *s = xcalloc(1, sizeof(*s));

	s->region = xstrdup(region);
	s->service = xstrdup(service);
	s->rules = rules;
	return s;
}

struct sigv4 *sigv4_free(struct sigv4 *s)
{
	if (!s)
		return NULL;
	free(s->region);
	free(s->service);
	explicit_bzero(s, sizeof(*s));
	free(s);
	return NULL;
}

void sigv4_signed_done(struct sigv4_signed *s)
{
	for (size_t i = 0; i < SIGV4_LINES; i++)
		secret_free(s->lines[i]);
	secret_buf_done(&s->canonical_request);
	secret_buf_done(&s->string_to_sign);
	*s = (struct sigv4_signed){};
}

static const uint8_t *key_of_day(struct sigv4 *s, const char *secret, const char *day)
{
	uint8_t hash[SIGV4_KEY_SIZE];

	sha256(secret, strlen(secret), hash);
	if (strcmp(s->day, day) || memcmp(s->secret_hash, hash, sizeof(hash))) {
		sigv4_derive_key(secret, day, s->region, s->service, s->key);
		memcpy(s->secret_hash, hash, sizeof(hash));
		memcpy(s->day, day, sizeof(s->day));
	}
	return s->key;
}

/* Made here, or changed on the way by proxies and libraries. */
static bool is_never_given(const char *name)
{
	static const char *const names[] = {
		"authorization",        "connection",      "expect",     "te",
		"transfer-encoding",    "upgrade",         "user-agent", "x-amz-date",
		"x-amz-security-token", "x-amzn-trace-id",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcasecmp(name, names[i]))
			return true;
	return false;
}

static size_t collect_headers(const struct sigv4 *s, const struct aws_keys *keys,
                              const struct sigv4_request *request, const char *date,
                              struct sigv4_header *ret)
{
	size_t n = 0;

	assert(request->n_headers <= HEADERS_MAX);
	for (size_t i = 0; i < request->n_headers; i++) {
		const char *name = request->headers[i].name;

		if (!is_never_given(name) && !((s->rules & SIGV4_PAYLOAD_HEADER) &&
		                               !strcasecmp(name, "x-amz-content-sha256")))
			ret[n++] = request->headers[i];
	}
	ret[n++] = (struct sigv4_header){"x-amz-date", date};
	if (s->rules & SIGV4_PAYLOAD_HEADER)
		ret[n++] = (struct sigv4_header){"x-amz-content-sha256", request->payload_hash};
	if (keys->session_token && !(s->rules & SIGV4_LATE_TOKEN))
		ret[n++] = (struct sigv4_header){"x-amz-security-token", keys->session_token};
	return n;
}

void sigv4_sign(struct sigv4 *s, const struct aws_keys *keys, const struct sigv4_request *request,
                uint64_t seconds, struct sigv4_signed *ret)
{
	struct sigv4_header headers[HEADERS_MAX + HEADERS_OURS];
	_cleanup_(buf_donep) struct buf names = {}, scope = {};
	char date[SIGV4_DATE_SIZE], day[DAY_SIZE], hash[SIGV4_HASH_SIZE];
	uint8_t signature[SIGV4_KEY_SIZE];
	struct sigv4_signed out = {};
	struct buf *canonical = &out.canonical_request, *text = &out.string_to_sign;
	size_t n, line = 0;

	sigv4_format_date(seconds, date);
	snprintf(day, sizeof(day), "%.8s", date);
	buf_printf(&scope, "%s/%s/%s/" SCOPE_END, day, s->region, s->service);

	buf_printf(canonical, "%s\n", request->method);
	canonical_path(canonical, request->path, s->rules);
	buf_putc(canonical, '\n');
	canonical_query(canonical, request->query ? request->query : "");
	buf_putc(canonical, '\n');
	n = collect_headers(s, keys, request, date, headers);
	canonical_headers(canonical, &names, headers, n);
	buf_printf(canonical, "\n%s\n%s", buf_cstr(&names), request->payload_hash);

	sigv4_hash(canonical->data, canonical->len, hash);
	buf_printf(text, "AWS4-HMAC-SHA256\n%s\n%s\n%s", date, buf_cstr(&scope), hash);
	hmac(key_of_day(s, keys->secret_access_key, day), SIGV4_KEY_SIZE, text->data, text->len,
	     signature);
	put_hex(signature, out.signature);

	out.lines[line++] = xasprintf("X-Amz-Date: %s", date);
	if (s->rules & SIGV4_PAYLOAD_HEADER)
		out.lines[line++] = xasprintf("X-Amz-Content-Sha256: %s", request->payload_hash);
	if (keys->session_token)
		out.lines[line++] = xasprintf("X-Amz-Security-Token: %s", keys->session_token);
	out.lines[line++] =
		xasprintf("Authorization: AWS4-HMAC-SHA256 Credential=%s/%s, "
	                  "SignedHeaders=%s, Signature=%s",
	                  keys->access_key_id, buf_cstr(&scope), buf_cstr(&names), out.signature);
	*ret = out;
}
