// SPDX-License-Identifier: Apache-2.0
/*
 * The instance metadata of EC2, version 2: a token first, by PUT, which no redirected or forwarded
 * request can get; then the role, then its keys. Version 1, without a token, is not tried: where
 * version 2 does not answer, asking less safely is no remedy.
 */
#include "aws/provider.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "aws/answer.h"
#include "net/url.h"
#include "util/alloc.h"
#include "util/cleanup.h"
#include "util/time.h"

#define TIME_LIMIT NSEC_PER_SEC /* the service is on this very host */
#define TOKEN_TTL  "300"        /* seconds; it serves this one walk */
#define TOKEN_MAX  1024
#define ROLE_MAX   128
#define ROLE_PATH  "/latest/meta-data/iam/security-credentials/"

static char *base_url(void)
{
	const char *endpoint = provider_variable("AWS_EC2_METADATA_SERVICE_ENDPOINT");
	const char *mode = provider_variable("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE");
	size_t n;

	if (!endpoint)
		endpoint = mode && !strcasecmp(mode, "IPv6") ? "http://[fd00:ec2::254]"
		                                             : "http://169.254.169.254";
	n = strlen(endpoint);
	while (n && endpoint[n - 1] == '/')
		n--;
	return xstrndup(endpoint, n);
}

static int ask(struct provider_run *run, const char *method, const char *base, const char *path,
               const char *line, struct http_response *ret, struct diag *diag)
{
	_cleanup_(freep) char *url = xasprintf("%s%s", base, path);
	const char *headers[] = {line, NULL};
	const struct http_request request = {
		.method = method,
		.url = url,
		.headers = headers,
		.connect_ns = TIME_LIMIT,
		.total_ns = TIME_LIMIT,
		.direct = true,
	};

	return provider_fetch(run, &request, ret, diag);
}

/* The one word of an answer, which is going to be part of a header or a path; NULL when it is none. */
static char *word_of(const struct http_response *response, size_t max)
{
	const char *text = response->body.data;
	size_t n = response->body.len, i;

	while (n && strchr("\r\n", text[n - 1]))
		n--;
	for (i = 0; i < n && text[i] > ' ' && text[i] <= '~'; i++)
		;
	return n && n <= max && i == n ? xstrndup(text, n) : NULL;
}

/* A line with the token, for the requests to come. */
static int get_token(struct provider_run *run, const char *base, char **ret, struct diag *diag)
{
	_cleanup_(http_response_donep) struct http_response response = {};
	_cleanup_(secret_freep) char *token = NULL;
	bool chosen = provider_variable("AWS_EC2_METADATA_SERVICE_ENDPOINT");
	int r = ask(run, "PUT", base, "/latest/api/token",
	            "X-aws-ec2-metadata-token-ttl-seconds: " TOKEN_TTL, &response,
	            chosen ? diag : NULL);

	if (r < 0 && chosen)
		return r;
	if (r < 0)
		return provider_pass(run,
		                     "no instance metadata at %s: %s (on EC2, in a container: the "
		                     "instance's hop limit must be 2)",
		                     base, response.message ? response.message : strerror(-r));
	if (response.status != 200 && chosen)
		return provider_refused(run, &response, diag);
	if (response.status != 200) /* turned off, or another cloud's service */
		return provider_pass(run, "%s gives no token: HTTP status %u", base,
		                     response.status);
	token = word_of(&response, TOKEN_MAX);
	if (!token)
		return diag_error(diag, -EBADMSG, "%s: the answer is no token", run->who);
	*ret = xasprintf("X-aws-ec2-metadata-token: %s", token);
	return 0;
}

static int get_role(struct provider_run *run, const char *base, const char *line, char **ret,
                    struct diag *diag)
{
	_cleanup_(http_response_donep) struct http_response response = {};
	int r = ask(run, "GET", base, ROLE_PATH, line, &response, diag);

	if (r < 0)
		return r;
	if (response.status == 404)
		return provider_pass(run, "the instance has no role (IAM instance profile)");
	if (response.status != 200)
		return provider_refused(run, &response, diag);
	*ret = word_of(&response, ROLE_MAX);
	if (!*ret)
		return diag_error(diag, -EBADMSG, "%s: the answer names no role", run->who);
	return 0;
}

static int get_keys(struct provider_run *run, const char *base, const char *line, const char *role,
                    struct aws_keys *ret, struct diag *diag)
{
	_cleanup_(http_response_donep) struct http_response response = {};
	_cleanup_(buf_donep) struct buf path = {};
	int r;

	buf_puts(&path, ROLE_PATH);
	url_encode(&path, role, strlen(role), "");
	r = ask(run, "GET", base, buf_cstr(&path), line, &response, diag);
	if (r < 0)
		return r;
	if (response.status != 200)
		return provider_refused(run, &response, diag);
	return answer_parse_json(run->who, response.body.data, response.body.len, ret, diag);
}

int provider_metadata(struct provider_run *run, struct aws_keys *ret, struct diag *diag)
{
	const char *disabled = provider_variable("AWS_EC2_METADATA_DISABLED");
	_cleanup_(freep) char *base = base_url(), *role = NULL;
	_cleanup_(secret_freep) char *line = NULL;
	int r;

	if (disabled && !strcasecmp(disabled, "true"))
		return provider_pass(run, "AWS_EC2_METADATA_DISABLED is set");
	provider_name(run, "instance metadata at %s", base);
	r = get_token(run, base, &line, diag);
	if (!r)
		r = get_role(run, base, line, &role, diag);
	if (r)
		return r;
	provider_name(run, "instance metadata (role %s)", role);
	return get_keys(run, base, line, role, ret, diag);
}
