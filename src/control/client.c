// SPDX-License-Identifier: Apache-2.0
#include "control/control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "control/socket.h"
#include "util/alloc.h"
#include "util/cleanup.h"

#define CHUNK      65536
#define ANSWER_MAX (16u << 20)
#define WAIT_S     10 /* for an answer; a tap may be silent for ever */

static const char error_start[] = "{\"error\":";

static int connect_to(const char *run_dir, int *ret_fd, struct diag *diag)
{
	_cleanup_(closep) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct timeval patience = {.tv_sec = WAIT_S};
	struct sockaddr_un address;
	int r = socket_address(run_dir, &address, diag);

	if (r)
		return r;
	if (fd < 0)
		return diag_error(diag, -errno, "no socket: %s", strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0) {
		*ret_fd = steal_fd(&fd);
		return 0;
	}
	r = -errno;
	if (r == -ENOENT || r == -ECONNREFUSED)
		return diag_error(diag, r, "no agent answers at %s; start one with: quern run",
		                  address.sun_path);
	if (r == -EACCES)
		return diag_error(diag, r, "%s: permission denied; run as root", address.sun_path);
	return diag_error(diag, r, "%s: %s", address.sun_path, strerror(-r));
}

static int send_request(int fd, const json_t *request, struct diag *diag)
{
	_cleanup_(freep) char *text = json_dumps(request, JSON_COMPACT);
	_cleanup_(freep) char *line = xasprintf("%s\n", text ? text : "");
	ssize_t n = send(fd, line, strlen(line), MSG_NOSIGNAL);

	if (n != (ssize_t)strlen(line))
		return diag_error(diag, n < 0 ? -errno : -EIO, "the agent takes no request: %s",
		                  strerror(n < 0 ? errno : EIO));
	return 0;
}

/* The agent's own words out of {"error":"…"}. */
static int refused(const char *line, size_t size, struct diag *diag)
{
	json_t *answer = json_loadb(line, size, 0, NULL);
	const char *why = json_string_value(json_object_get(answer, "error"));
	int r = diag_error(diag, -EREMOTEIO, "the agent refuses: %s", why ? why : "(no reason)");

	json_decref(answer);
	return r;
}

/* Hand over the whole lines in `in` and keep the rest. 1: the caller has enough. */
static int pass_lines(struct buf *in, bool (*lines)(void *, const char *, size_t), void *ctx,
                      struct diag *diag)
{
	const char *last = in->len ? memrchr(in->data, '\n', in->len) : NULL;
	size_t size = last ? (size_t)(last - in->data) + 1 : 0;

	if (!size)
		return in->len > ANSWER_MAX ? diag_error(diag, -EMSGSIZE, "the answer is too long")
		                            : 0;
	if (size > strlen(error_start) && memcmp(in->data, error_start, strlen(error_start)) == 0)
		return refused(in->data, size, diag);
	if (!lines(ctx, in->data, size))
		return 1;
	buf_shift(in, size);
	return 0;
}

int control_request(const char *run_dir, const json_t *request,
                    bool (*lines)(void *ctx, const char *text, size_t size), void *ctx,
                    struct diag *diag)
{
	const char *command = json_string_value(json_object_get(request, "command"));
	struct timeval patience = {.tv_sec = command && streq(command, "tap") ? 0 : WAIT_S};
	_cleanup_(buf_donep) struct buf in = {};
	_cleanup_(closep) int fd = -1;
	bool answered = false;
	int r = connect_to(run_dir, &fd, diag);

	r = r ? r : send_request(fd, request, diag);
	if (r)
		return r;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	for (;;) {
		ssize_t n = recv(fd, buf_reserve(&in, CHUNK), CHUNK, 0);

		if (n < 0 && errno == EAGAIN)
			return diag_error(diag, -ETIMEDOUT, "the agent does not answer");
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		answered = true;
		in.len += (size_t)n;
		r = pass_lines(&in, lines, ctx, diag);
		if (r)
			return r < 0 ? r : 0;
	}
	if (!answered && patience.tv_sec)
		return diag_error(diag, -ECONNRESET, "the agent hung up without an answer");
	return 0;
}
