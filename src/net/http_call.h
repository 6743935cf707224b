/* SPDX-License-Identifier: Apache-2.0 */
/* A request under way, and the client it belongs to. For src/net/ only. */
#pragma once

#include "net/curl.h"
#include "net/http.h"
#include "net/url.h"

struct http {
	const struct curl *curl;
	CURLM *multi;
	struct http_call *calls; /* those under way */
	int n_calls;
	bool closing;
};

struct http_call {
	struct http *http;
	struct http_call *next, **place; /* in http->calls */
	CURL *easy;
	struct curl_slist *headers;
	char words[CURL_ERROR_SIZE];
	size_t max_body;
	bool too_large;
	http_done_fn *done;
	void *arg;
	struct http_response response;
};

/* Everything that the request asks for, told to libcurl. Negative errno, the reason in `diag`. */
int http_call_prepare(struct http_call *call, const struct http_request *request,
                      const struct url *url, struct diag *diag);

/* As libcurl takes times: rounded up, and at most what fits an int. */
int http_milliseconds(uint64_t ns);
