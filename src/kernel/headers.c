// SPDX-License-Identifier: Apache-2.0
/*
 * A tree is usable when it was configured (include/generated/autoconf.h) and says that it belongs to
 * the running kernel. Debian and SUSE split theirs in two: what the configuration made stands in one
 * folder and the headers that all flavours share in another, named by a `source` link, or only by
 * the line of the Makefile that includes the other's.
 */
#include "kernel/headers.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/alloc.h"
#include "util/buf.h"
#include "util/cleanup.h"
#include "util/file.h"

#define LINKS_MAX      40
#define SMALL_FILE_MAX (64u << 10)

int headers_resolve(const char *root, const char *path, char **ret)
{
	_cleanup_(freep) char *at = xasprintf("%s%s", root, path);
	char target[PATH_MAX];

	for (int i = 0; i < LINKS_MAX; i++) {
		ssize_t n = readlink(at, target, sizeof(target) - 1);
		char *next;

		if (n < 0)
			break;
		target[n] = '\0';
		next = target[0] == '/' ? xasprintf("%s%s", root, target)
		                        : xasprintf("%s/%s", dirname(at), target);
		free(at);
		at = next;
	}
	*ret = steal(&at);
	return file_exists(*ret) ? 0 : -ENOENT;
}

static bool has_file(const char *dir, const char *name)
{
	_cleanup_(freep) char *path = path_join(dir, name);

	return file_exists(path);
}

/* The version that the tree was configured as: `#define UTS_RELEASE "6.1.0-9-amd64"`. */
static char *tree_release(const char *build)
{
	_cleanup_(freep) char *define = path_join(build, "include/generated/utsrelease.h");
	_cleanup_(freep) char *plain = path_join(build, "include/config/kernel.release");
	_cleanup_(buf_donep) struct buf b = {};
	const char *open, *close;
	char *line;

	if (!file_read(define, SMALL_FILE_MAX, &b) &&
	    (open = strstr(buf_cstr(&b), "UTS_RELEASE \"")) &&
	    (open = strchr(open, '"') + 1, close = strchr(open, '"')))
		return xstrndup(open, (size_t)(close - open));
	return file_read_line(plain, &line) ? NULL : line;
}

/* "include /usr/src/linux-headers-6.1.0-9-common/Makefile" -> the folder. */
static char *source_from_makefile(const char *root, const char *build)
{
	_cleanup_(freep) char *path = path_join(build, "Makefile");
	_cleanup_(buf_donep) struct buf b = {};

	if (file_read(path, SMALL_FILE_MAX, &b))
		return NULL;
	buf_cstr(&b);
	for (char *save = NULL, *line = strtok_r(b.data, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		char *tail;

		if (strncmp(line, "include ", 8))
			continue;
		line += 8 + strspn(line + 8, " \t");
		tail = strstr(line, "/Makefile");
		if (!tail)
			continue;
		*tail = '\0';
		return *line == '/' ? xasprintf("%s%s", root, line)
		                    : xasprintf("%s/%s", build, line);
	}
	return NULL;
}

/* The half that has include/linux; NULL: this is all there is, or the other is not to be found. */
static char *find_source(const char *root, const char *build, const char *source)
{
	/* headers_resolve() puts the root in front, which `build` has already */
	_cleanup_(freep) char *inside = xasprintf("%s/source", build + strlen(root));
	const char *links[] = {source, inside};
	char *included;

	for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
		_cleanup_(freep) char *found = NULL;

		if (links[i] && !headers_resolve(root, links[i], &found) &&
		    has_file(found, "include/linux/kconfig.h"))
			return steal(&found);
	}
	included = source_from_makefile(root, build);
	if (included && has_file(included, "include/linux/kconfig.h"))
		return included;
	free(included);
	return NULL;
}

static void add_stat(struct buf *b, const char *dir, const char *name)
{
	_cleanup_(freep) char *path = path_join(dir, name);
	struct stat st;

	if (stat(path, &st) == 0)
		buf_printf(b, " %s %lld %lld.%09ld", name, (long long)st.st_size,
		           (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
}

static char *identity(const struct types_rung *rung, const char *release)
{
	struct buf b = {};

	buf_printf(&b, "headers %s", rung->build);
	if (rung->source)
		buf_printf(&b, " %s", rung->source);
	buf_printf(&b, " %s", release);
	add_stat(&b, rung->build, "include/generated/autoconf.h");
	add_stat(&b, rung->build, "include/generated/utsrelease.h");
	add_stat(&b, rung->source ? rung->source : rung->build, "include/linux/kconfig.h");
	return buf_take(&b);
}

/* How each distribution calls the package, by os-release's ID and ID_LIKE. */
char *headers_remedy(const struct kernel *k, const char *root)
{
	static const struct {
		const char *word, *command;
		bool versioned;
	} families[] = {
		{"debian", "apt install linux-headers-", true},
		{"ubuntu", "apt install linux-headers-", true},
		{"fedora", "dnf install kernel-devel-", true},
		{"rhel", "dnf install kernel-devel-", true},
		{"amzn", "dnf install kernel-devel-", true},
		{"suse", "zypper install kernel-default-devel", false},
		{"arch", "pacman -S linux-headers", false},
	};
	_cleanup_(freep) char *path = xasprintf("%s/etc/os-release", root);
	_cleanup_(buf_donep) struct buf b = {};

	if (!file_read(path, SMALL_FILE_MAX, &b)) {
		buf_cstr(&b);
		for (char *save = NULL, *line = strtok_r(b.data, "\n", &save); line;
		     line = strtok_r(NULL, "\n", &save)) {
			if (strncmp(line, "ID=", 3) && strncmp(line, "ID_LIKE=", 8))
				continue;
			for (size_t i = 0; i < ARRAY_SIZE(families); i++)
				if (strstr(line, families[i].word))
					return xasprintf("run: %s%s", families[i].command,
					                 families[i].versioned ? k->release : "");
		}
	}
	return xasprintf("install the kernel headers of %s", k->release);
}

/* Why the tree cannot be used, as a heap string; NULL: it can, and rung and release are filled. */
static char *inspect(const struct kernel *k, const char *root, const char *build,
                     const char *source, bool any_version, struct types_rung *rung,
                     char **ret_release)
{
	_cleanup_(freep) char *at = NULL, *release = NULL;
	_cleanup_(freep) char *remedy = headers_remedy(k, root);
	int r = headers_resolve(root, build, &at);

	if (r && streq(at + strlen(root), build))
		return xasprintf("there is no %s: %s", at, remedy);
	if (r)
		return xasprintf("%s%s leads to %s, which is not there: %s", root, build, at,
		                 remedy);
	if (strchr(at, ':'))
		return xasprintf("%s: a path with a colon cannot be handed to the compiler", at);
	if (!has_file(at, "include/generated/autoconf.h"))
		return xasprintf("%s is half a tree (no include/generated/autoconf.h): %s, or run "
		                 "make prepare in a kernel source",
		                 at, remedy);
	release = tree_release(at);
	if (!release)
		return xasprintf("%s does not say its version (no include/generated/utsrelease.h): "
		                 "%s",
		                 at, remedy);
	if (!any_version && !streq(release, k->release))
		return xasprintf("%s is for %s, and %s is running: %s", at, release, k->release,
		                 remedy);
	if (!has_file(at, "include/linux/kconfig.h")) {
		rung->source = find_source(root, at, source);
		if (!rung->source)
			return xasprintf("%s is half of a split tree and the half with "
			                 "include/linux is not found: %s",
			                 at, remedy);
	}
	rung->build = steal(&at);
	*ret_release = steal(&release);
	return NULL;
}

void headers_inspect(const struct kernel *k, const char *root, const char *build,
                     const char *source, bool any_version, struct types_rung *rung)
{
	_cleanup_(freep) char *release = NULL;

	rung->kind = TYPES_HEADERS;
	rung->reason = inspect(k, root, build, source, any_version, rung, &release);
	if (rung->reason)
		return;
	rung->usable = true;
	rung->identity = identity(rung, release);
	if (!streq(release, k->release))
		rung->reason = xasprintf("of %s, not of the running %s: taken because any version "
		                         "was asked for",
		                         release, k->release);
}
