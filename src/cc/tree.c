// SPDX-License-Identifier: Apache-2.0
#include "cc/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <libgen.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "util/alloc.h"
#include "util/cleanup.h"
#include "util/file.h"

/* Of <linux/mount.h>, which does not go together with the C library's older <sys/mount.h>. */
#define FSCONFIG_CMD_CREATE 6
#define FSOPEN_CLOEXEC      1
#define FSMOUNT_CLOEXEC     1

/* A tmpfs that exists as long as its descriptor is open, or -1. */
static int mount_detached(void)
{
	_cleanup_(closep) int fs = (int)syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC);

	if (fs < 0 || syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -1;
	return (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, 0);
}

int tree_new(struct tree **ret, struct diag *diag)
{
	_cleanup_(tree_freep) struct tree *t = xcalloc(1, sizeof(*t));
	const char *tmp = getenv("TMPDIR");

	t->fd = mount_detached();
	if (t->fd >= 0) {
		t->path = xasprintf("/proc/self/fd/%d", t->fd);
	} else {
		t->path = xasprintf("%s/quern-cc.XXXXXX", tmp && *tmp == '/' ? tmp : "/tmp");
		if (!mkdtemp(t->path)) {
			int r = -errno;

			diag_error(diag, r, "%s: no temporary folder for headers: %s", t->path,
			           strerror(-r));
			free(steal(&t->path));
			return r;
		}
	}
	*ret = steal(&t);
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

struct tree *tree_free(struct tree *t)
{
	if (!t)
		return NULL;
	if (t->fd >= 0)
		close(t->fd);
	else if (t->path)
		nftw(t->path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(t->path);
	free(t);
	return NULL;
}

char *tree_path(const struct tree *t, const char *name)
{
	return path_join(t->path, name);
}

static int write_file(const char *path, const char *text, size_t size)
{
	_cleanup_(freep) char *copy = xstrdup(path);
	_cleanup_(closep) int fd = -1;
	int r = dir_make(dirname(copy), 0700);

	if (r)
		return r;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	return fd < 0 ? -errno : file_write_fd(fd, text, size);
}

int tree_write(struct tree *t, const char *name, const char *text, size_t size, struct diag *diag)
{
	_cleanup_(freep) char *path = tree_path(t, name);
	int r = write_file(path, text, size);

	return r ? diag_error(diag, r, "%s: %s", path, strerror(-r)) : 0;
}
