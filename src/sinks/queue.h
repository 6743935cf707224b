/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Batches between the reader and one worker, bounded in bytes. What is charged is the memory that
 * the queue keeps alive, so the bound holds whatever the traffic: when batches pile up that are
 * mostly empty (a quiet host drains a few records at a time), copies of the right size are kept in
 * their place. A batch larger than the bound is let in when it is alone.
 *
 * Threads: any thread may push, one pops. Pushing waits for nobody but the short critical sections.
 */
#pragma once

#include <stdint.h>

#include "sinks/sink.h"

struct queue;

/* Told of each batch that the queue does not keep; called with the queue locked, so be short. */
typedef void (*queue_drop_fn)(void *ctx, const struct batch *batch, enum drop_reason reason);

struct queue *queue_new(uint64_t limit, enum on_full on_full, queue_drop_fn drop, void *ctx);
struct queue *queue_free(struct queue *q); /* must be empty */

/* Takes its own reference if it keeps the batch; otherwise `drop` is told why. */
void queue_push(struct queue *q, struct batch *batch);

/*
 * The oldest batch, whose reference goes to the caller. Waits for one until the monotonic time
 * `until` (UINT64_MAX: without end): -ETIMEDOUT then, and -EPIPE once the queue is closed and empty.
 */
int queue_pop(struct queue *q, uint64_t until, struct batch **ret);

/* From now on every push is dropped (DROP_SHUTDOWN); what is inside can still be taken out. */
void queue_close(struct queue *q);

/* Wait until `bytes` more fit, or the queue is empty or closed. */
void queue_wait_room(struct queue *q, size_t bytes);

uint64_t queue_bytes(struct queue *q);
