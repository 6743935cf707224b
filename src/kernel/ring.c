// SPDX-License-Identifier: Apache-2.0
/*
 * A BPF ring buffer, mapped as the kernel lays it out: one page with the consumer's position, which
 * we write; one with the producers'; then the data, mapped twice in a row so that no record wraps.
 *
 * libbpf's ring_buffer is not used for three reasons: it goes on for as long as producers keep up,
 * while a drain has to end (the producers' position is read once); it stores the consumer's
 * position after every record, and each store takes the cache line from the producers, who read it
 * on every reserve; and a buffer once added cannot be removed.
 */
#include "kernel/buffers.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>

#include "util/alloc.h"
#include "util/cleanup.h"

#define RELEASE_PARTS 8 /* give space back each time this part of the buffer was read */

struct ring {
	int fd, epoll_fd; /* epoll_fd: borrowed, -1 until watched */
	size_t size, page;
	unsigned long *consumer;
	const unsigned long *producer;
	const uint8_t *data;
	reader_record_fn record;
	void *ctx;
};

struct ring *ring_close(struct ring *r)
{
	if (!r)
		return NULL;
	/* The map's other descriptors share its open file, which epoll holds on to. */
	if (r->epoll_fd >= 0)
		epoll_ctl(r->epoll_fd, EPOLL_CTL_DEL, r->fd, NULL);
	if (r->consumer)
		munmap(r->consumer, r->page);
	if (r->producer)
		munmap((void *)r->producer, r->page + 2 * r->size);
	if (r->fd >= 0)
		close(r->fd);
	free(r);
	return NULL;
}
DEFINE_CLEANUP(struct ring *, ring_close)

static int map_ring(struct ring *r)
{
	void *p = mmap(NULL, r->page, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, 0);

	if (p == MAP_FAILED)
		return -errno;
	r->consumer = p;
	p = mmap(NULL, r->page + 2 * r->size, PROT_READ, MAP_SHARED, r->fd, (off_t)r->page);
	if (p == MAP_FAILED)
		return -errno;
	r->producer = p;
	r->data = (const uint8_t *)p + r->page;
	return 0;
}

int ring_open(int map_fd, reader_record_fn record, void *ctx, struct ring **ret, struct diag *diag)
{
	_cleanup_(ring_closep) struct ring *r = xcalloc(1, sizeof(*r));
	struct bpf_map_info info = {};
	uint32_t size = sizeof(info);
	int err;

	r->epoll_fd = -1;
	r->fd = fcntl(map_fd, F_DUPFD_CLOEXEC, 3);
	if (r->fd < 0 || bpf_obj_get_info_by_fd(r->fd, &info, &size) < 0)
		return diag_error(diag, -errno, "ring buffer: %s", strerror(errno));
	if (info.type != BPF_MAP_TYPE_RINGBUF)
		return diag_error(diag, -EINVAL, "%s: is no ring buffer (map type %u)", info.name,
		                  info.type);
	r->size = info.max_entries;
	r->page = (size_t)getpagesize();
	r->record = record;
	r->ctx = ctx;
	err = map_ring(r);
	if (err)
		return diag_error(diag, err, "%s: cannot map the ring buffer of %zu bytes: %s",
		                  info.name, r->size, strerror(-err));
	*ret = steal(&r);
	return 0;
}

/*
 * Edge-triggered: a level-triggered one is ready whenever there is a record, wake-up or not, and
 * would turn every wait into a spin as soon as events keep coming.
 */
int ring_watch(struct ring *r, int epoll_fd)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLET};

	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, r->fd, &event) < 0)
		return -errno;
	r->epoll_fd = epoll_fd;
	return 0;
}

uint64_t ring_drain(struct ring *r)
{
	unsigned long position = *r->consumer, released = position;
	unsigned long end = __atomic_load_n(r->producer, __ATOMIC_ACQUIRE);
	uint64_t n = 0;

	while (position != end) {
		const uint8_t *header = r->data + (position & (r->size - 1));
		uint32_t word = __atomic_load_n((const uint32_t *)header, __ATOMIC_ACQUIRE);
		uint32_t length = word & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);

		if ((word & BPF_RINGBUF_BUSY_BIT) || length > r->size)
			break;
		position += (BPF_RINGBUF_HDR_SZ + length + 7) & ~7ul;
		if (!(word & BPF_RINGBUF_DISCARD_BIT)) {
			r->record(r->ctx, UINT16_MAX, header + BPF_RINGBUF_HDR_SZ, length);
			n++;
		}
		if (position - released >= r->size / RELEASE_PARTS) {
			__atomic_store_n(r->consumer, position, __ATOMIC_RELEASE);
			released = position;
		}
	}
	if (position != released)
		__atomic_store_n(r->consumer, position, __ATOMIC_RELEASE);
	return n;
}
