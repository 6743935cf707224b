// SPDX-License-Identifier: Apache-2.0
/*
 * Whether a socket file is alive is asked of the kernel: it refuses a connection when no process
 * listens, even if the one that did was killed. Between that question and our bind(2) another agent
 * could come, so the folder is locked meanwhile.
 */
#include "control/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/file.h"

#define BACKLOG 16

int socket_address(const char *run_dir, struct sockaddr_un *ret, struct diag *diag)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int n = snprintf(address.sun_path, sizeof(address.sun_path), "%s/quern.sock", run_dir);

	if (n >= (int)sizeof(address.sun_path))
		return diag_error(diag, -ENAMETOOLONG,
		                  "%s: the path is too long for a socket; choose a run_dir of at "
		                  "most %zu bytes",
		                  run_dir, sizeof(address.sun_path) - sizeof("/quern.sock"));
	*ret = address;
	return 0;
}

/* The folder, made if need be, which nobody but root and us may write to. */
static int open_folder(const char *run_dir, int *ret_fd, struct diag *diag)
{
	_cleanup_(closep) int fd = -1;
	struct stat st;
	int r = dir_make(run_dir, 0700);

	if (r == 0) {
		fd = open(run_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		r = fd < 0 || fstat(fd, &st) < 0 ? -errno : 0;
	}
	if (r)
		return diag_error(diag, r, "%s: %s; run as root, or set run_dir", run_dir,
		                  strerror(-r));
	if ((st.st_uid != 0 && st.st_uid != geteuid()) || (st.st_mode & (S_IWGRP | S_IWOTH)))
		return diag_error(diag, -EPERM,
		                  "%s: refused: others may write to this folder (user %u, mode "
		                  "%04o); run: chown root '%s' && chmod 700 '%s'",
		                  run_dir, st.st_uid, st.st_mode & 07777, run_dir, run_dir);
	*ret_fd = steal_fd(&fd);
	return 0;
}

/* Is somebody listening there? Then -EADDRINUSE with his pid; a dead agent's file is removed. */
static int clear_place(const struct sockaddr_un *address, struct diag *diag)
{
	const char *path = address->sun_path;
	_cleanup_(closep) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct ucred peer = {};
	socklen_t size = sizeof(peer);
	struct stat st;

	if (fd < 0)
		return diag_error(diag, -errno, "%s: %s", path, strerror(errno));
	if (lstat(path, &st) < 0)
		return 0;
	if (!S_ISSOCK(st.st_mode))
		return diag_error(diag, -EEXIST, "%s: not a socket, so it was left; remove it",
		                  path);
	/* EAGAIN is a listener that is too busy to answer now. */
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0)
		getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size);
	else if (errno == ECONNREFUSED)
		return unlink(path) < 0 ? diag_error(diag, -errno, "%s: %s", path, strerror(errno))
		                        : 0;
	else if (errno != EAGAIN)
		return diag_error(diag, -errno, "%s: %s", path, strerror(errno));
	return diag_error(diag, -EADDRINUSE,
	                  "%s: an agent is already running here (pid %d); stop it, or set another "
	                  "run_dir",
	                  path, peer.pid);
}

int socket_listen(const char *run_dir, const struct sockaddr_un *address, int *ret_fd,
                  struct diag *diag)
{
	_cleanup_(closep) int folder = -1; /* and its lock */
	_cleanup_(closep) int fd = -1;
	int r = open_folder(run_dir, &folder, diag);

	if (r)
		return r;
	flock(folder, LOCK_EX);
	r = clear_place(address, diag);
	if (r)
		return r;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* The file that bind() makes gets the mode that the socket has before. */
	if (fd < 0 || fchmod(fd, 0600) < 0 ||
	    bind(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 ||
	    listen(fd, BACKLOG) < 0)
		return diag_error(diag, -errno, "%s: %s", address->sun_path, strerror(errno));
	*ret_fd = steal_fd(&fd);
	return 0;
}
