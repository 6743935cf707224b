// SPDX-License-Identifier: Apache-2.0
/*
 * A perf event array: one buffer on each CPU, and each buffer's descriptor in the map at the CPU's
 * number. A buffer is a page of control data and then the records, which do wrap. The kernel says
 * itself what it could not put in: a LOST record follows when there is room again.
 */
#include "kernel/buffers.h"

#include <assert.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kernel/cpus.h"
#include "kernel/perf_event.h"
#include "util/alloc.h"
#include "util/cleanup.h"

#define WATERMARK_PARTS 4 /* wake up when this part of a buffer is full */
#define RELEASE_PARTS   8 /* give space back each time this part was read */

struct perf_cpu {
	uint32_t id;
	int fd;
	struct perf_event_mmap_page *control;
};

struct perf {
	int map_fd;
	size_t page, size; /* of one CPU's records, a power of two */
	struct perf_cpu *cpus;
	size_t n_cpus;
	reader_record_fn record;
	reader_lost_fn lost;
	void *ctx;
	uint64_t wrapped[(UINT16_MAX + 1) / 8]; /* a record that wraps, in one piece */
};

static void close_cpu(struct perf *p, struct perf_cpu *c)
{
	if (c->control)
		munmap(c->control, p->page + p->size);
	if (c->fd >= 0)
		close(c->fd);
}

/* The map holds its own references to the buffers, so they are taken out of it. */
struct perf *perf_close(struct perf *p)
{
	if (!p)
		return NULL;
	for (size_t i = 0; i < p->n_cpus; i++) {
		bpf_map_delete_elem(p->map_fd, &p->cpus[i].id);
		close_cpu(p, &p->cpus[i]);
	}
	free(p->cpus);
	if (p->map_fd >= 0)
		close(p->map_fd);
	free(p);
	return NULL;
}
DEFINE_CLEANUP(struct perf *, perf_close)

static int open_cpu(struct perf *p, struct perf_cpu *c)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_BPF_OUTPUT,
		.sample_type = PERF_SAMPLE_RAW,
		.sample_period = 1,
		.watermark = 1,
		.wakeup_watermark = (uint32_t)(p->size / WATERMARK_PARTS),
	};
	void *map;

	c->fd = perf_event_open(&attr, -1, (int)c->id);
	if (c->fd < 0)
		return c->fd;
	map = mmap(NULL, p->page + p->size, PROT_READ | PROT_WRITE, MAP_SHARED, c->fd, 0);
	if (map == MAP_FAILED)
		return -errno;
	c->control = map;
	if (ioctl(c->fd, PERF_EVENT_IOC_ENABLE, 0) < 0 ||
	    bpf_map_update_elem(p->map_fd, &c->id, &c->fd, BPF_ANY) < 0)
		return -errno;
	return 0;
}

/* A CPU may go offline between the list and the open: that one is left out, and said. */
static int open_cpus(struct perf *p, const char *name, struct diag *diag)
{
	_cleanup_(freep) uint32_t *ids = NULL;
	size_t n = cpus_list(CPUS_ONLINE, &ids);

	p->cpus = xcalloc(n, sizeof(*p->cpus));
	for (size_t i = 0; i < n; i++) {
		struct perf_cpu c = {.id = ids[i], .fd = -1};
		int r = open_cpu(p, &c);

		if (!r) {
			p->cpus[p->n_cpus++] = c;
			continue;
		}
		close_cpu(p, &c);
		if (r == -EPERM || r == -EACCES || r == -ENOMEM)
			return diag_error(diag, r,
			                  "%s: cannot map a perf buffer of %zu kB for CPU %u (%s): "
			                  "run as root or give CAP_PERFMON and CAP_IPC_LOCK, or "
			                  "make the buffers smaller",
			                  name, p->size >> 10, ids[i], strerror(-r));
		diag_warning(diag, "%s: no perf buffer on CPU %u (%s): its events are lost", name,
		             ids[i], strerror(-r));
	}
	if (!p->n_cpus)
		return diag_error(diag, -ENODEV, "%s: no CPU took a perf buffer", name);
	return 0;
}

int perf_open(int map_fd, uint32_t pages, reader_record_fn record, reader_lost_fn lost, void *ctx,
              struct perf **ret, struct diag *diag)
{
	_cleanup_(perf_closep) struct perf *p = xcalloc(1, sizeof(*p));
	struct bpf_map_info info = {};
	uint32_t size = sizeof(info);
	int r;

	assert(pages && !(pages & (pages - 1)));
	p->map_fd = fcntl(map_fd, F_DUPFD_CLOEXEC, 3);
	if (p->map_fd < 0 || bpf_obj_get_info_by_fd(p->map_fd, &info, &size) < 0)
		return diag_error(diag, -errno, "perf buffer: %s", strerror(errno));
	if (info.type != BPF_MAP_TYPE_PERF_EVENT_ARRAY)
		return diag_error(diag, -EINVAL, "%s: is no perf event array (map type %u)",
		                  info.name, info.type);
	p->page = (size_t)getpagesize();
	p->size = pages * p->page;
	p->record = record;
	p->lost = lost;
	p->ctx = ctx;
	r = open_cpus(p, info.name, diag);
	if (r)
		return r;
	*ret = steal(&p);
	return 0;
}

int perf_watch(struct perf *p, int epoll_fd)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLET};

	for (size_t i = 0; i < p->n_cpus; i++)
		if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, p->cpus[i].fd, &event) < 0)
			return -errno;
	return 0;
}

/* The record at `tail`, in one piece; NULL: its header makes no sense. */
static const struct perf_event_header *record_at(struct perf *p, const uint8_t *data, uint64_t tail,
                                                 uint64_t head)
{
	size_t offset = tail & (p->size - 1), first = p->size - offset;
	const struct perf_event_header *h = (const void *)(data + offset);

	/* Records are multiples of 8 bytes, so a header never wraps. */
	if (h->size < sizeof(*h) || h->size > head - tail)
		return NULL;
	if (h->size <= first)
		return h;
	memcpy(p->wrapped, h, first);
	memcpy((uint8_t *)p->wrapped + first, data, h->size - first);
	return (const void *)p->wrapped;
}

static uint64_t take(struct perf *p, uint16_t cpu, const struct perf_event_header *h)
{
	const struct {
		struct perf_event_header header;
		uint32_t size;
		uint8_t data[];
	} *sample = (const void *)h;
	const struct {
		struct perf_event_header header;
		uint64_t id, lost;
	} *lost = (const void *)h;

	if (h->type == PERF_RECORD_SAMPLE && h->size >= sizeof(*sample) &&
	    sample->size <= h->size - sizeof(*sample)) {
		p->record(p->ctx, cpu, sample->data, sample->size);
		return 1;
	}
	if (h->type == PERF_RECORD_LOST && h->size >= sizeof(*lost) && p->lost)
		p->lost(p->ctx, lost->lost);
	return 0;
}

static uint64_t drain_cpu(struct perf *p, const struct perf_cpu *c)
{
	const uint8_t *data = (const uint8_t *)c->control + p->page;
	uint64_t head = __atomic_load_n(&c->control->data_head, __ATOMIC_ACQUIRE);
	uint64_t tail = c->control->data_tail, released = tail, n = 0;

	while (tail != head) {
		const struct perf_event_header *h = record_at(p, data, tail, head);

		if (!h) {
			/* Nothing after it can be found: how many there were, nobody knows. */
			if (p->lost)
				p->lost(p->ctx, 1);
			tail = head;
			break;
		}
		n += take(p, (uint16_t)c->id, h);
		tail += h->size;
		if (tail - released >= p->size / RELEASE_PARTS) {
			__atomic_store_n(&c->control->data_tail, tail, __ATOMIC_RELEASE);
			released = tail;
		}
	}
	if (tail != released)
		__atomic_store_n(&c->control->data_tail, tail, __ATOMIC_RELEASE);
	return n;
}

uint64_t perf_drain(struct perf *p)
{
	uint64_t n = 0;

	for (size_t i = 0; i < p->n_cpus; i++)
		n += drain_cpu(p, &p->cpus[i]);
	return n;
}
