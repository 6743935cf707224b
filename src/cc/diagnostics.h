/* SPDX-License-Identifier: Apache-2.0 */
/* What Clang and libbcc said, for the author of a probe. */
#pragma once

#include <stdbool.h>

#include "util/buf.h"

/*
 * Clean the text: lines about libbcc's own files and its failure messages go, folders of the include
 * tree are taken off paths.
 */
void diagnostics_clean(const struct buf *raw, const char *tree, struct buf *out);

/*
 * Might another source of types cure it? A header was not found, a type or member is not known, or
 * an error stands in a file that is not the author's.
 */
bool diagnostics_blame_types(struct buf *text, const char *name);
