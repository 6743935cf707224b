/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bpf(2) system call as libbcc sees it inside quern-cc. libbcc creates maps and loads BTF and
 * programs while it compiles; here nothing is created: what it asks for is recorded, and it is
 * answered with a descriptor of an empty file. So the compiler needs no privileges, leaves nothing
 * behind, and works for a kernel that is not the running one.
 *
 * It works because libbcc and libbpf reach the kernel through the C library's syscall(), which this
 * program defines itself (fakebpf.c). The kernel's interface is the one thing that does not differ
 * between their releases. One thread.
 */
#pragma once

#include <linux/bpf.h>
#include <stddef.h>
#include <stdint.h>

struct recorded_map {
	int fd;
	uint32_t type, key_size, value_size, max_entries, flags;
	int btf_fd;
	uint32_t btf_key, btf_value;
};

struct recorded_btf {
	int fd;
	void *data;
	uint32_t size;
};

/* A program as it would have been loaded. */
struct recorded_program {
	struct bpf_insn *insns;
	uint32_t n_insns;
	int btf_fd;
	void *func_info, *line_info;
	uint32_t func_info_size, func_info_count; /* bytes of one, how many */
	uint32_t line_info_size, line_info_count;
};

struct recorded {
	struct recorded_map *maps;
	size_t n_maps, cap_maps;
	struct recorded_btf *btfs;
	size_t n_btfs, cap_btfs;
	struct recorded_program program; /* the last that was loaded */
};

/* What was recorded since the last fakebpf_forget(). */
const struct recorded *fakebpf_recorded(void);
void fakebpf_forget(void);

const struct recorded_map *fakebpf_map(int fd);
const struct recorded_btf *fakebpf_btf(int fd);
