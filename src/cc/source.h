/* SPDX-License-Identifier: Apache-2.0 */
/* A probe's source on its way to Clang: read, looked through, and made into the text to compile. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "cc/assemble.h"
#include "cc/request.h"
#include "util/buf.h"

#define SOURCE_INCLUDES_MAX 32

struct source {
	const struct request *request;
	struct buf file;     /* as it is */
	struct buf expanded; /* with what it includes of ours, without comments: for scanning */
	struct buf text;     /* what Clang gets */
	struct map_numbers numbers; /* of the maps behind EVENT() */
	char *seen[SOURCE_INCLUDES_MAX];
	size_t n_seen;
};

/* Read the request's file and what it includes. Mistakes are named on stderr. */
int source_read(struct source *s, const struct request *request);
void source_done(struct source *s);

/*
 * Make `text`: the readers of USDT arguments, the source with its line numbers, and, if asked for,
 * carriers (cc/stock.h). Mistakes are named on stderr.
 */
int source_make_text(struct source *s, bool carriers);
