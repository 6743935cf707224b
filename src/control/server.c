// SPDX-License-Identifier: Apache-2.0
/*
 * One thread, one poll(2). A connection reads its request, then writes its answer and closes, or
 * becomes a tap, whose sink writes from a thread of its own while the server only watches for the
 * peer to hang up. Nobody can hold the server up: descriptors do not block, and a connection that
 * has not asked, or not taken its answer, by its deadline is closed.
 */
#include "control/control.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control/socket.h"
#include "control/tap.h"
#include "util/alloc.h"
#include "util/cleanup.h"
#include "util/thread.h"
#include "util/time.h"

#define CONNECTIONS_MAX 16
#define TAPS_MAX        8 /* so that status is always answered */
#define REQUEST_MAX     4096
#define REQUEST_NS      (5 * NSEC_PER_SEC)
#define ANSWER_NS       (5 * NSEC_PER_SEC)
#define LAST_EVENTS_NS  (100 * NSEC_PER_MSEC) /* for each tap when the server closes */

enum connection_state { READING, ANSWERING, TAPPING, DONE };

struct connection {
	enum connection_state state;
	int fd;
	uint64_t deadline; /* monotonic ns; not for taps */
	struct buf in, out;
	struct sink *tap;
};

struct control {
	const char *host;
	const struct control_ops *ops;
	void *ctx;
	struct sockaddr_un address;
	int listen_fd;
	int stop_fd;
	pthread_t thread;
	struct connection connections[CONNECTIONS_MAX];
	size_t n;
	unsigned int taps_made;
};

/* Queue the object as the answer; takes the reference. */
static void answer(struct connection *conn, json_t *object)
{
	_cleanup_(freep) char *text =
		json_dumps(object, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(12));

	json_decref(object);
	buf_puts(&conn->out, text ? text : "{\"error\":\"the answer is not valid text\"}");
	buf_putc(&conn->out, '\n');
	conn->state = ANSWERING;
	conn->deadline = time_monotonic() + ANSWER_NS;
}

static void refuse(struct connection *conn, const char *why)
{
	answer(conn, json_pack("{s:s}", "error", why));
}

static void on_status(struct control *c, struct connection *conn, const json_t *request)
{
	answer(conn, c->ops->status(c->ctx));
}

static void on_reload(struct control *c, struct connection *conn, const json_t *request)
{
	_cleanup_(diag_donep) struct diag diag = {};

	if (!c->ops->reload)
		refuse(conn, "this agent cannot reload: restart it instead");
	else if (c->ops->reload(c->ctx, &diag))
		refuse(conn, diag_text(&diag));
	else
		answer(conn, json_pack("{s:s}", "reloaded", diag_text(&diag)));
}

static size_t count_taps(const struct control *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++)
		n += c->connections[i].tap != NULL;
	return n;
}

static int find_format(const char *name)
{
	for (int i = 0; format_names[i]; i++)
		if (streq(format_names[i], name))
			return i;
	return -EINVAL;
}

static void on_tap(struct control *c, struct connection *conn, const json_t *request)
{
	const json_t *wanted = json_object_get(request, "probe");
	const char *word = json_string_value(json_object_get(request, "format"));
	int format = word ? find_format(word) : FORMAT_TEXT;
	_cleanup_(freep) char *label = xasprintf("tap-%u", ++c->taps_made);
	_cleanup_(diag_donep) struct diag diag = {};
	struct sink *tap;

	if (format < 0 || (wanted && !json_is_string(wanted))) {
		refuse(conn, format < 0 ? "unknown format" : "\"probe\" is not a name");
		return;
	}
	if (count_taps(c) == TAPS_MAX) {
		refuse(conn, "too many taps are open");
		return;
	}
	tap = tap_new(label, conn->fd, json_string_value(wanted));
	tap->host = c->host;
	tap->format = format;
	tap->color = json_is_true(json_object_get(request, "color"));
	if (sink_start(tap, &diag)) {
		refuse(conn, diag_text(&diag));
		sink_free(tap);
		return;
	}
	conn->tap = tap;
	conn->state = TAPPING;
	c->ops->add_sink(c->ctx, tap);
}

static void handle_request(struct control *c, struct connection *conn, size_t size)
{
	static const struct {
		const char *name;
		void (*handle)(struct control *, struct connection *, const json_t *);
	} commands[] = {{"status", on_status}, {"tap", on_tap}, {"reload", on_reload}};
	json_t *request = json_loadb(conn->in.data, size, JSON_REJECT_DUPLICATES, NULL);
	const char *command = json_string_value(json_object_get(request, "command"));

	if (!command)
		refuse(conn, "not a request: expected a line such as {\"command\":\"status\"}");
	for (size_t i = 0; command && i < ARRAY_SIZE(commands); i++)
		if (streq(commands[i].name, command))
			commands[i].handle(c, conn, request);
	if (conn->state == READING)
		refuse(conn, "unknown command: expected status, tap or reload");
	json_decref(request);
}

static void read_request(struct control *c, struct connection *conn)
{
	ssize_t n = recv(conn->fd, buf_reserve(&conn->in, REQUEST_MAX), REQUEST_MAX, 0);
	const char *end;

	if (n <= 0) {
		if (n == 0 || errno != EAGAIN)
			conn->state = DONE;
		return;
	}
	conn->in.len += (size_t)n;
	end = memchr(conn->in.data, '\n', conn->in.len);
	if (end && end - conn->in.data <= REQUEST_MAX)
		handle_request(c, conn, (size_t)(end - conn->in.data));
	else if (conn->in.len > REQUEST_MAX)
		refuse(conn, "the request is too long");
}

static void write_answer(struct connection *conn)
{
	ssize_t n = send(conn->fd, conn->out.data, conn->out.len, MSG_NOSIGNAL);

	if (n < 0) {
		if (errno != EAGAIN)
			conn->state = DONE;
		return;
	}
	buf_shift(&conn->out, (size_t)n);
	if (!conn->out.len)
		conn->state = DONE;
}

static void connection_done(struct control *c, struct connection *conn, uint64_t timeout_ns)
{
	if (conn->tap) {
		c->ops->remove_sink(c->ctx, conn->tap);
		sink_stop(conn->tap, timeout_ns);
		sink_free(conn->tap);
	}
	close(conn->fd);
	buf_done(&conn->in);
	buf_done(&conn->out);
}

/* Root and the agent's own user; the socket's mode says the same, but a folder may be changed. */
static bool peer_is_trusted(int fd)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
	       (peer.uid == 0 || peer.uid == geteuid());
}

static void accept_connection(struct control *c)
{
	int fd = accept4(c->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct connection *conn;

	if (fd < 0) {
		/* Without descriptors poll() would return at once, again and again. */
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM)
			usleep(100000);
		return;
	}
	assert(c->n < CONNECTIONS_MAX);
	conn = &c->connections[c->n++];
	*conn = (struct connection){.fd = fd, .deadline = time_monotonic() + REQUEST_NS};
	if (!peer_is_trusted(fd))
		refuse(conn, "permission denied: run as root");
}

static void serve(struct control *c, struct connection *conn, short revents)
{
	if (conn->state == READING && revents)
		read_request(c, conn);
	else if (conn->state == TAPPING && revents)
		conn->state = DONE;
	if (conn->state == ANSWERING)
		write_answer(conn);
	if (conn->state != TAPPING && time_monotonic() >= conn->deadline)
		conn->state = DONE;
}

/* Milliseconds until the first deadline, rounded up; -1 when there is none. */
static int next_timeout(const struct control *c)
{
	uint64_t now = time_monotonic(), first = UINT64_MAX;

	for (size_t i = 0; i < c->n; i++)
		if (c->connections[i].state != TAPPING && c->connections[i].deadline < first)
			first = c->connections[i].deadline;
	if (first == UINT64_MAX)
		return -1;
	return first <= now ? 0 : (int)((first - now) / NSEC_PER_MSEC + 1);
}

/* What to wait for; a tap's peer may close its writing side and still read: only a hang-up counts. */
static short wanted_events(const struct connection *conn)
{
	return conn->state == READING ? POLLIN : conn->state == ANSWERING ? POLLOUT : 0;
}

static void *control_main(void *arg)
{
	struct control *c = arg;
	struct pollfd fds[2 + CONNECTIONS_MAX];

	for (;;) {
		fds[0] = (struct pollfd){.fd = c->stop_fd, .events = POLLIN};
		/* More than we serve wait in the backlog, until a deadline makes room. */
		fds[1] = (struct pollfd){
			.fd = c->n < CONNECTIONS_MAX ? c->listen_fd : -1,
			.events = POLLIN,
		};
		for (size_t i = 0; i < c->n; i++)
			fds[2 + i] = (struct pollfd){
				.fd = c->connections[i].fd,
				.events = wanted_events(&c->connections[i]),
			};
		if (poll(fds, 2 + c->n, next_timeout(c)) < 0)
			continue;
		if (fds[0].revents)
			return NULL;
		/* From the end, as the last one takes the place of one that is done. */
		for (size_t i = c->n; i-- > 0;) {
			struct connection *conn = &c->connections[i];

			serve(c, conn, fds[2 + i].revents);
			if (conn->state != DONE)
				continue;
			connection_done(c, conn, 0);
			*conn = c->connections[--c->n];
		}
		if (fds[1].revents)
			accept_connection(c);
	}
}

int control_open(const char *run_dir, const char *host, const struct control_ops *ops, void *ctx,
                 struct control **ret, struct diag *diag)
{
	struct control *c;
	struct sockaddr_un address;
	int fd, r = socket_address(run_dir, &address, diag);

	r = r ? r : socket_listen(run_dir, &address, &fd, diag);
	if (r)
		return r;
	c = xcalloc(1, sizeof(*c));
	c->host = host;
	c->ops = ops;
	c->ctx = ctx;
	c->address = address;
	c->listen_fd = fd;
	c->stop_fd = eventfd(0, EFD_CLOEXEC);
	r = c->stop_fd < 0 ? -errno : thread_start(&c->thread, "control", control_main, c);
	if (r) {
		unlink(address.sun_path);
		close(fd);
		closep(&c->stop_fd);
		free(c);
		return diag_error(diag, r, "%s: no thread for it: %s", run_dir, strerror(-r));
	}
	*ret = c;
	return 0;
}

struct control *control_close(struct control *c)
{
	if (!c)
		return NULL;
	eventfd_write(c->stop_fd, 1);
	pthread_join(c->thread, NULL);
	unlink(c->address.sun_path);
	close(c->listen_fd);
	close(c->stop_fd);
	for (size_t i = 0; i < c->n; i++)
		connection_done(c, &c->connections[i], LAST_EVENTS_NS);
	free(c);
	return NULL;
}
