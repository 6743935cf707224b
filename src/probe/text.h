/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a probe's C text shows without a compiler: its front matter, what it includes, which of its
 * functions attach by their names. The preprocessor is not run, so these are hints but for the first.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "util/buf.h"
#include "util/diag.h"

/*
 * The front matter as YAML whose lines and columns are those of the file: the comment's margin is
 * blanked, not cut. Returns 1 with the text in `out` and the number of its first line, 0 when there
 * is none, -EINVAL when it does not end.
 */
int probe_text_front(const char *path, const char *text, size_t size, struct buf *out,
                     unsigned int *ret_line, struct diag *diag);

/* Every #include, if there is any, is of quern.h. */
bool probe_text_needs_types_only(const char *text);

/* See probe_source_functions(). */
size_t probe_text_functions(const char *text, char ***ret);
