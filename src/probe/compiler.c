// SPDX-License-Identifier: Apache-2.0
#include "probe/compiler.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "core/object.h"
#include "util/alloc.h"
#include "util/cleanup.h"
#include "util/file.h"
#include "util/time.h"

#define DIAGNOSTICS_MAX (64u << 10)
#define PARALLEL_MAX    64

/* A child at work. */
struct child {
	struct compile_job *job;
	pid_t pid;
	int errors; /* read end of its stderr */
	int object; /* memfd that it writes the object to */
	uint64_t started, deadline;
	bool flooded, late;
};

static void limit(int resource, uint64_t value)
{
	struct rlimit l = {value, value};

	setrlimit(resource, &l);
}

/* In the child, between fork and exec: nothing here may fail silently into running unbounded. */
static void run_child(const char *compiler, char **argv, int errors, int object,
                      const struct compiler_limits *limits)
{
	int null = open("/dev/null", O_RDWR);
	sigset_t none;

	setpgid(0, 0); /* so that what it starts can be ended with it */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	limit(RLIMIT_AS, limits->memory);
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_CPU, limits->timeout_ns / NSEC_PER_SEC + 1);
	limit(RLIMIT_FSIZE, OBJECT_BYTES_MAX);
	if (dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0 ||
	    dup2(errors, STDERR_FILENO) < 0 || fcntl(object, F_SETFD, 0) < 0)
		_exit(126);
	execv(compiler, argv);
	dprintf(STDERR_FILENO, "%s: %s\n", compiler, strerror(errno));
	_exit(126);
}

static void add_arg(char ***argv, size_t *n, size_t *cap, const char *flag, char *value)
{
	if (flag)
		*array_push(argv, n, cap) = xstrdup(flag);
	*array_push(argv, n, cap) = value;
}

/* The command line, as a NULL-terminated heap array of heap strings. */
static char **make_argv(const char *compiler, const struct compile_job *job, int object)
{
	const struct recipe *r = job->recipe;
	size_t n = 0, cap = 0;
	char **argv = NULL;

	add_arg(&argv, &n, &cap, NULL, xstrdup(compiler));
	add_arg(&argv, &n, &cap, "--types", types_argument(job->rung));
	add_arg(&argv, &n, &cap, "--version-code", xasprintf("%u", r->kernel->code));
	add_arg(&argv, &n, &cap, "--key", xstrdup(job->key));
	add_arg(&argv, &n, &cap, "--name", xstrdup(r->source->path));
	add_arg(&argv, &n, &cap, "-I", xstrdup(r->include_dir));
	for (size_t i = 0; i < r->n_macros; i++)
		add_arg(&argv, &n, &cap, "-D", xstrdup(r->macros[i]));
	for (size_t i = 0; i < r->n_usdt; i++)
		add_arg(&argv, &n, &cap, "--usdt", xstrdup(r->usdt[i]));
	add_arg(&argv, &n, &cap, "-o", xasprintf("/proc/self/fd/%d", object));
	add_arg(&argv, &n, &cap, NULL, xstrdup(r->source->path));
	array_push(&argv, &n, &cap);
	return argv;
}

static void free_argv(char **argv)
{
	for (size_t i = 0; argv[i]; i++)
		free(argv[i]);
	free(argv);
}

static int child_start(struct child *c, const char *compiler, struct compile_job *job,
                       const struct compiler_limits *limits)
{
	int pipefd[2];
	char **argv;
	int r;

	*c = (struct child){.job = job, .started = time_monotonic()};
	c->deadline = c->started + limits->timeout_ns;
	c->object = memfd_create("probe object", MFD_CLOEXEC);
	if (c->object < 0)
		return -errno;
	if (pipe2(pipefd, O_CLOEXEC) < 0) {
		r = -errno;
		close(c->object);
		return r;
	}
	argv = make_argv(compiler, job, c->object);
	c->pid = fork();
	r = -errno;
	if (c->pid == 0)
		run_child(compiler, argv, pipefd[1], c->object, limits);
	free_argv(argv);
	close(pipefd[1]);
	c->errors = pipefd[0];
	if (c->pid > 0) {
		setpgid(c->pid, c->pid); /* whichever of the two comes first */
		return 0;
	}
	close(c->errors);
	close(c->object);
	return r;
}

/* Take what stands in the pipe; false at its end. What exceeds the bound is read and thrown away. */
static bool child_read(struct child *c)
{
	char chunk[4096];
	ssize_t n = read(c->errors, chunk, sizeof(chunk));
	struct buf *out = &c->job->diagnostics;
	size_t room = DIAGNOSTICS_MAX - out->len;

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	if (n <= 0)
		return false;
	if ((size_t)n > room) {
		c->flooded = true;
		n = (ssize_t)room;
	}
	buf_append(out, chunk, (size_t)n);
	return true;
}

static void explain_end(struct child *c, int status, const struct compiler_limits *limits)
{
	struct buf *out = &c->job->diagnostics;

	if (c->flooded)
		buf_puts(out, "… (the rest of the compiler's output was cut)\n");
	if (c->late || (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU))
		buf_printf(out,
		           "%s: the compiler ran longer than %llu s and was stopped "
		           "(compile_timeout)\n",
		           c->job->recipe->source->path,
		           (unsigned long long)(limits->timeout_ns / NSEC_PER_SEC));
	else if (WIFSIGNALED(status))
		buf_printf(out,
		           "%s: the compiler was ended by signal %d (%s); its memory is bounded by "
		           "compile_memory, %llu MiB\n",
		           c->job->recipe->source->path, WTERMSIG(status),
		           strsignal(WTERMSIG(status)), (unsigned long long)(limits->memory >> 20));
	else if (WEXITSTATUS(status) > 3)
		buf_printf(out, "%s: the compiler ended with status %d\n",
		           c->job->recipe->source->path, WEXITSTATUS(status));
}

static void child_end(struct child *c, const struct compiler_limits *limits)
{
	struct compile_job *job = c->job;
	int status = 0, r;

	if (c->late)
		kill(-c->pid, SIGKILL);
	while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
		;
	job->elapsed_ns = time_monotonic() - c->started;
	job->result = COMPILE_FAILED;
	explain_end(c, status, limits);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 3)
		job->result = COMPILE_OTHER_TYPES;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		r = lseek(c->object, 0, SEEK_SET) < 0
		            ? -errno
		            : file_read_fd(c->object, OBJECT_BYTES_MAX, &job->object);
		if (!r)
			job->result = COMPILE_DONE;
		else
			buf_printf(&job->diagnostics, "%s: cannot read the object: %s\n",
			           job->recipe->source->path, strerror(-r));
	}
	close(c->errors);
	close(c->object);
}

/* Wait for output or the nearest deadline; ends the children that are through. */
static size_t wait_children(struct child *children, size_t n, const struct compiler_limits *limits,
                            bool *ended)
{
	struct pollfd fds[PARALLEL_MAX];
	uint64_t now = time_monotonic(), nearest = UINT64_MAX;
	size_t n_ended = 0;

	for (size_t i = 0; i < n; i++) {
		fds[i] = (struct pollfd){.fd = children[i].errors, .events = POLLIN};
		if (children[i].deadline < nearest)
			nearest = children[i].deadline;
		ended[i] = false;
	}
	poll(fds, n, nearest > now ? (int)((nearest - now) / NSEC_PER_MSEC) + 1 : 0);
	now = time_monotonic();
	for (size_t i = 0; i < n; i++) {
		bool open = !(fds[i].revents & (POLLIN | POLLHUP | POLLERR)) ||
		            child_read(&children[i]);

		children[i].late = open && now >= children[i].deadline;
		if (open && !children[i].late)
			continue;
		child_end(&children[i], limits);
		ended[i] = true;
		n_ended++;
	}
	return n_ended;
}

/* Start a job in the next free place; one that cannot be started is over at once. */
static void start_job(struct child *children, size_t *running, const char *compiler,
                      const struct compiler_limits *limits, struct compile_job *job,
                      bool (*done)(void *ctx, struct compile_job *job), void *ctx)
{
	int r;

	buf_clear(&job->object);
	buf_clear(&job->diagnostics);
	r = child_start(&children[*running], compiler, job, limits);
	if (!r) {
		(*running)++;
		return;
	}
	job->result = COMPILE_FAILED;
	buf_printf(&job->diagnostics, "cannot start %s: %s\n", compiler, strerror(-r));
	done(ctx, job);
}

void compiler_run(const char *compiler, const struct compiler_limits *limits,
                  struct compile_job **jobs, size_t n_jobs,
                  bool (*done)(void *ctx, struct compile_job *job), void *ctx)
{
	size_t parallel = limits->parallel < PARALLEL_MAX ? limits->parallel : PARALLEL_MAX;
	struct child children[PARALLEL_MAX];
	bool ended[PARALLEL_MAX];
	size_t running = 0, next = 0;

	while (next < n_jobs || running) {
		while (next < n_jobs && running < (parallel ? parallel : 1))
			start_job(children, &running, compiler, limits, jobs[next++], done, ctx);
		if (!running || !wait_children(children, running, limits, ended))
			continue;
		for (size_t i = running; i-- > 0;) {
			struct compile_job *job = children[i].job;

			if (!ended[i])
				continue;
			children[i] = children[--running];
			if (done(ctx, job))
				start_job(children, &running, compiler, limits, job, done, ctx);
		}
	}
}
