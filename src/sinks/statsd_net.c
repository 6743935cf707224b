// SPDX-License-Identifier: Apache-2.0
#include "sinks/statsd_net.h"

#include <assert.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "util/alloc.h"
#include "util/cleanup.h"
#include "util/thread.h"
#include "util/time.h"

#define CONNECT_TRIES   3     /* SYNs: some 15 s */
#define UNANSWERED_MSEC 30000 /* then a TCP connection is dead */

/* A name that is being looked up. Of the thread and of who asked: the last one frees it. */
struct lookup {
	atomic_uint refs;
	atomic_bool done;
	int fd; /* readable when done */
	char *host;
	char port[8];
	struct addrinfo hints, *result; /* NULL: it was not found */
};

static struct lookup *lookup_unref(struct lookup *l)
{
	if (!l || atomic_fetch_sub(&l->refs, 1) > 1)
		return NULL;
	if (l->result)
		freeaddrinfo(l->result);
	closep(&l->fd);
	free(l->host);
	free(l);
	return NULL;
}

static void *lookup_main(void *arg)
{
	struct lookup *l = arg;

	if (getaddrinfo(l->host, l->port, &l->hints, &l->result))
		l->result = NULL;
	atomic_store(&l->done, true);
	eventfd_write(l->fd, 1);
	lookup_unref(l);
	return NULL;
}

static int lookup_start(const struct statsd_net *n, struct lookup **ret)
{
	struct lookup *l = xcalloc(1, sizeof(*l));
	pthread_t thread;
	int r;

	atomic_init(&l->refs, 2);
	l->host = xstrdup(n->host);
	snprintf(l->port, sizeof(l->port), "%u", n->port);
	l->hints.ai_socktype = n->transport == STATSD_UDP ? SOCK_DGRAM : SOCK_STREAM;
	l->fd = eventfd(0, EFD_CLOEXEC);
	r = l->fd < 0 ? -errno : thread_start(&thread, "statsd:resolve", lookup_main, l);
	if (r) {
		atomic_store(&l->refs, 1);
		lookup_unref(l);
		return r;
	}
	pthread_detach(thread);
	*ret = l;
	return 0;
}

static void close_socket(struct statsd_net *n)
{
	closep(&n->fd);
	n->fd = -1;
	n->ahead = 0;
}

void statsd_net_init(struct statsd_net *n)
{
	n->fd = -1;
}

void statsd_net_done(struct statsd_net *n)
{
	close_socket(n);
	n->lookup = lookup_unref(n->lookup);
	if (n->addresses)
		freeaddrinfo(n->addresses);
	n->addresses = n->current = NULL;
}

static struct addrinfo *find_address(struct addrinfo *list, const struct addrinfo *like)
{
	for (; list; list = list->ai_next)
		if (list->ai_addrlen == like->ai_addrlen &&
		    memcmp(list->ai_addr, like->ai_addr, like->ai_addrlen) == 0)
			break;
	return list;
}

/* What is connected stays so while the name still has that address. */
static void take_addresses(struct statsd_net *n, struct addrinfo *list)
{
	struct addrinfo *same = n->current ? find_address(list, n->current) : NULL;

	if (!same)
		close_socket(n);
	if (n->addresses)
		freeaddrinfo(n->addresses);
	n->addresses = list;
	n->current = same ?: list;
}

/* Addresses to connect to. With old ones at hand nothing waits for the new ones. */
static int resolve(struct statsd_net *n, struct sink *s)
{
	uint64_t now = time_monotonic();
	bool due =
		!n->addresses || (n->resolve_interval && now - n->resolved >= n->resolve_interval);

	if (due && !n->lookup) {
		int r = lookup_start(n, &n->lookup);

		n->resolved = now;
		if (r)
			return n->addresses ? 0 : r;
	}
	if (!n->lookup)
		return 0;
	if (!n->addresses && !sink_poll(s, n->lookup->fd, POLLIN))
		return -ECANCELED;
	if (!atomic_load(&n->lookup->done))
		return 0;
	if (n->lookup->result)
		take_addresses(n, steal(&n->lookup->result));
	n->lookup = lookup_unref(n->lookup);
	return n->addresses ? 0 : -EHOSTUNREACH;
}

/* Whatever the server says is thrown away; what is of interest is whether it is still there. */
static bool has_hung_up(const struct statsd_net *n)
{
	char scrap[512];
	ssize_t got;

	if (!statsd_net_is_stream(n))
		return false;
	do
		got = recv(n->fd, scrap, sizeof(scrap), MSG_DONTWAIT);
	while (got > 0);
	return got == 0 || errno != EAGAIN;
}

static void set_limits(const struct statsd_net *n, int fd)
{
	int tries = CONNECT_TRIES, unanswered = UNANSWERED_MSEC, discover = IP_PMTUDISC_DONT;

	/* Only advice: without it things take longer, or large packets get lost. */
	if (n->transport == STATSD_TCP) {
		setsockopt(fd, IPPROTO_TCP, TCP_SYNCNT, &tries, sizeof(tries));
		setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unanswered, sizeof(unanswered));
	} else if (n->transport == STATSD_UDP) {
		setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &discover, sizeof(discover));
	}
}

static int connect_to(struct statsd_net *n, struct sink *s, const struct sockaddr *address,
                      socklen_t size)
{
	int type = statsd_net_is_stream(n) ? SOCK_STREAM : SOCK_DGRAM, error = 0;
	_cleanup_(closep) int fd =
		socket(address->sa_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	socklen_t error_size = sizeof(error);

	if (fd < 0)
		return -errno;
	set_limits(n, fd);
	if (connect(fd, address, size) < 0 && errno != EINPROGRESS)
		return -errno;
	if (statsd_net_is_stream(n) && !sink_poll(s, fd, POLLOUT))
		return -ECANCELED;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &error_size) < 0)
		return -errno;
	if (!error)
		n->fd = steal_fd(&fd);
	return -error;
}

static int connect_unix(struct statsd_net *n, struct sink *s)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	assert(strlen(n->path) < sizeof(address.sun_path));
	memcpy(address.sun_path, n->path, strlen(n->path));
	return connect_to(n, s, (const struct sockaddr *)&address, sizeof(address));
}

int statsd_net_connect(struct statsd_net *n, struct sink *s)
{
	int r = statsd_net_is_unix(n) ? 0 : resolve(n, s);

	if (r)
		return r;
	if (n->fd >= 0 && has_hung_up(n))
		close_socket(n);
	if (n->fd >= 0)
		return 0;
	if (statsd_net_is_unix(n))
		return connect_unix(n, s);
	return connect_to(n, s, n->current->ai_addr, n->current->ai_addrlen);
}

ssize_t statsd_net_write(struct statsd_net *n, const void *data, size_t size)
{
	ssize_t done = send(n->fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);

	return done < 0 ? -errno : done;
}

void statsd_net_disconnect(struct statsd_net *n)
{
	close_socket(n);
	if (n->current)
		n->current = n->current->ai_next ?: n->addresses;
}
