/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names of objects, by a template: text with {placeholders}. Two objects must never get one
 * name, on whatever host and in whatever run, since the later would replace the earlier. So a
 * template has {id}, which is random, or else {host}, {time} and {sequence}. Pure functions.
 */
#pragma once

#include <stdint.h>

#include "util/buf.h"
#include "util/diag.h"

#define S3_KEY_MAX 1024 /* bytes; S3's own limit */

/* What the placeholders stand for. */
struct s3_key_values {
	const char *host; /* s3_key_host() of the host's name */
	uint64_t time;    /* wall-clock ns */
	uint64_t sequence;
	uint64_t id;
	const char *ext; /* "ndjson.zst" */
};

/* -EINVAL with what is wrong, and what there is, in `diag`. */
int s3_key_check(const char *template, struct diag *diag);

/* Append the key. The template was checked. */
void s3_key_expand(const char *template, const struct s3_key_values *values, struct buf *out);

/* A host's name as it may stand in a key and in a header: other characters become '-', and it is cut. */
char *s3_key_host(const char *host);
