/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AWS's signing test suite: one folder a case, with the request (request.txt), how to sign it
 * (context.json), and what must come out at each stage (header-canonical-request.txt,
 * header-string-to-sign.txt, header-signature.txt).
 */
#pragma once

#include <stdio.h>

struct sigv4_suite {
	unsigned int passed, failed;
};

/* Run every case in `dir` and below. What fails is told to `out`. Negative errno for a folder that
 * cannot be read. */
int sigv4_suite_run(const char *dir, FILE *out, struct sigv4_suite *ret);
