/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One tree of kernel headers: is it whole, of which kernel, and where is its other half. All paths
 * are below `root` ("" for the real one, "/host" in a container), links that lead to absolute places
 * too. Reads a few small files and no more.
 */
#pragma once

#include "kernel/types.h"

/*
 * Look at `build` (a path without the root) and fill the rung: usable or not, with identity and reason.
 * `source`: where the other half may be, a path too; may be NULL.
 */
void headers_inspect(const struct kernel *k, const char *root, const char *build,
                     const char *source, bool any_version, struct types_rung *rung);

/* How one gets the headers of the running kernel here: "apt install linux-headers-…". Heap string. */
char *headers_remedy(const struct kernel *k, const char *root);

/* Follow links as a process with this root would. *ret is the last place, found or (-ENOENT) not. */
int headers_resolve(const char *root, const char *path, char **ret);
