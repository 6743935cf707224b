// SPDX-License-Identifier: Apache-2.0
/*
 * Two sorts of types: those that read an integer, of any width and signedness, and those that read
 * bytes. What is a name or has a form of its own is a string in JSON; what is a quantity is a number.
 */
#include "core/semantic.h"

#include <assert.h>

#include "core/names.h"
#include "util/alloc.h"

#define KIND(kind) (1u << (kind))
#define INTEGERS   (KIND(FIELD_UINT) | KIND(FIELD_INT) | KIND(FIELD_BOOL) | KIND(FIELD_ENUM))
#define TEXTS      (KIND(FIELD_CHARS) | KIND(FIELD_BYTES))
#define ADDRESSES  (KIND(FIELD_UINT) | KIND(FIELD_BYTES) | KIND(FIELD_STRUCT))
#define WORDS      (1u << 1 | 1u << 2 | 1u << 4 | 1u << 8)

/* Names joined by | can be long: all flags at once, and a hexadecimal rest. */
#define FLAGS_MAX 256
#define LABEL_MAX 32

static unsigned int unused_bits(const struct field *f)
{
	return 64 - (f->bit_size ? f->bit_size : f->size * 8u);
}

/* The value where negative numbers matter, or where bits do, whatever the field's sign. */
static int64_t signed_bits(const struct field *f, const uint8_t *p)
{
	return (int64_t)(field_bits(f, p) << unused_bits(f)) >> unused_bits(f);
}

static uint64_t unsigned_bits(const struct field *f, const uint8_t *p)
{
	return field_bits(f, p) << unused_bits(f) >> unused_bits(f);
}

static char *print_number(char *o, const struct field *f, const uint8_t *p, uint32_t size,
                          struct print *how)
{
	uint64_t v = field_bits(f, p);

	return f->kind == FIELD_INT ? put_int(o, (int64_t)v) : put_uint(o, v);
}

static char *put_name(char *o, const char *name, const struct print *how)
{
	o = put_quote(o, how);
	o = put_str(o, name);
	return put_quote(o, how);
}

static char *put_name_or_number(char *o, const char *name, const struct field *f, const uint8_t *p,
                                struct print *how)
{
	return name ? put_name(o, name, how) : print_number(o, f, p, f->size, how);
}

static char *put_ipv4(char *o, const uint8_t *p)
{
	for (int i = 0; i < 4; i++) {
		o = put_uint(o, p[i]);
		*o++ = '.';
	}
	return o - 1;
}

/* The longest run of two or more zero groups, which :: stands for (RFC 5952). */
static void find_zero_run(const uint8_t *p, int *ret_start, int *ret_len)
{
	*ret_start = -1;
	*ret_len = 1;
	for (int i = 0, run = 0; i < 8; i++) {
		run = p[2 * i] || p[2 * i + 1] ? 0 : run + 1;
		if (run > *ret_len) {
			*ret_len = run;
			*ret_start = i + 1 - run;
		}
	}
}

static char *put_ipv6(char *o, const uint8_t *p)
{
	static const uint8_t v4_mapped[12] = {[10] = 0xff, [11] = 0xff};
	int start, len;

	if (memcmp(p, v4_mapped, sizeof(v4_mapped)) == 0)
		return put_ipv4(o, p + sizeof(v4_mapped));
	find_zero_run(p, &start, &len);
	for (int i = 0; i < 8; i++) {
		if (i == start) {
			*o++ = ':';
			i += len - 1;
			if (i == 7)
				*o++ = ':';
			continue;
		}
		if (i)
			*o++ = ':';
		o = put_hex(o, (uint64_t)p[2 * i] << 8 | p[2 * i + 1]);
	}
	return o;
}

static char *print_ip(char *o, const struct field *f, const uint8_t *p, uint32_t size,
                      struct print *how)
{
	o = put_quote(o, how);
	o = f->size == 4 ? put_ipv4(o, p) : put_ipv6(o, p);
	return put_quote(o, how);
}

static char *print_mac(char *o, const struct field *f, const uint8_t *p, uint32_t size,
                       struct print *how)
{
	o = put_quote(o, how);
	for (int i = 0; i < 6; i++) {
		o = put_hex_bytes(o, p + i, 1);
		*o++ = ':';
	}
	return put_quote(o - 1, how);
}

static char *print_port_be(char *o, const struct field *f, const uint8_t *p, uint32_t size,
                           struct print *how)
{
	return put_uint(o, (uint64_t)p[0] << 8 | p[1]);
}

static char *print_ktime(char *o, const struct field *f, const uint8_t *p, uint32_t size,
                         struct print *how)
{
	uint64_t v = field_bits(f, p);

	if (!v)
		return put_str(o, how->json ? "null" : "-");
	v += (uint64_t)how->wall_offset;
	if (!how->json)
		return put_local_time(o, v);
	o = put_rfc3339(put_quote(o, how), v, how);
	return put_quote(o, how);
}

static char *print_duration(char *o, const struct field *f, const uint8_t *p, uint32_t size,
                            struct print *how)
{
	uint64_t v = field_bits(f, p);

	if (how->json)
		return print_number(o, f, p, size, how);
	if (f->kind == FIELD_INT && (int64_t)v < 0) {
		*o++ = '-';
		v = -v;
	}
	return put_duration(o, v);
}

static char *print_errno(char *o, const struct field *f, const uint8_t *p, uint32_t size,
                         struct print *how)
{
	int64_t v = signed_bits(f, p);
	const char *name = v < 0 ? name_errno(-(uint64_t)v) : NULL;

	if (!name)
		return put_int(o, v);
	if (how->color)
		o = put_str(o, COLOR_ERROR);
	o = put_name(o, name, how);
	return how->color ? put_str(o, COLOR_OFF) : o;
}

static char *print_octal(char *o, const struct field *f, const uint8_t *p, uint32_t size,
                         struct print *how)
{
	o = put_quote(o, how);
	*o++ = '0';
	o = put_octal(o, unsigned_bits(f, p));
	return put_quote(o, how);
}

/* The kernel's own form: 12 bits major, 20 bits minor. */
static char *print_dev(char *o, const struct field *f, const uint8_t *p, uint32_t size,
                       struct print *how)
{
	uint64_t v = unsigned_bits(f, p);

	o = put_uint(put_quote(o, how), v >> 20);
	*o++ = ':';
	return put_quote(put_uint(o, v & 0xfffff), how);
}

/* |NAME for each flag in v, and |0x… for what has no name. */
static char *put_flags(char *o, uint64_t v, const struct flag_name *names)
{
	for (; names->name; names++) {
		if ((v & names->value) != names->value)
			continue;
		v &= ~(uint64_t)names->value;
		*o++ = '|';
		o = put_str(o, names->name);
	}
	return v ? put_hex(put_str(o, "|0x"), v) : o;
}

static char *print_open_flags(char *o, const struct field *f, const uint8_t *p, uint32_t size,
                              struct print *how)
{
	static const char *const access[] = {"O_RDONLY", "O_WRONLY", "O_RDWR", "O_ACCMODE"};
	uint64_t v = unsigned_bits(f, p);

	o = put_str(put_quote(o, how), access[v & 3]);
	o = put_flags(o, v & ~(uint64_t)3, open_flag_names);
	return put_quote(o, how);
}

static char *print_socket_type(char *o, const struct field *f, const uint8_t *p, uint32_t size,
                               struct print *how)
{
	uint64_t v = unsigned_bits(f, p);
	const char *name = name_socket_type(v & 15);

	if (!name)
		return print_number(o, f, p, size, how);
	o = put_str(put_quote(o, how), name);
	o = put_flags(o, v & ~(uint64_t)15, socket_flag_names);
	return put_quote(o, how);
}

#define DEFINE_PRINT_NAME(what)                                                                    \
	static char *print_##what(char *o, const struct field *f, const uint8_t *p, uint32_t size, \
	                          struct print *how)                                               \
	{                                                                                          \
		return put_name_or_number(o, name_##what(field_bits(f, p)), f, p, how);            \
	}

DEFINE_PRINT_NAME(signal)
DEFINE_PRINT_NAME(family)
DEFINE_PRINT_NAME(protocol)
DEFINE_PRINT_NAME(tcp_state)
DEFINE_PRINT_NAME(capability)

/* Short arrays are often full by design: codes, states, magic numbers. */
static char *print_text(char *o, const struct field *f, const uint8_t *p, uint32_t size,
                        struct print *how)
{
	return put_string(o, p, size, f->size < 16 ? 0 : f->size, how);
}

/* A task's name is kept in 16 bytes by the kernel itself: what fills them is whole. */
static char *print_comm(char *o, const struct field *f, const uint8_t *p, uint32_t size,
                        struct print *how)
{
	return put_string(o, p, size, 0, how);
}

/*
 * Strings one behind the other, each with its NUL, as in /proc/PID/cmdline: a list. The NULs at the
 * end are what is left of the array.
 */
static char *print_args(char *o, const struct field *f, const uint8_t *p, uint32_t size,
                        struct print *how)
{
	const uint8_t *end = p + size;

	while (end > p && !end[-1])
		end--;
	*o++ = '[';
	for (const uint8_t *start = p, *stop; start < end; start = stop + 1) {
		bool last;

		stop = memchr(start, '\0', (size_t)(end - start));
		last = !stop;
		if (last)
			stop = end;
		if (start > p)
			*o++ = how->json ? ',' : ' ';
		/* The last one was cut when it reaches the array's end. */
		o = put_string(o, start, (uint32_t)(stop - start),
		               last ? (uint32_t)(f->size - (start - p)) : 0, how);
	}
	*o++ = ']';
	return o;
}

static char *print_hex(char *o, const struct field *f, const uint8_t *p, uint32_t size,
                       struct print *how)
{
	o = put_quote(o, how);
	if (!(KIND(f->kind) & INTEGERS) || f->size > 8)
		o = put_hex_bytes(o, p, size);
	else
		o = put_hex(put_str(o, "0x"), unsigned_bits(f, p));
	return put_quote(o, how);
}

static char *print_bool(char *o, const struct field *f, const uint8_t *p, uint32_t size,
                        struct print *how)
{
	return put_str(o, field_bits(f, p) ? "true" : "false");
}

#define SIZE(bytes) (1u << (bytes))

const struct semantic semantics[] = {
	{"ip_t", ADDRESSES, SIZE(16), print_ip, 48,
         "address of either family in 16 bytes, v4 as ::ffff:a.b.c.d"},
	{"ipv4_t", ADDRESSES, SIZE(4), print_ip, 24, "IPv4 address in network order"},
	{"ipv6_t", ADDRESSES, SIZE(16), print_ip, 48, "IPv6 address"},
	{"mac_t", ADDRESSES, SIZE(6), print_mac, 24, "Ethernet address"},
	{"port_t", INTEGERS, SIZE(2) | SIZE(4), print_number, PUT_INT_MAX, "port in host order"},
	{"port_be_t", KIND(FIELD_UINT), SIZE(2), print_port_be, PUT_INT_MAX,
         "port in network order"},
	{"ktime_t", INTEGERS, SIZE(8), print_ktime, PUT_TIME_MAX + 2,
         "bpf_ktime_get_ns(), shown as wall-clock time; 0: none"},
	{"duration_ns_t", INTEGERS, SIZE(4) | SIZE(8), print_duration, PUT_DURATION_MAX,
         "nanoseconds; for people with a unit"},
	{"errno_t", INTEGERS, WORDS, print_errno, LABEL_MAX + COLOR_MAX,
         "what a kernel function returned: a negative error by name, all else as a number"},
	{"pid_t", INTEGERS, SIZE(4), print_number, PUT_INT_MAX, "process or thread id"},
	{"uid_t", INTEGERS, SIZE(4), print_number, PUT_INT_MAX, "user id"},
	{"gid_t", INTEGERS, SIZE(4), print_number, PUT_INT_MAX, "group id"},
	{"cgroup_t", INTEGERS, SIZE(8), print_number, PUT_INT_MAX, "cgroup id"},
	{"umode_t", INTEGERS, SIZE(2) | SIZE(4), print_octal, PUT_INT_MAX, "file mode, octal"},
	{"mode_t", INTEGERS, SIZE(2) | SIZE(4), print_octal, PUT_INT_MAX, "file mode, octal"},
	{"dev_t", INTEGERS, SIZE(4) | SIZE(8), print_dev, 2 * PUT_INT_MAX,
         "the kernel's device number, major:minor"},
	{"open_flags_t", INTEGERS, SIZE(4) | SIZE(8), print_open_flags, FLAGS_MAX,
         "flags of open(2) by name"},
	{"signal_t", INTEGERS, WORDS, print_signal, LABEL_MAX, "signal by name"},
	{"family_t", INTEGERS, WORDS, print_family, LABEL_MAX, "address family by name"},
	{"socket_type_t", INTEGERS, WORDS, print_socket_type, FLAGS_MAX, "socket type by name"},
	{"protocol_t", INTEGERS, WORDS, print_protocol, LABEL_MAX, "IP protocol by name"},
	{"tcp_state_t", INTEGERS, WORDS, print_tcp_state, LABEL_MAX, "TCP state by name"},
	{"capability_t", INTEGERS, WORDS, print_capability, LABEL_MAX, "capability by name"},
	{"path_t", TEXTS, 0, print_text, 0, "file name"},
	{"text_t", TEXTS, 0, print_text, 0, "text up to the first NUL"},
	{"comm_t", TEXTS, 0, print_comm, 0, "a task's name"},
	{"args_t", TEXTS, 0, print_args, 0, "strings separated by NUL, as a list"},
	{"number", INTEGERS, WORDS, print_number, PUT_INT_MAX, "plain decimal"},
	{"hex", INTEGERS | TEXTS | KIND(FIELD_STRUCT), 0, print_hex, 0, "bytes or a number in hex"},
	{"bool", INTEGERS, WORDS, print_bool, LABEL_MAX, "true or false"},
	{},
};

/* "ipv4" names ipv4_t, too. */
static bool name_matches(const struct semantic *s, const char *name)
{
	size_t n = strlen(name);

	return strncmp(s->name, name, n) == 0 && (!s->name[n] || streq(s->name + n, "_t"));
}

static bool shows(const struct semantic *s, const struct field *f)
{
	if (!(s->kinds & KIND(f->kind)))
		return false;
	/* Bytes that begin within a byte are none. */
	if (f->bit_size && !(s->kinds & KIND(FIELD_INT)))
		return false;
	return !s->sizes || (f->size < 32 && (s->sizes & SIZE(f->size)));
}

const struct semantic *semantic_find(const char *name, const struct field *field)
{
	for (const struct semantic *s = semantics; s->name; s++)
		if (name_matches(s, name) && (!field || shows(s, field)))
			return s;
	return NULL;
}
