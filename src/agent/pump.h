/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the kernel's buffers to the sinks: every record that the reader finds is checked against its
 * schema's size, copied into the current batch, and the batch goes to all sinks when it is full or
 * when the reader has emptied the buffers. One thread: the reader's.
 */
#pragma once

#include "agent/fanout.h"
#include "core/event.h"
#include "core/recording.h"
#include "kernel/reader.h"
#include "probe/probe.h"

struct pump {
	struct fanout *fanout;
	struct reader *reader;
	struct recorder *recorder; /* NULL: not recording */
	int record_error;          /* the first failure of the recorder, then it is closed */
	struct batch *batch;       /* being filled; NULL: none */
	struct pump_source *sources;
	size_t n_sources;
};

void pump_init(struct pump *p, struct fanout *fanout);
void pump_done(struct pump *p);

/*
 * Read this probe's events from now on. `perf_bytes` is the size of a perf buffer over all CPUs. The
 * number of probes is known beforehand: room for `max_sources` must have been made.
 */
void pump_reserve(struct pump *p, size_t max_sources);
int pump_add_probe(struct pump *p, struct probe *probe, const struct kernel *k, uint64_t perf_bytes,
                   struct diag *diag);
void pump_remove_probe(struct pump *p, const struct probe *probe);

/* Take everything that is in the buffers and hand it to the sinks; the number of records. */
uint64_t pump_drain(struct pump *p);
