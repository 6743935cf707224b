/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For tests of credentials: an environment without any, a home folder, and a scripted server that
 * stands for all of AWS. Secrets are always the same, and looked for in every message.
 */
#pragma once

#include <stddef.h>

#include "aws/credentials.h"
#include "fake_http.h"
#include "util/diag.h"
#include "util/time.h"

#define SECRET "wJalrXUtnFEMI/K7MDENG"
#define NOW    (1440938160 * NSEC_PER_SEC) /* 2015-08-30T12:36:00Z */
#define MINUTE (60 * NSEC_PER_SEC)
#define HOUR   (60 * MINUTE)

#define IN_AN_HOUR "2015-08-30T13:36:00Z"
#define JSON(id, expires)                                                                          \
	"{\"Code\":\"Success\",\"AccessKeyId\":\"" id "\",\"SecretAccessKey\":\"" SECRET           \
	"\",\"Token\":\"tok\",\"Expiration\":\"" expires "\"}"
#define STS(action, id, expires)                                                                   \
	"<" action "Response><" action "Result><Credentials><AccessKeyId>" id                      \
	"</AccessKeyId><SecretAccessKey>" SECRET "</SecretAccessKey><SessionToken>tok"             \
	"</SessionToken><Expiration>" expires "</Expiration></Credentials></" action               \
	"Result></" action "Response>"
#define DENIED                                                                                     \
	"<ErrorResponse><Error><Code>AccessDenied</Code><Message>Not authorized</Message>"         \
	"</Error></ErrorResponse>"

struct aws_fixture {
	char *home;               /* HOME; config and credentials in it are the shared files */
	struct fake_http *server; /* AWS_ENDPOINT_URL_STS */
	struct credentials *credentials;
	struct diag diag; /* of the last call */
};

/* Setup and teardown of a cmocka test; *state is a struct aws_fixture. */
int aws_fixture_start(void **state);
int aws_fixture_stop(void **state);

/* Write a file in the home folder; its path, valid until the next call. */
const char *aws_fixture_file(struct aws_fixture *f, const char *name, const char *text);

/* Set a variable to the server's URL and `path`. */
void aws_fixture_url(struct aws_fixture *f, const char *variable, const char *path);

/* Every request is answered by this, with status 200. */
void aws_fixture_answer(struct aws_fixture *f, const char *body);

/* Keys at `now`. */
const struct aws_keys *aws_fixture_get(struct aws_fixture *f, uint64_t now);

/* At NOW there are these keys, from this provider, without a warning. */
void aws_fixture_expect(struct aws_fixture *f, const char *id, const char *token,
                        const char *provider);

/* At NOW there are none: the error is `r`, and says `words`. */
void aws_fixture_fails(struct aws_fixture *f, int r, const char *words);

/* The request's header has this value; NULL: there is none. */
void aws_fixture_header(struct aws_fixture *f, size_t request, const char *name, const char *want);
