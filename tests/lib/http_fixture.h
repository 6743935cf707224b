/* SPDX-License-Identifier: Apache-2.0 */
/* For tests of the HTTP client: one, and a scripted server, new for each test. */
#pragma once

#include "fake_http.h"
#include "net/http.h"

extern struct fake_http *server;
extern struct http *client;

/* Setup and teardown of a cmocka test. */
int http_fixture_start(void **state);
int http_fixture_stop(void **state);
#define T(f) cmocka_unit_test_setup_teardown(f, http_fixture_start, http_fixture_stop)

/* Fetch from the server, which answers as told. The request may be empty: GET /path. */
struct http_response get(const struct fake_answer *answer, struct http_request request);

/* The same ends in this error, and its message has `words` in it. */
void assert_fails(const struct fake_answer *answer, struct http_request request,
                  enum http_error error, const char *words);
