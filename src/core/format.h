/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records to text. A formatter belongs to one sink worker and holds what that thread may cache: a
 * plan for each event (made once from its schema: what to print, from which offset, by which
 * routine) and the last second's date. Formatting a record allocates nothing but the output.
 *
 *   FORMAT_TEXT  one aligned line for people
 *   FORMAT_JSON  one compact object a line, valid JSON whatever the bytes are
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/event.h"
#include "util/buf.h"

enum format { FORMAT_TEXT, FORMAT_JSON };

extern const char *const format_names[]; /* "text", "json", NULL */

struct formatter;

/* `host` is the value of "host" in JSON; `color` only concerns text. */
struct formatter *formatter_new(enum format format, const char *host, bool color);
struct formatter *formatter_free(struct formatter *f);

/*
 * Append one line. -EBADMSG when the record is shorter than its schema allows: nothing is appended,
 * and the caller counts it.
 */
int formatter_record(struct formatter *f, const struct batch *batch, const struct record *record,
                     struct buf *out);
