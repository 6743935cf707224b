// SPDX-License-Identifier: Apache-2.0
#include "util/paths.h"

#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

static bool from_build_tree(void)
{
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	size_t root = strlen(QUERN_BUILD_ROOT);

	if (n < 0)
		return false;
	exe[n] = '\0';
	return strncmp(exe, QUERN_BUILD_ROOT, root) == 0 && exe[root] == '/';
}

const char *path_probes(void)
{
	return from_build_tree() ? QUERN_SOURCE_ROOT "/probes-src" : QUERN_DATADIR "/probes";
}

const char *path_compiler(void)
{
	return from_build_tree() ? QUERN_BUILD_ROOT "/src/cc/quern-cc"
	                         : QUERN_LIBEXECDIR "/quern-cc";
}

const char *path_sysconf(void)
{
	return from_build_tree() ? QUERN_SOURCE_ROOT "/config" : QUERN_SYSCONFDIR;
}
