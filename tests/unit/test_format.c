/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "../format_check.h"
#include "../records.h"
#include "core/print.h"
#include "core/semantic.h"

#define WALL_OFFSET (1767323045000000000 - (int64_t)RECORD_TIME) /* 2026-01-02T03:04:05Z */

/* One line for one record; the batch's own time is a second after the first record's. */
static char *format_color(struct event *e, const void *data, uint32_t size, enum format format,
                          bool color)
{
	struct batch *b = batch_new(RECORD_BYTES(size));
	struct formatter *f = formatter_new(format, "web1", color);
	struct buf out = {};

	assert_true(batch_add(b, e, 0, data, size));
	b->wall_offset = WALL_OFFSET;
	b->created = RECORD_TIME + 1000000000;
	assert_int_equal(formatter_record(f, b, batch_first(b), &out), 0);
	formatter_free(f);
	batch_unref(b);
	return buf_take(&out);
}

static void assert_line(struct event *e, const void *data, uint32_t size, enum format format,
                        const char *line)
{
	_cleanup_(freep) char *got = format_color(e, data, size, format, false);

	assert_string_equal(got, line);
	assert_true(check_record(e, data, size));
}

static void our_events(void **state)
{
	struct event *connect = tcp_connect_event(0), *file_open = file_open_event(1);
	struct tcp_connect c = tcp_connect_make(0);
	struct file_open o;
	uint32_t size;

	assert_line(connect, &c, sizeof(c), FORMAT_JSON,
	            "{\"time\":\"2026-01-02T03:04:05.000000000Z\",\"event\":\"tcp_connect\","
	            "\"host\":\"web1\",\"cpu\":0,\"pid\":412,\"tid\":413,\"uid\":1000,\"gid\":1000,"
	            "\"cgroup\":7843,\"comm\":\"curl\",\"saddr\":\"10.0.0.7\","
	            "\"daddr\":\"192.0.2.0\",\"sport\":40000,\"dport\":443,"
	            "\"result\":\"ECONNREFUSED\",\"latency\":1234567,\"netns\":4026531840}\n");
	assert_line(connect, &c, sizeof(c), FORMAT_TEXT,
	            "03:04:05.000 tcp_connect      412 curl            saddr=10.0.0.7 "
	            "daddr=192.0.2.0 sport=40000 dport=443 result=ECONNREFUSED latency=1.234ms "
	            "netns=4026531840 uid=1000\n");

	file_open_make(&o, 1, "/tmp/a b", &size);
	o.h.uid = 0;
	assert_line(file_open, &o, size, FORMAT_JSON,
	            "{\"time\":\"2026-01-02T03:04:05.001234567Z\",\"event\":\"file_open\","
	            "\"host\":\"web1\",\"cpu\":1,\"pid\":413,\"tid\":414,\"uid\":0,\"gid\":1000,"
	            "\"cgroup\":7843,\"comm\":\"systemd-journal\","
	            "\"flags\":\"O_RDONLY|O_CLOEXEC\",\"result\":3,\"mode\":\"0644\","
	            "\"path\":\"/tmp/a b\"}\n");
	assert_line(file_open, &o, size, FORMAT_TEXT,
	            "03:04:05.001 file_open        413 systemd-journal flags=O_RDONLY|O_CLOEXEC "
	            "result=3 mode=0644 path=\"/tmp/a b\"\n");
	event_unref(connect);
	event_unref(file_open);
}

static void colors_only_when_asked(void **state)
{
	struct event *e = tcp_connect_event(0);
	struct tcp_connect c = tcp_connect_make(0);
	_cleanup_(freep) char *text = format_color(e, &c, sizeof(c), FORMAT_TEXT, true);
	_cleanup_(freep) char *json = format_color(e, &c, sizeof(c), FORMAT_JSON, true);

	assert_null(strchr(json, '\033'));
	assert_non_null(strstr(text, "\033[31mECONNREFUSED\033[0m"));
	assert_ptr_equal(strstr(text, "\033[2m03:04:05.000\033[0m \033[1;36mtcp_connect "), text);
	event_unref(e);
}

/* A program that knows nothing of Quern: no header, names of ours, the batch's time. */
static void stock_programs(void **state)
{
	struct data {
		uint64_t time;
		uint32_t pid, event;
		char comm[16], host[8];
		uint16_t host_;
		uint32_t uid;
	} data = {
		.time = 5, .pid = 7, .event = 1, .comm = "a b", .host = "x", .host_ = 2, .uid = 9};
	static const struct field_spec specs[] = {
		FIELD(struct data, time, "u64", FIELD_UINT),
		FIELD(struct data, pid, "u32", FIELD_UINT),
		FIELD(struct data, event, "u32", FIELD_UINT),
		FIELD(struct data, comm, "char[16]", FIELD_CHARS),
		FIELD(struct data, host, "char[8]", FIELD_CHARS),
		FIELD(struct data, host_, "u16", FIELD_UINT),
		FIELD(struct data, uid, "u32", FIELD_UINT),
	};
	struct event *e = event_make(3, "events", sizeof(data), specs, ARRAY_SIZE(specs));

	assert_line(e, &data, sizeof(data), FORMAT_JSON,
	            "{\"time\":\"2026-01-02T03:04:06.000000000Z\",\"event\":\"events\","
	            "\"host\":\"web1\",\"time_\":5,\"pid\":7,\"event_\":1,\"comm\":\"a b\","
	            "\"host__\":\"x\",\"host_\":2,\"uid\":9}\n");
	assert_line(e, &data, sizeof(data), FORMAT_TEXT,
	            "03:04:06.000 events             7 a b             time_=5 event_=1 host__=x "
	            "host_=2 uid=9\n");
	event_unref(e);
}

static void unknown_layout(void **state)
{
	struct event *e = event_new(0, "p", "a \"name\"\n", NULL);

	assert_line(e, "\x00\xff\n", 3, FORMAT_JSON,
	            "{\"time\":\"2026-01-02T03:04:06.000000000Z\",\"event\":\"a \\\"name\\\"\\n\","
	            "\"host\":\"web1\",\"data\":\"00ff0a\"}\n");
	assert_line(e, "\x00\xff\n", 3, FORMAT_TEXT,
	            "03:04:06.000 a \"name\"\\n         - -               data=00ff0a\n");
	assert_line(e, "", 0, FORMAT_TEXT,
	            "03:04:06.000 a \"name\"\\n         - -               data=\n");
	event_unref(e);
}

/* What stands behind the host, for one field `f` of this kind. */
static void assert_value(struct field f, const void *data, const char *json, const char *text)
{
	struct schema *s = xcalloc(1, sizeof(*s));
	struct event *e;
	_cleanup_(freep) char *j = NULL, *t = NULL;

	s->size = f.size * (f.count ? f.count : 1);
	s->n_fields = 1;
	s->fields = xcalloc(1, sizeof(f));
	f.name = xstrdup("f");
	f.type = xstrdup(f.type ? f.type : "int");
	f.count = f.count ? f.count : 1;
	s->fields[0] = f;
	assert_int_equal(schema_seal(s, NULL), 0);
	e = event_new(0, "p", "e", s);
	assert_true(check_record(e, data, s->size));
	j = format_color(e, data, s->size, FORMAT_JSON, false);
	assert_string_equal(strstr(j, "\"web1\"") + 6, json);
	t = format_color(e, data, s->size, FORMAT_TEXT, false);
	assert_string_equal(strstr(t, " f="), text);
	event_unref(e);
}

#define VALUE(...) ((struct field){__VA_ARGS__})

static void every_kind(void **state)
{
	static const struct enumerator dirs[] = {
		{0, (char *)"IN"}, {1, (char *)"OUT"}, {-5, (char *)"NONE"}, {1000, (char *)"ANY"}};
	struct enumerator *copy;
	const int32_t enums[] = {1, -5, 1000, 2, INT32_MIN};
	const char *shown[] = {"\"OUT\"", "\"NONE\"", "\"ANY\"", "2", "-2147483648"};

	assert_value(VALUE(.kind = FIELD_UINT, .size = 8), &(uint64_t){UINT64_MAX},
	             ",\"f\":18446744073709551615}\n", " f=18446744073709551615\n");
	assert_value(VALUE(.kind = FIELD_INT, .size = 8), &(int64_t){INT64_MIN},
	             ",\"f\":-9223372036854775808}\n", " f=-9223372036854775808\n");
	assert_value(VALUE(.kind = FIELD_INT, .size = 1), "\x80", ",\"f\":-128}\n", " f=-128\n");
	assert_value(VALUE(.kind = FIELD_UINT, .size = 2), "\x10\x27", ",\"f\":10000}\n",
	             " f=10000\n");
	assert_value(VALUE(.kind = FIELD_UINT, .size = 16), (uint64_t[]){UINT64_MAX, UINT64_MAX},
	             ",\"f\":\"340282366920938463463374607431768211455\"}\n",
	             " f=340282366920938463463374607431768211455\n");
	assert_value(VALUE(.kind = FIELD_INT, .size = 16), (uint64_t[]){0, 1ull << 63},
	             ",\"f\":\"-170141183460469231731687303715884105728\"}\n",
	             " f=-170141183460469231731687303715884105728\n");
	assert_value(VALUE(.kind = FIELD_BOOL, .size = 1), "\x01", ",\"f\":true}\n", " f=true\n");
	assert_value(VALUE(.kind = FIELD_BYTES, .size = 3), "\x01\xab\x00", ",\"f\":\"01ab00\"}\n",
	             " f=01ab00\n");
	assert_value(VALUE(.kind = FIELD_UINT, .size = 8, .type = (char *)"struct sock *"),
	             &(uint64_t){0xffff888000001000}, ",\"f\":\"0xffff888000001000\"}\n",
	             " f=0xffff888000001000\n");
	assert_value(VALUE(.kind = FIELD_UINT, .size = 2, .bit_offset = 4, .bit_size = 8),
	             "\xf0\x0f", ",\"f\":255}\n", " f=255\n");

	for (size_t i = 0; i < ARRAY_SIZE(enums); i++) {
		_cleanup_(freep) char *json = xasprintf(",\"f\":%s}\n", shown[i]);
		_cleanup_(freep) char *bare = xstrdup(shown[i] + (shown[i][0] == '"'));
		_cleanup_(freep) char *text = NULL;

		bare[strcspn(bare, "\"")] = '\0';
		text = xasprintf(" f=%s\n", bare);
		copy = xmemdup(dirs, sizeof(dirs));
		for (size_t j = 0; j < ARRAY_SIZE(dirs); j++)
			copy[j].name = xstrdup(dirs[j].name);
		assert_value(VALUE(.kind = FIELD_ENUM, .size = 4, .is_signed = true,
		                   .enumerators = copy, .n_enumerators = ARRAY_SIZE(dirs)),
		             &enums[i], json, text);
	}
	assert_value(VALUE(.kind = FIELD_ENUM, .size = 4), &(uint32_t){UINT32_MAX},
	             ",\"f\":4294967295}\n", " f=4294967295\n");
}

static void floats(void **state)
{
	const struct field d = {.kind = FIELD_FLOAT, .size = 8};
	const struct field s = {.kind = FIELD_FLOAT, .size = 4};

	assert_value(d, &(double){0.1}, ",\"f\":0.1}\n", " f=0.1\n");
	assert_value(d, &(double){1.0 / 3}, ",\"f\":0.33333333333333331}\n",
	             " f=0.33333333333333331\n");
	assert_value(d, &(double){-1e300}, ",\"f\":-1e+300}\n", " f=-1e+300\n");
	assert_value(d, &(double){NAN}, ",\"f\":null}\n", " f=nan\n");
	assert_value(d, &(double){-INFINITY}, ",\"f\":null}\n", " f=-inf\n");
	assert_value(s, &(float){0.1f}, ",\"f\":0.1}\n", " f=0.1\n");
	assert_value(s, &(float){16777217.0f}, ",\"f\":16777216}\n", " f=16777216\n");
	assert_value(s, &(float){INFINITY}, ",\"f\":null}\n", " f=inf\n");
}

static void arrays(void **state)
{
	assert_value(VALUE(.kind = FIELD_UINT, .size = 2, .count = 3, .is_array = true),
	             (uint16_t[]){1, 20, 300}, ",\"f\":[1,20,300]}\n", " f=[1 20 300]\n");
	assert_value(VALUE(.kind = FIELD_UINT, .size = 2, .count = 1, .is_array = true),
	             (uint16_t[]){1}, ",\"f\":[1]}\n", " f=[1]\n");
	assert_value(VALUE(.kind = FIELD_CHARS, .size = 4, .count = 3, .is_array = true),
	             "ls\0\0-l\0\0a b\0", ",\"f\":[\"ls\",\"-l\",\"a b\"]}\n",
	             " f=[ls -l \"a b\"]\n");
	assert_value(VALUE(.kind = FIELD_UINT, .size = 4, .count = 2, .is_array = true,
	                   .type = (char *)"ipv4_t"),
	             "\x7f\0\0\x01\x0a\0\0\x02", ",\"f\":[\"127.0.0.1\",\"10.0.0.2\"]}\n",
	             " f=[127.0.0.1 10.0.0.2]\n");
}

struct inner {
	uint16_t port;
	uint8_t addr[4];
	struct {
		char name[4];
	} peer;
};

static struct field inner_struct(void)
{
	static const struct field_spec inner[] = {
		FIELD(struct inner, port, "port_be_t", FIELD_UINT),
		FIELD(struct inner, addr, "ipv4_t", FIELD_BYTES),
		FIELD(struct inner, peer, "struct peer", FIELD_STRUCT),
	};
	static const struct field_spec name[] = {{"name", "char[4]", FIELD_CHARS, 0, 4, 0}};
	struct field f = {.kind = FIELD_STRUCT, .size = sizeof(struct inner), .count = 1};

	fields_make(&f.children, &f.n_children, inner, ARRAY_SIZE(inner));
	fields_make(&f.children[2].children, &f.children[2].n_children, name, 1);
	return f;
}

static void structs(void **state)
{
	struct field f = inner_struct();
	struct inner values[2] = {{0xbb01, {10, 0, 0, 1}, {"ab"}}, {0x5000, {10, 0, 0, 2}, {"c"}}};

	assert_value(f, values,
	             ",\"f\":{\"port\":443,\"addr\":\"10.0.0.1\",\"peer\":{\"name\":\"ab\"}}}\n",
	             " f={port=443 addr=10.0.0.1 peer={name=ab}}\n");
	f = inner_struct();
	f.count = 2;
	f.is_array = true;
	values[0].port = 0;
	assert_value(f, values,
	             ",\"f\":[{\"port\":0,\"addr\":\"10.0.0.1\",\"peer\":{\"name\":\"ab\"}},"
	             "{\"port\":80,\"addr\":\"10.0.0.2\",\"peer\":{\"name\":\"c\"}}]}\n",
	             " f=[{port=0 addr=10.0.0.1 peer={name=ab}} "
	             "{port=80 addr=10.0.0.2 peer={name=c}}]\n");
}

static void assert_text_shown(const char *bytes, size_t n, const char *json, const char *text)
{
	_cleanup_(freep) char *padded = xcalloc(n + 20, 1);
	_cleanup_(freep) char *j = xasprintf(",\"f\":\"%s\"}\n", json);
	_cleanup_(freep) char *t = xasprintf(" f=%s\n", text);

	memcpy(padded, bytes, n);
	assert_value(VALUE(.kind = FIELD_CHARS, .size = (uint32_t)n + 20), padded, j, t);
}

#define assert_text(bytes, json, text) assert_text_shown(bytes, sizeof(bytes) - 1, json, text)

static void any_bytes_are_shown_safely(void **state)
{
	assert_text("plain-text/of:more,than=16;bytes", "plain-text/of:more,than=16;bytes",
	            "plain-text/of:more,than=16;bytes");
	assert_text("a\"b\\c", "a\\\"b\\\\c", "\"a\\\"b\\\\c\"");
	assert_text("C:\\x", "C:\\\\x", "C:\\x");
	assert_text("\b\t\n\f\r\x01\x1f", "\\b\\t\\n\\f\\r\\u0001\\u001f",
	            "\"\\b\\t\\n\\f\\r\\x01\\x1f\"");
	assert_text("\033[2Jx", "\\u001b[2Jx", "\"\\x1b[2Jx\"");
	assert_text("x\x7f", "x\\u007f", "\"x\\x7f\"");
	assert_text("grün 東京 🦀", "grün 東京 🦀", "\"grün 東京 🦀\"");
	assert_text("grün東京🦀", "grün東京🦀", "grün東京🦀");
	/* Latin-1, cut sequences, an overlong slash, a surrogate, past the last code point. */
	assert_text("gr\xfcn", "gr\\u00fcn", "\"gr\\xfcn\"");
	assert_text("\xc3", "\\u00c3", "\"\\xc3\"");
	assert_text("\xe6\x9d", "\\u00e6\\u009d", "\"\\xe6\\x9d\"");
	assert_text("\xc0\xaf", "\\u00c0\\u00af", "\"\\xc0\\xaf\"");
	assert_text("\xed\xa0\x80", "\\u00ed\\u00a0\\u0080", "\"\\xed\\xa0\\x80\"");
	assert_text("\xf4\x90\x80\x80", "\\u00f4\\u0090\\u0080\\u0080", "\"\\xf4\\x90\\x80\\x80\"");
	assert_text("\xff\xfe", "\\u00ff\\u00fe", "\"\\xff\\xfe\"");
	/* C1 controls are as good as escape sequences; a bidi override hides what a name is. */
	assert_text("\xc2\x9b"
	            "2J",
	            "\\u009b2J", "\"\\xc2\\x9b2J\"");
	assert_text("a\xe2\x80\xae"
	            "b",
	            "a\xe2\x80\xae"
	            "b",
	            "\"a\\xe2\\x80\\xaeb\"");
	assert_text("", "", "\"\"");
}

/* The special byte at each place of a word, and behind it. */
static void every_position_in_a_word(void **state)
{
	for (size_t n = 1; n < 20; n++)
		for (size_t at = 0; at < n; at++)
			for (int c = 1; c < 256; c++) {
				char bytes[24] = "";
				struct print how;
				char out[200], *end;
				json_t *string;

				memset(bytes, 'x', n);
				bytes[at] = (char)c;
				print_init(&how, true, false);
				end = put_json_string(out, (uint8_t *)bytes, (uint32_t)n, 0);
				string =
					json_loadb(out, (size_t)(end - out), JSON_DECODE_ANY, NULL);
				assert_non_null(string);
				if (c < 0x80) {
					assert_string_equal(json_string_value(string), bytes);
				} else {
					assert_int_equal(json_string_length(string), n + 1);
				}
				json_decref(string);
			}
}

static void decoders_come_before_types(void **state)
{
	struct data {
		int32_t code;
		uint32_t addr;
	} data = {-2, 0x0100007f};
	static const struct field_spec specs[] = {
		FIELD(struct data, code, "int", FIELD_INT),
		FIELD(struct data, addr, "port_t", FIELD_UINT),
	};
	struct event *e = event_make(0, "e", sizeof(data), specs, ARRAY_SIZE(specs));

	e->notes = xcalloc(3, sizeof(*e->notes));
	e->n_notes = 3;
	e->notes[0] =
		(struct event_field_note){.name = xstrdup("code"), .decode = xstrdup("errno")};
	e->notes[1] = (struct event_field_note){.name = xstrdup("addr"), .decode = xstrdup("ipv4")};
	e->notes[2] = (struct event_field_note){.name = xstrdup("gone"), .help = xstrdup("x")};
	assert_line(e, &data, sizeof(data), FORMAT_TEXT,
	            "03:04:06.000 e                  - -               code=ENOENT "
	            "addr=127.0.0.1\n");
	/* A decoder that does not fit is as if it were not there. */
	strcpy(e->notes[1].decode, "mac");
	assert_line(e, &data, sizeof(data), FORMAT_TEXT,
	            "03:04:06.000 e                  - -               code=ENOENT "
	            "addr=16777343\n");
	event_unref(e);
}

static void short_records_are_refused(void **state)
{
	struct event *connect = tcp_connect_event(0), *file_open = file_open_event(1);
	struct tcp_connect c = tcp_connect_make(0);
	struct file_open o;
	uint32_t size;

	for (uint32_t n = 0; n <= sizeof(c); n++)
		assert_int_equal(check_record(connect, &c, n), n == sizeof(c));
	file_open_make(&o, 0, "/etc/passwd", &size);
	for (uint32_t n = 0; n <= size; n++)
		assert_int_equal(check_record(file_open, &o, n),
		                 n >= offsetof(struct file_open, path));
	event_unref(connect);
	event_unref(file_open);
}

static void the_tail_is_as_long_as_the_record(void **state)
{
	struct event *e = file_open_event(1);
	struct file_open o;
	uint32_t size;
	char *line;

	memset(&o, 'x', sizeof(o));
	file_open_make(&o, 0, "/etc/passwd", &size);
	line = format_color(e, &o, size - 4, FORMAT_JSON, false);
	assert_non_null(strstr(line, "\"path\":\"/etc/pas\"}\n"));
	free(line);
	line = format_color(e, &o, offsetof(struct file_open, path), FORMAT_JSON, false);
	assert_non_null(strstr(line, "\"path\":\"\"}\n"));
	free(line);
	/* A perf buffer pads. */
	memset(o.path, 'y', sizeof(o.path));
	line = format_color(e, &o, sizeof(o), FORMAT_JSON, false);
	assert_string_equal(line + strlen(line) - 9, "yyy…\"}\n");
	free(line);
	event_unref(e);
}

/* After a swap the id means another layout; a formatter must notice at once. */
static void a_swapped_event_gets_a_new_plan(void **state)
{
	static const struct field_spec old_specs[] = {{"a", "u32", FIELD_UINT, 0, 4, 0}};
	static const struct field_spec new_specs[] = {{"b", "u16", FIELD_UINT, 0, 2, 0}};
	struct formatter *f = formatter_new(FORMAT_JSON, "h", false);
	struct buf out = {};
	struct batch *b = batch_new(0);
	struct event *events[] = {event_make(7, "e", 4, old_specs, 1),
	                          event_make(7, "e", 2, new_specs, 1)};
	const char *line;

	for (int i = 0; i < 4; i++)
		assert_true(batch_add(b, events[i % 2], 0, "\1\0\0\0", 4));
	event_unref(events[0]);
	event_unref(events[1]);
	for (const struct record *r = batch_first(b); r; r = batch_next(b, r))
		assert_int_equal(formatter_record(f, b, r, &out), 0);
	batch_unref(b);
	line = buf_cstr(&out);
	for (int i = 0; i < 4; i++, line = strchr(line, '\n') + 1)
		assert_memory_equal(strchr(line, '\n') - 7, i % 2 ? ",\"b\":1}" : ",\"a\":1}", 7);
	assert_string_equal(line, "");
	formatter_free(f);
	buf_done(&out);
}

static uint32_t random_below(uint32_t *seed, uint32_t n)
{
	*seed = *seed * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)(*seed >> 4) * n >> 28);
}

static const char *random_type(uint32_t *seed)
{
	uint32_t n = 0;

	while (semantics[n].name)
		n++;
	n = random_below(seed, 2 * n);
	for (uint32_t i = 0; semantics[i].name; i++)
		if (i == n)
			return semantics[i].name;
	return n & 1 ? "int" : "void *";
}

static void random_fields(uint32_t *seed, struct field **ret, uint32_t *ret_n, uint32_t room,
                          unsigned int depth)
{
	static const uint32_t words[] = {1, 2, 4, 8};
	static const char *const taken[] = {"time", "event", "host", "pid", "comm"};

	*ret_n = 1 + random_below(seed, 6);
	*ret = xcalloc(*ret_n, sizeof(**ret));
	for (uint32_t i = 0; i < *ret_n; i++) {
		struct field *f = &(*ret)[i];

		f->name = random_below(seed, 8)
		                  ? xasprintf("f%.*s%u", (int)random_below(seed, 20),
		                              "_a_rather_long_name", i)
		                  : xasprintf("%s%.*s", taken[i % 5], (int)i, "______");
		f->type = xstrdup(random_type(seed));
		f->kind = (enum field_kind)random_below(seed, depth < 4 ? 8 : 7);
		f->count = 1;
		f->size = words[random_below(seed, 4)];
		if (f->kind == FIELD_FLOAT)
			f->size = f->size < 8 ? 4 : 8;
		if (f->kind == FIELD_UINT && !random_below(seed, 4))
			f->size = 16;
		if (f->kind == FIELD_CHARS || f->kind == FIELD_BYTES || f->kind == FIELD_STRUCT)
			f->size = 1 + random_below(seed, 40);
		if (f->size > room) {
			f->kind = FIELD_BYTES;
			f->size = 1;
		}
		if (!random_below(seed, 3)) {
			f->is_array = true;
			f->count = 1 + random_below(seed, room / f->size);
		} else if (f->kind <= FIELD_INT && f->size < 16 && !random_below(seed, 3)) {
			f->bit_size = (uint8_t)(1 + random_below(seed, f->size * 8));
			f->bit_offset = (uint8_t)random_below(seed, f->size * 8 - f->bit_size + 1);
		}
		f->offset = random_below(seed, room - f->size * f->count + 1);
		if (f->kind == FIELD_STRUCT)
			random_fields(seed, &f->children, &f->n_children, f->size, depth + 1);
	}
}

static void random_bytes(uint32_t *seed, uint8_t *p, size_t n)
{
	static const char nasty[] = " !\"\\a\n\033\x7f";
	uint32_t mode = random_below(seed, 4);

	for (size_t i = 0; i < n; i++) {
		uint32_t byte = random_below(seed, 256);

		p[i] = (uint8_t)(mode == 0 ? byte : mode == 1 ? byte | 0x80 : 0xff);
		if (mode == 2)
			p[i] = (uint8_t)nasty[byte % 8];
	}
}

static void any_record_of_any_schema_is_one_valid_line(void **state)
{
	uint32_t seed = 1;
	uint8_t data[700];
	unsigned int accepted = 0;

	for (int i = 0; i < 3000; i++) {
		_cleanup_(diag_donep) struct diag diag = {};
		struct schema *s = xcalloc(1, sizeof(*s));
		struct event *e;

		s->size = 1 + random_below(&seed, 600);
		random_fields(&seed, &s->fields, &s->n_fields, s->size, 1);
		if (schema_seal(s, &diag) != 0)
			fail_msg("%s", diag_text(&diag));
		e = event_new(random_below(&seed, EVENTS_MAX), "p", "random", s);
		for (int j = 0; j < 4; j++) {
			uint32_t size = random_below(&seed, s->size + 20);

			random_bytes(&seed, data, size);
			accepted += check_record(e, data, size);
		}
		event_unref(e);
	}
	assert_in_range(accepted, 500, 11500);
}

/* A megabyte is made of 1024 fields that all show the same bytes: then it is bytes. */
static void absurd_schemas_are_shown_as_bytes(void **state)
{
	struct schema *s = xcalloc(1, sizeof(*s));
	_cleanup_(freep) uint8_t *data = xcalloc(SCHEMA_RECORD_MAX, 1);
	_cleanup_(freep) char *line = NULL;
	struct event *e;

	s->size = SCHEMA_RECORD_MAX;
	s->n_fields = SCHEMA_FIELDS_MAX;
	s->fields = xcalloc(s->n_fields, sizeof(*s->fields));
	for (uint32_t i = 0; i < s->n_fields; i++)
		s->fields[i] = (struct field){.name = xasprintf("f%u", i),
		                              .type = xstrdup("char"),
		                              .kind = FIELD_CHARS,
		                              .size = s->size,
		                              .count = 1};
	assert_int_equal(schema_seal(s, NULL), 0);
	e = event_new(0, "p", "e", s);
	line = format_color(e, data, s->size, FORMAT_JSON, false);
	assert_non_null(strstr(line, ",\"data\":\"0000"));
	assert_in_range(strlen(line), 2 * s->size, 2 * s->size + 200);
	event_unref(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(our_events),
		cmocka_unit_test(colors_only_when_asked),
		cmocka_unit_test(stock_programs),
		cmocka_unit_test(unknown_layout),
		cmocka_unit_test(every_kind),
		cmocka_unit_test(floats),
		cmocka_unit_test(arrays),
		cmocka_unit_test(structs),
		cmocka_unit_test(any_bytes_are_shown_safely),
		cmocka_unit_test(every_position_in_a_word),
		cmocka_unit_test(decoders_come_before_types),
		cmocka_unit_test(short_records_are_refused),
		cmocka_unit_test(the_tail_is_as_long_as_the_record),
		cmocka_unit_test(a_swapped_event_gets_a_new_plan),
		cmocka_unit_test(any_record_of_any_schema_is_one_valid_line),
		cmocka_unit_test(absurd_schemas_are_shown_as_bytes),
	};

	setenv("TZ", "UTC0", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
