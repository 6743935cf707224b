// SPDX-License-Identifier: Apache-2.0
#include "util/log.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "util/alloc.h"
#include "util/buf.h"

static const struct {
	const char *word;
	int syslog; /* priority of the journal's prefix */
} levels[] = {
	[LOG_LEVEL_ERROR] = {"error", 3},   [LOG_LEVEL_WARNING] = {"warning", 4},
	[LOG_LEVEL_NOTICE] = {"notice", 5}, [LOG_LEVEL_INFO] = {"info", 6},
	[LOG_LEVEL_DEBUG] = {"debug", 7},
};

static _Atomic(enum log_level) threshold = LOG_LEVEL_INFO;

void log_set_level(enum log_level level)
{
	threshold = level;
}

enum log_level log_get_level(void)
{
	return threshold;
}

int log_level_parse(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(levels); i++)
		if (streq(word, levels[i].word))
			return (int)i;
	return -EINVAL;
}

/* systemd sets JOURNAL_STREAM when stderr goes to the journal (systemd.exec(5)). */
static void put_prefix(struct buf *line, enum log_level level)
{
	struct timespec now;
	struct tm tm;
	char stamp[32];

	if (getenv("JOURNAL_STREAM")) {
		buf_printf(line, "<%d>", levels[level].syslog);
		return;
	}
	clock_gettime(CLOCK_REALTIME, &now);
	localtime_r(&now.tv_sec, &tm);
	strftime(stamp, sizeof(stamp), "%H:%M:%S", &tm);
	buf_printf(line, "%s.%03ld %s: ", stamp, now.tv_nsec / 1000000, levels[level].word);
}

static void write_line(enum log_level level, int r, const char *fmt, va_list ap)
{
	_cleanup_(buf_donep) struct buf line = {};
	ssize_t n;

	put_prefix(&line, level);
	buf_vprintf(&line, fmt, ap);
	if (r)
		buf_printf(&line, ": %s", strerror(r < 0 ? -r : r));
	buf_putc(&line, '\n');
	n = write(STDERR_FILENO, line.data, line.len);
	(void)n; /* a log that cannot be written has nowhere to say so */
}

void log_write(enum log_level level, const char *fmt, ...)
{
	va_list ap;

	if (level > threshold)
		return;
	va_start(ap, fmt);
	write_line(level, 0, fmt, ap);
	va_end(ap);
}

int log_write_errno(enum log_level level, int r, const char *fmt, ...)
{
	va_list ap;

	if (level > threshold)
		return r;
	va_start(ap, fmt);
	write_line(level, r, fmt, ap);
	va_end(ap);
	return r;
}
