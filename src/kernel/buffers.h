/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two kinds of buffer that the reader drains, each mapped straight from the kernel. Not
 * thread-safe: they belong to the reader's thread.
 */
#pragma once

#include "kernel/reader.h"

struct ring;
struct perf;

/* `map_fd` is duplicated. */
int ring_open(int map_fd, reader_record_fn record, void *ctx, struct ring **ret, struct diag *diag);
struct ring *ring_close(struct ring *r);
int ring_watch(struct ring *r, int epoll_fd);
uint64_t ring_drain(struct ring *r);

int perf_open(int map_fd, uint32_t pages, reader_record_fn record, reader_lost_fn lost, void *ctx,
              struct perf **ret, struct diag *diag);
struct perf *perf_close(struct perf *p);
int perf_watch(struct perf *p, int epoll_fd);
uint64_t perf_drain(struct perf *p);
