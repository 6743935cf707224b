// SPDX-License-Identifier: Apache-2.0
#include "kernel/reader.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "kernel/buffers.h"
#include "util/alloc.h"
#include "util/time.h"

#define READY_MAX 16 /* descriptors looked at in one wait; all buffers are drained anyhow */

struct reader_source {
	struct ring *ring; /* one of the two */
	struct perf *perf;
};

struct reader {
	int epoll_fd, wake_fd;
	struct reader_source **sources;
	size_t n_sources, sources_cap;
};

struct reader *reader_new(void)
{
	struct reader *r = xcalloc(1, sizeof(*r));
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = r};

	r->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	r->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (r->epoll_fd < 0 || r->wake_fd < 0 ||
	    epoll_ctl(r->epoll_fd, EPOLL_CTL_ADD, r->wake_fd, &event) < 0)
		return reader_free(r);
	return r;
}

static void source_free(struct reader_source *s)
{
	ring_close(s->ring);
	perf_close(s->perf);
	free(s);
}

struct reader *reader_free(struct reader *r)
{
	if (!r)
		return NULL;
	for (size_t i = 0; i < r->n_sources; i++)
		source_free(r->sources[i]);
	free(r->sources);
	if (r->epoll_fd >= 0)
		close(r->epoll_fd);
	if (r->wake_fd >= 0)
		close(r->wake_fd);
	free(r);
	return NULL;
}

static int add_source(struct reader *r, struct ring *ring, struct perf *perf,
                      struct reader_source **ret, struct diag *diag)
{
	struct reader_source *s = xcalloc(1, sizeof(*s));
	int err;

	s->ring = ring;
	s->perf = perf;
	err = ring ? ring_watch(ring, r->epoll_fd) : perf_watch(perf, r->epoll_fd);
	if (err) {
		source_free(s);
		return diag_error(diag, err, "cannot wait for a buffer: %s", strerror(-err));
	}
	*array_push(&r->sources, &r->n_sources, &r->sources_cap) = s;
	*ret = s;
	return 0;
}

int reader_add_ring(struct reader *r, int map_fd, reader_record_fn record, void *ctx,
                    struct reader_source **ret, struct diag *diag)
{
	struct ring *ring;
	int err = ring_open(map_fd, record, ctx, &ring, diag);

	return err ? err : add_source(r, ring, NULL, ret, diag);
}

int reader_add_perf(struct reader *r, int map_fd, uint32_t pages, reader_record_fn record,
                    reader_lost_fn lost, void *ctx, struct reader_source **ret, struct diag *diag)
{
	struct perf *perf;
	int err = perf_open(map_fd, pages, record, lost, ctx, &perf, diag);

	return err ? err : add_source(r, NULL, perf, ret, diag);
}

void reader_remove(struct reader *r, struct reader_source *source)
{
	size_t i = 0;

	while (i < r->n_sources && r->sources[i] != source)
		i++;
	assert(i < r->n_sources);
	memmove(&r->sources[i], &r->sources[i + 1], (--r->n_sources - i) * sizeof(*r->sources));
	source_free(source);
}

int reader_wait(struct reader *r, uint64_t timeout_ns)
{
	uint64_t ms = (timeout_ns + NSEC_PER_MSEC - 1) / NSEC_PER_MSEC;
	struct epoll_event ready[READY_MAX];
	int n = epoll_wait(r->epoll_fd, ready, READY_MAX, ms > INT32_MAX ? INT32_MAX : (int)ms);

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	for (int i = 0; i < n; i++) {
		uint64_t wakes;

		if (ready[i].data.ptr == r && read(r->wake_fd, &wakes, sizeof(wakes)) < 0 &&
		    errno != EAGAIN)
			return -errno;
	}
	return 0;
}

void reader_wake(struct reader *r)
{
	int saved = errno;
	ssize_t n = write(r->wake_fd, &(uint64_t){1}, sizeof(uint64_t));

	(void)n; /* a full counter is a wake-up too */
	errno = saved;
}

uint64_t reader_drain_source(struct reader *r, struct reader_source *source)
{
	return source->ring ? ring_drain(source->ring) : perf_drain(source->perf);
}

uint64_t reader_drain(struct reader *r)
{
	uint64_t n = 0;

	for (size_t i = 0; i < r->n_sources; i++)
		n += reader_drain_source(r, r->sources[i]);
	return n;
}
