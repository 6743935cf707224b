// SPDX-License-Identifier: Apache-2.0
/*
 * syscall() and fopen() below take the place of the C library's for the whole process, libraries
 * included: the program's own symbols come first in the dynamic linker's search. Only bpf(2) and
 * /proc/kallsyms are answered here; all else goes where it would have gone.
 */
#include "cc/fakekernel.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "util/alloc.h"

#define BTF_BYTES_MAX (16u << 20)
#define INSNS_MAX     1000000u
#define INFO_MAX      (16u << 20) /* bytes */

/* An attribute that the caller's structure is too short for reads as zero, as in the kernel. */
#define ATTR_COPY(attr, size)                                                                      \
	({                                                                                         \
		union bpf_attr copy_ = {};                                                         \
		memcpy(&copy_, attr, (size) < sizeof(copy_) ? (size) : sizeof(copy_));             \
		copy_;                                                                             \
	})

static struct recorded recorded;
static uint32_t version_code;

/* The numbers stand for maps in the instructions, so each must be a descriptor of its own. */
static int new_fd(void)
{
	return memfd_create("recorded", MFD_CLOEXEC);
}

static void *copy_user(uint64_t pointer, uint64_t size)
{
	return pointer && size ? xmemdup((const void *)(uintptr_t)pointer, size) : NULL;
}

static int map_create(const union bpf_attr *attr)
{
	struct recorded_map *m;
	int fd = new_fd();

	if (fd < 0)
		return -errno;
	m = array_push(&recorded.maps, &recorded.n_maps, &recorded.cap_maps);
	*m = (struct recorded_map){
		.fd = fd,
		.type = attr->map_type,
		.key_size = attr->key_size,
		.value_size = attr->value_size,
		.max_entries = attr->max_entries,
		.flags = attr->map_flags,
		.btf_fd = (int)attr->btf_fd,
		.btf_key = attr->btf_key_type_id,
		.btf_value = attr->btf_value_type_id,
	};
	return fd;
}

static int btf_load(const union bpf_attr *attr)
{
	struct recorded_btf *b;
	int fd;

	if (attr->btf_size > BTF_BYTES_MAX)
		return -E2BIG;
	fd = new_fd();
	if (fd < 0)
		return -errno;
	b = array_push(&recorded.btfs, &recorded.n_btfs, &recorded.cap_btfs);
	*b = (struct recorded_btf){
		.fd = fd, .data = copy_user(attr->btf, attr->btf_size), .size = attr->btf_size};
	return fd;
}

static void program_done(struct recorded_program *p)
{
	free(p->insns);
	free(p->func_info);
	free(p->line_info);
	*p = (struct recorded_program){};
}

static int prog_load(const union bpf_attr *attr)
{
	struct recorded_program *p = &recorded.program;
	uint64_t func_bytes = (uint64_t)attr->func_info_cnt * attr->func_info_rec_size;
	uint64_t line_bytes = (uint64_t)attr->line_info_cnt * attr->line_info_rec_size;

	if (attr->insn_cnt > INSNS_MAX || func_bytes > INFO_MAX || line_bytes > INFO_MAX)
		return -E2BIG;
	program_done(p);
	*p = (struct recorded_program){
		.insns = copy_user(attr->insns, attr->insn_cnt * sizeof(struct bpf_insn)),
		.n_insns = attr->insn_cnt,
		.btf_fd = (int)attr->prog_btf_fd,
		.func_info = copy_user(attr->func_info, func_bytes),
		.func_info_size = attr->func_info_rec_size,
		.func_info_count = attr->func_info_cnt,
		.line_info = copy_user(attr->line_info, line_bytes),
		.line_info_size = attr->line_info_rec_size,
		.line_info_count = attr->line_info_cnt,
	};
	return new_fd();
}

/* Besides what is recorded, libbpf tries out features of the kernel: let it believe in them. */
static int fake_bpf(int command, const union bpf_attr *attr)
{
	switch (command) {
	case BPF_MAP_CREATE:
		return map_create(attr);
	case BPF_BTF_LOAD:
		return btf_load(attr);
	case BPF_PROG_LOAD:
		return prog_load(attr);
	case BPF_OBJ_GET: /* a pinned map: the loader will look for it */
		return -ENOENT;
	case BPF_OBJ_GET_INFO_BY_FD:
	case BPF_OBJ_PIN:
	case BPF_MAP_UPDATE_ELEM:
		return 0;
	default:
		return -EINVAL;
	}
}

static long real_syscall(long number, const long a[6])
{
#if defined(__x86_64__)
	register long r10 __asm__("r10") = a[3];
	register long r8 __asm__("r8") = a[4];
	register long r9 __asm__("r9") = a[5];
	long ret;

	__asm__ volatile("syscall"
	                 : "=a"(ret)
	                 : "a"(number), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10), "r"(r8), "r"(r9)
	                 : "rcx", "r11", "memory");
	return ret;
#elif defined(__aarch64__)
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a[0];
	register long x1 __asm__("x1") = a[1];
	register long x2 __asm__("x2") = a[2];
	register long x3 __asm__("x3") = a[3];
	register long x4 __asm__("x4") = a[4];
	register long x5 __asm__("x5") = a[5];

	__asm__ volatile("svc 0"
	                 : "+r"(x0)
	                 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
	                 : "memory");
	return x0;
#else
#error "how this machine enters the kernel is not written down here yet"
#endif
}

__attribute__((visibility("default"))) long syscall(long number, ...)
{
	long a[6], ret;
	va_list ap;

	va_start(ap, number);
	for (size_t i = 0; i < ARRAY_SIZE(a); i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	if (number == SYS_bpf) {
		const union bpf_attr attr = ATTR_COPY((const void *)a[1], (size_t)a[2]);

		ret = fake_bpf((int)a[0], &attr);
	} else {
		ret = real_syscall(number, a);
	}
	if (ret < 0 && ret > -4096) {
		errno = (int)-ret;
		return -1;
	}
	return ret;
}

/* libbcc looks these up to choose between bpf_probe_read() and its newer forms (Linux 5.5). */
static const char newer_helpers[] = "0000000000000001 T bpf_probe_read_kernel\n"
				    "0000000000000002 T bpf_probe_read_user\n";
static const char no_helpers[] = "0000000000000001 T bpf_probe_read\n";

/* By its symbol, since with large files <stdio.h> makes "fopen" mean fopen64. */
FILE *fake_fopen(const char *path, const char *mode) __asm__("fopen")
	__attribute__((visibility("default")));

FILE *fake_fopen(const char *path, const char *mode)
{
	FILE *(*real_fopen)(const char *, const char *) = dlsym(RTLD_NEXT, "fopen");
	bool newer = version_code >= (5 << 16) + (5 << 8);

	if (!streq(path, "/proc/kallsyms"))
		return real_fopen(path, mode);
	return newer ? fmemopen((void *)(uintptr_t)newer_helpers, sizeof(newer_helpers) - 1, "r")
	             : fmemopen((void *)(uintptr_t)no_helpers, sizeof(no_helpers) - 1, "r");
}

/*
 * libbcc would run modprobe, tar and rmmod through a shell to find kernel headers. It never gets
 * here, since it is told where they are; if a release does, it is refused.
 */
__attribute__((visibility("default"))) int system(const char *command);
int system(const char *command)
{
	(void)command;
	errno = EPERM;
	return -1;
}

const struct recorded *fakekernel_recorded(void)
{
	return &recorded;
}

void fakekernel_forget(void)
{
	for (size_t i = 0; i < recorded.n_btfs; i++)
		free(recorded.btfs[i].data);
	free(recorded.maps);
	free(recorded.btfs);
	program_done(&recorded.program);
	recorded = (struct recorded){};
}

void fakekernel_set_version(uint32_t code)
{
	version_code = code;
}

const struct recorded_map *fakekernel_map(int fd)
{
	for (size_t i = 0; i < recorded.n_maps; i++)
		if (recorded.maps[i].fd == fd)
			return &recorded.maps[i];
	return NULL;
}

const struct recorded_btf *fakekernel_btf(int fd)
{
	for (size_t i = 0; i < recorded.n_btfs; i++)
		if (recorded.btfs[i].fd == fd)
			return &recorded.btfs[i];
	return NULL;
}
