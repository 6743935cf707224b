// SPDX-License-Identifier: Apache-2.0
#include "sigv4_suite.h"

#include <errno.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include "aws/sigv4.h"
#include "util/alloc.h"
#include "util/cleanup.h"
#include "util/file.h"

#define FILE_MAX    65536
#define HEADERS_MAX 32

/* A request.txt, taken apart in place. */
struct request {
	char *text;
	struct sigv4_header headers[HEADERS_MAX];
	struct sigv4_request parts;
	const char *body;
};

static void json_freep(json_t **j)
{
	json_decref(*j);
}

/* The file's text with Unix line ends, or NULL. */
static char *read_text(const char *dir, const char *name)
{
	_cleanup_(freep) char *path = path_join(dir, name);
	_cleanup_(buf_donep) struct buf b = {};
	char *text, *to;

	if (file_read(path, FILE_MAX, &b))
		return NULL;
	text = to = buf_take(&b);
	for (const char *from = text; *from; from++)
		if (!(from[0] == '\r' && from[1] == '\n'))
			*to++ = *from;
	*to = '\0';
	return text;
}

static const char *parse_line(struct request *r, char *line)
{
	char *target = strchr(line, ' '), *version = strrchr(line, ' '), *query;

	if (!target || version == target || strncmp(version, " HTTP/", 6))
		return "no request line";
	*target++ = *version = '\0';
	query = strchr(target, '?');
	if (query)
		*query++ = '\0';
	r->parts.method = line;
	r->parts.path = target;
	r->parts.query = query;
	return NULL;
}

/* A line that starts with a blank goes on with the value before it. */
static const char *parse_headers(struct request *r, char *p)
{
	while (*p && *p != '\n') {
		char *colon = strchr(p, ':'), *end = p + strcspn(p, "\n");

		while (end[0] && (end[1] == ' ' || end[1] == '\t'))
			end += 1 + strcspn(end + 1, "\n");
		if (!colon || colon > end || r->parts.n_headers == HEADERS_MAX)
			return "a header without a colon, or too many";
		*colon = '\0';
		r->headers[r->parts.n_headers++] = (struct sigv4_header){p, colon + 1};
		p = *end ? end + 1 : end;
		*end = '\0';
	}
	r->body = *p ? p + 1 : p;
	return NULL;
}

static const char *parse_request(struct request *r)
{
	char *end = strchr(r->text, '\n');
	const char *why;

	if (!end)
		return "no request line";
	*end = '\0';
	why = parse_line(r, r->text);
	r->parts.headers = r->headers;
	return why ? why : parse_headers(r, end + 1);
}

static const char *get_string(const json_t *j, const char *key, const char *otherwise)
{
	const char *s = json_string_value(json_object_get(j, key));

	return s ? s : otherwise;
}

static bool get_bool(const json_t *j, const char *key, bool otherwise)
{
	const json_t *v = json_object_get(j, key);

	return v ? json_is_true(v) : otherwise;
}

static unsigned int rules_of(const json_t *context)
{
	unsigned int rules = 0;

	if (get_bool(context, "normalize", true))
		rules |= SIGV4_NORMALIZE;
	if (get_bool(context, "double_uri_encode", true))
		rules |= SIGV4_DOUBLE_ENCODE;
	if (get_bool(context, "sign_body", false))
		rules |= SIGV4_PAYLOAD_HEADER;
	if (get_bool(context, "omit_session_token", false))
		rules |= SIGV4_LATE_TOKEN;
	return rules;
}

static const char *sign(const json_t *context, struct request *r, struct sigv4_signed *ret)
{
	const json_t *credentials = json_object_get(context, "credentials");
	_cleanup_(sigv4_freep) struct sigv4 *signer =
		sigv4_new(get_string(context, "region", "us-east-1"),
	                  get_string(context, "service", "service"), rules_of(context));
	struct aws_keys keys = {
		.access_key_id = (char *)get_string(credentials, "access_key_id", NULL),
		.secret_access_key = (char *)get_string(credentials, "secret_access_key", NULL),
		.session_token = (char *)get_string(credentials, "token", NULL),
	};
	char hash[SIGV4_HASH_SIZE];
	struct tm tm = {};

	if (!strptime(get_string(context, "timestamp", ""), "%Y-%m-%dT%H:%M:%SZ", &tm))
		return "no timestamp";
	if (!keys.access_key_id || !keys.secret_access_key)
		return "no credentials";
	sigv4_hash(r->body, strlen(r->body), hash);
	r->parts.payload_hash = get_string(context, "signed_body_value", hash);
	sigv4_sign(signer, &keys, &r->parts, (uint64_t)timegm(&tm), ret);
	return NULL;
}

/* The file's text, but for newlines at its end, is `got`. */
static bool same(const char *dir, const char *file, const char *got, FILE *out)
{
	_cleanup_(freep) char *want = read_text(dir, file);

	if (!want) {
		fprintf(out, "not ok %s: no %s\n", dir, file);
		return false;
	}
	for (size_t n = strlen(want); n && want[n - 1] == '\n'; n--)
		want[n - 1] = '\0';
	if (streq(want, got))
		return true;
	fprintf(out, "not ok %s: %s\nexpected:\n%s\ngot:\n%s\n", dir, file, want, got);
	return false;
}

static bool run_case(const char *dir, FILE *out)
{
	_cleanup_(freep) char *text = read_text(dir, "request.txt");
	_cleanup_(freep) char *json = read_text(dir, "context.json");
	_cleanup_(json_freep) json_t *context = json ? json_loads(json, 0, NULL) : NULL;
	_cleanup_(sigv4_signed_donep) struct sigv4_signed s = {};
	struct request r = {.text = text};
	const char *why = !text ? "request.txt cannot be read" : context ? NULL : "no context.json";

	if (!why)
		why = parse_request(&r);
	if (!why)
		why = sign(context, &r, &s);
	if (why) {
		fprintf(out, "not ok %s: %s\n", dir, why);
		return false;
	}
	return same(dir, "header-canonical-request.txt", buf_cstr(&s.canonical_request), out) &&
	       same(dir, "header-string-to-sign.txt", buf_cstr(&s.string_to_sign), out) &&
	       same(dir, "header-signature.txt", s.signature, out);
}

/* nftw() hands no argument to its function. */
static struct sigv4_suite *suite;
static FILE *report;

static int visit(const char *path, const struct stat *st, int type, struct FTW *at)
{
	_cleanup_(freep) char *dir = NULL;

	if (type != FTW_F || !streq(path + at->base, "request.txt"))
		return 0;
	dir = xstrndup(path, (size_t)(at->base ? at->base - 1 : 0));
	if (run_case(dir, report))
		suite->passed++;
	else
		suite->failed++;
	return 0;
}

int sigv4_suite_run(const char *dir, FILE *out, struct sigv4_suite *ret)
{
	struct sigv4_suite sum = {};

	suite = &sum;
	report = out;
	if (nftw(dir, visit, 16, 0) < 0)
		return -errno;
	*ret = sum;
	return 0;
}
