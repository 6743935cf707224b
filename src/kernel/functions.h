/* SPDX-License-Identifier: Apache-2.0 */
/* The set of all functions of the kernel, asked for many at a start. Thread-safe. */
#pragma once

#include <stdbool.h>

struct functions;

/* Nothing is read until the first question. `btf`: path of the kernel's BTF, NULL: it has none. */
struct functions *functions_new(const char *btf, const char *kallsyms);
struct functions *functions_free(struct functions *f);

/* Is there a function of this name? False too when neither source can be read. */
bool functions_has(struct functions *f, const char *name);
