/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <openssl/sha.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/object.h"
#include "util/alloc.h"

#define HEADER_BYTES (8 + 4 + SHA256_DIGEST_LENGTH)

static const struct bpf_insn code[] = {
	{.code = BPF_LD | BPF_IMM | BPF_DW, .dst_reg = 1, .src_reg = BPF_PSEUDO_MAP_FD},
	{},
	{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0},
	{.code = BPF_JMP | BPF_EXIT},
};

static void add_maps(struct object *o)
{
	o->n_maps = 2;
	o->maps = xcalloc(2, sizeof(*o->maps));
	o->maps[0] = (struct object_map){
		.name = xstrdup("opens"),
		.type = BPF_MAP_TYPE_RINGBUF,
		.max_entries = 65536,
		.pin = xstrdup("/sys/fs/bpf/opens"),
	};
	o->maps[1] = (struct object_map){
		.name = xstrdup("opens__slot"),
		.type = BPF_MAP_TYPE_PERCPU_ARRAY,
		.key_size = 4,
		.value_size = 32,
		.max_entries = 1,
		.btf_key = 1,
		.btf_value = 2,
	};
}

static void add_program(struct object *o)
{
	struct object_program *p = o->programs = xcalloc(1, sizeof(*p));

	o->n_programs = 1;
	p->name = xstrdup("tracepoint__syscalls__sys_enter_openat");
	p->n_insns = ARRAY_SIZE(code);
	p->insns = xmemdup(code, sizeof(code));
	p->n_relocs = 1;
	p->relocs = xcalloc(1, sizeof(*p->relocs));
	p->func_info = (struct object_info){xcalloc(1, 8), 8, 1};
	p->line_info = (struct object_info){xcalloc(2, 16), 16, 2};
}

static void add_event(struct object *o)
{
	struct object_event *e = o->events = xcalloc(1, sizeof(*e));
	struct schema *s = xcalloc(1, sizeof(*s));

	o->n_events = 1;
	*e = (struct object_event){.name = xstrdup("opens"), .slot_map = 1, .schema = s};
	s->size = 8;
	s->n_fields = 1;
	s->fields = xcalloc(1, sizeof(*s->fields));
	s->fields[0] = (struct field){
		.name = xstrdup("time"), .type = xstrdup("ktime_t"), .size = 8, .count = 1};
	assert_int_equal(schema_seal(s, NULL), 0);
}

static struct object *sample(void)
{
	struct object *o = xcalloc(1, sizeof(*o));

	o->key = xstrdup("c0ffee");
	o->source_name = xstrdup("opens.c");
	o->toolchain = xstrdup("libbcc 0.26.0, LLVM 14.0.6");
	o->types = xstrdup("btf:/sys/kernel/btf/vmlinux");
	o->license = xstrdup("GPL");
	o->diagnostics = xstrdup("");
	o->kernel_version = 0x60100;
	o->btf_size = 3;
	o->btf = xmemdup("btf", 3);
	add_maps(o);
	add_program(o);
	add_event(o);
	return o;
}

static void a_written_object_comes_back(void **state)
{
	_cleanup_(object_freep) struct object *o = sample(), *back = NULL;
	_cleanup_(buf_donep) struct buf first = {}, second = {};

	assert_int_equal(object_check(o, NULL), 0);
	object_write(o, &first);
	assert_int_equal(object_read(first.data, first.len, &back, NULL), 0);
	assert_string_equal(back->types, o->types);
	assert_string_equal(back->maps[0].pin, "/sys/fs/bpf/opens");
	assert_null(back->maps[1].pin);
	assert_int_equal(back->programs[0].n_relocs, 1);
	assert_memory_equal(back->programs[0].insns, code, sizeof(code));
	assert_int_equal(back->programs[0].line_info.count, 2);
	assert_true(schema_equal(back->events[0].schema, o->events[0].schema));

	object_write(back, &second);
	assert_int_equal(first.len, second.len);
	assert_memory_equal(first.data, second.data, first.len);
}

static void an_object_may_lack_almost_everything(void **state)
{
	_cleanup_(object_freep) struct object *o = xcalloc(1, sizeof(*o)), *back = NULL;
	_cleanup_(buf_donep) struct buf out = {};

	object_write(o, &out);
	assert_int_equal(object_read(out.data, out.len, &back, NULL), 0);
	assert_string_equal(back->license, "");
	assert_null(back->btf);
	assert_int_equal(back->n_programs, 0);
}

static void assert_refused(const struct object *o, const char *why)
{
	_cleanup_(object_freep) struct object *back = NULL;
	_cleanup_(buf_donep) struct buf out = {};
	_cleanup_(diag_donep) struct diag diag = {}, again = {};

	assert_int_equal(object_check(o, &diag), -EBADMSG);
	if (!strstr(diag_text(&diag), why))
		fail_msg("\"%s\" does not say \"%s\"", diag_text(&diag), why);
	object_write(o, &out);
	assert_int_equal(object_read(out.data, out.len, &back, &again), -EBADMSG);
	assert_null(back);
}

/* Put a value in, expect a refusal both when checked and when read, and put the old one back. */
#define REFUSED(o, lvalue, value, why)                                                             \
	do {                                                                                       \
		__typeof__(lvalue) old_ = (lvalue);                                                \
		(lvalue) = (value);                                                                \
		assert_refused(o, why);                                                            \
		(lvalue) = old_;                                                                   \
	} while (0)

static void what_cannot_be_is_refused(void **state)
{
	_cleanup_(object_freep) struct object *o = sample();
	struct object_program *p = o->programs;

	REFUSED(o, o->maps[0].name, (char *)"", "no valid name");
	REFUSED(o, o->maps[0].name, (char *)"a\nb", "no valid name");
	REFUSED(o, o->maps[0].name, o->maps[1].name, "two maps");
	REFUSED(o, o->maps[0].pin, (char *)"../pin", "not absolute");
	REFUSED(o, o->btf_size, 0, "there is no BTF");
	REFUSED(o, p->name, (char *)"a b", "no valid name");
	REFUSED(o, p->n_insns, 0, "has 0 instructions");
	REFUSED(o, p->n_insns, 1, "ends within an instruction");
	REFUSED(o, p->n_relocs, 0, "instruction 0");
	REFUSED(o, p->relocs[0].insn, 1, "instruction 0");
	REFUSED(o, p->relocs[0].insn, UINT32_MAX, "instruction 0");
	REFUSED(o, p->relocs[0].map, 2, "a missing map");
	REFUSED(o, p->insns[0].code, BPF_ALU64 | BPF_MOV | BPF_K, "instruction 0");
	REFUSED(o, p->line_info.record_size, 8, "debug information");
	REFUSED(o, o->events[0].name, (char *)"-", "no valid name");
	REFUSED(o, o->events[0].transport, OBJECT_PERF, "has no buffer");
	REFUSED(o, o->events[0].map, 1, "has no buffer");
	REFUSED(o, o->events[0].map, 2, "has no buffer");
	REFUSED(o, o->events[0].slot_map, 0, "has no slot");
	REFUSED(o, o->events[0].slot_map, 2, "has no slot");
	assert_int_equal(object_check(o, NULL), 0);
}

static void other_files_are_told_apart(void **state)
{
	_cleanup_(object_freep) struct object *o = sample(), *back = NULL;
	_cleanup_(buf_donep) struct buf out = {};
	_cleanup_(diag_donep) struct diag elf = {}, version = {}, sum = {};

	assert_int_equal(object_read("\177ELF", 4, &back, &elf), -EBADMSG);
	assert_string_equal(diag_text(&elf), "not a probe object");

	object_write(o, &out);
	out.data[8] = 9;
	assert_int_equal(object_read(out.data, out.len, &back, &version), -EBADMSG);
	assert_non_null(strstr(diag_text(&version), "format 9"));
	out.data[8] = OBJECT_FORMAT_VERSION;

	out.data[out.len - 1] ^= 1;
	assert_int_equal(object_read(out.data, out.len, &back, &sum), -EBADMSG);
	assert_non_null(strstr(diag_text(&sum), "checksum"));
	assert_null(back);
}

static void forge_checksum(char *data, size_t size)
{
	SHA256((unsigned char *)data + HEADER_BYTES, size - HEADER_BYTES,
	       (unsigned char *)data + 12);
}

static void damaged_bytes_at_every_position(void **state)
{
	_cleanup_(object_freep) struct object *o = sample(), *back = NULL;
	_cleanup_(buf_donep) struct buf out = {};

	object_write(o, &out);
	for (size_t i = 0; i < out.len; i++) {
		assert_int_equal(object_read(out.data, i, &back, NULL), -EBADMSG);
		out.data[i] ^= 0x10;
		assert_int_equal(object_read(out.data, out.len, &back, NULL), -EBADMSG);
		out.data[i] ^= 0x10;
	}
	assert_null(back);
}

/* The same with a checksum that fits: refused, or an object that passes its own check. */
static void read_forged(char *data, size_t size, bool must_fail)
{
	_cleanup_(object_freep) struct object *o = NULL;
	int e;

	forge_checksum(data, size);
	e = object_read(data, size, &o, NULL);
	assert_true(e ? e == -EBADMSG && !o : !must_fail);
	if (!e)
		assert_int_equal(object_check(o, NULL), 0);
}

static void forged_bytes_at_every_position(void **state)
{
	_cleanup_(object_freep) struct object *o = sample();
	_cleanup_(buf_donep) struct buf out = {};

	object_write(o, &out);
	for (size_t i = HEADER_BYTES; i < out.len; i++) {
		char *cut = xmemdup(out.data, i); /* its own block, so that ASan sees an overrun */

		read_forged(cut, i, true);
		free(cut);
		for (unsigned int bit = 0; bit < 8; bit++) {
			out.data[i] ^= (char)(1u << bit);
			read_forged(out.data, out.len, false);
			out.data[i] ^= (char)(1u << bit);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_written_object_comes_back),
		cmocka_unit_test(an_object_may_lack_almost_everything),
		cmocka_unit_test(what_cannot_be_is_refused),
		cmocka_unit_test(other_files_are_told_apart),
		cmocka_unit_test(damaged_bytes_at_every_position),
		cmocka_unit_test(forged_bytes_at_every_position),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
