// SPDX-License-Identifier: Apache-2.0
/* The endpoint that ECS, and EKS's pod identity, give to a container. */
#include "aws/provider.h"

#include <errno.h>
#include <string.h>

#include "aws/answer.h"
#include "net/url.h"
#include "util/alloc.h"
#include "util/cleanup.h"

#define ECS_BASE "http://169.254.170.2"

/* Over plain HTTP the token must not leave the machine: loopback, and where ECS and EKS listen. */
static bool is_allowed(const struct url *u)
{
	static const char *const hosts[] = {"169.254.170.2", "169.254.170.23", "fd00:ec2::23"};

	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++)
		if (streq(u->host, hosts[i]))
			return true;
	return u->tls || url_host_is_loopback(u->host);
}

int provider_container_url(struct provider_run *run, char **ret, struct diag *diag)
{
	const char *relative = provider_variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
	const char *full = provider_variable("AWS_CONTAINER_CREDENTIALS_FULL_URI");
	_cleanup_(freep) char *url = NULL;
	_cleanup_(url_donep) struct url parts = {};
	int r;

	if (!relative && !full)
		return provider_pass(run, "AWS_CONTAINER_CREDENTIALS_FULL_URI is not set");
	provider_name(run, "the container endpoint (%s)",
	              relative ? "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
	                       : "AWS_CONTAINER_CREDENTIALS_FULL_URI");
	if (relative && relative[0] != '/')
		return diag_error(diag, -EINVAL, "%s: it starts with a /", run->who);
	url = relative ? xasprintf(ECS_BASE "%s", relative) : xstrdup(full);
	r = url_parse(url, &parts, diag);
	if (r < 0)
		return r;
	if (!is_allowed(&parts))
		return diag_error(diag, -EPERM,
		                  "%s: over plain http, only this machine and the addresses of ECS "
		                  "and EKS are asked, not %s",
		                  run->who, parts.host);
	*ret = steal(&url);
	return 0;
}

/* "Authorization: TOKEN", or NULL when no token is configured. */
static int authorization(struct provider_run *run, char **ret, struct diag *diag)
{
	const char *file = provider_variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
	const char *token = provider_variable("AWS_CONTAINER_AUTHORIZATION_TOKEN");
	_cleanup_(secret_freep) char *read = NULL;
	int r;

	*ret = NULL;
	if (!file && !token)
		return 0;
	if (file) {
		r = provider_read_token(run, file, &read, diag);
		if (r < 0)
			return r;
		token = read;
	}
	if (strpbrk(token, "\r\n"))
		return diag_error(diag, -EINVAL,
		                  "%s: AWS_CONTAINER_AUTHORIZATION_TOKEN has a line break in it",
		                  run->who);
	*ret = xasprintf("Authorization: %s", token);
	return 0;
}

int provider_container(struct provider_run *run, struct aws_keys *ret, struct diag *diag)
{
	_cleanup_(http_response_donep) struct http_response response = {};
	_cleanup_(secret_freep) char *line = NULL;
	_cleanup_(freep) char *url = NULL;
	const char *headers[3] = {"Accept: application/json"};
	struct http_request request = {.method = "GET", .headers = headers};
	int r = provider_container_url(run, &url, diag);

	if (r)
		return r;
	r = authorization(run, &line, diag);
	if (r < 0)
		return r;
	headers[1] = line;
	request.url = url;
	r = provider_fetch(run, &request, &response, diag);
	if (r < 0)
		return r;
	if (response.status != 200)
		return provider_refused(run, &response, diag);
	return answer_parse_json(run->who, response.body.data, response.body.len, ret, diag);
}
