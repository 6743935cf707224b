/* SPDX-License-Identifier: Apache-2.0 */
/*
 * corners WHAT [ARGUMENT]: what is easy to report wrongly, twice or not at all. Each thing is done a
 * number of times that the script beside this knows.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS 8

static _Noreturn void die(const char *what)
{
	perror(what);
	exit(1);
}

static void check(bool ok, const char *what)
{
	if (!ok)
		die(what);
}

/* Run in a child, and wait for it. */
static int in_child(void (*what)(int), int argument)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		what(argument);
		_exit(0);
	}
	check(pid > 0 && waitpid(pid, &status, 0) == pid, "fork");
	return status;
}

static char *const no_environment[] = {NULL};

static void exec_as(const char *name)
{
	char *argv[] = {(char *)name, (char *)"", (char *)"c\nd", NULL};

	execve("/bin/true", argv, no_environment);
}

static void *exec_in_thread(void *unused)
{
	exec_as("corner-thread");
	return NULL;
}

static void exec_thread(int unused)
{
	pthread_t thread;

	pthread_create(&thread, NULL, exec_in_thread, NULL);
	pthread_join(thread, NULL);
}

static void exec_descriptor(int unused)
{
	char *argv[] = {(char *)"corner-descriptor", NULL};

	fexecve(open("/bin/true", O_RDONLY | O_CLOEXEC), argv, no_environment);
}

static void exec_long(int unused)
{
	char *argv[] = {(char *)"corner-long", calloc(1, 3001), calloc(1, 3001), NULL};

	memset(argv[1], 'a', 3000);
	memset(argv[2], 'b', 3000);
	execve("/bin/true", argv, no_environment);
}

static void exec_folder(int unused)
{
	char *argv[] = {(char *)"corner-folder", NULL};

	execve("/etc", argv, no_environment);
}

/* Arguments on a page that no process has touched yet. */
static void exec_untouched(int fd)
{
	char *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
	char *argv[] = {page, NULL};

	execve("/bin/true", argv, no_environment);
}

static void exec_all(const char *folder)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/argument", folder);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	check(fd >= 0 && write(fd, "corner-untouched", 17) == 17, path);
	in_child(exec_thread, 0);
	in_child(exec_descriptor, 0);
	in_child(exec_long, 0);
	in_child(exec_folder, 0);
	in_child(exec_untouched, fd);
}

static pthread_barrier_t together;

static void *thread_leaves(void *unused)
{
	pthread_barrier_wait(&together);
	return NULL;
}

/* All threads, the first one among them, leave at the same moment and none ends the others. */
static void leave_together(int unused)
{
	pthread_t thread;

	pthread_barrier_init(&together, NULL, THREADS + 1);
	for (int i = 0; i < THREADS; i++)
		check(!pthread_create(&thread, NULL, thread_leaves, NULL), "pthread_create");
	pthread_barrier_wait(&together);
	syscall(SYS_exit, 0);
}

static void *thread_ends_process(void *code)
{
	_exit((int)(long)code);
}

static void end_from_thread(int code)
{
	pthread_t thread;

	pthread_create(&thread, NULL, thread_ends_process, (void *)(long)code);
	pause();
}

static void crash(int unused)
{
	setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
	abort();
}

static void exit_all(void)
{
	for (int code = 0; code < 256; code++)
		in_child(_exit, code);
	for (int i = 0; i < 100; i++)
		in_child(leave_together, 0);
	for (int i = 0; i < 20; i++)
		in_child(end_from_thread, 9);
	in_child(crash, 0);
}

static struct sockaddr_in v4_at(uint32_t address, int port)
{
	return (struct sockaddr_in){.sin_family = AF_INET,
	                            .sin_addr.s_addr = htonl(address),
	                            .sin_port = htons((uint16_t)port)};
}

static int listener(int backlog, struct sockaddr_in *ret)
{
	socklen_t size = sizeof(*ret);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	*ret = v4_at(INADDR_LOOPBACK, 0);
	check(!bind(fd, (void *)ret, size) && !listen(fd, backlog), "listen");
	getsockname(fd, (void *)ret, &size);
	return fd;
}

/* connect() and what it says; `expected` 0: nothing amiss. */
static void connect_to(int fd, const void *to, socklen_t size, int expected)
{
	int r = connect(fd, to, size);

	check((r ? errno : 0) == expected, "connect");
}

static void wait_for(int fd)
{
	poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, 5000);
}

static void tcp_nonblocking(int server, const struct sockaddr_in *to,
                            const struct sockaddr_in *nobody)
{
	struct sockaddr_in nowhere = v4_at(INADDR_BROADCAST, 3);

	for (int i = 0; i < 50; i++) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

		connect_to(fd, to, sizeof(*to), EINPROGRESS);
		wait_for(fd);
		connect_to(fd, to, sizeof(*to), 0);
		connect_to(fd, to, sizeof(*to), EISCONN);
		close(accept4(server, NULL, NULL, SOCK_CLOEXEC));
		close(fd);

		fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		connect_to(fd, nobody, sizeof(*nobody), EINPROGRESS);
		wait_for(fd);
		if (i % 2) /* ask what has come of it, or not */
			connect_to(fd, nobody, sizeof(*nobody), ECONNREFUSED);
		close(fd);

		fd = socket(AF_INET, SOCK_STREAM, 0); /* likely in the last one's memory */
		connect_to(fd, &nowhere, sizeof(nowhere), ENETUNREACH);
		close(fd);
	}
}

/* The queue is full, so nobody answers; the process closes the socket. */
static void tcp_given_up(void)
{
	struct sockaddr_in to;
	int server = listener(0, &to), fds[8];

	for (int i = 0; i < 8; i++) {
		fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		connect_to(fds[i], &to, sizeof(to), EINPROGRESS);
	}
	usleep(100000);
	for (int i = 0; i < 8; i++)
		close(fds[i]);
	close(server);
	printf("%d\n", ntohs(to.sin_port));
}

/* IPv4 through a socket of IPv6, and what is not TCP. */
static void tcp_others(int server, const struct sockaddr_in *to, const char *folder)
{
	struct sockaddr_in6 mapped = {.sin6_family = AF_INET6, .sin6_port = to->sin_port};
	struct sockaddr_un local = {.sun_family = AF_UNIX};
	int fd = socket(AF_INET6, SOCK_STREAM, 0), pair = socket(AF_UNIX, SOCK_STREAM, 0);

	inet_pton(AF_INET6, "::ffff:127.0.0.1", &mapped.sin6_addr);
	connect_to(fd, &mapped, sizeof(mapped), 0);
	close(accept(server, NULL, NULL));
	close(fd);

	fd = socket(AF_INET, SOCK_DGRAM, 0);
	connect_to(fd, to, sizeof(*to), 0);
	close(fd);

	snprintf(local.sun_path, sizeof(local.sun_path), "%s/socket", folder);
	check(!bind(pair, (void *)&local, sizeof(local)) && !listen(pair, 4), "unix");
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	connect_to(fd, &local, sizeof(local), 0);
	check(accept(pair, NULL, NULL) >= 0, "accept");
	connect_to(-1, to, sizeof(*to), EBADF);
	connect_to(1 << 30, to, sizeof(*to), EBADF);
	unlink(local.sun_path);
}

static void tcp_all(const char *folder)
{
	struct sockaddr_in to, nobody;
	int server = listener(64, &to), bound = listener(1, &nobody);

	close(bound);
	tcp_nonblocking(server, &to, &nobody);
	tcp_others(server, &to, folder);
	printf("%d\n%d\n", ntohs(to.sin_port), ntohs(nobody.sin_port));
	tcp_given_up();
}

static void open_all(const char *folder)
{
	struct open_how how = {
		.flags = O_RDWR | O_CREAT, .mode = 0604, .resolve = RESOLVE_NO_MAGICLINKS};
	int at = open(folder, O_PATH | O_DIRECTORY);
	const char *name = "corner-4000.";
	char path[4001] = "";

	check(at >= 0 && !fchdir(at), folder);
	check(syscall(SYS_openat2, at, "corner-openat2", &how, sizeof(how)) >= 0, "openat2");
#ifdef SYS_open
	check(syscall(SYS_open, "corner-open", O_CREAT | O_RDONLY, 0444) >= 0, "open");
	check(syscall(SYS_creat, "corner-creat", 0751) >= 0, "creat");
#endif
	syscall(SYS_openat, AT_FDCWD, NULL, O_RDONLY);
	check(openat(at, "corner-openat2", O_WRONLY | O_TRUNC | O_APPEND) >= 0, "openat");
	for (size_t i = 0; i < 4000; i += 2)
		memcpy(path + i, "./", 2);
	memcpy(path + 4000 - strlen(name), name, strlen(name));
	syscall(SYS_openat, AT_FDCWD, path, O_RDONLY);
}

int main(int argc, char **argv)
{
	const char *what = argc > 2 ? argv[1] : "";

	if (!strcmp(what, "exec"))
		exec_all(argv[2]);
	else if (!strcmp(what, "exit"))
		exit_all();
	else if (!strcmp(what, "tcp"))
		tcp_all(argv[2]);
	else if (!strcmp(what, "open"))
		open_all(argv[2]);
	else
		die("usage: corners exec|exit|tcp|open FOLDER");
	return 0;
}
