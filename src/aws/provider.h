/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Providers of credentials, for credentials.c. Each is one function: 0 with keys in *ret,
 * PROVIDER_UNCONFIGURED with the reason in run->passed, or a negative errno with a message in `diag`
 * that begins with the provider's name. One thread.
 */
#pragma once

#include <stdbool.h>

#include "aws/keys.h"
#include "aws/profile.h"
#include "net/http.h"
#include "util/buf.h"
#include "util/diag.h"

#define PROVIDER_UNCONFIGURED 1
#define PROVIDER_ANSWER_MAX   65536

/* One walk along the chain. */
struct provider_run {
	uint64_t now;              /* wall-clock ns; a server may know it better than this host */
	struct http *http;         /* made by the first that needs it */
	struct profiles *profiles; /* read by the first that needs them */
	char *who;                 /* the provider at work, in the words of messages and the log */
	struct buf passed;         /* why others were passed over, separated by "; " */
	uint64_t process_ns;       /* how long credential_process may take; 0: 30 s */
};

void provider_run_done(struct provider_run *run);
static inline void provider_run_donep(struct provider_run *run)
{
	provider_run_done(run);
}

typedef int provider_fn(struct provider_run *run, struct aws_keys *ret, struct diag *diag);

provider_fn provider_environment;
provider_fn provider_profile;
provider_fn provider_web_identity;
provider_fn provider_container;
provider_fn provider_metadata;

/* An environment variable that is set and not empty, or NULL. */
const char *provider_variable(const char *name);

/* Say who is at work from now on. */
void provider_name(struct provider_run *run, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Note why a provider does not count, and return PROVIDER_UNCONFIGURED. */
int provider_pass(struct provider_run *run, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* The profiles of the shared files. */
int provider_load_profiles(struct provider_run *run, struct diag *diag);

/* The first line of a file that holds a token; -EINVAL when it cannot stand in a request. */
int provider_read_token(struct provider_run *run, const char *path, char **ret, struct diag *diag);

/*
 * A request with short time-outs, tried again once when nothing came back (or 5xx). 0 for any answer;
 * else negative, and with `diag` NULL nothing is said.
 */
int provider_fetch(struct provider_run *run, const struct http_request *request,
                   struct http_response *ret, struct diag *diag);

/* The error for an answer with a status that is not 200. */
int provider_refused(struct provider_run *run, const struct http_response *response,
                     struct diag *diag);

/* A role to take on at STS: with the keys of somebody who may, or with a web identity's token. */
struct provider_role {
	const char *arn, *session, *external_id, *duration; /* the last three may be NULL */
	const struct aws_keys *source;                      /* or: */
	const char *token;
};

int provider_assume_role(struct provider_run *run, const struct provider_role *role,
                         struct aws_keys *ret, struct diag *diag);

/* Run `command` (words, quotes and backslashes; no shell) and take its answer. */
int provider_process(struct provider_run *run, const char *command, struct aws_keys *ret,
                     struct diag *diag);

/* A role by the token in a file. */
int provider_token_file(struct provider_run *run, const char *file,
                        const struct provider_role *role, struct aws_keys *ret, struct diag *diag);

/* The URL of the container endpoint, checked. For provider_container(), and its test. */
int provider_container_url(struct provider_run *run, char **ret, struct diag *diag);

/* A command split into words; the caller frees the array, whose strings are one allocation behind it. */
char **provider_split_command(const char *command);
