/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events of stock BCC programs. Of what such a program submits libbcc only tells "name#type" for
 * each field, without offsets, and a struct that is local to a function is not in the program's BTF.
 * So when it is not, the source is compiled again with a map appended for each struct that it
 * defines (a carrier: its value's type gets into the BTF), and the struct is the one whose members
 * have just these names.
 */
#pragma once

#include "cc/bcc.h"
#include "core/schema.h"
#include "util/buf.h"

struct btf;

/* The layout of what is submitted to this table, or NULL when no struct in the BTF fits. */
struct schema *stock_schema(const struct bcc *bcc, const char *table, const struct btf *btf);

/* Append a carrier for every struct and struct typedef that the text defines. */
void stock_append_carriers(const char *text, size_t size, struct buf *out);
