// SPDX-License-Identifier: Apache-2.0
#include "http_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "util/alloc.h"

struct fake_http *server;
struct http *client;

int http_fixture_start(void **state)
{
	server = fake_http_start(NULL, NULL);
	return http_new(4, &client, NULL);
}

int http_fixture_stop(void **state)
{
	client = http_free(client);
	server = fake_http_stop(server);
	return 0;
}

struct http_response get(const struct fake_answer *answer, struct http_request request)
{
	_cleanup_(freep) char *url = xasprintf("%s/path", fake_http_url(server));
	struct http_response response;

	fake_http_script(server, answer, 1);
	if (!request.method)
		request.method = "GET";
	if (!request.url)
		request.url = url;
	http_fetch(client, &request, &response);
	return response;
}

void assert_fails(const struct fake_answer *answer, struct http_request request,
                  enum http_error error, const char *words)
{
	_cleanup_(http_response_donep) struct http_response r = get(answer, request);

	if (r.error != error || !r.message || !strstr(r.message, words))
		fail_msg("%s (%s), not %s: %s", http_error_names[r.error], words,
		         http_error_names[error], r.message ? r.message : "no message");
}
