// SPDX-License-Identifier: Apache-2.0
/*
 * A peer that reads too slowly must not hold up anybody: its queue fills and drops the newest
 * events, and as soon as it takes lines again the first is a remark that says how many it missed.
 * (The queue was full then, so there always is a payload to come that the remark can precede.)
 */
#include "control/tap.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "util/alloc.h"

#define QUEUE_BYTES (4u << 20)

struct tap {
	struct sink base;
	int fd;
	char *only;
	struct buf remark; /* what of it is still to be sent */
	uint64_t told;     /* events that the peer knows it missed */
};

static int tap_open(struct sink *s, struct diag *diag)
{
	return 0;
}

static void tap_close(struct sink *s)
{
	struct tap *t = (struct tap *)s;

	buf_done(&t->remark);
	free(steal(&t->only));
}

static bool tap_wants(const struct sink *s, const struct event *event)
{
	const char *only = ((const struct tap *)s)->only;

	return !only || streq(event->probe, only) || streq(event->name, only);
}

static void remark_missed(struct tap *t)
{
	uint64_t missed = 0;

	for (uint32_t id = 0; id < EVENTS_MAX; id++)
		missed += atomic_load(&t->base.tallies[id].dropped[DROP_QUEUE_FULL]);
	if (missed == t->told)
		return;
	buf_printf(&t->remark, "# %llu events missed: they came faster than they were read\n",
	           (unsigned long long)(missed - t->told));
	t->told = missed;
}

/* Send data behind *taken, which moves along. */
static enum verdict send_all(struct tap *t, const struct buf *data, size_t *taken)
{
	while (*taken < data->len) {
		ssize_t n = send(t->fd, data->data + *taken, data->len - *taken,
		                 MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n >= 0) {
			*taken += (size_t)n;
		} else if (errno != EAGAIN) {
			t->base.broken = true;
			return SINK_REJECT;
		} else if (!sink_poll(&t->base, t->fd, POLLOUT)) {
			return SINK_RETRY;
		}
	}
	return SINK_DONE;
}

static enum verdict tap_send(struct sink *s, struct payload *payload)
{
	struct tap *t = (struct tap *)s;
	enum verdict verdict;
	size_t taken = 0;

	if (!payload->taken && !t->remark.len)
		remark_missed(t);
	verdict = send_all(t, &t->remark, &taken);
	buf_shift(&t->remark, taken);
	return verdict == SINK_DONE ? send_all(t, &payload->bytes, &payload->taken) : verdict;
}

static const struct sink_ops tap_ops = {
	.name = "tap",
	.help = "events to a client of the control socket",
	.size = sizeof(struct tap),
	.flush_bytes = 64 << 10,
	.open = tap_open,
	.send = tap_send,
	.close = tap_close,
	.wants = tap_wants,
};

struct sink *tap_new(const char *label, int fd, const char *only)
{
	struct tap *t = (struct tap *)sink_new(&tap_ops, label);

	t->fd = fd;
	t->only = only ? xstrdup(only) : NULL;
	t->base.queue_bytes = QUEUE_BYTES;
	return &t->base;
}
