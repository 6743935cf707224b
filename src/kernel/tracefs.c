// SPDX-License-Identifier: Apache-2.0
/*
 * Releases of libbcc differ in where they look for tracefs: 0.26 knows /sys/kernel/debug/tracing
 * only, newer ones ask /sys/kernel/tracing first. Hosts differ too: debugfs is often not mounted,
 * and containers have neither. So both places are made good, in a mount namespace of our own: the
 * host sees nothing of it, quern-cc inherits it, and it is gone with the last process in it, however
 * that ended. The namespace is a slave of the host's, so what the host mounts later still arrives.
 */
#include "kernel/tracefs.h"

#include <sched.h>
#include <stddef.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "util/alloc.h"
#include "util/cleanup.h"
#include "util/file.h"

#define TRACEFS     "/sys/kernel/tracing"
#define DEBUGFS     "/sys/kernel/debug"
#define TRACEFS_OLD DEBUGFS "/tracing"
#define MOUNT_FLAGS (MS_NOSUID | MS_NODEV | MS_NOEXEC)

static bool is_tracefs(const char *dir)
{
	_cleanup_(freep) char *events = path_join(dir, "events");

	return file_exists(events);
}

static bool mount_at(const char *type, const char *dir)
{
	return mount(type, dir, type, MOUNT_FLAGS, NULL) == 0;
}

/*
 * Older kernels mount tracefs inside debugfs by themselves. Where debugfs cannot be had (lockdown, a
 * container's policy) an empty tmpfs in its place does as well: only the path matters.
 */
static void mount_old_place(void)
{
	mount_at("debugfs", DEBUGFS);
	if (is_tracefs(TRACEFS_OLD) || mount_at("tracefs", TRACEFS_OLD))
		return;
	if (mount_at("tmpfs", DEBUGFS) && mkdir(TRACEFS_OLD, 0700) == 0)
		mount_at("tracefs", TRACEFS_OLD);
}

static void mount_privately(void)
{
	if (unshare(CLONE_NEWNS) < 0)
		return;
	/* Without this, what we mount would appear on the host wherever / is a shared mount. */
	if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return;
	if (!is_tracefs(TRACEFS))
		mount_at("tracefs", TRACEFS);
	if (!is_tracefs(TRACEFS_OLD))
		mount_old_place();
}

char *tracefs_find(bool may_mount)
{
	if (may_mount && !(is_tracefs(TRACEFS) && is_tracefs(TRACEFS_OLD)))
		mount_privately();
	if (is_tracefs(TRACEFS))
		return xstrdup(TRACEFS);
	if (is_tracefs(TRACEFS_OLD))
		return xstrdup(TRACEFS_OLD);
	return NULL;
}
