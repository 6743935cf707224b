// SPDX-License-Identifier: Apache-2.0
#include "core/value.h"

static const char *find_name(const struct field *f, int64_t v)
{
	const struct enumerator *e = f->enumerators;
	uint64_t index;

	if (!f->n_enumerators)
		return NULL;
	/* Most enums count up from their first value. */
	index = (uint64_t)v - (uint64_t)e->value;
	if (index < f->n_enumerators && e[index].value == v)
		return e[index].name;
	for (uint32_t i = 0; i < f->n_enumerators; i++)
		if (e[i].value == v)
			return e[i].name;
	return NULL;
}

char *value_enum(char *o, const struct field *f, const uint8_t *p, uint32_t size, struct print *how)
{
	int64_t v = (int64_t)field_bits(f, p);
	const char *name = find_name(f, v);

	if (!name)
		return f->is_signed ? put_int(o, v) : put_uint(o, (uint64_t)v);
	o = put_quote(o, how);
	o = put_str(o, name);
	return put_quote(o, how);
}

char *value_float(char *o, const struct field *f, const uint8_t *p, uint32_t size,
                  struct print *how)
{
	double d;
	float s;

	if (f->size == 4) {
		memcpy(&s, p, 4);
		return put_float(o, s, how);
	}
	memcpy(&d, p, 8);
	return put_double(o, d, how);
}

char *value_int128(char *o, const struct field *f, const uint8_t *p, uint32_t size,
                   struct print *how)
{
	unsigned __int128 v;

	memcpy(&v, p, 16);
	o = put_quote(o, how);
	if (f->kind == FIELD_INT && (__int128)v < 0) {
		*o++ = '-';
		v = -v;
	}
	return put_quote(put_uint128(o, v), how);
}

char *value_time(char *o, const struct field *f, const uint8_t *p, uint32_t size, struct print *how)
{
	uint64_t v = (f ? field_bits(f, p) : how->created) + (uint64_t)how->wall_offset;

	return how->json ? put_rfc3339(o, v, how) : put_clock(o, v, how);
}

char *value_pid_column(char *o, const struct field *f, const uint8_t *p, uint32_t size,
                       struct print *how)
{
	char digits[PUT_INT_MAX + PUT_SLACK];
	uint64_t v = field_bits(f, p);
	char *end = f->kind == FIELD_INT ? put_int(digits, (int64_t)v) : put_uint(digits, v);
	size_t n = (size_t)(end - digits);

	for (; n < VALUE_PID_WIDTH; n++)
		*o++ = ' ';
	memcpy(o, digits, (size_t)(end - digits));
	return o + (end - digits);
}

char *value_comm_column(char *o, const struct field *f, const uint8_t *p, uint32_t size,
                        struct print *how)
{
	return put_text_column(o, p, size, VALUE_COMM_WIDTH);
}

/* root is who most of the system runs as: only others are worth a word. */
char *value_uid_note(char *o, const struct field *f, const uint8_t *p, uint32_t size,
                     struct print *how)
{
	uint64_t uid = field_bits(f, p);

	if (!uid)
		return o;
	o = put_str(o, how->color ? " " COLOR_DIM "uid=" COLOR_OFF : " uid=");
	return put_uint(o, uid);
}

char *value_bytes(char *o, const struct field *f, const uint8_t *p, uint32_t size,
                  struct print *how)
{
	o = put_hex_bytes(put_quote(o, how), p, size);
	return put_quote(o, how);
}
