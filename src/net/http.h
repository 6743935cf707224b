/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An HTTP client: any number of requests at once, driven by one thread that calls http_poll(). What
 * servers answer is hostile: headers and bodies are bounded, nothing is decompressed, redirects are
 * followed only when asked to. Connections are kept and used again.
 *
 * Threads: a client belongs to one thread; http_wakeup() may come from any. The program ignores
 * SIGPIPE. Ownership: what a request points to stays the caller's and must live until its `done`.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/buf.h"
#include "util/cleanup.h"
#include "util/diag.h"

#define HTTP_BODY_MAX    (1u << 20) /* of an answer, unless the request says otherwise */
#define HTTP_HEADERS_MAX 16384      /* of an answer */

enum http_error {
	HTTP_OK,      /* an answer came, whatever its status */
	HTTP_NAME,    /* the host's name, or the proxy's, is unknown */
	HTTP_REFUSED, /* nobody listens there */
	HTTP_NETWORK, /* unreachable, reset, cut short, not HTTP */
	HTTP_TIMEOUT, /* any of the request's times has passed */
	HTTP_TLS, /* no agreement, or a certificate that is not to be trusted or not to be read */
	HTTP_TOO_LARGE, /* the answer is larger than allowed */
	HTTP_INVALID,   /* a URL or a header that cannot be sent (http_fetch() only) */
	HTTP_ABORTED,   /* by http_abort() or http_free() */
	HTTP_ERRORS,
};

/* A word for each, for metrics and logs: "timeout". */
extern const char *const http_error_names[HTTP_ERRORS];

struct http_response {
	enum http_error error;
	char *message;       /* what went wrong, in libcurl's words; NULL when nothing did */
	unsigned int status; /* 200 …; 0 without an answer */
	struct buf headers;  /* of the last answer, after redirects; see http_response_header() */
	struct buf body;
	bool secret; /* as in the request */
};

struct http;      /* a client */
struct http_call; /* a request under way */

typedef void http_done_fn(struct http_response *response, void *arg);

struct http_request {
	const char *method;         /* "GET", "HEAD", "PUT", "POST", "DELETE" */
	const char *url;            /* http or https, percent-encoded */
	const char *const *headers; /* "Name: value" lines, NULL at the end; or NULL */
	const void *body;           /* not copied */
	size_t body_size;
	const char *ca_file;                  /* instead of the system's authorities; PEM */
	const char *client_cert, *client_key; /* PEM; the key may be in the former's file */
	uint64_t connect_ns;                  /* 0: 10 s */
	uint64_t total_ns;                    /* 0: no limit */
	uint64_t stall_ns;                    /* not a byte for so long; whole seconds, 0: 30 s */
	unsigned int redirects;               /* how many to follow */
	bool direct;     /* no proxy; loopback and link-local hosts never get one */
	bool secret;     /* the answer's body is wiped before its memory is given back */
	size_t max_body; /* of the answer; 0: HTTP_BODY_MAX */
	/*
	 * Called by http_poll(), http_abort() or http_free(), exactly once for each http_start() that
	 * succeeded. The response is freed afterwards: a body to keep is moved out of it. It may start
	 * and abort other requests.
	 */
	http_done_fn *done;
	void *arg;
};

/* Keeps up to `connections` idle connections. -ENOENT without libcurl, see `diag`. */
int http_new(unsigned int connections, struct http **ret, struct diag *diag);

/* Aborts what is under way; nothing can be started from then on. */
struct http *http_free(struct http *h);
static inline void http_freep(struct http **h)
{
	http_free(*h);
}

/* -EINVAL for a URL or a header that cannot be sent, -ECANCELED; the reason in `diag`. */
int http_start(struct http *h, const struct http_request *request, struct http_call **ret,
               struct diag *diag);

/* Ends a request that is under way; not from within its own `done`. */
void http_abort(struct http *h, struct http_call *call);

/*
 * Send and receive what can be; wait up to `timeout_ns` for something to happen, and return at once
 * when a request has ended. Returns how many are under way, or a negative errno.
 */
int http_poll(struct http *h, uint64_t timeout_ns);

/* Make http_poll() return, now or when it is called next. Any thread. */
void http_wakeup(struct http *h);

/*
 * One request, waited for. `done` and `arg` are not used. Always fills *ret (the error says how it
 * went); the caller ends with http_response_done(). Other requests go on meanwhile.
 */
void http_fetch(struct http *h, const struct http_request *request, struct http_response *ret);

void http_response_done(struct http_response *r);
static inline void http_response_donep(struct http_response *r)
{
	http_response_done(r);
}

/* The value of a header of the answer, or NULL; the first one when it is repeated. */
const char *http_response_header(const struct http_response *r, const char *name);

/* "Fri, 24 May 2013 00:00:00 GMT" (the Date header) to seconds since 1970. -EINVAL. */
int http_parse_date(const char *text, uint64_t *ret_seconds);
