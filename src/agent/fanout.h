/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sinks that receive every batch. The configuration's are there from the start to the end; taps
 * come and go. Pushing never blocks on an output; the lock is held only while batches are queued.
 * Thread-safe.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"
#include "core/event.h"
#include "sinks/sink.h"

struct fanout {
	pthread_mutex_t lock;
	struct sink **sinks; /* borrowed */
	size_t n, cap;
};

void fanout_init(struct fanout *f);
void fanout_done(struct fanout *f);

void fanout_add(struct fanout *f, struct sink *sink);
void fanout_remove(struct fanout *f, struct sink *sink);

void fanout_push(struct fanout *f, struct batch *batch);

/* Wait until every sink has room for `bytes` (replay, where the source can wait). */
void fanout_wait_room(struct fanout *f, size_t bytes);

/* Start the configuration's sinks and add them; on failure those already started are stopped. */
int fanout_start(struct fanout *f, struct config *c, const char *host, struct diag *diag);

/* Flush and stop the configuration's sinks, all within `timeout_ns`; logs what kept them from it. */
void fanout_stop(struct fanout *f, struct config *c, uint64_t timeout_ns);

/* Log what keeps the configuration's sinks from sending, each reason once. */
void fanout_log_complaints(const struct config *c);

/* True when there is nobody left to deliver to: every sink's output is gone for good. */
bool fanout_all_broken(struct fanout *f);
