/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AWS credentials by the usual chain, kept fresh. The first provider that is configured answers: the
 * environment, the profile in the shared files (keys, credential_process, an assumed role), web
 * identity, the container endpoint, the instance metadata. One that is configured and fails is not
 * passed over: the error names it.
 *
 * Keys are fetched again before they expire, at a random moment of some minutes, so that a fleet does
 * not ask at once; when that fails, what is still valid serves on. Nothing runs in the background:
 * credentials_get() does it all, and may block for some seconds.
 *
 * Threads: one at a time. Secrets reach no message, and are wiped when they are replaced or freed.
 */
#pragma once

#include <stdint.h>

#include "aws/keys.h"
#include "util/cleanup.h"
#include "util/diag.h"

struct credentials *credentials_new(void);
struct credentials *credentials_free(struct credentials *c);
static inline void credentials_freep(struct credentials **c)
{
	credentials_free(*c);
}

/*
 * Keys for a request at `now` (wall-clock ns). They are valid until the next call. When new ones
 * cannot be had while the old are still good, that is a warning in `diag`. -ENOENT: no provider is
 * configured, or a file that one names is missing; -EACCES: refused, -EBADMSG: nonsense was answered, -EINVAL: wrongly configured,
 * -ETIMEDOUT, -EIO and others: try again later.
 */
int credentials_get(struct credentials *c, uint64_t now, const struct aws_keys **ret,
                    struct diag *diag);

/* A server has said that the keys are expired or invalid: the next call fetches new ones. */
void credentials_expire(struct credentials *c);

/* Who answered, for the log: "profile \"prod\""; NULL before the first time. */
const char *credentials_provider(const struct credentials *c);

/* When the next call is going to fetch new keys; UINT64_MAX: never. */
uint64_t credentials_refresh_time(const struct credentials *c);
