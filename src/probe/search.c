// SPDX-License-Identifier: Apache-2.0
#include <dirent.h>
#include <errno.h>
#include <string.h>

#include "probe/source.h"
#include "util/alloc.h"
#include "util/file.h"

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool is_source_name(const char *name)
{
	size_t n = strlen(name);

	return n > 2 && name[0] != '.' && streq(name + n - 2, ".c");
}

static bool is_path(const char *name_or_path)
{
	return strchr(name_or_path, '/') || is_source_name(name_or_path);
}

static int not_found(const char *name, const char *const *folders, size_t n_folders,
                     struct diag *diag)
{
	_cleanup_(buf_donep) struct buf where = {};
	_cleanup_(freep) char *shown = diag_quote(name);
	_cleanup_(freep) const char **names = NULL;
	char **paths;
	size_t n = probe_list(folders, n_folders, &paths);
	const char *near;
	int r;

	names = xcalloc(n, sizeof(*names));
	for (size_t i = 0; i < n; i++) {
		char *base = (char *)base_name(paths[i]);

		base[strlen(base) - 2] = '\0';
		names[i] = base;
	}
	for (size_t i = 0; i < n_folders; i++)
		buf_printf(&where, "%s%s", i ? ", " : "", folders[i]);
	near = nearest_word(name, names, n);
	if (near)
		r = diag_error(diag, -ENOENT, "no probe %s in %s; did you mean \"%s\"?", shown,
		               buf_cstr(&where), near);
	else
		r = diag_error(diag, -ENOENT, "no probe %s in %s; quern probes lists those there",
		               shown, buf_cstr(&where));
	for (size_t i = 0; i < n; i++)
		free(paths[i]);
	free(paths);
	return r;
}

int probe_find(const char *name_or_path, const char *const *folders, size_t n_folders, char **ret,
               struct diag *diag)
{
	if (is_path(name_or_path)) {
		if (!file_exists(name_or_path))
			return diag_error(diag, -ENOENT, "%s: no such file", name_or_path);
		*ret = xstrdup(name_or_path);
		return 0;
	}
	for (size_t i = 0; i < n_folders; i++) {
		_cleanup_(freep) char *path = xasprintf("%s/%s.c", folders[i], name_or_path);

		if (*name_or_path && file_exists(path)) {
			*ret = steal(&path);
			return 0;
		}
	}
	return not_found(name_or_path, folders, n_folders, diag);
}

static bool contains(char *const *paths, size_t n, const char *base)
{
	for (size_t i = 0; i < n; i++)
		if (streq(base_name(paths[i]), base))
			return true;
	return false;
}

static int compare(const void *a, const void *b)
{
	return strcmp(base_name(*(char *const *)a), base_name(*(char *const *)b));
}

size_t probe_list(const char *const *folders, size_t n_folders, char ***ret_paths)
{
	char **paths = NULL;
	size_t n = 0, cap = 0;

	for (size_t i = 0; i < n_folders; i++) {
		DIR *dir = opendir(folders[i]);
		size_t before = n; /* names of this folder differ among themselves */
		struct dirent *entry;

		while (dir && (entry = readdir(dir)))
			if (is_source_name(entry->d_name) &&
			    !contains(paths, before, entry->d_name))
				*array_push(&paths, &n, &cap) =
					path_join(folders[i], entry->d_name);
		if (dir)
			closedir(dir);
	}
	if (n)
		qsort(paths, n, sizeof(*paths), compare);
	*ret_paths = paths;
	return n;
}
