/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading records out of ring buffers and perf buffers. Programs submit without a wake-up; the
 * reader drains on a timer, and is woken early only when a buffer fills past its mark. One reader,
 * one thread: every function here is called by the thread that polls, except reader_wake().
 */
#pragma once

#include <stdint.h>

#include "kernel/kernel.h"
#include "util/diag.h"

/* `cpu` is 0xffff for ring buffers. `data` is valid during the call only. */
typedef void (*reader_record_fn)(void *ctx, uint16_t cpu, const void *data, uint32_t size);
/* Records that the kernel says it could not put into a perf buffer. */
typedef void (*reader_lost_fn)(void *ctx, uint64_t lost);

struct reader;
struct reader_source;

struct reader *reader_new(void); /* NULL: out of file descriptors */
struct reader *reader_free(struct reader *r);

int reader_add_ring(struct reader *r, int map_fd, reader_record_fn record, void *ctx,
                    struct reader_source **ret, struct diag *diag);
/*
 * `pages` for each CPU, a power of two. Opens a buffer on every online CPU and puts it into the map; a
 * CPU that takes none is named in a warning.
 */
int reader_add_perf(struct reader *r, int map_fd, uint32_t pages, reader_record_fn record,
                    reader_lost_fn lost, void *ctx, struct reader_source **ret, struct diag *diag);
void reader_remove(struct reader *r, struct reader_source *source);

/* Wait until a buffer passes its mark, somebody calls reader_wake(), or the time is over. */
int reader_wait(struct reader *r, uint64_t timeout_ns);
void reader_wake(struct reader *r); /* from any thread or a signal handler */

/* Read what is there at the moment of the call, and no more; returns the number of records. */
uint64_t reader_drain(struct reader *r);
uint64_t reader_drain_source(struct reader *r, struct reader_source *source);
