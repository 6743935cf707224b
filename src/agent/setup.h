/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is to run on this host: the configuration, the kernel's facts, the sources of its types, and
 * the probes, each found, read and with its options set. `run`, `check`, `doctor` and `compile` all
 * begin with a setup. One thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"
#include "kernel/kernel.h"
#include "kernel/types.h"
#include "probe/probe.h"

struct setup {
	struct config *config; /* owned */
	struct kernel *kernel;
	struct types *types;
	struct probe **probes; /* in the configuration's order; one that was not found has failed */
	size_t n_probes;
};

/*
 * Takes the configuration. Enters a mount namespace when tracefs is missing, so no thread may run
 * yet. Never fails: what is wrong with a probe is in the probe.
 */
struct setup *setup_new(struct config *config);
struct setup *setup_free(struct setup *p);
static inline void setup_freep(struct setup **p)
{
	setup_free(*p);
}

/* Ring buffers, as the configuration and the kernel have it. */
bool setup_uses_ring(const struct setup *p);

/*
 * Every probe gets its object. `cache_dir` NULL: the configuration's. `progress`: log what is being
 * compiled.
 */
void setup_build(struct setup *p, const char *cache_dir, bool progress);

size_t setup_count(const struct setup *p, enum probe_state state);
