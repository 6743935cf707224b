/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the running kernel's types come from: the ladder. Every rung is looked at, taken or refused
 * with its reason, and printed by `quern doctor`.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "kernel/kernel.h"

enum types_kind { TYPES_HEADERS, TYPES_BTF };

struct types_rung {
	const char *name; /* "named directory", "/lib/modules", "/usr/src", "/host/…", "BTF" */
	enum types_kind kind;
	bool usable;
	char *build;    /* HEADERS: the configured tree (include/generated/…) */
	char *source;   /* HEADERS: the source tree where split, else NULL */
	char *btf;      /* BTF: the file */
	char *identity; /* usable: what goes into the cache key (path, sizes, mtimes, versions) */
	char *reason;   /* why it is not usable, with the remedy; or, usable, a note; may be NULL */
};

struct types {
	struct types_rung *rungs; /* in the order in which they are tried */
	size_t n_rungs;
};

/*
 * `choice`: "auto", "btf", "headers", or a directory. Unless `any_version`, headers of another
 * version than the running kernel's are refused. A directory is tried first; the other rungs stay
 * behind it.
 */
struct types *types_find(const struct kernel *k, const char *choice, bool any_version);
/* The same below another root than "/" (given without its slash at the end): for tests, and images. */
struct types *types_find_under(const char *root, const struct kernel *k, const char *choice,
                               bool any_version);
struct types *types_free(struct types *t);

/*
 * The rungs to try for a source, best first. `types_only`: it includes nothing but <quern.h> (and
 * bcc's implied headers), so BTF goes first. *ret is an array (caller frees) of borrowed pointers.
 */
size_t types_order(const struct types *t, bool types_only, const struct types_rung ***ret);

/* The form in which quern-cc takes a rung: "btf:FILE", "headers:BUILD" or "headers:BUILD:SOURCE". */
char *types_argument(const struct types_rung *rung);
