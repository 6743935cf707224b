/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one place that knows libbcc's C interface and how it drifted from release to release
 * (0.18 … 0.37). One module at a time, one thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cc/fakekernel.h"

struct bcc;

/*
 * Compile. `kernel_tree` is the folder that libbcc takes for the kernel's source (a relative part of
 * it, include/linux/kconfig.h, is what it always includes). NULL when it does not compile; libbcc and
 * Clang write what they have to say to stderr.
 */
struct bcc *bcc_compile(const char *text, const char *kernel_tree, const char **flags, int n_flags);
struct bcc *bcc_free(struct bcc *b);

const char *bcc_license(const struct bcc *b);

size_t bcc_n_tables(const struct bcc *b);
const char *bcc_table_name(const struct bcc *b, size_t i);
int bcc_table_fd(const struct bcc *b, size_t i); /* as recorded by fakekernel */

size_t bcc_n_functions(const struct bcc *b);
const char *bcc_function_name(const struct bcc *b, size_t i);

/*
 * The program of a function as it would be loaded, with the debug information for the verifier.
 * Valid until the next call. NULL: libbcc refused it (it said why on stderr).
 */
const struct recorded_program *bcc_function_program(const struct bcc *b, size_t i);

/* The fields of what a stock program submits to this table: "name#type" each. */
size_t bcc_n_event_fields(const struct bcc *b, const char *table);
const char *bcc_event_field(const struct bcc *b, const char *table, size_t i);

/*
 * The text of libbcc's own helpers.h, which every probe includes; it is part of the library's
 * read-only data. *ret_size 0 when this release keeps it in another form.
 */
const char *bcc_helpers_text(size_t *ret_size);

/* "libbcc 0.26.0, LLVM 14.0.6" into `out`, and the path of each library behind it through `file`. */
void bcc_describe(char *out, size_t size, void (*file)(void *ctx, const char *path), void *ctx);

/*
 * The C text that declares the argument readers of a USDT probe, to stand in front of the source;
 * `function` is what the probe calls. NULL: no such binary or probe. Heap string.
 */
char *bcc_usdt_text(const char *function, const char *binary, const char *provider,
                    const char *name);
