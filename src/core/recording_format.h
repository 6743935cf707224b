/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes of a recording, shared by its writer (recorder.c) and reader (recording.c). All numbers
 * are little-endian (util/wire.h).
 *
 *   file   "QUERNREC", u32 version, u32 0, then chunks
 *   chunk  u32 type, u32 size of the payload, u32 CRC-32 of the type, the size and the payload
 *   EVENT  u32 index, str probe, str name, u32 count of notes, each str name, str help, str decode;
 *          u8 1 and the schema, or u8 0; u32 count of metrics and the metrics (core/metric.c), or
 *          nothing. From here on `index` means this event.
 *   BATCH  u64 wall_offset, u64 created, u32 records, u32 events, u32 index each; then the records
 *          as they are in a batch: struct record's `event` counts within the batch's own events
 *
 * An index is given in order, starting at 0; when they run out, the writer starts over, so a reader
 * replaces what it had at that index.
 */
#pragma once

#include <stdint.h>

#define RECORDING_MAGIC      "QUERNREC"
#define RECORDING_VERSION    1
#define RECORDING_HEADER     16 /* bytes of the file's header */
#define RECORDING_CHUNK      12 /* bytes of a chunk's header */
#define RECORDING_CHUNK_MAX  (32u << 20)
#define RECORDING_EVENTS_MAX 1024 /* indices */
#define RECORDING_STR_MAX    4096

enum recording_chunk { CHUNK_EVENT = 1, CHUNK_BATCH = 2 };
