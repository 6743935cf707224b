/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An HTTP server on loopback that answers by a script: well, badly, slowly, half, or not at all. A
 * thread for each connection. Meant for tests: whatever goes wrong in the server itself is fatal.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "util/buf.h"

enum fake_end {
	FAKE_KEEP,  /* the connection waits for the next request */
	FAKE_CLOSE, /* it is closed in good order */
	FAKE_RESET, /* it is reset */
	FAKE_HANG,  /* nothing more is sent, until the client gives up */
};

struct fake_answer {
	unsigned int status; /* 0: 200 */
	const char *headers; /* more of them, each ending in "\r\n" */
	const char *body;
	size_t body_size;      /* 0: strlen() */
	const char *raw;       /* sent instead of all of the above */
	unsigned int delay_ms; /* before the first byte */
	size_t chunk;          /* the body goes out in pieces so large … */
	unsigned int pause_ms; /* … with so much time between them */
	size_t cut;            /* send so much of the body, then end; 0: all of it */
	enum fake_end end;
};

struct fake_request {
	char *method, *target; /* "PUT", "/path?query" */
	char *headers;         /* lines ending in "\r\n" */
	struct buf body;
};

/* Fill in an answer (zeroed before) to a request; called by several threads at a time. */
typedef void fake_handler(const struct fake_request *request, struct fake_answer *answer,
                          void *arg);

struct fake_http;

/* With TLS when `certificate` (PEM, with its key) is given; it then asks for a client's when `ca` is. */
struct fake_http *fake_http_start(const char *certificate, const char *ca);
struct fake_http *fake_http_stop(struct fake_http *f);

static inline void fake_http_stopp(struct fake_http **f)
{
	if (*f)
		fake_http_stop(*f);
}

/* "http://127.0.0.1:PORT" (or https). Lives as long as the server. */
const char *fake_http_url(const struct fake_http *f);

/*
 * Answer requests by these, one after the other; the last one repeats. Strings are borrowed. Requests
 * seen so far are forgotten.
 */
void fake_http_script(struct fake_http *f, const struct fake_answer *answers, size_t n);
void fake_http_handle(struct fake_http *f, fake_handler *handler, void *arg);

/* Requests since the last script or handler. Those below the count live until the next. */
size_t fake_http_count(struct fake_http *f);
const struct fake_request *fake_http_request(struct fake_http *f, size_t i);

/* Connections accepted since the start. */
size_t fake_http_connections(struct fake_http *f);

/* The value of a request's header in a heap string, or NULL. */
char *fake_http_header(const struct fake_request *r, const char *name);
