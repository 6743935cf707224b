/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a record costs on its way through replay, without the threads: format_bench [SECONDS]. Prints
 * CPU nanoseconds and bytes a record, for each event, in each format and for reading a recording.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#include "../records.h"
#include "core/format.h"
#include "core/recording.h"
#include "util/time.h"

static uint64_t cpu_time(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
}

static struct batch *fill_tcp_connect(void)
{
	struct batch *b = batch_new(0);
	struct event *e = tcp_connect_event(0);

	for (uint32_t i = 0;; i++) {
		struct tcp_connect c = tcp_connect_make(i);

		if (!batch_add(b, e, 0xffff, &c, sizeof(c)))
			break;
	}
	event_unref(e);
	return b;
}

static struct batch *fill_file_open(void)
{
	struct batch *b = batch_new(0);
	struct event *e = file_open_event(1);

	for (uint32_t i = 0;; i++) {
		struct file_open o;
		uint32_t size;

		file_open_make(&o, i, "/usr/lib/x86_64-linux-gnu/libcrypto.so.3", &size);
		if (!batch_add(b, e, 0xffff, &o, size))
			break;
	}
	event_unref(e);
	return b;
}

static void report(const char *name, const char *what, uint64_t spent, uint64_t records,
                   uint64_t bytes)
{
	printf("%-12s %-8s %8.1f ns %6.1f bytes\n", name, what, (double)spent / (double)records,
	       (double)bytes / (double)records);
}

static void measure(const char *name, struct batch *b, enum format format, double seconds)
{
	struct formatter *f = formatter_new(format, "web1", false);
	struct buf out = {};
	uint64_t records = 0, bytes = 0, start = cpu_time(), spent;

	do {
		buf_clear(&out);
		for (const struct record *r = batch_first(b); r; r = batch_next(b, r))
			if (formatter_record(f, b, r, &out))
				abort();
		records += b->n_records;
		bytes += out.len;
		spent = cpu_time() - start;
	} while ((double)spent < seconds * 1e9);
	report(name, format_names[format], spent, records, bytes);
	buf_done(&out);
	formatter_free(f);
}

static void measure_reading(const char *name, struct batch *b, double seconds)
{
	uint64_t records = 0, bytes = 0, start, spent;
	int fd = memfd_create("recording", MFD_CLOEXEC);
	struct recorder *recorder;
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (recorder_open(path, &recorder, NULL))
		abort();
	for (int i = 0; i < 100; i++)
		if (recorder_write(recorder, b))
			abort();
	recorder_close(recorder);

	start = cpu_time();
	do {
		struct recording *recording;
		struct batch *got;

		if (recording_open(path, &recording, NULL))
			abort();
		while (recording_next(recording, &got, NULL) == 0 && got) {
			records += got->n_records;
			bytes += got->used;
			batch_unref(got);
		}
		recording_close(recording);
		spent = cpu_time() - start;
	} while ((double)spent < seconds * 1e9);
	report(name, "reading", spent, records, bytes);
	close(fd);
}

int main(int argc, char **argv)
{
	double seconds = argc > 1 ? atof(argv[1]) : 0.5;
	struct batch *tcp_connect = fill_tcp_connect(), *file_open = fill_file_open();

	measure("tcp_connect", tcp_connect, FORMAT_JSON, seconds);
	measure("tcp_connect", tcp_connect, FORMAT_TEXT, seconds);
	measure("file_open", file_open, FORMAT_JSON, seconds);
	measure("file_open", file_open, FORMAT_TEXT, seconds);
	measure_reading("tcp_connect", tcp_connect, seconds);
	measure_reading("file_open", file_open, seconds);
	batch_unref(tcp_connect);
	batch_unref(file_open);
	return 0;
}
