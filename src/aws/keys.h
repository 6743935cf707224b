/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One set of AWS credentials. The strings are secrets (the identifier aside): they reach no message
 * and no log, and are wiped before their memory is freed. One owner, one thread.
 */
#pragma once

#include <stdint.h>

#include "util/buf.h"

struct aws_keys {
	char *access_key_id;
	char *secret_access_key;
	char *session_token; /* NULL for keys of a user */
	uint64_t expires;    /* wall-clock ns; 0: never, or not known */
};

void aws_keys_done(struct aws_keys *k);
static inline void aws_keys_donep(struct aws_keys *k)
{
	aws_keys_done(k);
}

struct aws_keys aws_keys_copy(const struct aws_keys *k);

/*
 * What is wrong with keys that came from outside, in words that repeat no secret, or NULL: each must
 * fit a header line, and be neither empty nor of absurd length.
 */
const char *aws_keys_check(const struct aws_keys *k);

/* Wipe a string or a buffer, then free it. NULL is allowed. */
char *secret_free(char *s);
void secret_buf_done(struct buf *b);

static inline void secret_freep(char **s)
{
	secret_free(*s);
}
static inline void secret_buf_donep(struct buf *b)
{
	secret_buf_done(b);
}
