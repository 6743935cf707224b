/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An object becomes maps and programs in the kernel. One way in, whether the object comes from the
 * compiler or from the cache. Everything is held by file descriptors and nothing is pinned unless
 * the source asks for it, so the kernel cleans up after any exit.
 */
#pragma once

#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/object.h"
#include "kernel/attach.h"
#include "kernel/kernel.h"
#include "util/diag.h"

struct loaded_program {
	int fd;
	struct attach_spec spec; /* owned copy */
};

struct loaded {
	const struct object *object; /* borrowed; must outlive this */
	int *maps;                   /* fds, one for each object map */
	struct loaded_program *programs;
	uint32_t n_programs;
};

/*
 * Create the maps and load the programs. `specs` says how each of the object's programs attaches
 * (and so its type), in the object's order; n_specs == object->n_programs. `reuse`: map fds of an
 * older version to use instead of new maps where not -1 (same key and value layout), or NULL.
 *
 * A program that the verifier refuses: -EACCES (or the kernel's error) and a message that names the
 * function, the source line and the verifier's words, with the usual cure; the raw log goes to
 * `verifier_log` (may be NULL).
 */
int load_object(const struct kernel *k, const struct object *object,
                const struct attach_spec *specs, const int *reuse, struct loaded **ret,
                struct buf *verifier_log, struct diag *diag);
struct loaded *loaded_free(struct loaded *l);

/*
 * What the kernel counts for a program. `runs` and `nanoseconds` stay 0 unless somebody has turned
 * them on (sysctl kernel.bpf_stats_enabled), `recursion_misses` before Linux 5.12.
 */
struct loaded_stats {
	uint64_t runs, nanoseconds, recursion_misses;
};

int loaded_program_stats(int fd, struct loaded_stats *ret);
