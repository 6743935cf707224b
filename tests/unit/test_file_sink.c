// SPDX-License-Identifier: Apache-2.0
/*
 * The file sink: what is in the files is whole lines, each record once and in order, whatever rotates
 * them, takes them away or has no room for them.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "sinks/sink.h"
#include "util/file.h"
#include "util/time.h"

#include "batches.h"

static char folder[] = "/tmp/quern-file-sink.XXXXXX";
static char path[64];
static struct event *event;

static int make_folder(void **state)
{
	signal(SIGXFSZ, SIG_IGN);
	strcpy(folder + sizeof(folder) - 7, "XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/events", folder);
	event = number_event(0, "tick");
	return 0;
}

static int remove_folder(void **state)
{
	_cleanup_(freep) char *command = xasprintf("rm -r %s", folder);

	event_unref(event);
	return system(command);
}

static void set(struct sink *s, const char *key, const char *value)
{
	const struct option *opt = s->ops->options;

	while (!streq(opt->key, key))
		opt++;
	assert_int_equal(option_set(opt, value, "test", s, NULL), 0);
}

/* Pairs of key and value, NULL at the end. */
static struct sink *file_sink(const char *key, ...)
{
	struct sink *s = sink_new(sink_ops_find("file"), "file");
	va_list ap;

	set(s, "path", path);
	set(s, "flush_interval", "0");
	va_start(ap, key);
	for (; key; key = va_arg(ap, const char *))
		set(s, key, va_arg(ap, const char *));
	va_end(ap);
	s->retry = (struct retry_policy){.base_ns = NSEC_PER_MSEC, .cap_ns = NSEC_PER_MSEC};
	return s;
}

static struct sink *start(struct sink *s)
{
	assert_int_equal(sink_start(s, NULL), 0);
	return s;
}

static void wait_settled(struct sink *s)
{
	for (int i = 0; i < 5000 && sink_in_flight(s); i++)
		usleep(1000);
	assert_int_equal(sink_in_flight(s), 0);
}

static void push(struct sink *s, uint64_t first, uint32_t count)
{
	struct batch *b = number_batch(event, first, count);

	sink_push(s, b);
	batch_unref(b);
}

static void push_and_wait(struct sink *s, uint64_t first, uint32_t count)
{
	push(s, first, count);
	wait_settled(s);
}

static void stop(struct sink *s)
{
	sink_stop(s, 5 * NSEC_PER_SEC);
	sink_free(s);
}

static uint64_t delivered(const struct sink *s)
{
	struct tally_view v;

	tally_read(&s->tallies[0], &v);
	return v.delivered;
}

/* What a command prints with the file's name behind it. */
static void read_through(const char *command, const char *name, struct buf *out)
{
	_cleanup_(freep) char *line = xasprintf("%s %s/%s", command, folder, name);
	FILE *f = popen(line, "r");
	size_t n;

	do {
		n = fread(buf_reserve(out, 4096), 1, 4096, f);
		out->len += n;
	} while (n);
	assert_int_equal(pclose(f), 0);
}

/* The text is whole lines of JSON, numbered from `first` on; the number behind the last. */
static uint64_t assert_numbered(struct buf *text, uint64_t first)
{
	const char *line = buf_cstr(text), *end;

	for (; *line; line = end + 1, first++) {
		char tail[32];
		size_t size = (size_t)snprintf(tail, sizeof(tail), "\"n\":%lu}\n", first);

		end = strchr(line, '\n');
		assert_non_null(end);
		assert_memory_equal(line, "{\"time\":", 8);
		assert_memory_equal(end + 1 - size, tail, size);
	}
	return first;
}

static uint64_t assert_file(const char *command, const char *name, uint64_t first)
{
	_cleanup_(buf_donep) struct buf text = {};

	read_through(command, name, &text);
	return assert_numbered(&text, first);
}

static bool exists(const char *name)
{
	_cleanup_(freep) char *at = path_join(folder, name);

	return file_exists(at);
}

static void events_are_appended(void **state)
{
	struct sink *s = start(file_sink(NULL));
	struct stat st;

	push_and_wait(s, 0, 10);
	assert_int_equal(assert_file("cat", "events", 0), 10);
	stop(s);
	s = start(file_sink(NULL));
	push_and_wait(s, 10, 10);
	stop(s);
	assert_int_equal(assert_file("cat", "events", 0), 20);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
}

static void the_mode_is_not_the_umask_s(void **state)
{
	struct stat st;
	mode_t before = umask(0077);

	stop(start(file_sink("mode", "0664", NULL)));
	umask(before);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0664);
}

static void events_wait_to_be_written_together(void **state)
{
	struct sink *s = start(file_sink("flush_interval", "1h", NULL));

	push(s, 0, 10);
	push(s, 10, 10);
	usleep(20000);
	assert_int_equal(delivered(s), 0);
	stop(s);
	assert_int_equal(assert_file("cat", "events", 0), 20);
}

static void a_size_rotates(void **state)
{
	struct sink *s = start(file_sink("rotate_bytes", "1K", "keep", "3", NULL));
	uint64_t n = 0;

	for (int i = 0; i < 6; i++)
		push_and_wait(s, (uint64_t)i * 10, 10); /* some 700 bytes */
	stop(s);
	assert_false(exists("events.4"));
	n = assert_file("cat", "events.3", 20);
	n = assert_file("cat", "events.2", n);
	n = assert_file("cat", "events.1", n);
	assert_int_equal(assert_file("cat", "events", n), 60);
}

static void a_smaller_keep_drops_old_files(void **state)
{
	struct sink *s = start(file_sink("rotate_bytes", "1", NULL));

	for (uint64_t n = 0; n < 6; n++)
		push_and_wait(s, n, 1);
	stop(s);
	assert_true(exists("events.5"));
	s = start(file_sink("rotate_bytes", "1", "keep", "1", NULL));
	push_and_wait(s, 6, 1);
	stop(s);
	assert_int_equal(assert_file("cat", "events.1", 5), 6);
	assert_false(exists("events.2"));
	assert_false(exists("events.5"));
}

static void an_age_rotates(void **state)
{
	struct sink *s = start(file_sink("rotate_interval", "100ms", NULL));

	push_and_wait(s, 0, 10);
	push_and_wait(s, 10, 10);
	usleep(150000);
	push_and_wait(s, 20, 10);
	stop(s);
	assert_int_equal(assert_file("cat", "events.1", 0), 20);
	assert_int_equal(assert_file("cat", "events", 20), 30);
}

static void others_may_rotate(void **state)
{
	struct sink *s = start(file_sink(NULL));
	_cleanup_(freep) char *moved = path_join(folder, "moved");

	push_and_wait(s, 0, 10);
	assert_int_equal(rename(path, moved), 0);
	assert_int_equal(file_write_atomic(path, NULL, 0, 0644), 0); /* logrotate's create */
	push_and_wait(s, 10, 10);
	assert_int_equal(assert_file("cat", "events", 10), 20);
	assert_int_equal(unlink(path), 0);
	push_and_wait(s, 20, 10);
	assert_int_equal(assert_file("cat", "moved", 0), 10);
	assert_int_equal(assert_file("cat", "events", 20), 30);
	assert_int_equal(truncate(path, 0), 0); /* logrotate's copytruncate */
	push_and_wait(s, 30, 10);
	stop(s);
	assert_int_equal(assert_file("cat", "events", 30), 40);
}

static void a_folder_may_be_away_for_a_while(void **state)
{
	_cleanup_(freep) char *away = xasprintf("%s.away", folder);
	struct sink *s = start(file_sink(NULL));

	assert_int_equal(rename(folder, away), 0);
	push(s, 0, 10);
	usleep(20000);
	assert_int_equal(delivered(s), 0);
	assert_int_equal(rename(away, folder), 0);
	wait_settled(s);
	stop(s);
	assert_int_equal(assert_file("cat", "events", 0), 10);
}

static void limit_files(rlim_t size)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = size;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* The limit lets a part of the write through, as a disk does that gets full. */
static void assert_nothing_half_written(const char *compression, const char *command)
{
	struct sink *s = start(file_sink("compression", compression, NULL));
	struct stat before, st;

	push_and_wait(s, 0, 10);
	assert_int_equal(stat(path, &before), 0);
	limit_files((rlim_t)before.st_size + 100);
	push(s, 10, 1000);
	usleep(30000);
	assert_int_equal(delivered(s), 10);
	assert_int_not_equal(s->retries, 0);
	sink_stop(s, 0);
	assert_int_equal(delivered(s), 10);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, before.st_size);
	limit_files(RLIM_INFINITY);
	sink_free(s);
	assert_int_equal(assert_file(command, "events", 0), 10);
}

static void a_full_disk_leaves_whole_lines(void **state)
{
	assert_nothing_half_written("none", "cat");
}

static void a_full_disk_leaves_whole_blocks(void **state)
{
	assert_nothing_half_written("zstd", "zstdcat -f");
}

static void room_again_is_used(void **state)
{
	struct sink *s = start(file_sink(NULL));

	limit_files(100);
	push(s, 0, 1000);
	usleep(10000);
	limit_files(RLIM_INFINITY);
	wait_settled(s);
	stop(s);
	assert_int_equal(assert_file("cat", "events", 0), 1000);
}

/* Each flush can be read at once, and what follows goes on behind it. */
static void assert_compressed(const char *compression, const char *command)
{
	struct sink *s = start(file_sink("compression", compression, NULL));
	struct stat st;

	push_and_wait(s, 0, 1000);
	assert_int_equal(assert_file(command, "events", 0), 1000);
	push_and_wait(s, 1000, 1000);
	stop(s);
	assert_int_equal(assert_file(command, "events", 0), 2000);
	assert_int_equal(stat(path, &st), 0);
	assert_true(st.st_size < 40000); /* of some 140,000 */
}

static void gzip_is_readable_at_any_time(void **state)
{
	assert_compressed("gzip", "zcat");
}

static void zstd_is_readable_at_any_time(void **state)
{
	assert_compressed("zstd", "zstdcat -f");
}

/* Cut off the last bytes, as a killed agent would have left it. */
static void tear(off_t bytes)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(truncate(path, st.st_size - bytes), 0);
}

static void a_torn_line_is_ended(void **state)
{
	_cleanup_(buf_donep) struct buf text = {};
	struct sink *s = start(file_sink(NULL));

	push_and_wait(s, 0, 2);
	stop(s);
	tear(3);
	s = start(file_sink(NULL));
	push_and_wait(s, 2, 1);
	stop(s);
	read_through("tail -n +3", "events", &text);
	assert_int_equal(assert_numbered(&text, 2), 3);
}

static void a_torn_block_is_left_behind(void **state)
{
	struct sink *s = start(file_sink("compression", "gzip", NULL));

	push_and_wait(s, 0, 100);
	stop(s);
	tear(3);
	s = start(file_sink("compression", "gzip", NULL));
	push_and_wait(s, 100, 100);
	stop(s);
	assert_true(exists("events.1"));
	assert_int_equal(assert_file("zcat", "events", 100), 200);
}

static void every_fsync_works(void **state)
{
	static const char *const when[] = {"never", "batch", "interval"};

	for (uint64_t i = 0; i < ARRAY_SIZE(when); i++) {
		struct sink *s = file_sink("fsync", when[i], "fsync_interval", "1ns",
		                           "rotate_bytes", "1", NULL);

		start(s);
		push_and_wait(s, i * 2, 1);
		push_and_wait(s, i * 2 + 1, 1);
		stop(s);
	}
	assert_int_equal(assert_file("cat", "events", 5), 6);
	assert_int_equal(assert_file("cat", "events.5", 0), 1);
}

static void assert_refused(int error, const char *message)
{
	_cleanup_(buf_donep) struct buf expected = {};
	_cleanup_(diag_donep) struct diag diag = {};
	struct sink *s = file_sink(NULL);

	assert_int_equal(sink_start(s, &diag), -error);
	buf_printf(&expected, "sink file: %s: %s", path, message);
	assert_string_equal(diag_text(&diag), buf_cstr(&expected));
	sink_free(s);
}

static void what_is_no_file_is_refused(void **state)
{
	struct sink *s = start(file_sink(NULL));

	assert_refused(EBUSY, "another sink or another program has locked it; give each its own "
	                      "file");
	stop(s);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	assert_refused(ELOOP, "is a symbolic link; name the file itself");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_refused(ENXIO, "is not a plain file; the console sink writes to pipes and "
	                      "terminals");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_refused(EISDIR, "Is a directory");
	snprintf(path, sizeof(path), "%s/missing/events", folder);
	assert_refused(ENOENT, "its folder does not exist; create it");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(events_are_appended),
		TEST(the_mode_is_not_the_umask_s),
		TEST(events_wait_to_be_written_together),
		TEST(a_size_rotates),
		TEST(a_smaller_keep_drops_old_files),
		TEST(an_age_rotates),
		TEST(others_may_rotate),
		TEST(a_folder_may_be_away_for_a_while),
		TEST(a_full_disk_leaves_whole_lines),
		TEST(a_full_disk_leaves_whole_blocks),
		TEST(room_again_is_used),
		TEST(gzip_is_readable_at_any_time),
		TEST(zstd_is_readable_at_any_time),
		TEST(a_torn_line_is_ended),
		TEST(a_torn_block_is_left_behind),
		TEST(every_fsync_works),
		TEST(what_is_no_file_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
