/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "core/semantic.h"
#include "util/alloc.h"

#define WALL_OFFSET 1767323045000000000 /* 2026-01-02T03:04:05Z */

static char *print(const struct semantic *s, const struct field *f, const void *data, uint32_t size,
                   bool json)
{
	uint64_t room = s->room ? s->room : PUT_TEXT_MAX(f->size);
	char *out = xmalloc(room + PUT_SLACK + 1), *end;
	uint8_t *exact = xmemdup(data, size);
	struct print how;

	print_init(&how, json, false);
	how.wall_offset = WALL_OFFSET;
	end = s->print(out, f, exact, size, &how);
	free(exact);
	assert_in_range(end - out, 0, room);
	*end = '\0';
	return out;
}

static void assert_shown(const char *type, enum field_kind kind, const void *data, uint32_t size,
                         const char *json, const char *text)
{
	struct field f = {
		.name = (char *)"f", .type = (char *)type, .kind = kind, .size = size, .count = 1};
	const struct semantic *s = semantic_find(type, &f);
	char *got;

	if (!s)
		fail_msg("%s of %u bytes is not known", type, size);
	got = print(s, &f, data, size, true);
	assert_string_equal(got, json);
	free(got);
	got = print(s, &f, data, size, false);
	assert_string_equal(got, text);
	free(got);
}

#define assert_int_shown(type, ctype, value, json, text)                                           \
	assert_shown(type, (ctype)-1 < 1 ? FIELD_INT : FIELD_UINT, &(ctype){value}, sizeof(ctype), \
	             json, text)

static void addresses(void **state)
{
	static const struct {
		uint8_t bytes[16];
		const char *shown;
	} v6[] = {
		{{0}, "::"},
		{{[15] = 1}, "::1"},
		{{0x20, 1, 0xd, 0xb8, [15] = 1}, "2001:db8::1"},
		{{0xfe, 0x80, [14] = 0x12, [15] = 0x34}, "fe80::1234"},
		{{0x20, 1, [15] = 0}, "2001::"},
		{{0x20, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1}, "2001:0:0:1::1"},
		{{0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 1, 0, 1}, "1:0:1::1:1:1"},
		{{0, 1, 0, 2, 0, 0, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8}, "1:2:0:4:5:6:7:8"},
		{{0xab, 0xcd, 0xef, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0xff, 0xff},
	         "abcd:ef01:101:101:101:101:101:ffff"},
		{{[10] = 0xff, [11] = 0xff, 192, 0, 2, 7}, "192.0.2.7"},
		{{[12] = 192, 0, 2, 7}, "::c000:207"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(v6); i++) {
		_cleanup_(freep) char *json = xasprintf("\"%s\"", v6[i].shown);

		assert_shown("ipv6_t", FIELD_BYTES, v6[i].bytes, 16, json, v6[i].shown);
		assert_shown("ip_t", FIELD_STRUCT, v6[i].bytes, 16, json, v6[i].shown);
	}
	assert_shown("ipv4_t", FIELD_UINT, "\x7f\0\0\x01", 4, "\"127.0.0.1\"", "127.0.0.1");
	assert_shown("ipv4_t", FIELD_UINT, "\xff\xff\xff\xff", 4, "\"255.255.255.255\"",
	             "255.255.255.255");
	assert_shown("mac_t", FIELD_BYTES, "\x00\x1b\x21\xab\xcd\xef", 6, "\"00:1b:21:ab:cd:ef\"",
	             "00:1b:21:ab:cd:ef");
	assert_shown("port_be_t", FIELD_UINT, "\x01\xbb", 2, "443", "443");
	assert_int_shown("port_t", uint16_t, 65535, "65535", "65535");
}

static void times(void **state)
{
	char *zone = xstrdup(getenv("TZ") ? getenv("TZ") : "");

	setenv("TZ", "CET-1", 1);
	tzset();
	assert_int_shown("ktime_t", uint64_t, 1, "\"2026-01-02T03:04:05.000000001Z\"",
	                 "2026-01-02T04:04:05.000+01:00");
	assert_int_shown("ktime_t", int64_t, 86399999000000, "\"2026-01-03T03:04:04.999000000Z\"",
	                 "2026-01-03T04:04:04.999+01:00");
	assert_int_shown("ktime_t", uint64_t, 0, "null", "-");
	setenv("TZ", "XYZ3:30", 1);
	tzset();
	assert_int_shown("ktime_t", uint64_t, 1, "\"2026-01-02T03:04:05.000000001Z\"",
	                 "2026-01-01T23:34:05.000-03:30");
	if (*zone)
		setenv("TZ", zone, 1);
	else
		unsetenv("TZ");
	tzset();
	free(zone);

	assert_int_shown("duration_ns_t", uint64_t, 0, "0", "0ns");
	assert_int_shown("duration_ns_t", uint64_t, 999, "999", "999ns");
	assert_int_shown("duration_ns_t", uint64_t, 1000, "1000", "1.000us");
	assert_int_shown("duration_ns_t", uint64_t, 1234567, "1234567", "1.234ms");
	assert_int_shown("duration_ns_t", uint32_t, 4294967295, "4294967295", "4.294s");
	assert_int_shown("duration_ns_t", uint64_t, 61500000000, "61500000000", "1m01s");
	assert_int_shown("duration_ns_t", uint64_t, 7500000000000, "7500000000000", "2h05m");
	assert_int_shown("duration_ns_t", uint64_t, UINT64_MAX, "18446744073709551615",
	                 "213503d23h");
	assert_int_shown("duration_ns_t", int64_t, -1500, "-1500", "-1.500us");
	assert_int_shown("duration_ns_t", int64_t, INT64_MIN, "-9223372036854775808",
	                 "-106751d23h");
}

static void names(void **state)
{
	assert_int_shown("errno_t", int32_t, -111, "\"ECONNREFUSED\"", "ECONNREFUSED");
	assert_int_shown("errno_t", int64_t, -2, "\"ENOENT\"", "ENOENT");
	assert_int_shown("errno_t", uint32_t, (uint32_t)-13, "\"EACCES\"", "EACCES");
	assert_int_shown("errno_t", int32_t, -516, "\"ERESTART_RESTARTBLOCK\"",
	                 "ERESTART_RESTARTBLOCK");
	assert_int_shown("errno_t", int32_t, 0, "0", "0");
	assert_int_shown("errno_t", int32_t, 3, "3", "3");
	assert_int_shown("errno_t", int32_t, -4095, "-4095", "-4095");
	assert_int_shown("errno_t", int64_t, INT64_MIN, "-9223372036854775808",
	                 "-9223372036854775808");

	assert_int_shown("signal_t", uint32_t, 9, "\"SIGKILL\"", "SIGKILL");
	assert_int_shown("signal_t", int32_t, 34, "\"SIGRTMIN\"", "SIGRTMIN");
	assert_int_shown("signal_t", uint8_t, 64, "\"SIGRTMAX\"", "SIGRTMAX");
	assert_int_shown("signal_t", uint32_t, 0, "0", "0");
	assert_int_shown("signal_t", int32_t, -1, "-1", "-1");
	assert_int_shown("signal_t", uint32_t, 65, "65", "65");

	assert_int_shown("family_t", uint16_t, 2, "\"AF_INET\"", "AF_INET");
	assert_int_shown("family", uint16_t, 1, "\"AF_UNIX\"", "AF_UNIX");
	assert_int_shown("family", uint16_t, 10, "\"AF_INET6\"", "AF_INET6");
	assert_int_shown("family", uint16_t, 999, "999", "999");
	assert_int_shown("protocol", uint8_t, 6, "\"IPPROTO_TCP\"", "IPPROTO_TCP");
	assert_int_shown("protocol", uint16_t, 262, "\"IPPROTO_MPTCP\"", "IPPROTO_MPTCP");
	assert_int_shown("tcp_state", int32_t, 1, "\"TCP_ESTABLISHED\"", "TCP_ESTABLISHED");
	assert_int_shown("tcp_state", int32_t, 12, "\"TCP_NEW_SYN_RECV\"", "TCP_NEW_SYN_RECV");
	assert_int_shown("capability", int32_t, 21, "\"CAP_SYS_ADMIN\"", "CAP_SYS_ADMIN");
	assert_int_shown("socket_type", uint32_t, 1 | 02000000, "\"SOCK_STREAM|SOCK_CLOEXEC\"",
	                 "SOCK_STREAM|SOCK_CLOEXEC");
	assert_int_shown("socket_type", uint32_t, 7, "7", "7");
}

static void flags_and_modes(void **state)
{
	char *all;
	const struct semantic *s;
	struct field f = {.kind = FIELD_UINT, .size = 8, .count = 1};

	assert_int_shown("open_flags_t", uint32_t, 0, "\"O_RDONLY\"", "O_RDONLY");
	assert_int_shown("open_flags_t", int32_t, 01102, "\"O_RDWR|O_CREAT|O_TRUNC\"",
	                 "O_RDWR|O_CREAT|O_TRUNC");
	assert_int_shown("open_flags_t", uint32_t, 04010001, "\"O_WRONLY|O_SYNC\"",
	                 "O_WRONLY|O_SYNC");
	assert_int_shown("open_flags_t", uint32_t, 0x80000000, "\"O_RDONLY|0x80000000\"",
	                 "O_RDONLY|0x80000000");
	s = semantic_find("open_flags_t", &f);
	all = print(s, &f, "\xff\xff\xff\xff\xff\xff\xff\xff", 8, true); /* fits its room */
	assert_non_null(strstr(all, "|O_TMPFILE|"));
	free(all);

	assert_int_shown("umode_t", uint16_t, 0100644, "\"0100644\"", "0100644");
	assert_int_shown("mode_t", uint32_t, 0644, "\"0644\"", "0644");
	assert_int_shown("mode_t", uint32_t, UINT32_MAX, "\"037777777777\"", "037777777777");
	assert_int_shown("dev_t", uint32_t, 8 << 20 | 1, "\"8:1\"", "8:1");
	assert_int_shown("hex", uint32_t, 0xbeef, "\"0xbeef\"", "0xbeef");
	assert_int_shown("hex", uint64_t, UINT64_MAX, "\"0xffffffffffffffff\"",
	                 "0xffffffffffffffff");
	assert_int_shown("hex", int8_t, -1, "\"0xff\"", "0xff");
	assert_int_shown("mode_t", int16_t, -32348, "\"0100644\"", "0100644");
	assert_int_shown("hex", uint8_t, 0, "\"0x0\"", "0x0");
	assert_shown("hex", FIELD_BYTES, "\x00\xff\x10", 3, "\"00ff10\"", "00ff10");
	assert_int_shown("bool", uint8_t, 2, "true", "true");
	assert_int_shown("bool", uint32_t, 0, "false", "false");
	assert_int_shown("pid_t", int32_t, -1, "-1", "-1");
	assert_int_shown("uid_t", uint32_t, 4294967295, "4294967295", "4294967295");
	assert_int_shown("cgroup_t", uint64_t, UINT64_MAX, "18446744073709551615",
	                 "18446744073709551615");
}

static void texts(void **state)
{
	static const char path[32] = "/etc/passwd";

	assert_shown("path_t", FIELD_CHARS, path, sizeof(path), "\"/etc/passwd\"", "/etc/passwd");
	assert_shown("text_t", FIELD_BYTES, "a b\0junk behind the end", 24, "\"a b\"", "\"a b\"");
	assert_shown("text_t", FIELD_CHARS, "", 1, "\"\"", "\"\"");

	/* Full up to the NUL, or even over it: probably cut. */
	assert_shown("text_t", FIELD_CHARS, "0123456789abcde", 16, "\"0123456789abcde…\"",
	             "0123456789abcde…");
	assert_shown("text_t", FIELD_CHARS, "0123456789abcdef", 16, "\"0123456789abcdef…\"",
	             "0123456789abcdef…");
	assert_shown("text_t", FIELD_CHARS, "0123456 89abcde", 16, "\"0123456 89abcde…\"",
	             "\"0123456 89abcde…\"");
	assert_shown("text_t", FIELD_CHARS, "0123456789abcd\0", 16, "\"0123456789abcd\"",
	             "0123456789abcd");
	/* But not what is always full. */
	assert_shown("text_t", FIELD_CHARS, "ELF", 3, "\"ELF\"", "ELF");
	assert_shown("comm_t", FIELD_CHARS, "systemd-journal", 16, "\"systemd-journal\"",
	             "systemd-journal");
}

static void arguments(void **state)
{
	static const char ls[32] = "ls\0-l\0my file";

	assert_shown("args_t", FIELD_CHARS, ls, sizeof(ls), "[\"ls\",\"-l\",\"my file\"]",
	             "[ls -l \"my file\"]");
	assert_shown("args_t", FIELD_CHARS, ls, 3, "[\"ls…\"]", "[ls…]");
	assert_shown("args_t", FIELD_CHARS, "a\0\0b\0\0\0\0", 8, "[\"a\",\"\",\"b\"]",
	             "[a \"\" b]");
	assert_shown("args_t", FIELD_CHARS, "\0\0\0\0", 4, "[]", "[]");
	assert_shown("args_t", FIELD_CHARS, "cat\0/etc", 8, "[\"cat\",\"/etc…\"]", "[cat /etc…]");
	assert_shown("args_t", FIELD_CHARS, "\1\1\1\1", 4, "[\"\\u0001\\u0001\\u0001\\u0001…\"]",
	             "[\"\\x01\\x01\\x01\\x01…\"]");
	assert_shown("args_t", FIELD_CHARS, "\0\0\0\1", 4, "[\"\",\"\",\"\",\"\\u0001…\"]",
	             "[\"\" \"\" \"\" \"\\x01…\"]");
}

static void a_type_must_fit_the_field(void **state)
{
	struct field f = {.name = (char *)"f", .kind = FIELD_UINT, .size = 4, .count = 1};

	assert_non_null(semantic_find("ipv4_t", &f));
	assert_non_null(semantic_find("ipv4", &f));
	assert_null(semantic_find("ipv", &f));
	assert_null(semantic_find("ipv4_", &f));
	assert_null(semantic_find("", &f));
	assert_null(semantic_find("ipv6_t", &f));
	assert_null(semantic_find("path_t", &f));
	assert_non_null(semantic_find("path_t", NULL));
	assert_null(semantic_find("no_such_t", NULL));
	/* A part of an integer has no bytes, but it is a number. */
	f.bit_size = 5;
	assert_null(semantic_find("ipv4_t", &f));
	assert_non_null(semantic_find("errno_t", &f));
	f = (struct field){.kind = FIELD_FLOAT, .size = 8, .count = 1};
	assert_null(semantic_find("ktime_t", &f));
	f = (struct field){.kind = FIELD_BYTES, .size = 60000, .count = 1};
	assert_null(semantic_find("ip_t", &f));
}

static void bit_fields_are_cut_out(void **state)
{
	struct field f = {.kind = FIELD_INT, .size = 2, .bit_offset = 3, .bit_size = 5};
	const uint8_t bytes[] = {0x88, 0xff}; /* bits 3…7: 10001 */

	assert_int_equal((int64_t)field_bits(&f, bytes), -15);
	f.kind = FIELD_UINT;
	assert_int_equal(field_bits(&f, bytes), 17);
	f = (struct field){.kind = FIELD_ENUM, .size = 1, .is_signed = true};
	assert_int_equal((int64_t)field_bits(&f, bytes + 1), -1);
}

/* Every type says what it is for, and no name hides another. */
static void the_table_is_in_order(void **state)
{
	for (const struct semantic *s = semantics; s->name; s++) {
		assert_non_null(s->help);
		assert_non_null(s->print);
		assert_ptr_equal(semantic_find(s->name, NULL), s);
		/* What may be a text at a record's end takes its room by its length. */
		if (s->kinds & 1u << FIELD_CHARS)
			assert_int_equal(s->room, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses),
		cmocka_unit_test(times),
		cmocka_unit_test(names),
		cmocka_unit_test(flags_and_modes),
		cmocka_unit_test(texts),
		cmocka_unit_test(arguments),
		cmocka_unit_test(a_type_must_fit_the_field),
		cmocka_unit_test(bit_fields_are_cut_out),
		cmocka_unit_test(the_table_is_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
