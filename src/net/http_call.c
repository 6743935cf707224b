// SPDX-License-Identifier: Apache-2.0
#include "net/http_call.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <strings.h>

#include "util/alloc.h"
#include "util/time.h"

#define CONNECT_DEFAULT (10 * NSEC_PER_SEC)
#define STALL_DEFAULT   (30 * NSEC_PER_SEC)

int http_milliseconds(uint64_t ns)
{
	uint64_t ms = (ns + NSEC_PER_MSEC - 1) / NSEC_PER_MSEC;

	return ms > INT_MAX ? INT_MAX : (int)ms;
}

static size_t on_header(char *data, size_t size, size_t n, void *arg)
{
	struct http_call *call = arg;
	struct buf *kept = &call->response.headers;
	size_t len = size * n, line = len;

	while (line && strchr("\r\n \t", data[line - 1]))
		line--;
	if (line >= 5 && !memcmp(data, "HTTP/", 5)) {
		buf_clear(kept); /* what follows "100 Continue" or a redirect starts over */
		buf_clear(&call->response.body);
		return len;
	}
	if (!line || memchr(data, '\0', line))
		return len;
	if (kept->len + line + 1 > HTTP_HEADERS_MAX) {
		call->too_large = true;
		return 0;
	}
	buf_append(kept, data, line);
	buf_putc(kept, '\0');
	return len;
}

static size_t on_body(char *data, size_t size, size_t n, void *arg)
{
	struct http_call *call = arg;
	size_t len = size * n;

	if (len > call->max_body - call->response.body.len) {
		call->too_large = true;
		return 0;
	}
	buf_append(&call->response.body, data, len);
	return len;
}

static int add_header(struct http_call *call, const char *line)
{
	struct curl_slist *longer = call->http->curl->curl_slist_append(call->headers, line);

	if (!longer)
		return -ENOMEM;
	call->headers = longer;
	return 0;
}

/* The caller's lines; and none of those that libcurl adds to a body by itself. */
static int add_headers(struct http_call *call, const struct http_request *request,
                       struct diag *diag)
{
	bool has_type = false, has_expect = false;
	int r = 0;

	for (const char *const *line = request->headers; !r && line && *line; line++) {
		for (const char *p = *line; *p; p++)
			if (((unsigned char)*p < ' ' && *p != '\t') || *p == 0x7f)
				return diag_error(diag, -EINVAL,
				                  "a header with control characters in it: %.*s",
				                  (int)strcspn(*line, ":\r\n"), *line);
		has_type |= !strncasecmp(*line, "Content-Type:", 13);
		has_expect |= !strncasecmp(*line, "Expect:", 7);
		r = add_header(call, *line);
	}
	if (!r && !has_type)
		r = add_header(call, "Content-Type:");
	if (!r && !has_expect)
		r = add_header(call, "Expect:");
	return r;
}

/* Set an option; the first that libcurl refuses is remembered in `r`. */
#define set(option, value)                                                                         \
	do {                                                                                       \
		CURLcode set_ = c->curl_easy_setopt(call->easy, CURLOPT_##option, value);          \
		if (set_ && !r)                                                                    \
			r = diag_error(diag, -EINVAL,                                              \
			               "libcurl refuses its option " #option ": %s",               \
			               c->curl_easy_strerror(set_));                               \
	} while (0)

static int set_message(struct http_call *call, const struct http_request *request,
                       struct diag *diag)
{
	const struct curl *c = call->http->curl;
	int r = 0;

	set(URL, request->url);
	set(PATH_AS_IS, 1L);
	set(HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	set(USERAGENT, "quern/" QUERN_VERSION);
	set(HTTPHEADER, call->headers);
	if (request->body || streq(request->method, "PUT") || streq(request->method, "POST")) {
		set(POSTFIELDSIZE_LARGE, (curl_off_t)request->body_size);
		set(POSTFIELDS, request->body ? request->body : "");
	} else if (streq(request->method, "HEAD")) {
		set(NOBODY, 1L);
	}
	set(CUSTOMREQUEST, request->method);
	set(HEADERFUNCTION, on_header);
	set(HEADERDATA, call);
	set(WRITEFUNCTION, on_body);
	set(WRITEDATA, call);
	set(ERRORBUFFER, call->words);
	set(PRIVATE, call);
	return r;
}

static int set_transport(struct http_call *call, const struct http_request *request,
                         const struct url *url, struct diag *diag)
{
	const struct curl *c = call->http->curl;
	uint64_t connect = request->connect_ns ? request->connect_ns : CONNECT_DEFAULT;
	uint64_t stall = request->stall_ns ? request->stall_ns : STALL_DEFAULT;
	int r = 0;

#if LIBCURL_VERSION_NUM >= 0x075500
	set(PROTOCOLS_STR, "http,https");
	set(REDIR_PROTOCOLS_STR, url->tls ? "https" : "http,https");
#else
	set(PROTOCOLS, CURLPROTO_HTTP | CURLPROTO_HTTPS);
	set(REDIR_PROTOCOLS, url->tls ? CURLPROTO_HTTPS : CURLPROTO_HTTP | CURLPROTO_HTTPS);
#endif
	set(NOSIGNAL, 1L);
	set(TCP_KEEPALIVE, 1L);
	set(CONNECTTIMEOUT_MS, (long)http_milliseconds(connect));
	if (request->total_ns)
		set(TIMEOUT_MS, (long)http_milliseconds(request->total_ns));
	set(LOW_SPEED_LIMIT, 1L);
	set(LOW_SPEED_TIME, (long)((stall + NSEC_PER_SEC - 1) / NSEC_PER_SEC));
	set(FOLLOWLOCATION, (long)(request->redirects > 0));
	set(MAXREDIRS, (long)request->redirects);
	if (request->direct || url_host_is_loopback(url->host) || url_host_is_link_local(url->host))
		set(PROXY, "");
	set(SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (request->ca_file)
		set(CAINFO, request->ca_file);
	if (request->client_cert) {
		set(SSLCERT, request->client_cert);
		set(SSLKEY, request->client_key ? request->client_key : request->client_cert);
	}
	return r;
}

int http_call_prepare(struct http_call *call, const struct http_request *request,
                      const struct url *url, struct diag *diag)
{
	int r = add_headers(call, request, diag);

	if (!r)
		r = set_message(call, request, diag);
	if (!r)
		r = set_transport(call, request, url, diag);
	return r;
}
