// SPDX-License-Identifier: Apache-2.0
/* The control socket: server and clients in one process, with an agent that is a few lines. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "control/control.h"
#include "util/file.h"
#include "util/time.h"

#include "batches.h"

#define TAPS 8

static char run_dir[64];
static struct sockaddr_un address;

/* The agent. */
static struct agent {
	pthread_mutex_t lock;
	struct sink *sinks[TAPS];
	size_t n;
	bool reload_fails;
	size_t padding; /* bytes that make status long */
} agent = {.lock = PTHREAD_MUTEX_INITIALIZER};

static struct control *control;
static struct event *event, *other;

static json_t *on_status(void *ctx)
{
	_cleanup_(freep) char *padding = xcalloc(1, agent.padding + 1);

	memset(padding, 'x', agent.padding);
	return json_pack("{s:i,s:s}", "pid", getpid(), "padding", padding);
}

static void on_add_sink(void *ctx, struct sink *sink)
{
	pthread_mutex_lock(&agent.lock);
	agent.sinks[agent.n++] = sink;
	pthread_mutex_unlock(&agent.lock);
}

static void on_remove_sink(void *ctx, struct sink *sink)
{
	size_t i = 0;

	pthread_mutex_lock(&agent.lock);
	while (agent.sinks[i] != sink)
		i++;
	agent.sinks[i] = agent.sinks[--agent.n];
	pthread_mutex_unlock(&agent.lock);
}

static int on_reload(void *ctx, struct diag *diag)
{
	return agent.reload_fails ? diag_error(diag, -EINVAL, "quern.yaml:3:1: \"no\"") : 0;
}

static const struct control_ops ops = {
	.status = on_status,
	.add_sink = on_add_sink,
	.remove_sink = on_remove_sink,
	.reload = on_reload,
};

static void push(struct event *e, uint64_t first, uint32_t count)
{
	struct batch *b = number_batch(e, first, count);

	pthread_mutex_lock(&agent.lock);
	for (size_t i = 0; i < agent.n; i++)
		sink_push(agent.sinks[i], b);
	pthread_mutex_unlock(&agent.lock);
	batch_unref(b);
}

static void wait_taps(size_t n)
{
	size_t now = n + 1;

	for (int i = 0; i < 2000 && now != n; i++) {
		pthread_mutex_lock(&agent.lock);
		now = agent.n;
		pthread_mutex_unlock(&agent.lock);
		if (now != n)
			usleep(1000);
	}
	assert_int_equal(now, n);
}

static int open_control(void)
{
	return control_open(run_dir, "web1", &ops, NULL, &control, NULL);
}

static int setup(void **state)
{
	snprintf(run_dir, sizeof(run_dir), "/tmp/test_control.XXXXXX");
	assert_non_null(mkdtemp(run_dir));
	address.sun_family = AF_UNIX;
	snprintf(address.sun_path, sizeof(address.sun_path), "%.*s/quern.sock",
	         (int)sizeof(run_dir), run_dir);
	agent.reload_fails = false;
	agent.padding = 0;
	event = number_event(0, "exec");
	other = number_event(1, "exit");
	return open_control();
}

static int teardown(void **state)
{
	control = control_close(control);
	event_unref(event);
	event_unref(other);
	unlink(address.sun_path);
	return rmdir(run_dir);
}

/* The raw peers. */

static int dial(void)
{
	struct timeval patience = {.tv_sec = 3};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	return fd;
}

static int ask(const char *text, size_t size)
{
	int fd = dial();

	assert_int_equal(send(fd, text, size, MSG_NOSIGNAL), size);
	return fd;
}

/* What comes until the server closes, which it must do by itself. */
static const char *answer_to(const char *text, size_t size)
{
	static struct buf got;
	int fd = ask(text, size);
	ssize_t n;

	buf_clear(&got);
	while ((n = recv(fd, buf_reserve(&got, 4096), 4096, 0)) > 0)
		got.len += (size_t)n;
	assert_true(n == 0 || errno == ECONNRESET); /* and not EAGAIN */
	close(fd);
	return buf_cstr(&got);
}

#define answer_to_text(text) answer_to((text), strlen(text))

static void assert_answers(void)
{
	assert_non_null(strstr(answer_to_text("{\"command\":\"status\"}\n"), "\"pid\":"));
}

/* The client's side. */

struct collected {
	struct buf text;
	size_t enough; /* stop when there are this many lines; 0: never */
};

static size_t count_lines(const struct buf *b)
{
	size_t n = 0;

	for (size_t i = 0; i < b->len; i++)
		n += b->data[i] == '\n';
	return n;
}

static bool collect(void *ctx, const char *text, size_t size)
{
	struct collected *c = ctx;

	assert_true(size && text[size - 1] == '\n');
	buf_append(&c->text, text, size);
	return !c->enough || count_lines(&c->text) < c->enough;
}

static int request(json_t *r, struct collected *c, struct diag *diag)
{
	int result = control_request(run_dir, r, collect, c, diag);

	json_decref(r);
	return result;
}

static void status_is_answered(void **state)
{
	struct collected got = {};
	json_t *status;

	agent.padding = 1 << 20; /* more than a socket holds */
	assert_int_equal(request(json_pack("{s:s}", "command", "status"), &got, NULL), 0);
	assert_int_equal(count_lines(&got.text), 1);
	status = json_loadb(got.text.data, got.text.len, 0, NULL);
	assert_int_equal(json_integer_value(json_object_get(status, "pid")), getpid());
	assert_int_equal(json_string_length(json_object_get(status, "padding")), 1 << 20);
	json_decref(status);
	buf_done(&got.text);
}

static void reload_says_why_not(void **state)
{
	_cleanup_(diag_donep) struct diag diag = {};
	struct collected got = {};

	assert_int_equal(request(json_pack("{s:s}", "command", "reload"), &got, NULL), 0);
	assert_string_equal(buf_cstr(&got.text), "{\"reloaded\":\"\"}\n");
	agent.reload_fails = true;
	assert_int_equal(request(json_pack("{s:s}", "command", "reload"), &got, &diag), -EREMOTEIO);
	assert_string_equal(diag_text(&diag), "the agent refuses: quern.yaml:3:1: \"no\"");
	buf_done(&got.text);
}

static void requests_that_are_none(void **state)
{
	static const char *const bad[] = {
		"\n",
		"status\n",
		"{}\n",
		"[1,2]\n",
		"{\"command\":7}\n",
		"{\"command\":\"status\"\n",
		"{\"command\":\"status\",\"command\":\"tap\"}\n",
		"{\"command\":\"shutdown\"}\n",
		"{\"command\":\"tap\",\"format\":\"xml\"}\n",
		"{\"command\":\"tap\",\"probe\":[]}\n",
		"\xff\xfe\x80\n",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_memory_equal(answer_to_text(bad[i]), "{\"error\":\"", 10);
	assert_memory_equal(answer_to("\0\0\0\n", 4), "{\"error\":\"", 10);
	assert_answers();
}

static void too_long_a_request(void **state)
{
	char text[20000];

	memset(text, ' ', sizeof(text));
	assert_non_null(strstr(answer_to(text, sizeof(text)), "too long"));
	/* Deep nesting is bounded by the size. */
	memset(text, '[', sizeof(text));
	text[4000] = '\n';
	assert_memory_equal(answer_to(text, 4001), "{\"error\":\"", 10);
	text[5000] = '\n';
	text[4000] = '[';
	assert_non_null(strstr(answer_to(text, 5001), "too long"));
	assert_answers();
}

static void half_a_line_holds_nobody_up(void **state)
{
	int half = ask("{\"comm", 6), fd;
	char c;

	assert_answers();
	assert_int_equal(send(half, "and\":\"status\"}\n", 15, 0), 15);
	assert_int_equal(recv(half, &c, 1, 0), 1);
	close(half);
	/* Half a line and the end. */
	fd = ask("{\"comm", 6);
	shutdown(fd, SHUT_WR);
	assert_int_equal(recv(fd, &c, 1, 0), 0);
	close(fd);
	close(ask("{\"command\":\"status\"}\n", 21)); /* asks, and does not wait */
	assert_answers();
}

static void a_peer_that_only_reads_later(void **state)
{
	int fd = ask("{\"command\":\"status\"}\n", 21);
	char c;

	shutdown(fd, SHUT_WR);
	assert_int_equal(recv(fd, &c, 1, 0), 1);
	close(fd);
}

static void more_connections_than_it_serves(void **state)
{
	int idle[15];

	for (size_t i = 0; i < ARRAY_SIZE(idle); i++)
		idle[i] = dial();
	assert_answers();
	for (size_t i = 0; i < ARRAY_SIZE(idle); i++)
		close(idle[i]);

	for (int i = 0; i < 300; i++)
		close(dial());
	assert_answers();
}

static void taps_are_limited(void **state)
{
	int fds[TAPS];

	for (int i = 0; i < TAPS; i++)
		fds[i] = ask("{\"command\":\"tap\"}\n", 18);
	wait_taps(TAPS);
	assert_non_null(strstr(answer_to_text("{\"command\":\"tap\"}\n"), "too many taps"));
	assert_answers();
	for (int i = 0; i < TAPS; i++)
		close(fds[i]);
	wait_taps(0);
}

struct tapping {
	pthread_t thread;
	struct collected got;
	const char *request;
	int result;
};

static void *tap_main(void *arg)
{
	struct tapping *t = arg;

	t->result = request(json_loads(t->request, 0, NULL), &t->got, NULL);
	return NULL;
}

static void tap_gives_what_it_was_asked_for(void **state)
{
	struct tapping t = {
		.got.enough = 100,
		.request = "{\"command\":\"tap\",\"probe\":\"exec\",\"format\":\"json\"}",
	};

	pthread_create(&t.thread, NULL, tap_main, &t);
	wait_taps(1);
	for (uint64_t i = 0; i < 10; i++) {
		push(other, 0, 10);
		push(event, i * 10, 10);
	}
	pthread_join(t.thread, NULL);
	assert_int_equal(t.result, 0);
	assert_int_equal(count_lines(&t.got.text), 100);
	assert_null(strstr(buf_cstr(&t.got.text), "exit"));
	assert_non_null(strstr(t.got.text.data, "\"host\":\"web1\""));
	assert_non_null(strstr(t.got.text.data, "\"n\":99}\n"));
	buf_done(&t.got.text);
	wait_taps(0); /* the client is gone: so is its sink */
}

/* What was pushed before the end arrives, and the client's stream ends. */
static void closing_ends_taps(void **state)
{
	struct tapping t = {.request = "{\"command\":\"tap\",\"color\":true}"};

	pthread_create(&t.thread, NULL, tap_main, &t);
	wait_taps(1);
	push(event, 0, 1000);
	control = control_close(control);
	pthread_join(t.thread, NULL);
	assert_int_equal(t.result, 0);
	assert_int_equal(count_lines(&t.got.text), 1000);
	assert_non_null(strstr(buf_cstr(&t.got.text), "\033["));
	assert_int_equal(agent.n, 0);
	buf_done(&t.got.text);
}

/* Read `want` events of a tap's stream, and what the remarks in it add up to; hangs up. */
static void read_tap(int fd, uint64_t want, uint64_t *ret_lines, uint64_t *ret_missed)
{
	_cleanup_(fclosep) FILE *f = fdopen(fd, "r");
	_cleanup_(freep) char *line = NULL;
	size_t size = 0;

	*ret_lines = *ret_missed = 0;
	while (*ret_lines < want) {
		assert_true(getline(&line, &size, f) > 0);
		if (line[0] == '#')
			*ret_missed += strtoull(line + 1, NULL, 10);
		else
			++*ret_lines;
	}
}

/* Nobody reads until events were dropped; then all are accounted for: shown, or told as missed. */
static void a_slow_tap_is_told_what_it_missed(void **state)
{
	int fd = ask("{\"command\":\"tap\",\"format\":\"json\"}\n", 34);
	uint64_t lines, missed, kept;
	struct tally_view v;

	wait_taps(1);
	for (int i = 0; i < 100; i++)
		push(event, 1, 5000);
	tally_read(&agent.sinks[0]->tallies[0], &v);
	kept = 500000 - v.dropped[DROP_QUEUE_FULL];
	assert_in_range(kept, 5000, 499999);
	assert_answers();
	read_tap(fd, kept, &lines, &missed);
	assert_int_equal(lines, kept);
	assert_int_equal(missed, 500000 - kept);
	wait_taps(0);
}

static void a_stuck_tap_does_not_hold_up_the_end(void **state)
{
	int fd = ask("{\"command\":\"tap\",\"format\":\"json\"}\n", 34);
	uint64_t begin;

	wait_taps(1);
	for (int i = 0; i < 20; i++)
		push(event, 0, 5000);
	begin = time_monotonic();
	control = control_close(control);
	assert_true(time_monotonic() - begin < NSEC_PER_SEC);
	close(fd);
}

static void the_socket_is_ours_alone(void **state)
{
	struct stat st;

	assert_int_equal(stat(address.sun_path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(stat(run_dir, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	control = control_close(control);
	assert_int_equal(stat(address.sun_path, &st), -1);
}

static void a_live_agent_is_respected(void **state)
{
	_cleanup_(diag_donep) struct diag diag = {};
	struct control *second = NULL;
	char pid[32];

	assert_int_equal(control_open(run_dir, "web1", &ops, NULL, &second, &diag), -EADDRINUSE);
	assert_null(second);
	snprintf(pid, sizeof(pid), "(pid %d)", getpid());
	assert_non_null(strstr(diag_text(&diag), pid));
	assert_answers();
}

static void a_dead_agents_socket_is_replaced(void **state)
{
	pid_t child;
	int result;

	control = control_close(control);
	child = fork();
	if (!child) {
		int fd = socket(AF_UNIX, SOCK_STREAM, 0);

		_exit(bind(fd, (struct sockaddr *)&address, sizeof(address)) || listen(fd, 1));
	}
	assert_int_equal(waitpid(child, &result, 0), child);
	assert_int_equal(result, 0);
	assert_true(file_exists(address.sun_path));
	assert_int_equal(open_control(), 0);
	assert_answers();
}

static void what_is_no_socket_is_left(void **state)
{
	control = control_close(control);
	assert_int_equal(file_write_atomic(address.sun_path, "x", 1, 0644), 0);
	assert_int_equal(open_control(), -EEXIST);
	assert_true(file_exists(address.sun_path));
}

static void bad_folders(void **state)
{
	_cleanup_(diag_donep) struct diag diag = {};
	char longest[200];

	control = control_close(control);
	chmod(run_dir, 0777);
	assert_int_equal(control_open(run_dir, "web1", &ops, NULL, &control, &diag), -EPERM);
	assert_non_null(strstr(diag_text(&diag), "chmod 700"));
	chmod(run_dir, 0700);
	memset(longest, 'x', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	assert_int_equal(control_open(longest, "web1", &ops, NULL, &control, &diag), -ENAMETOOLONG);
	assert_int_equal(control_open("/dev/null", "web1", &ops, NULL, &control, &diag), -ENOTDIR);
}

static void no_agent(void **state)
{
	_cleanup_(diag_donep) struct diag diag = {};
	struct collected got = {};

	control = control_close(control);
	assert_int_equal(request(json_pack("{s:s}", "command", "status"), &got, &diag), -ENOENT);
	assert_non_null(strstr(diag_text(&diag), "quern run"));
	assert_int_equal(got.text.len, 0);
}

#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(status_is_answered),
		test(reload_says_why_not),
		test(requests_that_are_none),
		test(too_long_a_request),
		test(half_a_line_holds_nobody_up),
		test(a_peer_that_only_reads_later),
		test(more_connections_than_it_serves),
		test(taps_are_limited),
		test(tap_gives_what_it_was_asked_for),
		test(closing_ends_taps),
		test(a_slow_tap_is_told_what_it_missed),
		test(a_stuck_tap_does_not_hold_up_the_end),
		test(the_socket_is_ours_alone),
		test(a_live_agent_is_respected),
		test(a_dead_agents_socket_is_replaced),
		test(what_is_no_socket_is_left),
		test(bad_folders),
		test(no_agent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
