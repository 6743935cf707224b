/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sink's thread, and what it shares with sink.c; private to this folder. It takes batches from the
 * queue until the queue is closed and empty or the time to stop is over.
 */
#pragma once

#include "sinks/sink.h"

/* The sink is opened and has its queue. The worker is the sink's until worker_stop(). */
int worker_start(struct sink *s, struct worker **ret, struct diag *diag);

/* Close the queue, let the worker finish within `timeout_ns`, wait for its end and free it. */
void worker_stop(struct worker *w, uint64_t timeout_ns);

/* Count a whole batch as dropped, or as filtered where the output did not want the event. */
void sink_drop_batch(struct sink *s, const struct batch *batch, enum drop_reason reason);

static inline bool sink_wants(const struct sink *s, const struct event *event)
{
	return !s->ops->wants || s->ops->wants(s, event);
}
