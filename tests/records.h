/* SPDX-License-Identifier: Apache-2.0 */
/* Events and records made by hand, for tests and benchmarks: structs like those of the probes. */
#pragma once

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "core/event.h"
#include "util/alloc.h"

struct field_spec {
	const char *name, *type;
	enum field_kind kind;
	uint32_t offset, size;
	uint32_t count; /* 0: no array */
};

#define FIELD(object, member, type_name, field_kind)                                               \
	{                                                                                          \
		.name = #member, .type = type_name, .kind = field_kind,                            \
		.offset = offsetof(object, member), .size = sizeof(((object *)0)->member)          \
	}

static inline void fields_make(struct field **ret, uint32_t *ret_n, const struct field_spec *specs,
                               size_t n)
{
	*ret = xcalloc(n, sizeof(**ret));
	*ret_n = (uint32_t)n;
	for (size_t i = 0; i < n; i++) {
		(*ret)[i] = (struct field){
			.name = xstrdup(specs[i].name),
			.type = xstrdup(specs[i].type),
			.kind = specs[i].kind,
			.offset = specs[i].offset,
			.size = specs[i].size,
			.count = specs[i].count ? specs[i].count : 1,
			.is_array = specs[i].count > 0,
		};
	}
}

/* Not sealed yet, so that the caller may add to it. */
static inline struct schema *schema_make(uint32_t size, const struct field_spec *specs, size_t n)
{
	struct schema *s = xcalloc(1, sizeof(*s));

	s->size = size;
	fields_make(&s->fields, &s->n_fields, specs, n);
	return s;
}

static inline struct event *event_make(uint32_t id, const char *name, uint32_t size,
                                       const struct field_spec *specs, size_t n)
{
	struct schema *s = schema_make(size, specs, n);
	int r = schema_seal(s, NULL);

	assert(r == 0);
	return event_new(id, name, name, s);
}

/* The header of every event that quern.h makes. */
struct header {
	uint64_t time;
	uint32_t cpu, pid, tid, uid, gid;
	uint64_t cgroup;
	char comm[16];
};

#define HEADER_FIELD(member, type_name, field_kind)                                                \
	{                                                                                          \
		.name = #member, .type = type_name, .kind = field_kind,                            \
		.offset = offsetof(struct header, member),                                         \
		.size = sizeof(((struct header *)0)->member)                                       \
	}

/* It stands first in each struct. */
#define HEADER_FIELDS                                                                              \
	HEADER_FIELD(time, "ktime_t", FIELD_UINT), HEADER_FIELD(cpu, "u32", FIELD_UINT),           \
		HEADER_FIELD(pid, "pid_t", FIELD_UINT), HEADER_FIELD(tid, "pid_t", FIELD_UINT),    \
		HEADER_FIELD(uid, "uid_t", FIELD_UINT), HEADER_FIELD(gid, "gid_t", FIELD_UINT),    \
		HEADER_FIELD(cgroup, "u64", FIELD_UINT),                                           \
		HEADER_FIELD(comm, "char[16]", FIELD_CHARS)

struct tcp_connect {
	struct header h;
	uint8_t saddr[16], daddr[16];
	uint16_t sport, dport;
	int32_t result;
	uint64_t latency;
	uint32_t netns;
};

struct file_open {
	struct header h;
	uint32_t flags;
	int32_t result;
	uint16_t mode;
	char path[4096];
};

static inline struct event *tcp_connect_event(uint32_t id)
{
	static const struct field_spec specs[] = {
		HEADER_FIELDS,
		FIELD(struct tcp_connect, saddr, "ip_t", FIELD_BYTES),
		FIELD(struct tcp_connect, daddr, "ip_t", FIELD_BYTES),
		FIELD(struct tcp_connect, sport, "port_t", FIELD_UINT),
		FIELD(struct tcp_connect, dport, "port_t", FIELD_UINT),
		FIELD(struct tcp_connect, result, "errno_t", FIELD_INT),
		FIELD(struct tcp_connect, latency, "duration_ns_t", FIELD_UINT),
		FIELD(struct tcp_connect, netns, "u32", FIELD_UINT),
	};

	return event_make(id, "tcp_connect", sizeof(struct tcp_connect), specs, ARRAY_SIZE(specs));
}

static inline struct event *file_open_event(uint32_t id)
{
	static const struct field_spec specs[] = {
		HEADER_FIELDS,
		FIELD(struct file_open, flags, "open_flags_t", FIELD_UINT),
		FIELD(struct file_open, result, "errno_t", FIELD_INT),
		FIELD(struct file_open, mode, "umode_t", FIELD_UINT),
		FIELD(struct file_open, path, "path_t", FIELD_CHARS),
	};

	return event_make(id, "file_open", sizeof(struct file_open), specs, ARRAY_SIZE(specs));
}

#define RECORD_TIME 86400000000000ull

static inline struct header header_make(uint32_t i, const char *comm)
{
	struct header h = {
		.time = RECORD_TIME + i * 1234567ull,
		.cpu = i % 8,
		.pid = 412 + i,
		.tid = 413 + i,
		.uid = 1000,
		.gid = 1000,
		.cgroup = 7843,
	};

	assert(strlen(comm) < sizeof(h.comm));
	strcpy(h.comm, comm);
	return h;
}

static inline struct tcp_connect tcp_connect_make(uint32_t i)
{
	return (struct tcp_connect){
		.h = header_make(i, "curl"),
		.saddr = {[10] = 0xff, [11] = 0xff, [12] = 10, [15] = 7},
		.daddr = {[10] = 0xff, [11] = 0xff, [12] = 192, [14] = 2, [15] = (uint8_t)i},
		.sport = (uint16_t)(40000 + i % 1000),
		.dport = 443,
		.result = i % 16 ? 0 : -111,
		.latency = 1234567 + i,
		.netns = 4026531840,
	};
}

/* The record's size goes to *ret_size: it ends behind the path's NUL. */
static inline void file_open_make(struct file_open *ret, uint32_t i, const char *path,
                                  uint32_t *ret_size)
{
	memset(ret, 0, offsetof(struct file_open, path));
	ret->h = header_make(i, "systemd-journal");
	ret->flags = 02000000;
	ret->result = i % 16 ? 3 : -2;
	ret->mode = 0644;
	strcpy(ret->path, path);
	*ret_size = (uint32_t)(offsetof(struct file_open, path) + strlen(path) + 1);
}
