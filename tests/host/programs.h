/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Objects put together by hand, so that loading and attaching are tested without a compiler. All of
 * them count into `counter`, an array of one u64: map 0.
 */
#pragma once

#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/kernel.h"
#include "kernel/load.h"
#include "util/alloc.h"
#include "util/diag.h"

/* Kernels differ: a test of what this one lacks is skipped, with the reason. */
#define skip_without(has, what)                                                                    \
	do {                                                                                       \
		if (!(has)) {                                                                      \
			print_message("this kernel has no %s\n", what);                            \
			skip();                                                                    \
		}                                                                                  \
	} while (0)

#define INSN(c, d, s, o, i)                                                                        \
	((struct bpf_insn){.code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i)})
#define MOV_IMM(d, i)    INSN(BPF_ALU64 | BPF_MOV | BPF_K, d, 0, 0, i)
#define MOV_REG(d, s)    INSN(BPF_ALU64 | BPF_MOV | BPF_X, d, s, 0, 0)
#define MOV32_IMM(d, i)  INSN(BPF_ALU | BPF_MOV | BPF_K, d, 0, 0, i)
#define ADD_IMM(d, i)    INSN(BPF_ALU64 | BPF_ADD | BPF_K, d, 0, 0, i)
#define STORE32(d, o, i) INSN(BPF_ST | BPF_MEM | BPF_W, d, 0, o, i)
#define STORE64(d, o, i) INSN(BPF_ST | BPF_MEM | BPF_DW, d, 0, o, i)
#define LOAD64(d, s, o)  INSN(BPF_LDX | BPF_MEM | BPF_DW, d, s, o, 0)
#define ATOMIC_ADD(d, s) INSN(BPF_STX | BPF_ATOMIC | BPF_DW, d, s, 0, BPF_ADD)
#define JUMP_EQ(d, i, o) INSN(BPF_JMP | BPF_JEQ | BPF_K, d, 0, o, i)
#define JUMP(o)          INSN(BPF_JMP | BPF_JA, 0, 0, o, 0)
#define CALL(f)          INSN(BPF_JMP | BPF_CALL, 0, 0, 0, f)
#define EXIT()           INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)
/* Two instructions; the first is to be relocated. */
#define LOAD_MAP(d) INSN(BPF_LD | BPF_IMM | BPF_DW, d, 0, 0, 0), INSN(0, 0, 0, 0, 0)

enum { MAP_COUNTER, MAP_BUFFER };

/* counter[0]++, unless r0 is `unless` before it; 10 instructions, the map's at the 4th. */
#define COUNT()                                                                                    \
	STORE32(10, -4, 0), MOV_REG(2, 10), ADD_IMM(2, -4), LOAD_MAP(1),                           \
		CALL(BPF_FUNC_map_lookup_elem), JUMP_EQ(0, 0, 2), MOV_IMM(1, 1), ATOMIC_ADD(0, 1)
#define COUNT_RELOC(start)                                                                         \
	{                                                                                          \
		.insn = (start) + 3, .map = MAP_COUNTER                                            \
	}

static inline struct object_map counter_map(void)
{
	return (struct object_map){.name = (char *)"counter",
	                           .type = BPF_MAP_TYPE_ARRAY,
	                           .key_size = 4,
	                           .value_size = 8,
	                           .max_entries = 1};
}

/* An object around one program. Everything in it is the caller's. */
static inline struct object object_of(struct object_map *maps, uint32_t n_maps,
                                      struct object_program *program)
{
	return (struct object){.key = (char *)"",
	                       .source_name = (char *)"hand.c",
	                       .toolchain = (char *)"",
	                       .types = (char *)"",
	                       .license = (char *)"GPL",
	                       .diagnostics = (char *)"",
	                       .maps = maps,
	                       .n_maps = n_maps,
	                       .programs = program,
	                       .n_programs = 1};
}

/* A loaded program that counts its runs and returns `value`. */
struct counting {
	struct object_map map;
	struct bpf_insn insns[16];
	struct object_reloc reloc;
	struct object_program program;
	struct object object;
	struct loaded *loaded;
};

static inline void counting_load(struct counting *c, const struct kernel *k,
                                 const struct attach_spec *spec, int32_t value)
{
	const struct bpf_insn insns[] = {COUNT(), MOV_IMM(0, value), EXIT()};
	struct diag diag = {};
	int r;

	memset(c, 0, sizeof(*c));
	memcpy(c->insns, insns, sizeof(insns));
	c->map = counter_map();
	c->reloc = (struct object_reloc)COUNT_RELOC(0);
	c->program = (struct object_program){.name = (char *)"on_event",
	                                     .insns = c->insns,
	                                     .n_insns = ARRAY_SIZE(insns),
	                                     .relocs = &c->reloc,
	                                     .n_relocs = 1};
	c->object = object_of(&c->map, 1, &c->program);
	r = load_object(k, &c->object, spec, NULL, &c->loaded, NULL, &diag);
	if (r)
		print_error("%s\n", diag_text(&diag));
	assert_int_equal(r, 0);
	diag_done(&diag);
}

static inline uint64_t counting_value(const struct loaded *l)
{
	uint64_t value = 0;

	assert_int_equal(bpf_map_lookup_elem(l->maps[MAP_COUNTER], &(uint32_t){0}, &value), 0);
	return value;
}
