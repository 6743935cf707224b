/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A recipe: everything that the compiler's answer depends on for one probe on this kernel, and the
 * cache key made of it. Two equal recipes give the same object, so the key covers the source with
 * what it includes of ours, the options and feature macros, the compiler, the kernel's build and
 * the identity of its types' source. A recipe borrows its inputs.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/kernel.h"
#include "kernel/types.h"
#include "probe/source.h"
#include "util/diag.h"

#define RECIPE_KEY_SIZE 65 /* SHA-256 in hex, and the NUL */

struct recipe {
	const struct kernel *kernel;
	const struct probe_source *source;
	char *include_dir; /* where <quern.h> is */
	char **macros;     /* NAME=VALUE: options, features, transport */
	size_t n_macros;
	char **usdt; /* --usdt arguments */
	size_t n_usdt;
	uint8_t digest[32]; /* over all but the source of types */
};

/*
 * `toolchain` identifies the compiler (probe/toolchain.h). `ring`: events travel through ring
 * buffers of `buffer_bytes`, else through perf buffers. The source's included files (those that are
 * found beside it or in `include_dir`) are read, and their HAVE_…() questions answered.
 */
int recipe_init(struct recipe *recipe, const struct kernel *k, const struct probe_source *source,
                const char *toolchain, const char *include_dir, bool ring, uint64_t buffer_bytes,
                struct diag *diag);
void recipe_done(struct recipe *recipe);

/* The cache key for one source of types. */
void recipe_key(const struct recipe *recipe, const struct types_rung *rung,
                char ret[RECIPE_KEY_SIZE]);
