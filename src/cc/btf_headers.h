/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A kernel's types as C, from its BTF: not all of them (135,000 lines take Clang 0.6 s) but those
 * whose names appear in the probe, in what it includes of ours and in libbcc's helpers, those that
 * their members point to where the probe follows them (task->files->fdt), and all that these depend
 * on.
 */
#pragma once

#include <stdbool.h>

#include "cc/words.h"
#include "util/buf.h"
#include "util/diag.h"

struct btf_types;

int btf_types_open(const char *path, struct btf_types **ret, struct diag *diag);
struct btf_types *btf_types_free(struct btf_types *t);
static inline void btf_types_freep(struct btf_types **t)
{
	btf_types_free(*t);
}

/* What a word in the sets means here. */
#define WORD_USED    1u /* appears: its type is wanted */
#define WORD_DEFINED 2u /* the sources define a type of this name: the kernel's is not wanted */
#define WORD_MEMBER  4u /* appears as a member: what it points to is wanted, too */

/* Append the wanted types to `out`, each behind what it needs. */
int btf_types_write(struct btf_types *t, const struct words *words, struct buf *out,
                    struct diag *diag);

/* Does struct or union `tag` have this member, anonymous members looked through? */
bool btf_types_have_field(const struct btf_types *t, const char *tag, const char *field);
