/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../records.h"
#include "core/recording.h"
#include "core/recording_format.h"
#include "util/file.h"

static char path[64]; /* of a file in memory, as these tests write it thousands of times */

static void write_recording(struct batch *const *batches, size_t n)
{
	struct recorder *r;

	assert_int_equal(recorder_open(path, &r, NULL), 0);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(recorder_write(r, batches[i]), 0);
	assert_int_equal(recorder_close(r), 0);
}

static void write_file(const void *data, size_t size)
{
	_cleanup_(closep) int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(file_write_fd(fd, data, size), 0);
}

static struct batch *sample_batch(struct event *connect, struct event *file_open, uint32_t start)
{
	struct batch *b = batch_new(0);

	for (uint32_t i = start; i < start + 3; i++) {
		struct tcp_connect c = tcp_connect_make(i);
		struct file_open o;
		uint32_t size;

		file_open_make(&o, i, "/etc/passwd", &size);
		assert_true(batch_add(b, connect, 3, &c, sizeof(c)));
		assert_true(batch_add(b, file_open, 0xffff, &o, size));
	}
	b->created = 1000 + start;
	b->wall_offset = -5 - (int64_t)start;
	return b;
}

/* Events are other objects after reading, but say the same. */
static void assert_batch_equal(const struct batch *a, const struct batch *b)
{
	assert_int_equal(a->created, b->created);
	assert_int_equal(a->wall_offset, b->wall_offset);
	assert_int_equal(a->n_records, b->n_records);
	assert_int_equal(a->n_events, b->n_events);
	assert_int_equal(a->used, b->used);
	assert_memory_equal(a->data, b->data, a->used);
	assert_memory_equal(a->counts, b->counts, a->n_events * sizeof(a->counts[0]));
	for (uint32_t i = 0; i < a->n_events; i++) {
		assert_string_equal(a->events[i]->name, b->events[i]->name);
		assert_string_equal(a->events[i]->probe, b->events[i]->probe);
		assert_int_equal(!a->events[i]->schema, !b->events[i]->schema);
		if (a->events[i]->schema)
			assert_true(schema_equal(a->events[i]->schema, b->events[i]->schema));
	}
}

static void assert_optional_equal(const char *a, const char *b)
{
	assert_string_equal(a ?: "(none)", b ?: "(none)");
}

static void assert_metric_equal(const struct metric *a, const struct metric *b)
{
	assert_optional_equal(a->event, b->event);
	assert_string_equal(a->name, b->name);
	assert_int_equal(a->kind, b->kind);
	assert_optional_equal(a->value, b->value);
	assert_optional_equal(a->unit, b->unit);
	assert_int_equal(a->n_tags, b->n_tags);
	for (size_t i = 0; i < a->n_tags; i++) {
		assert_string_equal(a->tags[i].tag, b->tags[i].tag);
		assert_string_equal(a->tags[i].field, b->tags[i].field);
	}
}

static void what_goes_in_comes_out(void **state)
{
	struct event *connect = tcp_connect_event(4), *file_open = file_open_event(9);
	struct event *bare = event_new(200, "p", "bare", NULL);
	struct metric_tag tag = {.tag = (char *)"access", .field = (char *)"mode"};
	const struct metric by_mode = {.name = (char *)"file.open",
	                               .kind = METRIC_TIMER,
	                               .value = (char *)"ns",
	                               .unit = (char *)"ns",
	                               .tags = &tag,
	                               .n_tags = 1};
	const struct metric total = {.name = (char *)"opens"};
	struct batch *batches[4], *got;
	struct recording *rec;

	file_open->notes = xcalloc(1, sizeof(*file_open->notes));
	file_open->n_notes = 1;
	file_open->notes[0].name = xstrdup("mode");
	file_open->notes[0].decode = xstrdup("hex");
	file_open->metrics = xcalloc(2, sizeof(*file_open->metrics));
	file_open->n_metrics = 2;
	metric_copy(&by_mode, &file_open->metrics[0]);
	metric_copy(&total, &file_open->metrics[1]);
	batches[0] = sample_batch(connect, file_open, 0);
	batches[1] = sample_batch(file_open, connect, 10);
	batches[2] = batch_new(0); /* nothing in it */
	batches[3] = batch_new(1 << 20);
	assert_non_null(memset(batch_reserve(batches[3], bare, 1, 1 << 19), 7, 1 << 19));

	write_recording(batches, 4);
	assert_int_equal(recording_open(path, &rec, NULL), 0);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(recording_next(rec, &got, NULL), 0);
		assert_non_null(got);
		assert_batch_equal(batches[i], got);
		if (i == 0) {
			/* Ids are given anew, from 0. */
			assert_int_equal(got->events[0]->id, 0);
			assert_int_equal(got->events[1]->id, 1);
			assert_int_equal(got->events[1]->n_notes, 1);
			assert_string_equal(got->events[1]->notes[0].name, "mode");
			assert_string_equal(got->events[1]->notes[0].decode, "hex");
			assert_null(got->events[1]->notes[0].help);
			assert_int_equal(got->events[0]->n_metrics, 0);
			assert_int_equal(got->events[1]->n_metrics, 2);
			assert_metric_equal(&got->events[1]->metrics[0], &by_mode);
			assert_metric_equal(&got->events[1]->metrics[1], &total);
		}
		if (i == 3)
			assert_int_equal(got->events[0]->id, 2);
		batch_unref(got);
		batch_unref(batches[i]);
	}
	for (int i = 0; i < 2; i++) {
		assert_int_equal(recording_next(rec, &got, NULL), 0);
		assert_null(got);
	}
	assert_null(recording_close(rec));
	event_unref(connect);
	event_unref(file_open);
	event_unref(bare);
}

static void a_recording_is_for_its_owner_only(void **state)
{
	char dir[] = "/tmp/quern-recording-XXXXXX";
	_cleanup_(freep) char *file = NULL;
	struct recorder *r;
	struct stat st;

	umask(0);
	assert_non_null(mkdtemp(dir));
	file = path_join(dir, "file");
	assert_int_equal(recorder_open(file, &r, NULL), 0);
	assert_int_equal(recorder_close(r), 0);
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	unlink(file);
	rmdir(dir);
}

/* A swapped probe's event is another object with the same name: the same id, another schema. */
static void a_swapped_event_keeps_its_id(void **state)
{
	static const struct field_spec specs[] = {{"a", "u32", FIELD_UINT, 0, 4, 0}};
	struct event *events[] = {tcp_connect_event(0), file_open_event(1),
	                          event_make(0, "tcp_connect", 4, specs, 1)};
	struct batch *b = batch_new(0), *got;
	struct tcp_connect c = tcp_connect_make(0);
	struct recording *rec;

	for (size_t i = 0; i < 3; i++) {
		assert_true(batch_add(b, events[i], 0, &c, sizeof(c)));
		event_unref(events[i]);
	}
	write_recording(&b, 1);
	assert_int_equal(recording_open(path, &rec, NULL), 0);
	assert_int_equal(recording_next(rec, &got, NULL), 0);
	assert_batch_equal(b, got);
	assert_int_equal(got->events[0]->id, 0);
	assert_int_equal(got->events[1]->id, 1);
	assert_int_equal(got->events[2]->id, 0);
	assert_int_equal(got->events[2]->schema->size, 4);
	batch_unref(got);
	batch_unref(b);
	recording_close(rec);
}

/* More events than a file has indices for: the writer starts over, the reader follows. */
static void indices_are_used_again(void **state)
{
	struct recorder *r;
	struct recording *rec;
	struct batch *got;

	assert_int_equal(recorder_open(path, &r, NULL), 0);
	for (uint32_t i = 0; i < 3 * RECORDING_EVENTS_MAX; i++) {
		_cleanup_(freep) char *probe = xasprintf("p%u", i % 200);
		struct event *e = event_new(0, probe, "e", NULL);
		struct batch *b = batch_new(64);

		assert_true(batch_add(b, e, 0, &i, sizeof(i)));
		assert_int_equal(recorder_write(r, b), 0);
		batch_unref(b);
		event_unref(e);
	}
	assert_int_equal(recorder_close(r), 0);

	assert_int_equal(recording_open(path, &rec, NULL), 0);
	for (uint32_t i = 0; i < 3 * RECORDING_EVENTS_MAX; i++) {
		_cleanup_(freep) char *probe = xasprintf("p%u", i % 200);

		assert_int_equal(recording_next(rec, &got, NULL), 0);
		assert_memory_equal(batch_first(got)->data, &i, sizeof(i));
		assert_string_equal(got->events[0]->probe, probe);
		assert_int_equal(got->events[0]->id, i % 200);
		batch_unref(got);
	}
	assert_int_equal(recording_next(rec, &got, NULL), 0);
	assert_null(got);
	recording_close(rec);
}

/* Read all of it; the number of batches, and what the reading ended with. */
static unsigned int read_all(int *ret_error, struct diag *diag)
{
	struct recording *rec;
	unsigned int n = 0;

	*ret_error = recording_open(path, &rec, diag);
	if (*ret_error)
		return 0;
	for (;; n++) {
		struct batch *b = NULL;

		*ret_error = recording_next(rec, &b, diag);
		if (*ret_error || !b)
			break;
		/* Whoever walks a batch trusts it. */
		for (const struct record *r = batch_first(b); r; r = batch_next(b, r)) {
			assert_in_range(r->event, 0, b->n_events - 1);
			assert_in_range(r->data + r->size - b->data, 0, b->used);
		}
		batch_unref(b);
	}
	recording_close(rec);
	return n;
}

static void sample_file(struct buf *out, size_t ends[3])
{
	struct event *connect = tcp_connect_event(0), *file_open = file_open_event(1);
	struct recorder *r;
	struct stat st;

	assert_int_equal(recorder_open(path, &r, NULL), 0);
	for (uint32_t i = 0; i < 3; i++) {
		struct batch *b = sample_batch(connect, file_open, i);

		assert_int_equal(recorder_write(r, b), 0);
		batch_unref(b);
		assert_int_equal(stat(path, &st), 0);
		ends[i] = (size_t)st.st_size;
	}
	recorder_close(r);
	event_unref(connect);
	event_unref(file_open);
	assert_int_equal(file_read(path, 1 << 20, out), 0);
	assert_int_equal(out->len, ends[2]);
}

/* Where the last whole chunk within the first `size` bytes ends. */
static size_t last_chunk_end(const struct buf *file, size_t size)
{
	size_t pos = RECORDING_HEADER;

	while (pos < size) {
		struct wire_reader r = wire_reader_init(file->data + pos + 4, 4);
		size_t next = pos + RECORDING_CHUNK + wire_get_u32(&r);

		if (next > size)
			break;
		pos = next;
	}
	return pos;
}

static void torn_anywhere(void **state)
{
	_cleanup_(buf_donep) struct buf file = {};
	size_t ends[3];

	sample_file(&file, ends);
	for (size_t size = 0; size <= file.len; size++) {
		_cleanup_(diag_donep) struct diag diag = {};
		_cleanup_(freep) char *lost = NULL;
		size_t good = last_chunk_end(&file, size);
		unsigned int whole = 0;
		int r;

		while (whole < 3 && ends[whole] <= size)
			whole++;
		write_file(file.data, size);
		assert_int_equal(read_all(&r, &diag), whole);
		assert_int_equal(r, size == good ? 0 : -EBADMSG);
		if (size <= good)
			continue;
		lost = xasprintf("ends in the middle of a chunk at byte %zu: the last %zu bytes "
		                 "are lost",
		                 good, size - good);
		assert_non_null(strstr(diag_text(&diag), lost));
	}
}

static void any_flipped_bit_is_found(void **state)
{
	_cleanup_(buf_donep) struct buf file = {};
	size_t ends[3];

	sample_file(&file, ends);
	for (size_t bit = 0; bit < file.len * 8; bit += 7) {
		_cleanup_(diag_donep) struct diag diag = {};
		unsigned int whole = 0, n;
		int r;

		if (bit / 8 >= 12 && bit / 8 < 16)
			continue; /* means nothing yet */
		while (ends[whole] <= bit / 8)
			whole++;
		file.data[bit / 8] ^= (char)(1 << bit % 8);
		write_file(file.data, file.len);
		file.data[bit / 8] ^= (char)(1 << bit % 8);
		n = read_all(&r, &diag);
		assert_int_equal(r, -EBADMSG);
		assert_int_equal(n, whole);
		assert_int_equal(diag.errors, 1);
	}
}

static void what_is_no_recording_is_named(void **state)
{
	_cleanup_(diag_donep) struct diag diag = {};
	struct recording *rec;
	char file[RECORDING_HEADER + 1] = RECORDING_MAGIC "\2";
	int r;

	write_file("#!/bin/sh\necho not a recording\n", 31);
	assert_int_equal(read_all(&r, &diag), 0);
	assert_int_equal(r, -EBADMSG);
	assert_non_null(strstr(diag_text(&diag), "not a recording"));
	write_file(file, RECORDING_HEADER);
	assert_int_equal(read_all(&r, &diag), 0);
	assert_int_equal(r, -EBADMSG);
	assert_non_null(strstr(diag_text(&diag), "version 2; this program reads version 1"));
	assert_int_equal(recording_open("/no/such/file", &rec, &diag), -ENOENT);
	assert_int_equal(recording_open("/tmp", &rec, &diag), -EISDIR);
	assert_null(recording_close(NULL));
}

/* A disk that fills up: the write fails, and the file ends with the last whole chunk. */
static void a_failed_write_leaves_a_whole_file(void **state)
{
	struct event *connect = tcp_connect_event(0), *file_open = file_open_event(1);
	struct batch *b = sample_batch(connect, file_open, 0);
	struct rlimit limit, tight;
	struct recorder *r;
	unsigned int n = 0;
	int e;

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	tight = limit;
	tight.rlim_cur = 10000;
	assert_int_equal(recorder_open(path, &r, NULL), 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
	do
		e = recorder_write(r, b);
	while (!e && ++n < 100);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_int_equal(e, -EFBIG);
	assert_in_range(n, 2, 50);
	/* There is room again: it goes on, as if nothing had been. */
	assert_int_equal(recorder_write(r, b), 0);
	assert_int_equal(recorder_close(r), 0);
	assert_int_equal(read_all(&e, NULL), n + 1);
	assert_int_equal(e, 0);
	batch_unref(b);
	event_unref(connect);
	event_unref(file_open);
}

static void what_cannot_be_opened_is_named(void **state)
{
	_cleanup_(diag_donep) struct diag diag = {};
	struct recorder *r;

	assert_int_equal(recorder_open("/no/such/folder/file", &r, &diag), -ENOENT);
	assert_non_null(strstr(diag_text(&diag), "/no/such/folder/file: cannot record to it"));
	assert_int_equal(recorder_close(NULL), 0);
}

static int make_file(void **state)
{
	int fd = memfd_create("recording", MFD_CLOEXEC);

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return fd < 0 ? -1 : 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_goes_in_comes_out),
		cmocka_unit_test(a_recording_is_for_its_owner_only),
		cmocka_unit_test(a_swapped_event_keeps_its_id),
		cmocka_unit_test(indices_are_used_again),
		cmocka_unit_test(torn_anywhere),
		cmocka_unit_test(any_flipped_bit_is_found),
		cmocka_unit_test(what_is_no_recording_is_named),
		cmocka_unit_test(a_failed_write_leaves_a_whole_file),
		cmocka_unit_test(what_cannot_be_opened_is_named),
	};

	return cmocka_run_group_tests(tests, make_file, NULL);
}
