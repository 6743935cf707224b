/* SPDX-License-Identifier: Apache-2.0 */
/* Which CPUs there are, from sysfs. Thread-safe. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define CPUS_MAX 8192 /* NR_CPUS of the largest distribution kernels */

enum cpus_set { CPUS_POSSIBLE, CPUS_ONLINE };

/*
 * The ids of the CPUs in a set, ascending, as a heap array, and how many. Without sysfs: the CPUs
 * that sysconf(3) counts, numbered from 0.
 */
size_t cpus_list(enum cpus_set set, uint32_t **ret_ids);

/* "0-3,8,10-11" -> ids. -EINVAL when it is no such list. */
int cpus_parse(const char *list, uint32_t **ret_ids, size_t *ret_n);
