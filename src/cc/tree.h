/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A private folder for the headers of one compile, gone when the process is, whatever ends it: a
 * tmpfs that is mounted nowhere, reached through its descriptor. Where the kernel or a missing
 * privilege does not allow that, a temporary folder that tree_free() removes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "util/diag.h"

struct tree {
	char *path; /* absolute; valid in this process only */
	int fd;     /* the detached mount, -1: a folder on disk */
};

int tree_new(struct tree **ret, struct diag *diag);
struct tree *tree_free(struct tree *t);
static inline void tree_freep(struct tree **t)
{
	tree_free(*t);
}

/* Write a file, making the folders on its way. `name` is relative to the tree. */
int tree_write(struct tree *t, const char *name, const char *text, size_t size, struct diag *diag);

/* "TREE/name" as a heap string. */
char *tree_path(const struct tree *t, const char *name);
