/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <sys/mman.h>
#include <zlib.h>

#include "../format_check.h"
#include "core/recording.h"
#include "core/recording_format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Put the right CRC on each chunk, so that what stands behind the check is reached, too. */
static void mend(uint8_t *p, size_t size)
{
	for (size_t pos = RECORDING_HEADER; size - pos >= RECORDING_CHUNK && pos < size;) {
		struct wire_reader r = wire_reader_init(p + pos + 4, 4);
		uint32_t length = wire_get_u32(&r), crc;

		if (length > size - pos - RECORDING_CHUNK)
			return;
		crc = (uint32_t)crc32(crc32(0, p + pos, 8), p + pos + RECORDING_CHUNK, length);
		memcpy(p + pos + 8, &crc, 4);
		pos += RECORDING_CHUNK + length;
	}
}

/* What is handed out can be walked and formatted. */
static void use(const struct batch *b)
{
	for (const struct record *r = batch_first(b); r; r = batch_next(b, r))
		check_record(b->events[r->event], r->data, r->size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int fd = -1;
	static char path[64];
	_cleanup_(freep) uint8_t *copy = xmemdup(data, size);
	struct recording *rec;

	if (fd < 0) {
		fd = memfd_create("recording", MFD_CLOEXEC);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	}
	if (size > RECORDING_HEADER)
		mend(copy, size);
	if (ftruncate(fd, 0) || pwrite(fd, copy, size, 0) != (ssize_t)size)
		abort();
	if (recording_open(path, &rec, NULL))
		return 0;
	for (;;) {
		struct batch *b = NULL;

		if (recording_next(rec, &b, NULL) || !b)
			break;
		use(b);
		batch_unref(b);
	}
	recording_close(rec);
	return 0;
}
