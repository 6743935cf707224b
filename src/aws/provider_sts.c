// SPDX-License-Identifier: Apache-2.0
/*
 * STS hands out keys for a role: to somebody whose own keys sign the request, or to whoever has a
 * token of an identity provider that the role trusts (in Kubernetes: a file, which is replaced every
 * hour or so, and thus read each time).
 */
#include "aws/provider.h"

#include <errno.h>
#include <string.h>

#include "aws/answer.h"
#include "aws/region.h"
#include "aws/sigv4.h"
#include "net/url.h"
#include "util/alloc.h"
#include "util/cleanup.h"
#include "util/time.h"

#define VERSION       "2011-06-15"
#define FORM_TYPE     "application/x-www-form-urlencoded; charset=utf-8"
#define SESSION       "quern"
#define GLOBAL_REGION "us-east-1" /* what the endpoint without a region goes by */
#define FORM_SIZE_MAX (4 * PROVIDER_ANSWER_MAX)
#define N_LINES       (1 + SIGV4_LINES)

static void put_field(struct buf *form, const char *name, const char *value)
{
	if (!value)
		return;
	buf_printf(form, "&%s=", name);
	url_encode(form, value, strlen(value), "");
}

static void put_form(struct buf *form, const char *action, const struct provider_role *role)
{
	buf_grow(form, FORM_SIZE_MAX); /* the token in it does not move */
	buf_printf(form, "Action=%s&Version=" VERSION, action);
	put_field(form, "RoleArn", role->arn);
	put_field(form, "RoleSessionName", role->session ? role->session : SESSION);
	put_field(form, "ExternalId", role->external_id);
	put_field(form, "DurationSeconds", role->duration);
	put_field(form, "WebIdentityToken", role->token);
}

static void sign(const struct url *url, const char *region, const struct aws_keys *keys,
                 uint64_t now, const struct buf *form, struct sigv4_signed *ret)
{
	_cleanup_(sigv4_freep) struct sigv4 *signer = sigv4_new(region, "sts", SIGV4_OTHERS);
	_cleanup_(freep) char *host = url_authority(url);
	const struct sigv4_header headers[] = {{"Host", host}, {"Content-Type", FORM_TYPE}};
	char hash[SIGV4_HASH_SIZE];
	const struct sigv4_request request = {
		.method = "POST",
		.path = url->path,
		.query = url->query,
		.headers = headers,
		.n_headers = ARRAY_SIZE(headers),
		.payload_hash = hash,
	};

	sigv4_hash(form->data, form->len, hash);
	sigv4_sign(signer, keys, &request, now / NSEC_PER_SEC, ret);
}

static int ask(struct provider_run *run, const struct provider_role *role, const char *action,
               struct http_response *ret, struct diag *diag)
{
	_cleanup_(freep) char *region = NULL, *endpoint = NULL;
	_cleanup_(sigv4_signed_donep) struct sigv4_signed signature = {};
	_cleanup_(secret_buf_donep) struct buf form = {};
	_cleanup_(url_donep) struct url url = {};
	const char *lines[N_LINES + 1] = {};
	struct http_request request = {.method = "POST", .headers = lines};
	size_t n = 0;
	int r = aws_region_find(&region, diag);

	if (r < 0)
		return r;
	endpoint = aws_endpoint("sts", region);
	r = url_parse(endpoint, &url, diag);
	if (r < 0)
		return r;
	put_form(&form, action, role);
	lines[n++] = "Content-Type: " FORM_TYPE;
	if (role->source) {
		sign(&url, region ? region : GLOBAL_REGION, role->source, run->now, &form,
		     &signature);
		for (size_t i = 0; signature.lines[i]; i++)
			lines[n++] = signature.lines[i];
	}
	request.url = endpoint;
	request.body = form.data;
	request.body_size = form.len;
	return provider_fetch(run, &request, ret, diag);
}

int provider_assume_role(struct provider_run *run, const struct provider_role *role,
                         struct aws_keys *ret, struct diag *diag)
{
	const char *action = role->source ? "AssumeRole" : "AssumeRoleWithWebIdentity";
	_cleanup_(http_response_donep) struct http_response response = {};
	int r = ask(run, role, action, &response, diag);

	if (r < 0)
		return r;
	if (response.status != 200)
		return provider_refused(run, &response, diag);
	return answer_parse_sts(run->who, action, response.body.data, response.body.len, ret, diag);
}

int provider_token_file(struct provider_run *run, const char *file,
                        const struct provider_role *role, struct aws_keys *ret, struct diag *diag)
{
	_cleanup_(secret_freep) char *token = NULL;
	struct provider_role mine = *role;
	int r = provider_read_token(run, file, &token, diag);

	if (r < 0)
		return r;
	mine.token = token;
	return provider_assume_role(run, &mine, ret, diag);
}

int provider_web_identity(struct provider_run *run, struct aws_keys *ret, struct diag *diag)
{
	const char *file = provider_variable("AWS_WEB_IDENTITY_TOKEN_FILE");
	const struct provider_role role = {
		.arn = provider_variable("AWS_ROLE_ARN"),
		.session = provider_variable("AWS_ROLE_SESSION_NAME"),
	};

	if (!file)
		return provider_pass(run, "AWS_WEB_IDENTITY_TOKEN_FILE is not set");
	provider_name(run, "web identity (role %s)", role.arn ? role.arn : "unknown");
	if (!role.arn)
		return diag_error(diag, -EINVAL,
		                  "%s: AWS_WEB_IDENTITY_TOKEN_FILE is set without AWS_ROLE_ARN",
		                  run->who);
	return provider_token_file(run, file, &role, ret, diag);
}
