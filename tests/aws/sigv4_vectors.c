// SPDX-License-Identifier: Apache-2.0
/* sigv4-vectors DIR: run every case of AWS's signing test suite that is found below DIR. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sigv4_suite.h"

int main(int argc, char **argv)
{
	struct sigv4_suite suite;
	int r;

	if (argc != 2) {
		fprintf(stderr, "usage: %s DIR\n", argv[0]);
		return 2;
	}
	r = sigv4_suite_run(argv[1], stdout, &suite);
	if (r < 0) {
		fprintf(stderr, "%s: %s\n", argv[1], strerror(-r));
		return 1;
	}
	printf("%u passed, %u failed\n", suite.passed, suite.failed);
	return suite.failed || !suite.passed;
}
