/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The object cache: a folder of files NAME-KEY.qo, one an object. What is read from it becomes code
 * in the kernel, so a file is believed only when it and its folder belong to root (or to the user we
 * run as), nobody else can write them, its checksum holds and it was built under the very key.
 * Files are replaced atomically. One that is refused is reported and compiled anew.
 */
#pragma once

#include <stdint.h>

#include "core/object.h"
#include "util/diag.h"

/* -ENOENT: not there (no message). Anything else: refused, with the reason in `diag`. */
int cache_get(const char *dir, const char *name, const char *key, struct object **ret,
              struct diag *diag);

int cache_put(const char *dir, const char *name, const char *key, const void *data, size_t size,
              struct diag *diag);

/* Remove what was not used for `max_age_ns`, and the least recently used beyond `max_bytes`. */
void cache_trim(const char *dir, uint64_t max_bytes, uint64_t max_age_ns);
