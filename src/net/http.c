// SPDX-License-Identifier: Apache-2.0
/*
 * A thin layer over libcurl's multi interface. HTTP/1.1 only: what we talk to speaks it, and it needs
 * no state between requests but the connection. Bodies are sent from the caller's memory, so a request
 * that meets a connection which has gone stale is repeated by libcurl without our help.
 */
#include "net/http.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "net/http_call.h"
#include "util/alloc.h"
#include "util/time.h"

const char *const http_error_names[HTTP_ERRORS] = {
	[HTTP_OK] = "ok",           [HTTP_NAME] = "name",       [HTTP_REFUSED] = "refused",
	[HTTP_NETWORK] = "network", [HTTP_TIMEOUT] = "timeout", [HTTP_TLS] = "tls",
	[HTTP_ABORTED] = "aborted", [HTTP_INVALID] = "invalid", [HTTP_TOO_LARGE] = "too_large",
};

static struct http_call *call_free(struct http_call *call)
{
	const struct curl *c = call->http->curl;

	if (call->easy)
		c->curl_easy_cleanup(call->easy);
	c->curl_slist_free_all(call->headers);
	http_response_done(&call->response);
	free(call);
	return NULL;
}

static void call_freep(struct http_call **call)
{
	if (*call)
		call_free(*call);
}

static enum http_error classify(const struct http_call *call, CURLcode code)
{
	long cause = 0;

	switch (code) {
	case CURLE_OK:
		return HTTP_OK;
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
		return HTTP_NAME;
	case CURLE_OPERATION_TIMEDOUT:
		return HTTP_TIMEOUT;
	case CURLE_COULDNT_CONNECT:
		call->http->curl->curl_easy_getinfo(call->easy, CURLINFO_OS_ERRNO, &cause);
		return cause == ECONNREFUSED ? HTTP_REFUSED : HTTP_NETWORK;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_SSL_CRL_BADFILE:
	case CURLE_SSL_ENGINE_NOTFOUND:
	case CURLE_SSL_ENGINE_SETFAILED:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
	case CURLE_USE_SSL_FAILED:
		return HTTP_TLS;
	default:
		return call->too_large ? HTTP_TOO_LARGE : HTTP_NETWORK;
	}
}

/* Take the call out of the client, tell its owner, and forget it. */
static void finish(struct http_call *call, enum http_error error, const char *words)
{
	struct http *h = call->http;
	struct http_response *r = &call->response;
	long status = 0;

	h->curl->curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
	h->curl->curl_multi_remove_handle(h->multi, call->easy);
	*call->place = call->next;
	if (call->next)
		call->next->place = call->place;
	h->n_calls--;

	r->error = error;
	r->status = (unsigned int)status;
	if (error != HTTP_OK)
		r->message = xstrdup(words);
	call->done(r, call->arg);
	call_free(call);
}

/* End the calls that libcurl is done with; returns how many. */
static unsigned int reap(struct http *h)
{
	unsigned int n = 0;
	CURLMsg *m;
	int left;

	while ((m = h->curl->curl_multi_info_read(h->multi, &left))) {
		struct http_call *call = NULL;
		CURLcode code = m->data.result;
		enum http_error error;

		if (m->msg != CURLMSG_DONE)
			continue;
		h->curl->curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &call);
		error = classify(call, code);
		if (error == HTTP_TOO_LARGE)
			finish(call, error, "the answer is larger than allowed");
		else
			finish(call, error,
			       call->words[0] ? call->words : h->curl->curl_easy_strerror(code));
		n++;
	}
	return n;
}

int http_new(unsigned int connections, struct http **ret, struct diag *diag)
{
	const struct curl *curl;
	struct http *h;
	int r = curl_load(&curl, diag);

	if (r < 0)
		return r;
	h = xcalloc(1, sizeof(*h));
	h->curl = curl;
	h->multi = curl->curl_multi_init();
	if (!h->multi) {
		free(h);
		return diag_error(diag, -ENOMEM, "libcurl cannot make a client");
	}
	curl->curl_multi_setopt(h->multi, CURLMOPT_MAXCONNECTS, (long)connections);
	*ret = h;
	return 0;
}

struct http *http_free(struct http *h)
{
	if (!h)
		return NULL;
	h->closing = true;
	while (h->calls)
		http_abort(h, h->calls);
	h->curl->curl_multi_cleanup(h->multi);
	free(h);
	return NULL;
}

int http_start(struct http *h, const struct http_request *request, struct http_call **ret,
               struct diag *diag)
{
	_cleanup_(url_donep) struct url url = {};
	_cleanup_(call_freep) struct http_call *call = NULL;
	int r = url_parse(request->url, &url, diag);

	if (r < 0)
		return r;
	if (h->closing)
		return diag_error(diag, -ECANCELED, "no more requests: the client is closing");
	call = xcalloc(1, sizeof(*call));
	call->http = h;
	call->easy = h->curl->curl_easy_init();
	if (!call->easy)
		return diag_error(diag, -ENOMEM, "libcurl cannot make a request");
	call->max_body = request->max_body ? request->max_body : HTTP_BODY_MAX;
	call->done = request->done;
	call->arg = request->arg;
	call->response.secret = request->secret;
	if (request->secret)
		buf_grow(&call->response.body, call->max_body); /* it never moves */
	r = http_call_prepare(call, request, &url, diag);
	if (r < 0)
		return r;
	if (h->curl->curl_multi_add_handle(h->multi, call->easy))
		return diag_error(diag, -ENOMEM, "libcurl cannot start a request");
	call->next = h->calls;
	call->place = &h->calls;
	if (call->next)
		call->next->place = &call->next;
	h->calls = call;
	h->n_calls++;
	if (ret)
		*ret = call;
	call = NULL;
	return 0;
}

void http_abort(struct http *h, struct http_call *call)
{
	assert(call->http == h);
	finish(call, HTTP_ABORTED, "the request was given up");
}

int http_poll(struct http *h, uint64_t timeout_ns)
{
	int running;
	CURLMcode code = h->curl->curl_multi_perform(h->multi, &running);

	if (!code && !reap(h)) {
		code = h->curl->curl_multi_poll(h->multi, NULL, 0,
		                                (int)http_milliseconds(timeout_ns), NULL);
		if (!code)
			code = h->curl->curl_multi_perform(h->multi, &running);
		if (!code)
			reap(h);
	}
	return code ? -EIO : h->n_calls;
}

void http_wakeup(struct http *h)
{
	h->curl->curl_multi_wakeup(h->multi);
}

static void fetched(struct http_response *response, void *arg)
{
	struct http_response *ret = arg;

	*ret = *response;
	*response = (struct http_response){};
}

void http_fetch(struct http *h, const struct http_request *request, struct http_response *ret)
{
	_cleanup_(diag_donep) struct diag diag = {};
	struct http_request mine = *request;
	struct http_call *call;
	int r;

	*ret = (struct http_response){.error = HTTP_ERRORS};
	mine.done = fetched;
	mine.arg = ret;
	r = http_start(h, &mine, &call, &diag);
	while (r >= 0 && ret->error == HTTP_ERRORS)
		r = http_poll(h, NSEC_PER_SEC);
	if (r < 0 && ret->error == HTTP_ERRORS) {
		ret->error = r == -EINVAL ? HTTP_INVALID : HTTP_NETWORK;
		ret->message = xstrdup(diag.errors ? diag_text(&diag) : "libcurl failed");
	}
}
