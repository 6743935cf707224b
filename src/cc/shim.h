/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The include tree that stands before everything else, so that one libbcc works with kernels far
 * older and newer than itself, and without their headers at all. libbcc takes it for the kernel's
 * source; with headers it holds little more than include/linux/kconfig.h and the real trees follow
 * as -I flags; with BTF it holds all there is.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cc/tree.h"
#include "util/buf.h"
#include "util/diag.h"

/* Where the kernel's types come from. */
struct shim_types {
	char *btf;    /* a BTF file, else: */
	char *build;  /* the configured headers */
	char *source; /* the source tree where the distribution splits it off; may be NULL */
};

/* "btf:FILE", "headers:BUILD", "headers:BUILD:SOURCE". -EINVAL. */
int shim_types_parse(const char *text, struct shim_types *ret);
void shim_types_done(struct shim_types *t);

struct shim {
	struct tree *tree;
	char **flags; /* for Clang */
	size_t n_flags, cap_flags;
};

/*
 * Make the tree for a source. `text` is everything that the compile will see of ours: the probe and
 * the files that it includes from our folders. -ENOENT when the types are not usable.
 */
int shim_make(const struct shim_types *types, const char *text, size_t size, uint32_t version_code,
              struct shim *ret, struct diag *diag);
void shim_done(struct shim *s);
