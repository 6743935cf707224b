// SPDX-License-Identifier: Apache-2.0
/*
 * Events appended to a file. A payload gets there whole or not at all: when a write fails (a full
 * disk, a quota, a bad sector), what it left is cut off again and the worker repeats the payload. So a
 * file consists of whole lines at any time, and compressed of whole blocks, each readable on its own.
 * What an agent left that was killed in the middle of a write is dealt with when the file is opened:
 * a torn line is ended, and behind a torn block nothing could be read, so a compressed file is never
 * continued but rotated.
 *
 * Rotation shifts the file to PATH.1, PATH.1 to PATH.2, and drops what is beyond `keep`. Others may
 * rotate, too: when PATH is not the file that is open any more, it is opened anew; and since every
 * write appends, a file that was truncated goes on from its start.
 *
 * Plain files do not tell when they are ready, so a write takes as long as the disk takes.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sinks/sink.h"
#include "util/alloc.h"
#include "util/cleanup.h"
#include "util/compress.h"
#include "util/file.h"
#include "util/time.h"

#define FLUSH_BYTES (256u << 10)
#define KEEP_MAX    1000

enum sync { SYNC_NEVER, SYNC_BATCH, SYNC_INTERVAL };

struct file {
	struct sink base;
	/* Options. */
	char *path;
	uint64_t rotate_bytes, rotate_interval, keep;
	int compression; /* enum compression */
	int sync;        /* enum sync */
	uint64_t sync_interval, flush_interval;
	int mode; /* index into mode_names */
	/* The open file. */
	int fd; /* -1: to be opened */
	dev_t dev;
	ino_t ino;
	uint64_t size;
	uint64_t born;   /* realtime ns */
	uint64_t synced; /* monotonic ns */
	struct compressor *compressor;
	struct buf packed;
};

extern const struct sink_ops file_ops;

static const char *const sync_names[] = {
	[SYNC_NEVER] = "never",
	[SYNC_BATCH] = "batch",
	[SYNC_INTERVAL] = "interval",
	NULL,
};

static const char *const mode_names[] = {"0600", "0640", "0644", "0660", "0664", NULL};
static const mode_t modes[] = {0600, 0640, 0644, 0660, 0664};

#define AT(member) offsetof(struct file, member)

static const struct option file_options[] = {
	{"path", OPTION_PATH, AT(path), .required = true, .help = "the file to append to"},
	{"rotate_bytes", OPTION_BYTES, AT(rotate_bytes), "100M", .max = INT64_MAX,
         .help = "rotate before the file gets larger than this; 0: never"},
	{"rotate_interval", OPTION_DURATION, AT(rotate_interval), "0", .max = INT64_MAX,
         .help = "rotate a file that is older than this before writing on; 0: never"},
	{"keep", OPTION_UINT, AT(keep), "5", .min = 1, .max = KEEP_MAX,
         .help = "how many rotated files there may be"},
	{"compression", OPTION_CHOICE, AT(compression), "none", compression_names,
         .help = "the file's, from its first byte on: none, gzip, zstd"},
	{"fsync", OPTION_CHOICE, AT(sync), "never", sync_names,
         .help = "when the disk has to have it: never, after each batch, each interval"},
	{"fsync_interval", OPTION_DURATION, AT(sync_interval), "5s", .min = 1, .max = INT64_MAX,
         .help = "with fsync: interval"},
	{"flush_interval", OPTION_DURATION, AT(flush_interval), "1s",
         .max = 3600 * (int64_t)NSEC_PER_SEC,
         .help = "how long events may wait to be written together"},
	{"mode", OPTION_CHOICE, AT(mode), "0640", mode_names, .help = "permissions of new files"},
	OPTION_END,
};

/* The folder must know of the file, too. */
static int sync_folder(const struct file *f)
{
	_cleanup_(freep) char *path = xstrdup(f->path);
	_cleanup_(closep) int fd = open(dirname(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

static int create(const struct file *f, int flags)
{
	_cleanup_(closep) int fd = open(f->path, flags | O_CREAT | O_EXCL, modes[f->mode]);

	/* The umask may have taken away what is configured. */
	if (fd < 0 || fchmod(fd, modes[f->mode]) < 0)
		return -errno;
	if (f->sync != SYNC_NEVER) {
		int r = sync_folder(f);

		if (r)
			return r;
	}
	return steal_fd(&fd);
}

static uint64_t birth_time(int fd)
{
	struct statx stx;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_BTIME, &stx) < 0 || !(stx.stx_mask & STATX_BTIME))
		return time_realtime();
	return (uint64_t)stx.stx_btime.tv_sec * NSEC_PER_SEC + stx.stx_btime.tv_nsec;
}

static void close_file(struct file *f)
{
	closep(&f->fd);
	f->fd = -1;
}

/* -ELOOP, -ENXIO, -EBUSY: see explain(). */
static int open_path(struct file *f)
{
	/* Neither a link that somebody put there nor a pipe without a reader is to be waited for. */
	int flags = O_RDWR | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK;
	_cleanup_(closep) int fd = open(f->path, flags);
	struct stat st;

	if (fd < 0 && errno == ENOENT)
		fd = create(f, flags);
	else if (fd < 0)
		return -errno;
	if (fd < 0)
		return steal_fd(&fd);
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -ENXIO;
	/* Two that rotate one file would lose what the other writes. Not every file system locks. */
	if (flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK)
		return -EBUSY;
	f->dev = st.st_dev;
	f->ino = st.st_ino;
	f->size = (uint64_t)st.st_size;
	f->born = birth_time(fd);
	f->fd = steal_fd(&fd);
	return 0;
}

static char *rotated_path(const struct file *f, uint64_t number)
{
	return xasprintf("%s.%llu", f->path, (unsigned long long)number);
}

/* Make room at PATH. On an error halfway there is a gap in the numbers, and nothing is lost. */
static int shift_files(const struct file *f)
{
	_cleanup_(freep) char *to = rotated_path(f, f->keep);

	for (uint64_t n = f->keep - 1; n; n--) {
		char *from = rotated_path(f, n);
		int r = rename(from, to) < 0 && errno != ENOENT ? -errno : 0;

		free(to);
		to = from;
		if (r)
			return r;
	}
	return rename(f->path, to) < 0 && errno != ENOENT ? -errno : 0;
}

/* What was kept while `keep` was larger. */
static void drop_old_files(const struct file *f)
{
	int r = 0;

	for (uint64_t n = f->keep + 1; !r; n++) {
		_cleanup_(freep) char *path = rotated_path(f, n);

		r = unlink(path);
	}
}

static int rotate(struct file *f)
{
	int r;

	if (f->sync != SYNC_NEVER && fdatasync(f->fd) < 0)
		return -errno;
	r = shift_files(f);
	if (r)
		return r;
	drop_old_files(f);
	close_file(f);
	return open_path(f);
}

static int end_torn_line(struct file *f)
{
	char last;

	if (pread(f->fd, &last, 1, (off_t)f->size - 1) != 1)
		return -EIO;
	if (last == '\n')
		return 0;
	f->size++;
	return file_write_fd(f->fd, "\n", 1);
}

static int open_file(struct file *f)
{
	int r = open_path(f);

	if (!r && f->size)
		r = f->compression ? rotate(f) : end_torn_line(f);
	if (r)
		close_file(f);
	return r;
}

static const char *explain(int r)
{
	switch (-r) {
	case ENOENT:
		return "its folder does not exist; create it";
	case ELOOP:
		return "is a symbolic link; name the file itself";
	case ENXIO:
		return "is not a plain file; the console sink writes to pipes and terminals";
	case EBUSY:
		return "another sink or another program has locked it; give each its own file";
	default:
		return strerror(-r);
	}
}

static int file_open(struct sink *s, struct diag *diag)
{
	struct file *f = (struct file *)s;
	int r;

	f->fd = -1;
	s->flush_age_ns = f->flush_interval;
	if (f->rotate_bytes && f->rotate_bytes < s->flush_bytes)
		s->flush_bytes = f->rotate_bytes;
	r = open_file(f);
	if (r)
		return diag_error(diag, r, "sink %s: %s: %s", s->label, f->path, explain(r));
	f->synced = time_monotonic();
	f->compressor = compressor_new(f->compression);
	return 0;
}

static void file_close(struct sink *s)
{
	struct file *f = (struct file *)s;

	if (f->fd >= 0 && f->sync != SYNC_NEVER)
		(void)fdatasync(f->fd);
	close_file(f);
	f->compressor = compressor_free(f->compressor);
	buf_done(&f->packed);
}

/* Be sure that what is open is what is at PATH now, and how large it is now. */
static int follow_path(struct file *f)
{
	struct stat st;

	if (f->fd >= 0 && lstat(f->path, &st) == 0 && st.st_dev == f->dev && st.st_ino == f->ino) {
		f->size = (uint64_t)st.st_size;
		return 0;
	}
	close_file(f);
	return open_file(f);
}

static bool has_to_rotate(const struct file *f, size_t more)
{
	if (!f->size)
		return false;
	if (f->rotate_bytes && f->size + more > f->rotate_bytes)
		return true;
	return f->rotate_interval && time_realtime() >= f->born + f->rotate_interval;
}

static int sync_file(struct file *f)
{
	uint64_t now = time_monotonic();

	if (f->sync == SYNC_NEVER ||
	    (f->sync == SYNC_INTERVAL && now - f->synced < f->sync_interval))
		return 0;
	f->synced = now;
	return fdatasync(f->fd) < 0 ? -errno : 0;
}

static enum verdict file_send(struct sink *s, struct payload *payload)
{
	struct file *f = (struct file *)s;

	buf_clear(&f->packed);
	compressor_run(f->compressor, payload->bytes.data + payload->taken,
	               payload->bytes.len - payload->taken, &f->packed);
	if (follow_path(f))
		return SINK_RETRY;
	if (has_to_rotate(f, f->packed.len) && rotate(f))
		return SINK_RETRY;
	if (file_write_fd(f->fd, f->packed.data, f->packed.len) || sync_file(f)) {
		/* Opening it anew mends what cannot be cut off. */
		if (ftruncate(f->fd, (off_t)f->size) < 0)
			close_file(f);
		return SINK_RETRY;
	}
	f->size += f->packed.len;
	return SINK_DONE;
}

const struct sink_ops file_ops = {
	.name = "file",
	.help = "events in a file, with rotation and compression",
	.size = sizeof(struct file),
	.options = file_options,
	.format = FORMAT_JSON,
	.flush_bytes = FLUSH_BYTES,
	.open = file_open,
	.send = file_send,
	.close = file_close,
};
