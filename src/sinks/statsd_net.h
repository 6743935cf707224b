/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way to a statsd server: a socket that is connected when it is needed, and again after trouble,
 * to the next of the host's addresses. Names are looked up anew on an interval, by a thread of its own,
 * since a resolver may hang for longer than the agent may. Private to the statsd sink; one thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "sinks/sink.h"

enum statsd_transport { STATSD_UDP, STATSD_TCP, STATSD_UNIX, STATSD_UNIX_STREAM };

struct addrinfo;
struct lookup;

/* The first part is the caller's, filled before statsd_net_init(). */
struct statsd_net {
	enum statsd_transport transport;
	const char *host, *path;
	uint16_t port;
	uint64_t resolve_interval; /* ns; 0: once */

	int fd;       /* -1: not connected */
	size_t ahead; /* bytes of a piece that is not through; the caller's, 0 on a new connection */
	struct addrinfo *addresses, *current;
	struct lookup *lookup; /* under way; NULL: none */
	uint64_t resolved;     /* monotonic ns */
};

static inline bool statsd_net_is_unix(const struct statsd_net *n)
{
	return n->transport == STATSD_UNIX || n->transport == STATSD_UNIX_STREAM;
}

static inline bool statsd_net_is_stream(const struct statsd_net *n)
{
	return n->transport == STATSD_TCP || n->transport == STATSD_UNIX_STREAM;
}

/* Connects to nothing yet. */
void statsd_net_init(struct statsd_net *n);
void statsd_net_done(struct statsd_net *n);

/*
 * Have a connection that the peer has not closed, as far as can be seen. Waits in sink_poll().
 * Negative errno: -ECANCELED when the time to stop came; else there is none for now, and disconnect.
 */
int statsd_net_connect(struct statsd_net *n, struct sink *s);

/* Never blocks: bytes that were taken, or negative errno. After one but -EAGAIN: disconnect. */
ssize_t statsd_net_write(struct statsd_net *n, const void *data, size_t size);

/* The next connection goes to the next address. */
void statsd_net_disconnect(struct statsd_net *n);
