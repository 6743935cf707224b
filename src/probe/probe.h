/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A probe from its source to the running kernel. Its life:
 *
 *   probe_new      a source, with its options set
 *   probe_build_all  an object for it, from the cache or from the compiler (probe/build.h)
 *   probe_load     maps and programs in the kernel, events with their schemas
 *   probe_attach   live
 *   probe_detach   no new records; what is in the buffers can still be read
 *   probe_free
 *
 * A step that fails leaves the probe in PROBE_FAILED with the reason as text, and the other probes
 * go on. One thread at a time; the counters of its events may be read by any.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/event.h"
#include "core/object.h"
#include "kernel/attach.h"
#include "kernel/kernel.h"
#include "kernel/load.h"
#include "probe/source.h"
#include "util/diag.h"

enum probe_state { PROBE_NEW, PROBE_BUILT, PROBE_LOADED, PROBE_LIVE, PROBE_STOPPED, PROBE_FAILED };

extern const char *const probe_state_names[];

/* One of the probe's events: its transport, and what became of its records before the sinks. */
struct probe_event {
	struct event *event;
	enum object_transport transport;
	int map_fd;  /* ring buffer or perf event array */
	int slot_fd; /* per-CPU counters of quern.h, -1 for a stock program */
	uint32_t slot_size;
	atomic_ullong read;      /* records taken out of the buffer */
	atomic_ullong malformed; /* of these, shorter than the schema or too large for a batch */
	atomic_ullong perf_lost; /* reported by a perf buffer */
};

struct probe {
	char *name;
	struct probe_source *source;
	enum probe_state state;
	char *reason;   /* PROBE_FAILED: why, may be several lines; else NULL */
	char *warnings; /* from the compiler or the front matter; NULL: none */
	bool cached;    /* the object came from the cache */
	uint64_t compile_ns;
	struct object *object;
	struct attach_spec *specs; /* one for each of the object's programs */
	struct loaded *loaded;
	struct attachment **attachments; /* one for each program, NULL where nothing attaches */
	struct probe_event *events;
	size_t n_events;
};

/* Takes the source. */
struct probe *probe_new(struct probe_source *source);
/* A probe that failed before it had a source. */
struct probe *probe_new_failed(const char *name, const char *reason);
struct probe *probe_free(struct probe *p);

/* Put the probe into PROBE_FAILED with the text of `diag` as its reason; releases what it holds in
 * the kernel. */
void probe_fail(struct probe *p, struct diag *diag);

/*
 * How each of the object's programs attaches: by the front matter where it names the function, else
 * by the function's own name. Needs PROBE_BUILT.
 */
int probe_resolve_attach(struct probe *p, const struct kernel *k, struct diag *diag);

/* PROBE_BUILT -> PROBE_LOADED. New events take their ids from *next_id. */
int probe_load(struct probe *p, const struct kernel *k, uint32_t *next_id, struct diag *diag);

/* PROBE_LOADED -> PROBE_LIVE: all of its programs, or none. */
int probe_attach(struct probe *p, const struct kernel *k, struct diag *diag);

/* PROBE_LIVE -> PROBE_STOPPED. */
void probe_detach(struct probe *p);

/*
 * What the kernel side counted: records that the program wanted to emit, and those that found no
 * room. For a stock program, which does not count, emitted is what was read and lost.
 */
void probe_event_counts(const struct probe_event *e, uint32_t possible_cpus, uint64_t *ret_emitted,
                        uint64_t *ret_lost);
