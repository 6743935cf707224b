/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A YAML document as a tree whose nodes know where they stand in the file, so that every later
 * complaint can name file:line:column. Parsing is libyaml's; the tree is bounded (depth, nodes,
 * bytes) because a front matter may come from anywhere. Anchors and aliases are refused: they are
 * the one way in which a small document becomes a huge one; so are tags, and a second document. A
 * repeated key is an error. A tree is owned by whoever parsed it and is read-only afterwards.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "util/cleanup.h"
#include "util/diag.h"

#define YAML_BYTES_MAX (1u << 20)
#define YAML_NODES_MAX 10000
#define YAML_DEPTH_MAX 32

enum yaml_kind { YAML_SCALAR, YAML_SEQUENCE, YAML_MAPPING };

struct yaml_node {
	enum yaml_kind kind;
	unsigned int line, column; /* both from 1, in the file that the document is part of */
	const char *file;          /* as it was given to yaml_parse(); owned by the tree */
	char *key;                 /* in a mapping: this entry's key, else NULL */
	unsigned int key_line, key_column;
	char *text;  /* a scalar's value; "" for an empty one, and for a null */
	bool quoted; /* a scalar that was in quotes is a string, whatever it looks like */
	struct yaml_node **children;
	size_t n_children;
};

/*
 * Parse `size` bytes of YAML. `file` is the name for messages and `first_line` the line at which the
 * text starts in that file (1 for a whole file, more for a front matter). An empty document (`text`
 * may be NULL then) gives an empty mapping. The caller frees the tree. -EINVAL, with every problem
 * that was found in `diag`.
 */
int yaml_parse(const char *file, const char *text, size_t size, unsigned int first_line,
               struct yaml_node **ret, struct diag *diag);

/* A deep copy, a tree of its own; the copy of an entry of a mapping keeps its key. */
struct yaml_node *yaml_copy(const struct yaml_node *node);

/* The whole tree; takes NULL, returns NULL. (libyaml has a yaml_free of its own.) */
struct yaml_node *yaml_tree_free(struct yaml_node *node);

static inline void yaml_tree_freep(struct yaml_node **node)
{
	yaml_tree_free(*node);
}

/* The value of `key` in a mapping, or NULL. */
const struct yaml_node *yaml_get(const struct yaml_node *mapping, const char *key);

#define yaml_for_each(child, node)                                                                 \
	for (size_t i_##child = 0; i_##child < (node)->n_children; i_##child++)                    \
		for (const struct yaml_node *child = (node)->children[i_##child]; child;           \
		     child = NULL)

/* A scalar with neither text nor quotes: "key:" with nothing behind it, or a null. */
static inline bool yaml_is_empty(const struct yaml_node *node)
{
	return node->kind == YAML_SCALAR && !node->quoted && !node->text[0];
}

/* How to name a node in a message: a mapping, a list, an empty value, or the text in quotes. Heap string. */
char *yaml_describe(const struct yaml_node *node);

/* Add "file:line:column: …" for the node and return -EINVAL. yaml_error_key points at its key. */
int yaml_error(struct diag *diag, const struct yaml_node *node, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int yaml_error_key(struct diag *diag, const struct yaml_node *node, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
