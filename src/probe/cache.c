// SPDX-License-Identifier: Apache-2.0
#include "probe/cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "util/alloc.h"
#include "util/cleanup.h"
#include "util/file.h"
#include "util/time.h"

#define SUFFIX      ".qo"
#define KEY_IN_NAME 32 /* hex digits of the key in a file's name; the object holds all of it */
#define FILES_MAX   10000

DEFINE_CLEANUP(DIR *, closedir)

static char *entry_path(const char *dir, const char *name, const char *key)
{
	return xasprintf("%s/%s-%.*s" SUFFIX, dir, name, KEY_IN_NAME, key);
}

int cache_get(const char *dir, const char *name, const char *key, struct object **ret,
              struct diag *diag)
{
	_cleanup_(freep) char *path = entry_path(dir, name, key);
	_cleanup_(buf_donep) struct buf data = {};
	_cleanup_(object_freep) struct object *o = NULL;
	_cleanup_(diag_donep) struct diag why = {};
	int r;

	if (!file_exists(path))
		return -ENOENT;
	r = file_check_trusted(path, diag);
	if (r)
		return r;
	r = file_read(path, OBJECT_BYTES_MAX, &data);
	if (r)
		return diag_error(diag, r, "%s: %s", path, strerror(-r));
	r = object_read(data.data, data.len, &o, &why);
	if (r)
		return diag_error(diag, r, "%s: refused: %s", path, diag_text(&why));
	if (!streq(o->key, key))
		return diag_error(diag, -EBADMSG, "%s: refused: it was built under another key",
		                  path);
	utimensat(AT_FDCWD, path, NULL, 0); /* used now: cache_trim() goes by this */
	*ret = steal(&o);
	return 0;
}

int cache_put(const char *dir, const char *name, const char *key, const void *data, size_t size,
              struct diag *diag)
{
	_cleanup_(freep) char *path = entry_path(dir, name, key);
	int r = dir_make(dir, 0700);

	if (!r)
		r = file_write_atomic(path, data, size, 0600);
	if (r)
		diag_warning(diag, "%s: not cached: %s", path, strerror(-r));
	return r;
}

struct entry {
	char *name;
	uint64_t size, used; /* bytes, ns since 1970 */
};

static int by_use_newest_first(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return (x->used < y->used) - (x->used > y->used);
}

void cache_trim(const char *dir, uint64_t max_bytes, uint64_t max_age_ns)
{
	_cleanup_(closedirp) DIR *d = opendir(dir);
	struct entry *entries = NULL;
	size_t n = 0, cap = 0;
	uint64_t now = time_realtime(), total = 0;
	struct dirent *de;

	while (d && n < FILES_MAX && (de = readdir(d))) {
		size_t len = strlen(de->d_name);
		struct entry *e;
		struct stat st;

		if (len < sizeof(SUFFIX) || !streq(de->d_name + len - strlen(SUFFIX), SUFFIX) ||
		    fstatat(dirfd(d), de->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		e = array_push(&entries, &n, &cap);
		e->name = xstrdup(de->d_name);
		e->size = (uint64_t)st.st_size;
		e->used = (uint64_t)st.st_mtim.tv_sec * NSEC_PER_SEC;
	}
	if (n)
		qsort(entries, n, sizeof(*entries), by_use_newest_first);
	for (size_t i = 0; i < n; i++) {
		total += entries[i].size;
		if (total > max_bytes || entries[i].used + max_age_ns < now)
			unlinkat(dirfd(d), entries[i].name, 0);
		free(entries[i].name);
	}
	free(entries);
}
