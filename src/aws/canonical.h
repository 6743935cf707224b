/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The canonical form of a request's parts, by the rules of AWS Signature Version 4. For sigv4.c only.
 * Pure functions that append to `out`.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "aws/sigv4.h"
#include "util/buf.h"

void canonical_path(struct buf *out, const char *path, unsigned int rules);
void canonical_query(struct buf *out, const char *query);

/* One "name:value\n" for each name; the names themselves, separated by ';', go to `names`. */
void canonical_headers(struct buf *out, struct buf *names, const struct sigv4_header *headers,
                       size_t n);
