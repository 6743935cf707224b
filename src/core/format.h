/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records to text. A formatter belongs to one sink worker and holds what that thread may cache: a
 * plan for each event (made once from its schema: what to print, from which offset, by which
 * routine) and the last second's date. Formatting a record allocates nothing but the output.
 *
 *   FORMAT_JSON  one compact object a line, valid JSON whatever the bytes are: "time" (RFC 3339,
 *                UTC), "event", "host", then the fields in the order of the struct. Integers are
 *                numbers (128 bits: strings), names and addresses are strings, structs are objects.
 *                A field that is itself called event or host (or time, without being the header's)
 *                gets a _ behind its name, so that no key comes twice.
 *   FORMAT_TEXT  one aligned line for people: local time, event, pid, comm, then the event's own
 *                fields as name=value, and uid= unless it is root's. The header's other fields are
 *                left out. No byte of an event can reach the terminal as a control sequence.
 *
 * Times are the record's own (a field `time` of type ktime_t) or else the batch's. Records without a
 * schema show their bytes in hex as "data". How single values look: core/print.h, core/semantic.h.
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
