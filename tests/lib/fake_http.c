// SPDX-License-Identifier: Apache-2.0
#include "fake_http.h"

#include <arpa/inet.h>
#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <openssl/ssl.h>

#include "util/alloc.h"
#include "util/cleanup.h"

#define HEAD_MAX     65536
#define REQUESTS_MAX 1024

struct fake_http {
	int listener, stop; /* `stop` becomes readable when the server ends */
	char url[64];
	SSL_CTX *tls;
	pthread_t acceptor;
	pthread_mutex_t lock; /* of all that follows */
	pthread_t *threads;
	size_t n_threads, cap_threads;
	struct fake_answer *script;
	size_t n_script, step;
	fake_handler *handler;
	void *arg;
	struct fake_request requests[REQUESTS_MAX];
	size_t n_requests;
};

struct connection {
	struct fake_http *server;
	int fd;
	SSL *ssl;
	struct buf in;
};

/* False when the server ends first. */
static bool wait_for(const struct connection *c, int fd, int ms)
{
	struct pollfd p[] = {{.fd = c->server->stop, .events = POLLIN},
	                     {.fd = fd, .events = POLLIN}};

	poll(p, 2, ms);
	return !p[0].revents;
}

static ssize_t receive(struct connection *c)
{
	char *to = buf_reserve(&c->in, 16384);
	ssize_t n;

	if (!(c->ssl && SSL_pending(c->ssl)) && !wait_for(c, c->fd, -1))
		return -1;
	n = c->ssl ? SSL_read(c->ssl, to, 16384) : recv(c->fd, to, 16384, 0);
	if (n > 0)
		c->in.len += (size_t)n;
	return n;
}

static bool transmit(struct connection *c, const char *data, size_t size)
{
	while (size) {
		ssize_t n = c->ssl ? SSL_write(c->ssl, data, (int)size)
		                   : send(c->fd, data, size, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		data += n;
		size -= (size_t)n;
	}
	return true;
}

char *fake_http_header(const struct fake_request *r, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = r->headers; *p; p = strstr(p, "\r\n") + 2)
		if (!strncasecmp(p, name, n) && p[n] == ':') {
			p += n + 1 + strspn(p + n + 1, " ");
			return xstrndup(p, strcspn(p, "\r"));
		}
	return NULL;
}

/* Read one request. False when the client has gone. */
static bool receive_request(struct connection *c, struct fake_request *r)
{
	char *end = NULL, *line_end, *space;
	_cleanup_(freep) char *length = NULL, *expect = NULL;
	size_t body;

	while (!c->in.len || !(end = strstr(buf_cstr(&c->in), "\r\n\r\n")))
		if (receive(c) <= 0 || c->in.len > HEAD_MAX || !isupper(c->in.data[0]))
			return false; /* gone, or speaks no HTTP */
	line_end = strstr(c->in.data, "\r\n");
	r->method = xstrndup(c->in.data, strcspn(c->in.data, " "));
	space = strchr(c->in.data, ' ');
	r->target = xstrndup(space + 1, strcspn(space + 1, " "));
	r->headers = xstrndup(line_end + 2, (size_t)(end - line_end));
	buf_shift(&c->in, (size_t)(end + 4 - c->in.data));

	length = fake_http_header(r, "Content-Length");
	expect = fake_http_header(r, "Expect");
	if (expect && !transmit(c, "HTTP/1.1 100 Continue\r\n\r\n", 25))
		return false;
	body = length ? strtoul(length, NULL, 10) : 0;
	while (c->in.len < body)
		if (receive(c) <= 0)
			return false;
	buf_append(&r->body, c->in.data, body);
	buf_shift(&c->in, body);
	return true;
}

static void forget_requests(struct fake_http *f)
{
	for (size_t i = 0; i < f->n_requests; i++) {
		free(f->requests[i].method);
		free(f->requests[i].target);
		free(f->requests[i].headers);
		buf_done(&f->requests[i].body);
		f->requests[i] = (struct fake_request){};
	}
	f->n_requests = 0;
}

/* Keep the request, and look up what to answer. */
static struct fake_answer decide(struct fake_http *f, const struct fake_request *r)
{
	struct fake_answer a = {.status = 500, .body = "no script"};
	fake_handler *handler;
	void *arg;

	pthread_mutex_lock(&f->lock);
	assert(f->n_requests < REQUESTS_MAX);
	f->requests[f->n_requests++] = *r;
	handler = f->handler;
	arg = f->arg;
	if (!handler && f->n_script) {
		a = f->script[f->step];
		if (f->step + 1 < f->n_script)
			f->step++;
	}
	pthread_mutex_unlock(&f->lock);
	if (handler) {
		a = (struct fake_answer){};
		handler(r, &a, arg);
	}
	return a;
}

static bool send_answer(struct connection *c, const struct fake_answer *a, bool headers_only)
{
	size_t size = a->body_size ? a->body_size : a->body ? strlen(a->body) : 0;
	size_t end = a->cut && a->cut < size ? a->cut : size;
	size_t chunk = a->chunk ? a->chunk : end;
	_cleanup_(buf_donep) struct buf head = {};

	if (a->raw)
		return transmit(c, a->raw, strlen(a->raw));
	buf_printf(&head, "HTTP/1.1 %u Scripted\r\nContent-Length: %zu\r\n%s\r\n",
	           a->status ? a->status : 200, size, a->headers ? a->headers : "");
	if (!transmit(c, head.data, head.len))
		return false;
	if (headers_only)
		return true;
	for (size_t at = 0; at < end; at += chunk) {
		size_t n = end - at < chunk ? end - at : chunk;

		if (at && !wait_for(c, -1, (int)a->pause_ms))
			return false;
		if (!transmit(c, a->body + at, n))
			return false;
	}
	return true;
}

/* Returns whether the connection goes on. */
static bool serve(struct connection *c)
{
	const struct linger reset = {.l_onoff = 1};
	struct fake_request r = {};
	struct fake_answer a;
	bool is_head;

	if (!receive_request(c, &r)) {
		free(r.method);
		free(r.target);
		free(r.headers);
		buf_done(&r.body);
		return false;
	}
	is_head = streq(r.method, "HEAD");
	a = decide(c->server, &r); /* from here on, the request is the server's */
	if (a.delay_ms && !wait_for(c, -1, (int)a.delay_ms))
		return false;
	if (!send_answer(c, &a, is_head))
		return false;
	if (a.end == FAKE_RESET)
		setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	while (a.end == FAKE_HANG && receive(c) > 0)
		;
	return a.end == FAKE_KEEP;
}

static void *run_connection(void *arg)
{
	struct connection *c = arg;

	if (c->server->tls) {
		c->ssl = SSL_new(c->server->tls);
		SSL_set_fd(c->ssl, c->fd);
	}
	if (!c->ssl || SSL_accept(c->ssl) == 1)
		while (serve(c))
			;
	SSL_free(c->ssl);
	close(c->fd);
	buf_done(&c->in);
	free(c);
	return NULL;
}

static void *run_acceptor(void *arg)
{
	struct fake_http *f = arg;
	struct connection self = {.server = f};

	while (wait_for(&self, f->listener, -1)) {
		struct connection *c = xcalloc(1, sizeof(*c));
		int on = 1;

		c->server = f;
		c->fd = accept4(f->listener, NULL, NULL, SOCK_CLOEXEC);
		assert(c->fd >= 0);
		setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		pthread_mutex_lock(&f->lock);
		if (pthread_create(array_push(&f->threads, &f->n_threads, &f->cap_threads), NULL,
		                   run_connection, c))
			abort();
		pthread_mutex_unlock(&f->lock);
	}
	return NULL;
}

static SSL_CTX *make_tls(const char *certificate, const char *ca)
{
	SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
	int ok = SSL_CTX_use_certificate_file(tls, certificate, SSL_FILETYPE_PEM) == 1 &&
	         SSL_CTX_use_PrivateKey_file(tls, certificate, SSL_FILETYPE_PEM) == 1;

	if (ok && ca) {
		ok = SSL_CTX_load_verify_locations(tls, ca, NULL) == 1;
		SSL_CTX_set_verify(tls, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	}
	assert(ok);
	return tls;
}

struct fake_http *fake_http_start(const char *certificate, const char *ca)
{
	struct fake_http *f = xcalloc(1, sizeof(*f));
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(a);
	int r;

	f->stop = eventfd(0, EFD_CLOEXEC);
	f->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	r = bind(f->listener, (struct sockaddr *)&a, sizeof(a));
	r |= listen(f->listener, 64);
	r |= getsockname(f->listener, (struct sockaddr *)&a, &size);
	assert(f->stop >= 0 && !r);
	if (certificate)
		f->tls = make_tls(certificate, ca);
	snprintf(f->url, sizeof(f->url), "http%s://127.0.0.1:%u", certificate ? "s" : "",
	         ntohs(a.sin_port));
	pthread_mutex_init(&f->lock, NULL);
	r = pthread_create(&f->acceptor, NULL, run_acceptor, f);
	assert(!r);
	return f;
}

struct fake_http *fake_http_stop(struct fake_http *f)
{
	eventfd_write(f->stop, 1);
	pthread_join(f->acceptor, NULL);
	for (size_t i = 0; i < f->n_threads; i++)
		pthread_join(f->threads[i], NULL);
	close(f->listener);
	close(f->stop);
	SSL_CTX_free(f->tls);
	forget_requests(f);
	free(f->threads);
	free(f->script);
	pthread_mutex_destroy(&f->lock);
	free(f);
	return NULL;
}

const char *fake_http_url(const struct fake_http *f)
{
	return f->url;
}

void fake_http_script(struct fake_http *f, const struct fake_answer *answers, size_t n)
{
	pthread_mutex_lock(&f->lock);
	forget_requests(f);
	free(f->script);
	f->script = xmemdup(answers, n * sizeof(*answers));
	f->n_script = n;
	f->step = 0;
	f->handler = NULL;
	pthread_mutex_unlock(&f->lock);
}

void fake_http_handle(struct fake_http *f, fake_handler *handler, void *arg)
{
	pthread_mutex_lock(&f->lock);
	forget_requests(f);
	f->handler = handler;
	f->arg = arg;
	pthread_mutex_unlock(&f->lock);
}

size_t fake_http_count(struct fake_http *f)
{
	size_t n;

	pthread_mutex_lock(&f->lock);
	n = f->n_requests;
	pthread_mutex_unlock(&f->lock);
	return n;
}

const struct fake_request *fake_http_request(struct fake_http *f, size_t i)
{
	assert(i < fake_http_count(f));
	return &f->requests[i];
}

size_t fake_http_connections(struct fake_http *f)
{
	size_t n;

	pthread_mutex_lock(&f->lock);
	n = f->n_threads;
	pthread_mutex_unlock(&f->lock);
	return n;
}
