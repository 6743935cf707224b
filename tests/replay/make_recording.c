/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recordings for the tests and benchmarks of replay, made without a kernel:
 *
 *   make_recording FILE          one of everything that a record may hold, hostile text and numbers
 *                                at their limits included; the same bytes each time
 *   make_recording FILE COUNT    COUNT tcp_connect events
 */
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>

#include "../records.h"
#include "core/recording.h"
#include "util/units.h"

#define WALL_OFFSET 1767225600000000000 /* 2026-01-01; records are a day later (RECORD_TIME) */

struct point {
	int32_t x, y;
};

struct shapes {
	struct header h;
	uint8_t u8;
	uint16_t u16;
	uint32_t u32;
	uint64_t u64;
	int8_t i8;
	int16_t i16;
	int32_t i32;
	int64_t i64;
	bool yes, no;
	uint32_t known, unknown; /* enum color */
	uint32_t bits;           /* low:3, high:29 */
	double ratio;
	char quoted[16], invalid[16], full[4];
	char argv[4][8];
	uint8_t mac[6];
	uint32_t counts[3];
	struct point at;
	struct point corners[2];
	uint8_t v4[4], v6[16];
	uint16_t port; /* network order */
	int32_t signal;
	uint32_t flags;
	char args[32];
	char path[4096]; /* the tail: as long as what arrived */
};

#define SHAPE(member, type, kind) FIELD(struct shapes, member, type, kind)
#define SHAPE_ARRAY(member, type_name, field_kind, n)                                              \
	{                                                                                          \
		.name = #member, .type = type_name, .kind = field_kind,                            \
		.offset = offsetof(struct shapes, member),                                         \
		.size = sizeof(((struct shapes *)0)->member) / (n), .count = n                     \
	}

static const struct field_spec shapes_specs[] = {
	HEADER_FIELDS,
	SHAPE(u8, "u8", FIELD_UINT),
	SHAPE(u16, "u16", FIELD_UINT),
	SHAPE(u32, "u32", FIELD_UINT),
	SHAPE(u64, "u64", FIELD_UINT),
	SHAPE(i8, "s8", FIELD_INT),
	SHAPE(i16, "s16", FIELD_INT),
	SHAPE(i32, "s32", FIELD_INT),
	SHAPE(i64, "s64", FIELD_INT),
	SHAPE(yes, "bool", FIELD_BOOL),
	SHAPE(no, "bool", FIELD_BOOL),
	SHAPE(known, "enum color", FIELD_ENUM),
	SHAPE(unknown, "enum color", FIELD_ENUM),
	{"low", "u32", FIELD_UINT, offsetof(struct shapes, bits), 4, 0},
	{"high", "u32", FIELD_UINT, offsetof(struct shapes, bits), 4, 0},
	SHAPE(ratio, "double", FIELD_FLOAT),
	SHAPE(quoted, "char", FIELD_CHARS),
	SHAPE(invalid, "char", FIELD_CHARS),
	SHAPE(full, "char", FIELD_CHARS),
	SHAPE_ARRAY(argv, "char", FIELD_CHARS, 4),
	SHAPE(mac, "mac_t", FIELD_BYTES),
	SHAPE_ARRAY(counts, "u32", FIELD_UINT, 3),
	SHAPE(at, "struct point", FIELD_STRUCT),
	SHAPE_ARRAY(corners, "struct point", FIELD_STRUCT, 2),
	SHAPE(v4, "ipv4_t", FIELD_UINT),
	SHAPE(v6, "ipv6_t", FIELD_BYTES),
	SHAPE(port, "port_be_t", FIELD_UINT),
	SHAPE(signal, "signal_t", FIELD_INT),
	SHAPE(flags, "open_flags_t", FIELD_UINT),
	SHAPE(args, "args_t", FIELD_CHARS),
	SHAPE(path, "path_t", FIELD_CHARS),
};

static void add_colors(struct field *field)
{
	static const char *const names[] = {"RED", "GREEN", "BLUE"};

	field->n_enumerators = ARRAY_SIZE(names);
	field->enumerators = xcalloc(ARRAY_SIZE(names), sizeof(*field->enumerators));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		field->enumerators[i].value = (int64_t)i;
		field->enumerators[i].name = xstrdup(names[i]);
	}
}

static struct event *shapes_event(uint32_t id)
{
	static const struct field_spec point[] = {
		FIELD(struct point, x, "int", FIELD_INT),
		FIELD(struct point, y, "int", FIELD_INT),
	};
	struct schema *s =
		schema_make(sizeof(struct shapes), shapes_specs, ARRAY_SIZE(shapes_specs));

	for (struct field *f = s->fields; f < s->fields + s->n_fields; f++) {
		if (f->kind == FIELD_ENUM) {
			add_colors(f);
		} else if (f->kind == FIELD_STRUCT) {
			fields_make(&f->children, &f->n_children, point, ARRAY_SIZE(point));
		} else if (streq(f->name, "low")) {
			f->bit_size = 3;
		} else if (streq(f->name, "high")) {
			f->bit_offset = 3;
			f->bit_size = 29;
		}
	}
	if (schema_seal(s, NULL) < 0) {
		fputs("make_recording: the schema is wrong\n", stderr);
		exit(EXIT_FAILURE);
	}
	return event_new(id, "shapes", "shapes", s);
}

static struct shapes make_shapes(void)
{
	struct shapes s = {
		.h = header_make(3, "shapes"),
		.u8 = UINT8_MAX,
		.u16 = UINT16_MAX,
		.u32 = UINT32_MAX,
		.u64 = UINT64_MAX,
		.i8 = INT8_MIN,
		.i16 = INT16_MIN,
		.i32 = INT32_MIN,
		.i64 = INT64_MIN,
		.yes = true,
		.known = 2,
		.unknown = 77,
		.bits = 5 | 123456 << 3,
		.ratio = 0.25,
		.quoted = "\"a\\b\"\n\t\x1b[31m",
		.invalid = "\xff\xc3(\xe2\x82 caf\xc3\xa9",
		.argv = {"ls", "-l", "", "--color"},
		.mac = {0x02, 0x00, 0x5e, 0x10, 0x00, 0xff},
		.counts = {0, 1, UINT32_MAX},
		.at = {-1, 1},
		.corners = {{0, 0}, {640, 480}},
		.v4 = {192, 0, 2, 7},
		.port = htobe16(8443),
		.signal = 9,
		.flags = 0101, /* O_WRONLY | O_CREAT */
		.args = "ls\0-l\0a b",
		.v6 = {0x20, 0x01, 0x0d, 0xb8, [15] = 1},
		.path = "/etc/ssl/certs",
	};

	memcpy(s.full, "abcd", 4); /* no NUL: the array is full */
	return s;
}

static void write_batch(struct recorder *r, struct batch *b)
{
	b->wall_offset = WALL_OFFSET;
	b->created = RECORD_TIME;
	if (recorder_write(r, b) < 0) {
		perror("make_recording");
		exit(EXIT_FAILURE);
	}
	batch_unref(b);
}

static void write_one_of_each(struct recorder *r)
{
	struct event *connect = tcp_connect_event(0), *shapes = shapes_event(1);
	struct event *unknown = event_new(2, "stock", "blob", NULL);
	struct shapes s = make_shapes();
	struct batch *b = batch_new(0);
	struct tcp_connect c;

	for (uint32_t i = 0; i < 3; i++) {
		c = tcp_connect_make(i);
		batch_add(b, connect, 0xffff, &c, sizeof(c));
	}
	batch_add(b, shapes, 3, &s, (uint32_t)(offsetof(struct shapes, path) + strlen(s.path) + 1));
	write_batch(r, b);

	b = batch_new(0);
	/* The tail ends without a NUL; then at once; then the record is too short by a byte. */
	batch_add(b, shapes, 3, &s, offsetof(struct shapes, path) + 4);
	batch_add(b, shapes, 3, &s, offsetof(struct shapes, path));
	batch_add(b, shapes, 3, &s, offsetof(struct shapes, path) - 1);
	batch_add(b, unknown, 3, "\x01\xfe grist", 8);
	c = tcp_connect_make(16);
	batch_add(b, connect, 0xffff, &c, sizeof(c) - 8);
	batch_add(b, connect, 0xffff, &c, sizeof(c));
	write_batch(r, b);
	event_unref(connect);
	event_unref(shapes);
	event_unref(unknown);
}

static void write_many(struct recorder *r, uint64_t count)
{
	struct event *event = tcp_connect_event(0);
	struct batch *b = batch_new(0);

	for (uint64_t i = 0; i < count; i++) {
		struct tcp_connect c = tcp_connect_make((uint32_t)i);

		if (batch_add(b, event, 0xffff, &c, sizeof(c)))
			continue;
		write_batch(r, b);
		b = batch_new(0);
		batch_add(b, event, 0xffff, &c, sizeof(c));
	}
	write_batch(r, b);
	event_unref(event);
}

int main(int argc, char **argv)
{
	_cleanup_(diag_donep) struct diag diag = {};
	struct recorder *r = NULL;
	uint64_t count = 0;

	if (argc < 2 || argc > 3 || (argc == 3 && parse_u64(argv[2], &count) < 0)) {
		fprintf(stderr, "usage: make_recording FILE [COUNT]\n");
		return 2;
	}
	if (recorder_open(argv[1], &r, &diag) < 0) {
		fprintf(stderr, "make_recording: %s\n", diag_text(&diag));
		return EXIT_FAILURE;
	}
	if (argc == 3)
		write_many(r, count);
	else
		write_one_of_each(r);
	return recorder_close(r) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
