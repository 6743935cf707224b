/* SPDX-License-Identifier: Apache-2.0 */
/* What quern-cc was asked to do: its command line. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "cc/shim.h"

struct request {
	struct shim_types types;
	char *types_text;
	const char *file;   /* the source */
	const char *name;   /* what diagnostics call it */
	const char *output; /* "-": stdout */
	const char *key;
	uint32_t version_code;
	char **defines; /* "-DNAME=VALUE" */
	size_t n_defines, cap_defines;
	char **folders; /* -I, absolute */
	size_t n_folders, cap_folders;
	const char **usdt; /* "FUNCTION=BINARY:PROVIDER:NAME" */
	size_t n_usdt, cap_usdt;
	const char *dump; /* --dump: print this object and do nothing else */
	bool version;
};

/* -1: go on; else the exit code, after help or a complaint was printed. */
int request_parse(int argc, char **argv, struct request *ret);
void request_done(struct request *r);
