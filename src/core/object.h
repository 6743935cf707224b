/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A probe object: what quern-cc makes of a probe's source for one kernel, and what the cache keeps.
 * It holds everything that loading takes and nothing that is bound to a process: programs refer to
 * maps by index. Files carry a version and a SHA-256 of their contents; both are checked before
 * anything else is believed. The reader is for hostile input.
 */
#pragma once

#include <linux/bpf.h>
#include <stddef.h>
#include <stdint.h>

#include "core/schema.h"
#include "util/buf.h"
#include "util/diag.h"

#define OBJECT_FORMAT_VERSION 1
#define OBJECT_BYTES_MAX      (32u << 20)
#define OBJECT_MAPS_MAX       256
#define OBJECT_PROGRAMS_MAX   1024
#define OBJECT_INSNS_MAX      1000000
#define OBJECT_EVENTS_MAX     64
#define OBJECT_NAME_MAX       128 /* of maps, programs, events; also the license and the key */
#define OBJECT_PATH_MAX       4096
#define OBJECT_NO_MAP         UINT32_MAX

struct object_map {
	char *name;
	uint32_t type; /* enum bpf_map_type */
	uint32_t key_size, value_size;
	uint32_t max_entries;
	uint32_t flags;
	uint32_t btf_key, btf_value; /* type ids in the object's BTF; 0: none */
	char *pin;                   /* path to pin at or reuse from; NULL: none */
};

/* At instruction `insn` (a BPF_LD_IMM64) goes the descriptor of map `map`. */
struct object_reloc {
	uint32_t insn;
	uint32_t map;
};

/*
 * Debug information as bpf(2) takes it (struct bpf_func_info, bpf_line_info): it makes the verifier
 * name source lines. Empty when the compiler gave none.
 */
struct object_info {
	void *data;
	uint32_t record_size;
	uint32_t count;
};

struct object_program {
	char *name; /* the C function: says how it attaches, unless the front matter does */
	struct bpf_insn *insns;
	uint32_t n_insns;
	struct object_reloc *relocs;
	uint32_t n_relocs;
	struct object_info func_info, line_info;
};

enum object_transport { OBJECT_RING, OBJECT_PERF };

/* A map that carries events to user space, and what its records look like. */
struct object_event {
	char *name; /* the map's name is the event's name */
	enum object_transport transport;
	uint32_t map;          /* the ring buffer or perf event array */
	uint32_t slot_map;     /* the per-CPU array with the counts (quern.h), or OBJECT_NO_MAP */
	struct schema *schema; /* NULL: unknown layout; records are shown as bytes */
};

struct object {
	char *key;         /* the cache key that it was built under, in hex; "" outside the cache */
	char *source_name; /* file name of the source, for messages */
	char *toolchain;   /* "libbcc 0.26.0, LLVM 14.0.6" */
	char *types;       /* where the kernel's types came from: "btf:/sys/kernel/btf/vmlinux" */
	char *license;     /* "GPL" when the source names none */
	char *diagnostics; /* what the compiler said (warnings), "" if nothing */
	uint32_t kernel_version; /* LINUX_VERSION_CODE that it was compiled for */
	void *btf;               /* the program's BTF, raw */
	uint32_t btf_size;
	struct object_map *maps;
	uint32_t n_maps;
	struct object_program *programs;
	uint32_t n_programs;
	struct object_event *events;
	uint32_t n_events;
};

struct object *object_free(struct object *o);
static inline void object_freep(struct object **o)
{
	object_free(*o);
}

/*
 * Check the invariants: counts within the bounds above, names valid and unique, every reference to
 * a map relocated, events on maps of their kind. -EBADMSG, with why.
 */
int object_check(const struct object *o, struct diag *diag);

void object_write(const struct object *o, struct buf *out);

/* -EBADMSG: no object, damaged or of another version; the message says which. */
int object_read(const void *data, size_t size, struct object **ret, struct diag *diag);
