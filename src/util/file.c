// SPDX-License-Identifier: Apache-2.0
#include "util/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/alloc.h"
#include "util/cleanup.h"

#define CHUNK 65536

int file_read_fd(int fd, size_t max, struct buf *out)
{
	size_t start = out->len;

	for (;;) {
		ssize_t n = read(fd, buf_reserve(out, CHUNK), CHUNK);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return 0;
		out->len += (size_t)n;
		if (out->len - start > max)
			return -EFBIG;
	}
}

int file_read(const char *path, size_t max, struct buf *out)
{
	_cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	return file_read_fd(fd, max, out);
}

int file_write_fd(int fd, const void *data, size_t size)
{
	const char *p = data;

	while (size) {
		ssize_t n = write(fd, p, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		size -= (size_t)n;
	}
	return 0;
}

int file_write_atomic(const char *path, const void *data, size_t size, mode_t mode)
{
	_cleanup_(freep) char *tmp = xasprintf("%s.XXXXXX", path);
	_cleanup_(closep) int fd = mkostemp(tmp, O_CLOEXEC);
	int r;

	if (fd < 0)
		return -errno;
	r = file_write_fd(fd, data, size);
	if (!r && (fchmod(fd, mode) < 0 || fsync(fd) < 0 || rename(tmp, path) < 0))
		r = -errno;
	if (r)
		unlink(tmp);
	return r;
}

int file_read_line(const char *path, char **ret)
{
	_cleanup_(buf_donep) struct buf b = {};
	int r = file_read(path, CHUNK, &b);
	char *end;

	if (r)
		return r;
	end = memchr(b.data, '\n', b.len);
	if (end)
		b.len = (size_t)(end - b.data);
	*ret = buf_take(&b);
	return 0;
}

bool file_exists(const char *path)
{
	return access(path, F_OK) == 0;
}

int dir_make(const char *path, mode_t mode)
{
	_cleanup_(freep) char *copy = xstrdup(path);

	for (char *p = copy + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdir(copy, mode) < 0 && errno != EEXIST)
			return -errno;
		*p = '/';
	}
	if (mkdir(copy, mode) < 0 && errno != EEXIST)
		return -errno;
	return 0;
}

/*
 * Whoever owns the program decides what it does: that is how a clone that belongs to a user runs
 * through sudo. An installed program belongs to root.
 */
static bool is_trusted_owner(uid_t uid)
{
	struct stat self;

	return uid == 0 || uid == geteuid() ||
	       (stat("/proc/self/exe", &self) == 0 && uid == self.st_uid);
}

static int check_one(const char *path, const char *what, bool sticky_ok, struct diag *diag)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return diag_error(diag, -errno, "%s: %s", path, strerror(errno));
	if (!is_trusted_owner(st.st_uid))
		return diag_error(diag, -EPERM,
		                  "%s: refused: the %s belongs to user %u; run: chown root '%s'",
		                  path, what, st.st_uid, path);
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) && !(sticky_ok && (st.st_mode & S_ISVTX)))
		return diag_error(
			diag, -EPERM,
			"%s: refused: the %s is writable by others (mode %04o); run: chmod go-w '%s'",
			path, what, st.st_mode & 07777, path);
	return 0;
}

int file_check_trusted(const char *path, struct diag *diag)
{
	_cleanup_(freep) char *copy = xstrdup(path);
	int r = check_one(path, "file", false, diag);

	return r ? r : check_one(dirname(copy), "folder", true, diag);
}

char *path_join(const char *dir, const char *name)
{
	return xasprintf("%s/%s", dir, name);
}
