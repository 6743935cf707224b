/* SPDX-License-Identifier: Apache-2.0 */
/* From a struct in a program's BTF to the schema of an event. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "core/schema.h"
#include "util/diag.h"

struct btf;

/* The program's BTF, as recorded; NULL when it is none. Freed with btf__free(). */
struct btf *schema_btf_parse(const void *data, uint32_t size);

/* The type of member `name` of struct `id` (through typedefs), or 0. */
uint32_t schema_btf_member_type(const struct btf *btf, uint32_t id, const char *name);

/*
 * The schema of struct `id`. -EINVAL with the reason when it is none or past the bounds of
 * core/schema.h.
 */
int schema_from_btf(const struct btf *btf, uint32_t id, struct schema **ret, struct diag *diag);
