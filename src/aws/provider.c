// SPDX-License-Identifier: Apache-2.0
/* What the providers share, and the one that needs no more: the environment. */
#include "aws/provider.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "aws/answer.h"
#include "util/alloc.h"
#include "util/cleanup.h"
#include "util/file.h"
#include "util/time.h"

#define CONNECT_TIMEOUT (2 * NSEC_PER_SEC)
#define TOTAL_TIMEOUT   (5 * NSEC_PER_SEC)
#define TRIES           2
#define TOKEN_MAX       65536

void provider_run_done(struct provider_run *run)
{
	http_free(run->http);
	profiles_free(run->profiles);
	free(run->who);
	buf_done(&run->passed);
	*run = (struct provider_run){};
}

const char *provider_variable(const char *name)
{
	const char *value = getenv(name);

	return value && value[0] ? value : NULL;
}

void provider_name(struct provider_run *run, const char *fmt, ...)
{
	_cleanup_(buf_donep) struct buf b = {};
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&b, fmt, ap);
	va_end(ap);
	free(run->who);
	run->who = buf_take(&b);
}

int provider_pass(struct provider_run *run, const char *fmt, ...)
{
	va_list ap;

	if (run->passed.len)
		buf_puts(&run->passed, "; ");
	va_start(ap, fmt);
	buf_vprintf(&run->passed, fmt, ap);
	va_end(ap);
	return PROVIDER_UNCONFIGURED;
}

int provider_load_profiles(struct provider_run *run, struct diag *diag)
{
	return run->profiles ? 0 : profiles_load(&run->profiles, diag);
}

int provider_read_token(struct provider_run *run, const char *path, char **ret, struct diag *diag)
{
	_cleanup_(secret_buf_donep) struct buf b = {};
	size_t n;
	int r;

	buf_grow(&b, 2 * TOKEN_MAX);
	r = file_read(path, TOKEN_MAX, &b);
	if (r < 0)
		return diag_error(diag, r, "%s: the token in %s cannot be read: %s", run->who, path,
		                  strerror(-r));
	while (b.len && strchr(" \t\r\n", b.data[b.len - 1]))
		b.len--;
	for (n = 0; n < b.len && b.data[n] > ' ' && b.data[n] <= '~'; n++)
		;
	if (!n || n < b.len)
		return diag_error(diag, -EINVAL, "%s: %s %s", run->who, path,
		                  b.len ? "holds more than one token" : "is empty");
	*ret = xstrndup(b.data, b.len);
	return 0;
}

static int errno_of(enum http_error error)
{
	switch (error) {
	case HTTP_OK:
		return 0;
	case HTTP_TIMEOUT:
		return -ETIMEDOUT;
	case HTTP_REFUSED:
		return -ECONNREFUSED;
	case HTTP_TOO_LARGE:
		return -EBADMSG;
	case HTTP_INVALID:
		return -EINVAL;
	default:
		return -EIO;
	}
}

int provider_fetch(struct provider_run *run, const struct http_request *request,
                   struct http_response *ret, struct diag *diag)
{
	struct http_request mine = *request;
	int r = run->http ? 0 : http_new(1, &run->http, diag);

	if (r < 0)
		return r;
	mine.secret = true;
	mine.max_body = PROVIDER_ANSWER_MAX;
	mine.ca_file = provider_variable("AWS_CA_BUNDLE");
	if (!mine.connect_ns)
		mine.connect_ns = CONNECT_TIMEOUT;
	if (!mine.total_ns)
		mine.total_ns = TOTAL_TIMEOUT;
	for (unsigned int i = 0; i < TRIES; i++) {
		if (i)
			http_response_done(ret);
		http_fetch(run->http, &mine, ret);
		if (ret->error != HTTP_TIMEOUT && ret->error != HTTP_NETWORK && ret->status < 500)
			break;
	}
	if (ret->error == HTTP_OK)
		return 0;
	return diag_error(diag, errno_of(ret->error), "%s: no answer: %s", run->who, ret->message);
}

int provider_refused(struct provider_run *run, const struct http_response *response,
                     struct diag *diag)
{
	_cleanup_(freep) char *words =
		answer_describe_error(response->status, response->body.data, response->body.len);

	return diag_error(diag, response->status >= 500 ? -EIO : -EACCES, "%s: %s", run->who,
	                  words);
}

int provider_environment(struct provider_run *run, struct aws_keys *ret, struct diag *diag)
{
	const char *id = provider_variable("AWS_ACCESS_KEY_ID");
	const char *secret = provider_variable("AWS_SECRET_ACCESS_KEY");
	const char *token = provider_variable("AWS_SESSION_TOKEN");
	struct aws_keys keys = {(char *)id, (char *)secret, (char *)token, 0};
	const char *why;

	if (!id && !secret)
		return provider_pass(run, "AWS_ACCESS_KEY_ID is not set");
	provider_name(run, "the environment (AWS_ACCESS_KEY_ID)");
	if (!id || !secret)
		return diag_error(diag, -EINVAL, "%s is set without %s",
		                  id ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY",
		                  id ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID");
	why = aws_keys_check(&keys);
	if (why)
		return diag_error(diag, -EINVAL, "%s: %s", run->who, why);
	*ret = aws_keys_copy(&keys);
	return 0;
}
