// SPDX-License-Identifier: Apache-2.0
/*
 * credential_process: a program of the user's that prints keys. It gets no shell, no input, a bounded
 * time and a bounded output; what it starts is killed with it. Its stderr goes nowhere: what such
 * programs print there may be secret.
 */
#include "aws/provider.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "aws/answer.h"
#include "util/alloc.h"
#include "util/cleanup.h"
#include "util/time.h"

#define TIME_LIMIT (30 * NSEC_PER_SEC)
#define NAP        10 /* ms between looks at a program that has closed its output */

extern char **environ;

char **provider_split_command(const char *command)
{
	size_t len = strlen(command), n = 0;
	char **words = xmalloc((len / 2 + 2) * sizeof(*words) + len + 1);
	char *to = (char *)(words + len / 2 + 2);
	const char *p = command + strspn(command, " \t");

	while (*p) {
		char quote = '\0';

		words[n++] = to;
		for (; *p && (quote || !strchr(" \t", *p)); p++) {
			if (quote && *p == quote)
				quote = '\0';
			else if (!quote && (*p == '"' || *p == '\''))
				quote = *p;
			else if (*p == '\\' && quote != '\'' && p[1])
				*to++ = *++p;
			else
				*to++ = *p;
		}
		*to++ = '\0';
		p += strspn(p, " \t");
	}
	words[n] = NULL;
	return words;
}

/* In a process group of its own, with default signals, so that it can be ended as a whole. */
static int spawn(char *const *argv, int output, pid_t *ret)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t none, all;
	int r;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF |
	                                              POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	r = posix_spawnp(ret, argv[0], &files, &attributes, argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&files);
	return -r;
}

static int milliseconds_left(uint64_t deadline)
{
	uint64_t now = time_monotonic();

	return now >= deadline ? 0 : (int)((deadline - now) / NSEC_PER_MSEC) + 1;
}

/* All that comes until the end of the output. */
static int collect(int fd, uint64_t deadline, struct buf *out)
{
	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		int ms = milliseconds_left(deadline);
		ssize_t n;

		if (!ms)
			return -ETIMEDOUT;
		if (poll(&p, 1, ms) <= 0)
			continue;
		n = read(fd, buf_reserve(out, 4096), 4096);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return 0;
		out->len += (size_t)n;
		if (out->len > PROVIDER_ANSWER_MAX)
			return -EFBIG;
	}
}

/*
 * Wait for the program's end, then end all that it started. It stays a zombie until that is done: its
 * number could otherwise be that of another group by then.
 */
static int reap(pid_t pid, uint64_t deadline, int *ret_status)
{
	const struct timespec nap = {.tv_nsec = NAP * (long)NSEC_PER_MSEC};
	siginfo_t info = {};

	while (!waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) && !info.si_pid &&
	       milliseconds_left(deadline))
		nanosleep(&nap, NULL);
	kill(-pid, SIGKILL);
	if (waitpid(pid, ret_status, 0) < 0)
		return -errno;
	return info.si_pid ? 0 : -ETIMEDOUT;
}

static int run_program(char *const *argv, uint64_t limit, struct buf *out, int *ret_status)
{
	uint64_t deadline = time_monotonic() + limit;
	int fds[2], r, collected;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	r = spawn(argv, fds[1], &pid);
	close(fds[1]);
	if (r < 0) {
		close(fds[0]);
		return r;
	}
	collected = collect(fds[0], deadline, out);
	close(fds[0]);
	r = reap(pid, collected ? 0 : deadline, ret_status);
	return collected ? collected : r;
}

int provider_process(struct provider_run *run, const char *command, struct aws_keys *ret,
                     struct diag *diag)
{
	_cleanup_(freep) char **argv = provider_split_command(command);
	_cleanup_(secret_buf_donep) struct buf out = {};
	uint64_t limit = run->process_ns ? run->process_ns : TIME_LIMIT;
	int status, r;

	provider_name(run, "credential_process %s", argv[0] ? argv[0] : "(empty)");
	if (!argv[0])
		return diag_error(diag, -EINVAL, "%s: there is no command", run->who);
	buf_grow(&out, 2 * PROVIDER_ANSWER_MAX);
	r = run_program(argv, limit, &out, &status);
	if (r == -ETIMEDOUT)
		return diag_error(diag, r, "%s: it did not end in time", run->who);
	if (r < 0)
		return diag_error(diag, r, "%s: %s", run->who,
		                  r == -EFBIG ? "it printed too much" : strerror(-r));
	if (WIFSIGNALED(status))
		return diag_error(diag, -EACCES, "%s: ended by signal %d", run->who,
		                  WTERMSIG(status));
	if (WEXITSTATUS(status))
		return diag_error(diag, -EACCES, "%s: exit status %d (run it by hand to see why)",
		                  run->who, WEXITSTATUS(status));
	return answer_parse_json(run->who, out.data, out.len, ret, diag);
}
