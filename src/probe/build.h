/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Objects for a set of probes: what the cache has is taken from there, the rest is compiled, several
 * at once, each trying one source of types after the other. A start with a warm cache runs no
 * compiler.
 */
#pragma once

#include <stddef.h>

#include "kernel/kernel.h"
#include "kernel/types.h"
#include "probe/compiler.h"
#include "probe/probe.h"

struct build_env {
	const struct kernel *kernel;
	const struct types *types;
	const char *compiler;    /* path of quern-cc */
	const char *include_dir; /* folder of <quern.h> */
	const char *cache_dir;   /* NULL: no cache */
	bool ring;               /* transport: ring buffers, else perf buffers */
	uint64_t buffer_bytes;   /* of one event, unless the source says otherwise */
	struct compiler_limits limits;
	/* Called before a probe is compiled (progress), from the calling thread; may be NULL. */
	void (*compiling)(void *ctx, const struct probe *p, const struct types_rung *rung);
	void *ctx;
};

/* Every probe in PROBE_NEW becomes PROBE_BUILT or PROBE_FAILED. */
void probe_build_all(const struct build_env *env, struct probe **probes, size_t n);
