// SPDX-License-Identifier: Apache-2.0
#include "kernel/maps.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "kernel/refusal.h"
#include "util/cleanup.h"

struct map_opener {
	const struct kernel *k;
	const struct object *object;
	int btf_fd;
	struct diag *diag;
};

static uint32_t power_of_two(uint32_t n)
{
	uint32_t p = 1;

	while (p < n && p < 1u << 31)
		p <<= 1;
	return p;
}

/* What the kernel wants of a map's size, whatever the source says. */
static uint32_t map_entries(const struct kernel *k, const struct object_map *m)
{
	uint32_t page = (uint32_t)getpagesize();

	if (m->type == BPF_MAP_TYPE_RINGBUF)
		return power_of_two(m->max_entries > page ? m->max_entries : page);
	if (m->type == BPF_MAP_TYPE_PERF_EVENT_ARRAY && m->max_entries < k->possible_cpus)
		return k->possible_cpus;
	return m->max_entries;
}

static int create_map(const struct map_opener *l, const struct object_map *m)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = m->flags);
	uint32_t entries = map_entries(l->k, m);
	int fd = -1;

	if (l->btf_fd >= 0 && m->btf_value) {
		opts.btf_fd = (uint32_t)l->btf_fd;
		opts.btf_key_type_id = m->btf_key;
		opts.btf_value_type_id = m->btf_value;
		fd = bpf_map_create(m->type, m->name, m->key_size, m->value_size, entries, &opts);
		opts.btf_fd = opts.btf_key_type_id = opts.btf_value_type_id = 0;
	}
	/* Many types of maps take no BTF, and which ones depends on the kernel. */
	if (fd < 0)
		fd = bpf_map_create(m->type, m->name, m->key_size, m->value_size, entries, &opts);
	return fd < 0 ? -errno : fd;
}

static int map_failed(const struct map_opener *l, const struct object_map *m, int r)
{
	const char *source = l->object->source_name;
	_cleanup_(freep) char *why = refusal_reason(l->k, r);

	if (m->type == BPF_MAP_TYPE_ARRAY_OF_MAPS || m->type == BPF_MAP_TYPE_HASH_OF_MAPS)
		return diag_error(l->diag, -EOPNOTSUPP,
		                  "%s: map %s: maps of maps are not supported: "
		                  "use one map with a larger key",
		                  source, m->name);
	if (r == -ENOMEM || r == -E2BIG)
		return diag_error(l->diag, r,
		                  "%s: map %s: no memory for %u entries of %u bytes: "
		                  "give it fewer entries",
		                  source, m->name, m->max_entries, m->key_size + m->value_size);
	return diag_error(l->diag, r,
	                  "%s: map %s: the kernel refuses it (type %u, key %u, value %u, %u "
	                  "entries, flags 0x%x): %s",
	                  source, m->name, m->type, m->key_size, m->value_size, m->max_entries,
	                  m->flags, why);
}

/* A map that is pinned already is taken if it is the same kind of map, or nothing would fit. */
static int check_same(const struct map_opener *l, const struct object_map *m, const char *where,
                      int fd)
{
	struct bpf_map_info info = {};
	uint32_t size = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &size) < 0)
		return diag_error(l->diag, -errno, "%s: map %s: %s: %s", l->object->source_name,
		                  m->name, where, strerror(errno));
	if (info.type != m->type || info.key_size != m->key_size ||
	    info.value_size != m->value_size)
		return diag_error(l->diag, -EEXIST,
		                  "%s: map %s: %s is another map (type %u, key %u, value %u; "
		                  "expected %u, %u, %u): remove that one, or rename this",
		                  l->object->source_name, m->name, where, info.type, info.key_size,
		                  info.value_size, m->type, m->key_size, m->value_size);
	return 0;
}

static int pinned_map(const struct map_opener *l, const struct object_map *m)
{
	_cleanup_(closep) int fd = bpf_obj_get(m->pin);
	int r;

	if (fd >= 0) {
		r = check_same(l, m, m->pin, fd);
		return r ? r : steal_fd(&fd);
	}
	fd = create_map(l, m);
	if (fd < 0)
		return map_failed(l, m, fd);
	if (bpf_obj_pin(fd, m->pin) < 0)
		return diag_error(l->diag, -errno,
		                  "%s: map %s: cannot pin it at %s: %s "
		                  "(a BPF file system must be mounted there)",
		                  l->object->source_name, m->name, m->pin, strerror(errno));
	return steal_fd(&fd);
}

static int open_map(const struct map_opener *l, const struct object_map *m, int reuse)
{
	_cleanup_(closep) int fd = -1;
	int r;

	if (m->pin && reuse < 0)
		return pinned_map(l, m);
	fd = reuse < 0 ? create_map(l, m) : fcntl(reuse, F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		return map_failed(l, m, reuse < 0 ? fd : -errno);
	r = reuse < 0 ? 0 : check_same(l, m, "the map to keep", fd);
	return r ? r : steal_fd(&fd);
}

int maps_open(const struct kernel *k, const struct object *object, int btf_fd, const int *reuse,
              int *ret_fds, struct diag *diag)
{
	const struct map_opener l = {k, object, btf_fd, diag};

	for (uint32_t i = 0; i < object->n_maps; i++) {
		int fd = open_map(&l, &object->maps[i], reuse ? reuse[i] : -1);

		if (fd < 0)
			return fd;
		ret_fds[i] = fd;
	}
	return 0;
}
