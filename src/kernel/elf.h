/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where in an executable or library a user-space probe goes. The kernel wants offsets in the file;
 * symbols and USDT notes give addresses. Files may be hostile: they are any user's programs.
 * Thread-safe.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "util/diag.h"

#define ELF_LOCATIONS_MAX 256

struct elf_location {
	uint64_t offset;    /* of the instruction, in the file */
	uint64_t semaphore; /* USDT: of the counter that says somebody listens; 0: none */
};

/*
 * "symbol", "symbol+0x10" or "+0x1234" (an offset in the file). -ENOENT: no such symbol; the message
 * has the nearest one.
 */
int elf_find_symbol(const char *path, const char *symbol, struct elf_location *ret,
                    struct diag *diag);

/* A USDT probe stands wherever the compiler put its macro: one or more places. Heap array. */
int elf_find_usdt(const char *path, const char *provider, const char *name,
                  struct elf_location **ret, size_t *ret_n, struct diag *diag);

/*
 * The file that a name means: a path as it is, "bash" by PATH, "libc.so.6" in the folders of
 * libraries. Heap string; NULL: not found.
 */
char *elf_find_file(const char *name);
