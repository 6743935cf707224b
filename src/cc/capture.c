// SPDX-License-Identifier: Apache-2.0
#include "cc/capture.h"

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

struct capture capture_begin(void)
{
	struct capture c = {.saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3),
	                    .file = memfd_create("diagnostics", MFD_CLOEXEC)};

	fflush(stderr);
	if (c.file >= 0 && c.saved >= 0)
		dup2(c.file, STDERR_FILENO);
	return c;
}

void capture_end(struct capture *c, struct buf *out)
{
	off_t size = c->file >= 0 ? lseek(c->file, 0, SEEK_END) : 0;
	size_t want = size > CAPTURE_MAX ? CAPTURE_MAX : (size_t)size;
	ssize_t n;

	fflush(stderr);
	if (c->saved >= 0) {
		dup2(c->saved, STDERR_FILENO);
		close(c->saved);
	}
	if (c->file < 0)
		return;
	n = pread(c->file, buf_reserve(out, want), want, 0);
	if (n > 0)
		out->len += (size_t)n;
	if (size > CAPTURE_MAX)
		buf_printf(out, "\n… (%lld more bytes were cut)\n",
		           (long long)(size - CAPTURE_MAX));
	close(c->file);
}
