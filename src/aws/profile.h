/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files that AWS's own tools share: ~/.aws/config and ~/.aws/credentials, or what AWS_CONFIG_FILE
 * and AWS_SHARED_CREDENTIALS_FILE name. They are read anew for each use: people edit them. Values are
 * secrets as a whole, and wiped. One owner, one thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "util/diag.h"

#define PROFILE_FILE_MAX (1u << 20)

struct profiles;

/* Read both files; one that is not there is empty. Negative errno, with file and line in `diag`. */
int profiles_load(struct profiles **ret, struct diag *diag);

/*
 * Add the profiles of one file's text. `is_config` tells ~/.aws/config, whose sections are called
 * "profile NAME". A profile in both files is one, and the credentials file's keys win, whatever the
 * order. -EINVAL.
 */
int profiles_parse(struct profiles *p, const char *file, const char *text, size_t size,
                   bool is_config, struct diag *diag);

struct profiles *profiles_new(void);
struct profiles *profiles_free(struct profiles *p);
static inline void profiles_freep(struct profiles **p)
{
	profiles_free(*p);
}

/* The names of both files, whether they are there or not; owned by `p`. Of profiles_load() only. */
const char *profiles_config_file(const struct profiles *p);
const char *profiles_credentials_file(const struct profiles *p);

bool profiles_has(const struct profiles *p, const char *profile);

/* The value of a key, or NULL; an empty one is NULL too. Keys are the same in any case. */
const char *profiles_get(const struct profiles *p, const char *profile, const char *key);
