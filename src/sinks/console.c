// SPDX-License-Identifier: Apache-2.0
/*
 * Events on standard output. Whoever reads it may be slow, stopped (Ctrl-S) or gone, so no write may
 * block: the worker waits in sink_poll(), which ends in time. O_NONBLOCK belongs to the open file,
 * which a terminal or pipe shares with the shell and its other programs, so it is not set there: the
 * same pipe or terminal is opened once more, through /proc, for us alone. Sockets take a flag with
 * every write instead, and files and /dev/null do not block.
 *
 * Into a pipe goes at most PIPE_BUF at once, whole lines: the kernel takes such a write as a whole or
 * not at all, so lines of several writers do not mix, and none is torn when the agent stops while
 * the pipe is full.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sinks/sink.h"
#include "util/alloc.h"
#include "util/cleanup.h"

enum color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

struct console {
	struct sink base;
	int color; /* enum color */
	int fd;
	bool is_socket, is_pipe;
	bool may_block; /* a pipe or terminal that could not be opened for us alone */
};

extern const struct sink_ops console_ops;

static const char *const color_names[] = {
	[COLOR_AUTO] = "auto",
	[COLOR_ALWAYS] = "always",
	[COLOR_NEVER] = "never",
	NULL,
};

static const struct option console_options[] = {
	{
		.key = "color",
		.type = OPTION_CHOICE,
		.offset = offsetof(struct console, color),
		.fallback = "auto",
		.choices = color_names,
		.help = "colour text; auto: on a terminal, unless NO_COLOR is set",
	},
	OPTION_END,
};

static bool wants_color(const struct console *c)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	if (c->color != COLOR_AUTO)
		return c->color == COLOR_ALWAYS;
	return isatty(STDOUT_FILENO) && !(no_color && *no_color) && !(term && streq(term, "dumb"));
}

static int console_open(struct sink *s, struct diag *diag)
{
	struct console *c = (struct console *)s;
	struct stat st;
	bool is_terminal;

	if (fstat(STDOUT_FILENO, &st) < 0)
		return diag_error(diag, -errno,
		                  "sink %s: standard output is closed; run with >/dev/null to "
		                  "throw events away",
		                  s->label);
	c->is_socket = S_ISSOCK(st.st_mode);
	c->is_pipe = S_ISFIFO(st.st_mode);
	is_terminal = isatty(STDOUT_FILENO);
	c->fd = -1;
	if (c->is_pipe || is_terminal)
		c->fd = open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (c->fd < 0) { /* there is no /proc, or the terminal is another user's */
		c->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
		c->may_block = c->is_pipe || is_terminal;
	}
	if (c->fd < 0)
		return diag_error(diag, -errno, "sink %s: standard output: %s", s->label,
		                  strerror(errno));
	s->color = wants_color(c);
	return 0;
}

static void console_close(struct sink *s)
{
	struct console *c = (struct console *)s;

	closep(&c->fd);
}

/* How much of the `n` bytes at `p` to write at once. */
static size_t chunk_size(const struct console *c, const char *p, size_t n)
{
	const char *end;

	if ((!c->is_pipe && !c->may_block) || n <= PIPE_BUF)
		return n;
	end = memrchr(p, '\n', PIPE_BUF);
	return end ? (size_t)(end - p) + 1 : PIPE_BUF;
}

static ssize_t write_some(const struct console *c, const char *p, size_t n)
{
	if (c->is_socket)
		return send(c->fd, p, n, MSG_DONTWAIT | MSG_NOSIGNAL);
	return write(c->fd, p, chunk_size(c, p, n));
}

static enum verdict console_send(struct sink *s, struct payload *payload)
{
	struct console *c = (struct console *)s;

	while (payload->taken < payload->bytes.len) {
		ssize_t n;

		if (c->may_block && !sink_poll(s, c->fd, POLLOUT))
			return SINK_RETRY;
		n = write_some(c, payload->bytes.data + payload->taken,
		               payload->bytes.len - payload->taken);
		if (n >= 0) {
			payload->taken += (size_t)n;
		} else if (errno == EAGAIN) {
			if (!sink_poll(s, c->fd, POLLOUT))
				return SINK_RETRY;
		} else if (errno == ENOSPC || errno == EDQUOT) {
			return SINK_RETRY; /* a file on a full disk: there may be room later */
		} else {
			s->broken = true;
			return SINK_REJECT;
		}
	}
	return SINK_DONE;
}

const struct sink_ops console_ops = {
	.name = "console",
	.help = "events on standard output",
	.size = sizeof(struct console),
	.options = console_options,
	.flush_bytes = 64 << 10,
	.open = console_open,
	.send = console_send,
	.close = console_close,
};
