/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What AWS's services answer: credentials, and reasons why not. Hostile input. `who` begins every
 * message ("the container endpoint"); what a message repeats of an answer is on one line and cut,
 * and never a key. Pure functions.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "aws/keys.h"
#include "util/diag.h"

/*
 * {"AccessKeyId": …, "SecretAccessKey": …, "Token" or "SessionToken": …, "Expiration": …}, as the
 * container endpoint, the instance metadata and credential_process give it. -EBADMSG. The caller
 * ends with aws_keys_done().
 */
int answer_parse_json(const char *who, const char *data, size_t size, struct aws_keys *ret,
                      struct diag *diag);

/* The same out of STS's XML; `action` is what was asked for: "AssumeRole". */
int answer_parse_sts(const char *who, const char *action, const char *data, size_t size,
                     struct aws_keys *ret, struct diag *diag);

struct answer_error {
	char *code;    /* "AccessDenied"; NULL when the answer holds none */
	char *message; /* AWS's words, for people; or NULL */
};

/* An error of any service, in XML or JSON. */
void answer_parse_error(const char *data, size_t size, struct answer_error *ret);

void answer_error_done(struct answer_error *e);
static inline void answer_error_donep(struct answer_error *e)
{
	answer_error_done(e);
}

/* "AccessDenied: You may not", or "HTTP status 500" when there is nothing better. Heap string. */
char *answer_describe_error(unsigned int status, const char *data, size_t size);

/* "2026-01-02T03:04:05Z", also with a fraction or an offset, to wall-clock ns. -EINVAL. */
int answer_parse_time(const char *text, uint64_t *ret);
