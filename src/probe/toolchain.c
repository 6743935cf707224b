// SPDX-License-Identifier: Apache-2.0
#include "probe/toolchain.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <fcntl.h>

#include "util/alloc.h"
#include "util/cleanup.h"
#include "util/file.h"

#define ANSWER_BYTES_MAX 65536
#define MEMO_NAME        "toolchain"

/* "file PATH" of the compiler's answer becomes "PATH size mtime", or false when it is not there. */
static bool describe_file(const char *path, struct buf *out)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return false;
	buf_printf(out, "file %s %lld %lld.%09ld\n", path, (long long)st.st_size,
	           (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
	return true;
}

static int ask(const char *compiler, struct buf *answer, struct diag *diag)
{
	int pipefd[2], status, r;
	pid_t pid;

	if (pipe2(pipefd, O_CLOEXEC) < 0)
		return diag_error(diag, -errno, "pipe: %s", strerror(errno));
	pid = fork();
	if (pid == 0) {
		dup2(pipefd[1], STDOUT_FILENO);
		execl(compiler, compiler, "--version", NULL);
		_exit(127);
	}
	close(pipefd[1]);
	if (pid < 0) {
		close(pipefd[0]);
		return diag_error(diag, -EAGAIN, "cannot start %s: fork failed", compiler);
	}
	r = file_read_fd(pipefd[0], ANSWER_BYTES_MAX, answer);
	close(pipefd[0]);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (r || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return diag_error(diag, -EIO,
		                  "the compiler %s does not work: `%s --version` failed; "
		                  "is its libbcc installed?",
		                  compiler, compiler);
	return 0;
}

/* The compiler's own lines, with each file's size and time. */
static int identify(const char *compiler, struct buf *out, struct diag *diag)
{
	_cleanup_(buf_donep) struct buf answer = {};
	char *line, *rest;
	int r = ask(compiler, &answer, diag);

	if (r)
		return r;
	describe_file(compiler, out);
	buf_cstr(&answer);
	for (line = strtok_r(answer.data, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		if (!strncmp(line, "file ", 5))
			describe_file(line + 5, out);
		else
			buf_printf(out, "%s\n", line);
	}
	return 0;
}

/* Does every file that the memo names still have its size and time? */
static bool memo_holds(const struct buf *memo, const char *compiler)
{
	bool names_compiler = false;
	const char *end = memo->data + memo->len;

	for (const char *line = memo->data; line < end;) {
		const char *eol = memchr(line, '\n', (size_t)(end - line));
		_cleanup_(buf_donep) struct buf now = {};
		_cleanup_(freep) char *path = NULL;
		size_t len, n;

		if (!eol)
			return false;
		len = (size_t)(eol - line) + 1;
		if (!strncmp(line, "file ", 5)) {
			n = strcspn(line + 5, " \n");
			path = xstrndup(line + 5, n);
			if (!describe_file(path, &now) || now.len != len ||
			    memcmp(now.data, line, len))
				return false;
			names_compiler |= streq(path, compiler);
		}
		line += len;
	}
	return names_compiler;
}

int toolchain_identify(const char *compiler, const char *cache_dir, char **ret, struct diag *diag)
{
	_cleanup_(freep) char *path = cache_dir ? path_join(cache_dir, MEMO_NAME) : NULL;
	_cleanup_(buf_donep) struct buf memo = {};
	_cleanup_(buf_donep) struct buf fresh = {};
	bool known = path && file_exists(path) && !file_check_trusted(path, NULL) &&
	             !file_read(path, ANSWER_BYTES_MAX, &memo) && memo.len;
	int r;

	if (known && (memo_holds(&memo, compiler) || !file_exists(compiler))) {
		*ret = buf_take(&memo);
		return 0;
	}
	if (!file_exists(compiler))
		return diag_error(diag, -ENOENT,
		                  "no compiler: %s is not there; install it, or point cache_dir "
		                  "to a cache that `quern compile` filled",
		                  compiler);
	r = identify(compiler, &fresh, diag);
	if (r)
		return r;
	if (path && !dir_make(cache_dir, 0700))
		file_write_atomic(path, fresh.data, fresh.len, 0600);
	*ret = buf_take(&fresh);
	return 0;
}
