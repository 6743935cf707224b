// SPDX-License-Identifier: Apache-2.0
/* The console sink before every kind of standard output: each test puts its own at descriptor 1. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <pty.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "sinks/sink.h"
#include "util/file.h"
#include "util/time.h"

#include "batches.h"

static int real_stdout;
static struct event *event;

static int keep_stdout(void **state)
{
	fflush(stdout);
	real_stdout = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 10);
	event = number_event(0, "tick");
	unsetenv("NO_COLOR");
	setenv("TERM", "xterm", 1);
	return real_stdout < 0;
}

static int restore_stdout(void **state)
{
	dup2(real_stdout, STDOUT_FILENO);
	close(real_stdout);
	event_unref(event);
	return 0;
}

/* `fd` becomes standard output and is closed here. */
static void stdout_is(int fd)
{
	assert_int_equal(dup2(fd, STDOUT_FILENO), STDOUT_FILENO);
	close(fd);
}

/* Standard output becomes a pipe of the given size; its reading end. */
static int stdout_is_pipe(int size)
{
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	assert_true(fcntl(fds[1], F_SETPIPE_SZ, size) >= size);
	stdout_is(fds[1]);
	return fds[0];
}

static struct sink *console(const char *color)
{
	struct sink *s = sink_new(sink_ops_find("console"), "console");

	s->format = FORMAT_JSON;
	if (color) {
		s->format = FORMAT_TEXT;
		assert_int_equal(option_set(s->ops->options, color, "test", s, NULL), 0);
	}
	s->retry = (struct retry_policy){.base_ns = NSEC_PER_MSEC, .cap_ns = NSEC_PER_MSEC};
	return s;
}

static struct sink *start(struct sink *s)
{
	assert_int_equal(sink_start(s, NULL), 0);
	return s;
}

static void push(struct sink *s, uint64_t first, uint32_t count)
{
	struct batch *b = number_batch(event, first, count);

	sink_push(s, b);
	batch_unref(b);
}

static struct tally_view tally(const struct sink *s)
{
	struct tally_view v;

	tally_read(&s->tallies[0], &v);
	return v;
}

/* The text is whole JSON lines numbered from 0 on; how many. */
static uint64_t count_lines(struct buf *text)
{
	const char *line = buf_cstr(text), *end;
	uint64_t n = 0;

	for (; *line; line = end + 1, n++) {
		char tail[32];
		size_t size = (size_t)snprintf(tail, sizeof(tail), "\"n\":%lu}\n", n);

		end = strchr(line, '\n');
		assert_non_null(end);
		assert_memory_equal(line, "{\"time\":", 8);
		assert_memory_equal(end + 1 - size, tail, size);
	}
	return n;
}

struct reader {
	int fd;
	size_t chunk;
	useconds_t pause;
	struct buf got;
};

static void *read_all(void *arg)
{
	struct reader *r = arg;
	ssize_t n;

	while ((n = read(r->fd, buf_reserve(&r->got, r->chunk), r->chunk)) > 0) {
		r->got.len += (size_t)n;
		usleep(r->pause);
	}
	return NULL;
}

/* Push 2000 records while somebody reads in small steps; every byte has to arrive. */
static void assert_all_arrive(int fd)
{
	struct reader r = {.fd = fd, .chunk = 3001, .pause = 100};
	struct sink *s = start(console(NULL));
	pthread_t thread;

	pthread_create(&thread, NULL, read_all, &r);
	for (uint64_t i = 0; i < 20; i++)
		push(s, i * 100, 100);
	sink_stop(s, 5 * NSEC_PER_SEC);
	assert_int_equal(tally(s).delivered, 2000);
	assert_false(s->broken);
	sink_free(s);
	dup2(real_stdout, STDOUT_FILENO); /* closes the writing end */
	pthread_join(thread, NULL);
	assert_int_equal(count_lines(&r.got), 2000);
	buf_done(&r.got);
	close(fd);
}

static void slow_pipe(void **state)
{
	assert_all_arrive(stdout_is_pipe(4096));
}

static void pipe_that_does_not_block(void **state)
{
	int fd = stdout_is_pipe(4096);

	fcntl(STDOUT_FILENO, F_SETFL, O_NONBLOCK);
	assert_all_arrive(fd);
}

static void slow_socket(void **state)
{
	int fds[2], small = 4096;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	setsockopt(fds[1], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	stdout_is(fds[1]);
	assert_all_arrive(fds[0]);
}

static void file(void **state)
{
	_cleanup_(buf_donep) struct buf got = {};
	char path[] = "/tmp/test_console.XXXXXX";
	struct sink *s;

	stdout_is(mkstemp(path));
	assert_int_equal(write(STDOUT_FILENO, "before\n", 7), 7); /* not to be written over */
	s = start(console(NULL));
	push(s, 0, 2000);
	sink_stop(s, NSEC_PER_SEC);
	assert_int_equal(tally(s).delivered, 2000);
	sink_free(s);
	assert_int_equal(file_read(path, 1 << 20, &got), 0);
	assert_memory_equal(got.data, "before\n", 7);
	buf_shift(&got, 7);
	assert_int_equal(count_lines(&got), 2000);
	unlink(path);
}

/* The flags of what the shell and others share with us stay as they were. */
static void shared_flags_stay(void **state)
{
	int fd = stdout_is_pipe(4096);
	struct sink *s = start(console(NULL));

	assert_int_equal(fcntl(STDOUT_FILENO, F_GETFL) & O_NONBLOCK, 0);
	sink_free(s);
	close(fd);
}

static void events_show_promptly(void **state)
{
	int fd = stdout_is_pipe(65536);
	struct sink *s = start(console(NULL));
	struct pollfd ready = {.fd = fd, .events = POLLIN};

	push(s, 0, 1);
	assert_int_equal(poll(&ready, 1, 1000), 1);
	sink_free(s);
	close(fd);
}

/* Nobody reads: the stop ends in its time, and what counts as delivered is what the pipe holds. */
static void stuck_pipe_ends_in_time(void **state)
{
	struct reader r = {.fd = stdout_is_pipe(4096), .chunk = 65536};
	struct sink *s = start(console(NULL));
	uint64_t begin, took;
	struct tally_view v;

	for (uint64_t i = 0; i < 20; i++)
		push(s, i * 100, 100);
	usleep(10000);
	begin = time_monotonic();
	sink_stop(s, 100 * NSEC_PER_MSEC);
	took = time_monotonic() - begin;
	assert_in_range(took, 90 * NSEC_PER_MSEC, 500 * NSEC_PER_MSEC);
	v = tally(s);
	sink_free(s);
	dup2(real_stdout, STDOUT_FILENO);
	read_all(&r);
	assert_true(v.delivered > 0);
	assert_int_equal(count_lines(&r.got), v.delivered);
	assert_int_equal(v.delivered + v.dropped[DROP_SHUTDOWN], 2000);
	assert_int_equal(v.in_flight, 0);
	buf_done(&r.got);
	close(r.fd);
}

static void closed_pipe_breaks_the_sink(void **state)
{
	int fd = stdout_is_pipe(4096);
	struct sink *s = start(console(NULL));
	struct tally_view v;

	close(fd);
	push(s, 0, 100); /* a thread of ours has SIGPIPE blocked */
	for (int i = 0; i < 1000 && !s->broken; i++)
		usleep(1000);
	assert_true(s->broken);
	push(s, 100, 100);
	sink_stop(s, NSEC_PER_SEC);
	v = tally(s);
	assert_int_equal(v.dropped[DROP_REJECTED], 200);
	assert_int_equal(v.delivered, 0);
	sink_free(s);
}

static void closed_before_the_start(void **state)
{
	struct sink *s;

	close(stdout_is_pipe(4096));
	s = start(console(NULL));
	push(s, 0, 1);
	sink_stop(s, NSEC_PER_SEC);
	assert_true(s->broken);
	assert_int_equal(tally(s).dropped[DROP_REJECTED], 1);
	sink_free(s);
}

static void without_standard_output(void **state)
{
	_cleanup_(diag_donep) struct diag diag = {};
	struct sink *s = console(NULL);

	close(STDOUT_FILENO);
	assert_int_equal(sink_start(s, &diag), -EBADF);
	assert_non_null(strstr(diag_text(&diag), ">/dev/null"));
	sink_free(s);
}

static void full_disk_is_tried_again(void **state)
{
	struct sink *s;

	stdout_is(open("/dev/full", O_WRONLY));
	s = start(console(NULL));
	push(s, 0, 10);
	usleep(20000);
	assert_true(s->retries > 0);
	assert_false(s->broken);
	sink_stop(s, 10 * NSEC_PER_MSEC);
	assert_int_equal(tally(s).dropped[DROP_SHUTDOWN], 10);
	sink_free(s);
}

static bool colors_on(const char *option)
{
	struct sink *s = start(console(option));
	bool color = s->color;

	sink_free(s);
	return color;
}

static void color_is_for_terminals(void **state)
{
	int master, terminal;

	stdout_is(open("/dev/null", O_WRONLY));
	assert_false(colors_on("auto"));
	assert_true(colors_on("always"));
	if (openpty(&master, &terminal, NULL, NULL, NULL) < 0)
		skip();
	stdout_is(terminal);
	assert_true(colors_on("auto"));
	assert_false(colors_on("never"));
	setenv("NO_COLOR", "1", 1);
	assert_false(colors_on("auto"));
	unsetenv("NO_COLOR");
	setenv("TERM", "dumb", 1);
	assert_false(colors_on("auto"));
	close(master);
}

/* Ctrl-S: the terminal takes nothing more. */
static void stopped_terminal_ends_in_time(void **state)
{
	int master, terminal;
	uint64_t begin;
	struct sink *s;

	if (openpty(&master, &terminal, NULL, NULL, NULL) < 0)
		skip();
	tcflow(terminal, TCOOFF);
	stdout_is(terminal);
	s = start(console("auto"));
	push(s, 0, 1000);
	usleep(10000);
	begin = time_monotonic();
	sink_stop(s, 50 * NSEC_PER_MSEC);
	assert_true(time_monotonic() - begin < 500 * NSEC_PER_MSEC);
	assert_int_equal(tally(s).in_flight, 0);
	assert_true(tally(s).dropped[DROP_SHUTDOWN] > 0);
	sink_free(s);
	close(master);
}

#define test(name) cmocka_unit_test_setup_teardown(name, keep_stdout, restore_stdout)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(slow_pipe),
		test(pipe_that_does_not_block),
		test(slow_socket),
		test(file),
		test(shared_flags_stay),
		test(events_show_promptly),
		test(stuck_pipe_ends_in_time),
		test(closed_pipe_breaks_the_sink),
		test(closed_before_the_start),
		test(without_standard_output),
		test(full_disk_is_tried_again),
		test(color_is_for_terminals),
		test(stopped_terminal_ends_in_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
