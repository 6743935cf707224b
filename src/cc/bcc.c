// SPDX-License-Identifier: Apache-2.0
#include "cc/bcc.h"

#include <bcc/bcc_common.h>
#include <bcc/bcc_usdt.h>
#include <bcc/bcc_version.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/alloc.h"
#include "util/cleanup.h"

#define HELPERS_MARK "#ifndef __BPF_HELPERS_H"

struct bcc {
	void *module;
	int cwd; /* libbcc changes the folder while it compiles */
};

/* Not in every release's headers; the library tells the version that is linked in. */
#ifndef LIBBCC_VERSION_GEQ
#define LIBBCC_VERSION_GEQ(major, minor, patch) 0
#endif

struct bcc *bcc_compile(const char *text, const char *kernel_tree, const char **flags, int n_flags)
{
	_cleanup_(closep) int cwd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	void *module;
	struct bcc *b;

	setenv("BCC_KERNEL_SOURCE", kernel_tree, 1);
	module = bpf_module_create_c_from_string(text, 0, flags, n_flags, true, NULL);
	if (cwd >= 0 && fchdir(cwd) < 0)
		fprintf(stderr, "warning: cannot return to the working directory\n");
	if (!module)
		return NULL;
	b = xcalloc(1, sizeof(*b));
	b->module = module;
	return b;
}

struct bcc *bcc_free(struct bcc *b)
{
	if (!b)
		return NULL;
	bpf_module_destroy(b->module);
	free(b);
	return NULL;
}

const char *bcc_license(const struct bcc *b)
{
	const char *license = bpf_module_license(b->module);

	return license && *license ? license : "GPL"; /* libbcc's own default */
}

size_t bcc_n_tables(const struct bcc *b)
{
	return bpf_num_tables(b->module);
}

const char *bcc_table_name(const struct bcc *b, size_t i)
{
	return bpf_table_name(b->module, i);
}

int bcc_table_fd(const struct bcc *b, size_t i)
{
	return bpf_table_fd_id(b->module, i);
}

size_t bcc_n_functions(const struct bcc *b)
{
	return bpf_num_functions(b->module);
}

const char *bcc_function_name(const struct bcc *b, size_t i)
{
	return bpf_function_name(b->module, i);
}

/*
 * The type is of no matter to a load that only records. A socket filter, because for tracing types
 * libbcc would look for what to attach to in the running kernel.
 */
static int load(const struct bcc *b, size_t i)
{
	const struct bpf_insn *insns = bpf_function_start_id(b->module, i);
	int size = (int)bpf_function_size_id(b->module, i);
	const char *name = bpf_function_name(b->module, i);

#if LIBBCC_VERSION_GEQ(0, 26, 0) && defined(BCC_FUNC_LOAD_HAS_FLAGS)
	return bcc_func_load(b->module, BPF_PROG_TYPE_SOCKET_FILTER, name, insns, size,
	                     bcc_license(b), 0, 0, NULL, 0, NULL, 0, 0);
#elif LIBBCC_VERSION_GEQ(0, 26, 0)
	return bcc_func_load(b->module, BPF_PROG_TYPE_SOCKET_FILTER, name, insns, size,
	                     bcc_license(b), 0, 0, NULL, 0, NULL, 0);
#else
	return bcc_func_load(b->module, BPF_PROG_TYPE_SOCKET_FILTER, name, insns, size,
	                     bcc_license(b), 0, 0, NULL, 0, NULL);
#endif
}

const struct recorded_program *bcc_function_program(const struct bcc *b, size_t i)
{
	int fd = load(b, i);

	if (fd < 0)
		return NULL;
	close(fd);
	return &fakekernel_recorded()->program;
}

size_t bcc_n_event_fields(const struct bcc *b, const char *table)
{
	return bpf_perf_event_fields(b->module, table);
}

const char *bcc_event_field(const struct bcc *b, const char *table, size_t i)
{
	return bpf_perf_event_field(b->module, table, i);
}

struct search {
	const char *found;
	size_t size;
};

/* Look for the mark in a library's read-only segments; the text ends with a NUL. */
static int search_library(struct dl_phdr_info *info, size_t size, void *ctx)
{
	struct search *s = ctx;

	(void)size;
	if (!strstr(info->dlpi_name, "libbcc.so"))
		return 0;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *ph = &info->dlpi_phdr[i];
		const char *start = (const char *)(info->dlpi_addr + ph->p_vaddr);
		const char *end = start + ph->p_filesz, *mark, *nul;

		if (ph->p_type != PT_LOAD || !(ph->p_flags & PF_R))
			continue;
		mark = memmem(start, ph->p_filesz, HELPERS_MARK, strlen(HELPERS_MARK));
		nul = mark ? memchr(mark, '\0', (size_t)(end - mark)) : NULL;
		if (!nul)
			continue;
		s->found = mark;
		s->size = (size_t)(nul - mark);
		return 1;
	}
	return 0;
}

const char *bcc_helpers_text(size_t *ret_size)
{
	struct search s = {};

	dl_iterate_phdr(search_library, &s);
	*ret_size = s.size;
	return s.found;
}

struct describe {
	void (*file)(void *ctx, const char *path);
	void *ctx;
	char llvm[32];
};

static int describe_library(struct dl_phdr_info *info, size_t size, void *ctx)
{
	static const char *const matter[] = {"libbcc.so", "libLLVM", "libclang"};
	struct describe *d = ctx;
	const char *llvm = strstr(info->dlpi_name, "libLLVM");
	char real[4096];

	(void)size;
	for (size_t i = 0; i < ARRAY_SIZE(matter); i++)
		if (strstr(info->dlpi_name, matter[i]) && realpath(info->dlpi_name, real))
			d->file(d->ctx, real);
	if (llvm) /* "libLLVM-14.so.1", newer ones "libLLVM.so.19.1" */
		snprintf(d->llvm, sizeof(d->llvm), "%s", llvm + strcspn(llvm, "0123456789"));
	return 0;
}

void bcc_describe(char *out, size_t size, void (*file)(void *ctx, const char *path), void *ctx)
{
	struct describe d = {.file = file, .ctx = ctx};
	char *so;

	dl_iterate_phdr(describe_library, &d);
	so = strstr(d.llvm, ".so");
	if (so)
		*so = '\0';
	snprintf(out, size, "libbcc %s, LLVM %s", LIBBCC_VERSION, *d.llvm ? d.llvm : "built in");
}

char *bcc_usdt_text(const char *function, const char *binary, const char *provider,
                    const char *name)
{
	void *usdt = bcc_usdt_new_frompath(binary);
	const char *text = NULL;
	char *copy = NULL;

	if (!usdt)
		return NULL;
	if (!bcc_usdt_enable_fully_specified_probe(usdt, provider, name, function))
		text = bcc_usdt_genargs(&usdt, 1);
	if (text)
		copy = xstrdup(text);
	bcc_usdt_close(usdt);
	return copy;
}
