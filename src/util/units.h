/* SPDX-License-Identifier: Apache-2.0 */
/* Quantities as people write them. Pure functions. */
#pragma once

#include <stdint.h>

/* "250ms", "30s", "5m", "2h", "1d"; a bare 0. Nanoseconds; -EINVAL, or -ERANGE past 2^63. */
int parse_duration(const char *text, uint64_t *ret_ns);

/* "4096", "64K", "8M", "1G" (also KiB, MiB, GiB): powers of 1024. -EINVAL, -ERANGE. */
int parse_bytes(const char *text, uint64_t *ret);

/* A whole decimal or 0x number, nothing after it. -EINVAL, -ERANGE. */
int parse_u64(const char *text, uint64_t *ret);
int parse_i64(const char *text, int64_t *ret);
