/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Declarative options: one table describes the keys of a sink, a step or the configuration's top
 * level; the parser, `--help`, the documentation and its test read the same table. Each entry says
 * where in the owner's struct the value goes.
 *
 * Storage by type: BOOL bool, INT int64_t, UINT uint64_t, DURATION uint64_t ns, BYTES uint64_t,
 * STRING and PATH char * (heap, NULL when unset), CHOICE int (index into choices). What a relative
 * PATH is relative to, is for whoever parsed the table to say.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/diag.h"
#include "util/yaml.h"

enum option_type {
	OPTION_BOOL,
	OPTION_INT,
	OPTION_UINT,
	OPTION_DURATION,
	OPTION_BYTES,
	OPTION_STRING,
	OPTION_PATH,
	OPTION_CHOICE,
};

struct option {
	const char *key;
	enum option_type type;
	size_t offset;              /* of the value in the owner's struct */
	const char *fallback;       /* the default, as one would write it; NULL: unset */
	const char *const *choices; /* CHOICE: the words, NULL-terminated */
	int64_t min, max;           /* numbers: bounds, when max > min */
	bool required;
	const char *help; /* one line */
};

#define OPTION_END                                                                                 \
	{                                                                                          \
		.key = NULL                                                                        \
	}

/* Set every value of the table to its default. The struct must be zeroed before the first use. */
void options_init(const struct option *table, void *owner);

/* Free the strings that the table put into the struct, and zero them. */
void options_done(const struct option *table, void *owner);

/*
 * Fill the struct from a mapping. Unknown keys (with the nearest known one), wrong types, values out
 * of bounds and missing required keys are all reported, each at its place; -EINVAL if there was any.
 * Keys named in `skip` (NULL-terminated, may be NULL) belong to somebody else and are passed over;
 * they count as known for suggestions.
 */
int options_parse(const struct option *table, const struct yaml_node *mapping,
                  const char *const *skip, void *owner, struct diag *diag);

/* Set one option from a node of the right kind; a quoted scalar is a string and nothing else. */
int option_set_node(const struct option *opt, const struct yaml_node *node, void *owner,
                    struct diag *diag);

/* Set one option from text, as options_parse does from a scalar; `where` names the source. */
int option_set(const struct option *opt, const char *text, const char *where, void *owner,
               struct diag *diag);

/* What a value of the type looks like, for messages and help: "a duration such as 30s". */
const char *option_type_expected(enum option_type type);
