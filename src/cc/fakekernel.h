/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel as libbcc sees it inside quern-cc. libbcc creates maps and loads BTF and programs while
 * it compiles; here nothing is created: what it asks bpf(2) for is recorded, and it is answered with
 * a descriptor of an empty file. So the compiler needs no privileges, leaves nothing behind, and
 * works for a kernel that is not the running one. It would also read all of /proc/kallsyms, a third
 * of the time of a small compile, to find out about two helpers: it gets a list of just these.
 *
 * It works because libbcc and libbpf reach the kernel through the C library's syscall() and fopen(),
 * which this program defines itself (fakekernel.c). The kernel's interface is the one thing that
 * does not differ between their releases. One thread.
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

/* What was recorded since the last fakekernel_forget(). */
const struct recorded *fakekernel_recorded(void);
void fakekernel_forget(void);

/* The kernel to play. */
void fakekernel_set_version(uint32_t version_code);

const struct recorded_map *fakekernel_map(int fd);
const struct recorded_btf *fakekernel_btf(int fd);
