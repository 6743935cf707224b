/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recordings: raw records with their schemas in a file, written by `quern run --record` and fed
 * through the pipeline by `quern replay`, without a kernel. A file is a header and then chunks: an
 * event's description before its first record, and batches; each chunk has its length and CRC-32.
 * A torn tail (the recorder was killed) is reported with what was lost and the rest is used.
 * Reading is for hostile input.
 */
#pragma once

#include "core/event.h"
#include "util/diag.h"

struct recorder;

int recorder_open(const char *path, struct recorder **ret, struct diag *diag);
/* Writes through, so that a killed recorder loses nothing. A failed write leaves no trace. */
int recorder_write(struct recorder *r, const struct batch *batch); /* negative errno: disk */
int recorder_close(struct recorder *r);                            /* takes NULL */

struct recording;

int recording_open(const char *path, struct recording **ret, struct diag *diag);
struct recording *recording_close(struct recording *r);

/*
 * The next batch (caller unrefs), validated: its records lie inside of it and belong to its events.
 * *ret is NULL at the end. -EBADMSG: torn or damaged from here on; the message says where and how
 * many bytes are lost, and what came before is good. The next call then says that it is the end.
 */
int recording_next(struct recording *r, struct batch **ret, struct diag *diag);
