/* SPDX-License-Identifier: Apache-2.0 */
/* Whole files, bounded and checked. Errors are negative errno. Thread-safe. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "util/buf.h"
#include "util/diag.h"

/* Append the whole file to `out`; -EFBIG when it is larger than `max` bytes. */
int file_read(const char *path, size_t max, struct buf *out);
int file_read_fd(int fd, size_t max, struct buf *out);

/* Write all of it, through short writes and EINTR. */
int file_write_fd(int fd, const void *data, size_t size);

/* Replace `path` atomically: temporary file beside it, fsync, rename. */
int file_write_atomic(const char *path, const void *data, size_t size, mode_t mode);

/* The first line of a small file (sysfs, procfs) without its newline, as a heap string. */
int file_read_line(const char *path, char **ret);

bool file_exists(const char *path);

/* mkdir -p; existing folders are left as they are. */
int dir_make(const char *path, mode_t mode);

/*
 * Refuse what others could have written: the file, and the folder it is in, must be owned by root,
 * by the user we run as or by the owner of this program, and not be writable by group or others (a
 * sticky folder such as /tmp is fine for a file of ours). Adds the reason and the remedy to `diag`
 * and returns -EPERM.
 */
int file_check_trusted(const char *path, struct diag *diag);

/* "dir/name" as a heap string. */
char *path_join(const char *dir, const char *name);
