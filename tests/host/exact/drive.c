/* SPDX-License-Identifier: Apache-2.0 */
/*
 * drive WHAT N …: does a thing a known number of times, so that a test knows how many events must come
 * of it and what must be in them.
 *
 *   exec N PROGRAM    the program, N times
 *   refuse N          a program that is not there
 *   exit CODE         ends so
 *   signal NUMBER     ends by this signal
 *   connect N         to a listener of its own, one half over IPv4 and the other over IPv6, and accepts;
 *                     prints both ports
 *   refused N         connections to a port where nobody listens, both ways; prints it
 *   open N PATH       opens and closes the file
 *   missing N PATH    the same for one that is not there
 *   creat PATH        creates it with mode 0640
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int spawn(int n, const char *path, int expected)
{
	char *argv[] = {(char *)path, (char *)"one", (char *)"two words", NULL};
	char *envp[] = {NULL};

	for (int i = 0; i < n; i++) {
		int status;
		pid_t pid;
		int r = posix_spawn(&pid, path, NULL, NULL, argv, envp);

		if (r != expected)
			return 1;
		if (!r && waitpid(pid, &status, 0) != pid)
			die("waitpid");
	}
	return 0;
}

/* The loopback address of the family, with a port in network order. */
static socklen_t loopback(int family, in_port_t port, struct sockaddr_storage *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->ss_family = (sa_family_t)family;
	if (family == AF_INET) {
		struct sockaddr_in *v4 = (void *)ret;

		v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		v4->sin_port = port;
		return sizeof(*v4);
	}
	struct sockaddr_in6 *v6 = (void *)ret;

	v6->sin6_addr = in6addr_loopback;
	v6->sin6_port = port;
	return sizeof(*v6);
}

/* A listener on a port of the kernel's choice, or one that is bound and does not listen. */
static int serve(int family, int backlog, in_port_t *ret_port)
{
	struct sockaddr_storage at;
	socklen_t size = loopback(family, 0, &at);
	int fd = socket(family, SOCK_STREAM, 0);

	if (fd < 0 || bind(fd, (void *)&at, size) < 0 || (backlog && listen(fd, backlog) < 0) ||
	    getsockname(fd, (void *)&at, &size) < 0)
		die("server");
	*ret_port = family == AF_INET ? ((struct sockaddr_in *)&at)->sin_port
	                              : ((struct sockaddr_in6 *)&at)->sin6_port;
	return fd;
}

static void connect_once(int family, in_port_t port, int server)
{
	struct linger reset = {.l_onoff = 1}; /* no TIME_WAIT: a thousand ports are soon used up */
	struct sockaddr_storage to;
	socklen_t size = loopback(family, port, &to);
	int fd = socket(family, SOCK_STREAM, 0), accepted;
	int r = connect(fd, (void *)&to, size);

	if (server < 0) {
		if (r == 0 || errno != ECONNREFUSED)
			die("connect");
		close(fd);
		return;
	}
	accepted = accept(server, NULL, NULL);
	if (r < 0 || accepted < 0)
		die("connect");
	setsockopt(accepted, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(accepted);
	close(fd);
}

static int connect_all(int n, int listening)
{
	static const int families[] = {AF_INET, AF_INET6};

	for (int f = 0; f < 2; f++) {
		in_port_t port;
		int server = serve(families[f], listening ? 16 : 0, &port);

		for (int i = 0; i < n / 2; i++)
			connect_once(families[f], port, listening ? server : -1);
		printf("%d\n", ntohs(port));
		close(server);
	}
	return 0;
}

static int open_all(int n, const char *path, int expected)
{
	for (int i = 0; i < n; i++) {
		int fd = open(path, O_RDONLY | O_NOFOLLOW);

		if ((fd < 0 ? errno : 0) != expected)
			die(path);
		if (fd >= 0)
			close(fd);
	}
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 2 ? argv[1] : "";
	int n = argc > 2 ? atoi(argv[2]) : 0;

	if (!strcmp(what, "exec") && argc > 3)
		return spawn(n, argv[3], 0);
	if (!strcmp(what, "refuse"))
		return spawn(n, "/no/such/program", ENOENT);
	if (!strcmp(what, "exit"))
		return n;
	if (!strcmp(what, "signal"))
		return raise(n);
	if (!strcmp(what, "connect") || !strcmp(what, "refused"))
		return connect_all(n, what[0] == 'c');
	if (!strcmp(what, "open") && argc > 3)
		return open_all(n, argv[3], 0);
	if (!strcmp(what, "missing") && argc > 3)
		return open_all(n, argv[3], ENOENT);
	if (!strcmp(what, "creat"))
		return open(argv[2], O_CREAT | O_WRONLY | O_EXCL, 0640) < 0;
	fprintf(stderr, "usage: drive WHAT N …; see drive.c\n");
	return 2;
}
