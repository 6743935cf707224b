// SPDX-License-Identifier: Apache-2.0
/*
 * From libyaml's events to a tree. What only spoils one node (an anchor, a repeated key) is reported
 * and the parse goes on, so that one run shows every problem; what spoils the rest of the text (a
 * syntax error, a bound) ends it. The wording of syntax errors is in yaml_syntax.c.
 */
#include "util/yaml.h"

#include <errno.h>
#include <string.h>
#include <yaml.h>

#include "util/alloc.h"
#include "util/yaml_syntax.h"

#define PROBLEMS_MAX 20

struct builder {
	yaml_parser_t parser;
	yaml_event_t event;
	const char *file; /* the tree's own copy */
	const char *text;
	size_t size;
	unsigned int first_line;
	unsigned int nodes;
	unsigned int problems;
	struct diag *diag;
};

static void vcomplain(struct diag *diag, const char *file, unsigned int line, unsigned int column,
                      const char *fmt, va_list ap)
{
	_cleanup_(buf_donep) struct buf b = {};

	buf_vprintf(&b, fmt, ap);
	diag_error(diag, -EINVAL, "%s:%u:%u: %s", file, line, column, buf_cstr(&b));
}

/* Report at the start of the current event. Negative once there were too many to go on. */
__attribute__((format(printf, 2, 3))) static int complain(struct builder *b, const char *fmt, ...)
{
	yaml_mark_t at = b->event.start_mark;
	va_list ap;

	va_start(ap, fmt);
	vcomplain(b->diag, b->file, (unsigned int)at.line + b->first_line,
	          (unsigned int)at.column + 1, fmt, ap);
	va_end(ap);
	return ++b->problems < PROBLEMS_MAX ? 0 : -EINVAL;
}

/* Step to the next event. */
static int next(struct builder *b)
{
	struct yaml_place place;

	yaml_event_delete(&b->event);
	if (yaml_parser_parse(&b->parser, &b->event))
		return 0;
	place = yaml_syntax_explain(&b->parser, b->text, b->size);
	diag_error(b->diag, -EINVAL, "%s:%u:%u: %s", b->file, place.line + b->first_line,
	           place.column + 1, place.sentence);
	free(place.sentence);
	return -EINVAL;
}

/* The parts of YAML that are not used here. */
static int check_properties(struct builder *b)
{
	const yaml_event_t *e = &b->event;
	const yaml_char_t *anchor = NULL, *tag = NULL;

	switch (e->type) {
	case YAML_ALIAS_EVENT:
		return complain(b, "an alias (*%s) is not allowed; write the value out",
		                (const char *)e->data.alias.anchor);
	case YAML_SCALAR_EVENT:
		anchor = e->data.scalar.anchor;
		tag = e->data.scalar.tag;
		break;
	case YAML_SEQUENCE_START_EVENT:
		anchor = e->data.sequence_start.anchor;
		tag = e->data.sequence_start.tag;
		break;
	case YAML_MAPPING_START_EVENT:
		anchor = e->data.mapping_start.anchor;
		tag = e->data.mapping_start.tag;
		break;
	default:
		break;
	}
	if (anchor)
		return complain(b, "an anchor (&%s) is not allowed; write the value out",
		                (const char *)anchor);
	if (tag)
		return complain(b, "a tag is not allowed; quote a text that starts with \"!\"");
	return 0;
}

static bool is_null(const char *plain)
{
	return streq(plain, "~") || streq(plain, "null") || streq(plain, "Null") ||
	       streq(plain, "NULL");
}

/* The text of the current scalar; *ret is "" where it cannot be had. */
static int take_text(struct builder *b, char **ret, bool *ret_quoted)
{
	const yaml_event_t *e = &b->event;
	const char *value = (const char *)e->data.scalar.value;

	*ret_quoted = e->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	if (strlen(value) == e->data.scalar.length) {
		*ret = xstrdup(!*ret_quoted && is_null(value) ? "" : value);
		return 0;
	}
	*ret = xstrdup("");
	return complain(b, "a text cannot hold a NUL character");
}

static int build(struct builder *b, unsigned int depth, struct yaml_node **ret);

/* The current event is a key: take it, and the value behind it. */
static int build_entry(struct builder *b, unsigned int depth, const struct yaml_node *mapping,
                       struct yaml_node **ret)
{
	unsigned int line = (unsigned int)b->event.start_mark.line + b->first_line;
	unsigned int column = (unsigned int)b->event.start_mark.column + 1;
	_cleanup_(yaml_tree_freep) struct yaml_node *value = NULL;
	_cleanup_(freep) char *key = NULL, *shown = NULL;
	const struct yaml_node *twin;
	bool quoted;
	int r;

	if (b->event.type != YAML_SCALAR_EVENT) {
		complain(b, "a key must be a plain word");
		return -EINVAL;
	}
	r = check_properties(b);
	if (!r)
		r = take_text(b, &key, &quoted);
	if (r)
		return r;
	twin = yaml_get(mapping, key);
	shown = diag_quote(key);
	if (twin && complain(b, "%s is given twice, first in line %u", shown, twin->key_line))
		return -EINVAL;
	r = next(b);
	if (!r)
		r = build(b, depth, &value);
	if (r)
		return r;
	value->key = steal(&key);
	value->key_line = line;
	value->key_column = column;
	*ret = steal(&value);
	return 0;
}

/* The current event opens a list or a mapping: take all up to its end. */
static int build_children(struct builder *b, unsigned int depth, struct yaml_node *node)
{
	yaml_event_type_t end =
		node->kind == YAML_MAPPING ? YAML_MAPPING_END_EVENT : YAML_SEQUENCE_END_EVENT;
	size_t cap = 0;

	for (;;) {
		struct yaml_node *child = NULL;
		int r = next(b);

		if (r)
			return r;
		if (b->event.type == end)
			return 0;
		if (node->kind == YAML_MAPPING)
			r = build_entry(b, depth, node, &child);
		else
			r = build(b, depth, &child);
		if (r)
			return r;
		*array_push(&node->children, &node->n_children, &cap) = child;
	}
}

static int build(struct builder *b, unsigned int depth, struct yaml_node **ret)
{
	_cleanup_(yaml_tree_freep) struct yaml_node *node = xcalloc(1, sizeof(*node));
	int r = check_properties(b);

	node->line = (unsigned int)b->event.start_mark.line + b->first_line;
	node->column = (unsigned int)b->event.start_mark.column + 1;
	if (!r && ++b->nodes > YAML_NODES_MAX) {
		complain(b, "more than %u values: this is no configuration", YAML_NODES_MAX);
		r = -EINVAL;
	}
	if (!r && depth > YAML_DEPTH_MAX) {
		complain(b, "nested more than %u levels deep", YAML_DEPTH_MAX);
		r = -EINVAL;
	}
	if (r)
		return r;
	switch (b->event.type) {
	case YAML_MAPPING_START_EVENT:
		node->kind = YAML_MAPPING;
		r = build_children(b, depth + 1, node);
		break;
	case YAML_SEQUENCE_START_EVENT:
		node->kind = YAML_SEQUENCE;
		r = build_children(b, depth + 1, node);
		break;
	case YAML_SCALAR_EVENT:
		r = take_text(b, &node->text, &node->quoted);
		break;
	default: /* an alias, complained of above */
		node->text = xstrdup("");
		break;
	}
	if (!r)
		*ret = steal(&node);
	return r;
}

static struct yaml_node *empty_mapping(unsigned int line)
{
	struct yaml_node *node = xcalloc(1, sizeof(*node));

	node->kind = YAML_MAPPING;
	node->line = line;
	node->column = 1;
	return node;
}

static int build_document(struct builder *b, struct yaml_node **ret)
{
	int r = next(b); /* the stream's start */

	if (!r)
		r = next(b);
	if (r)
		return r;
	if (b->event.type == YAML_STREAM_END_EVENT) {
		*ret = empty_mapping(b->first_line);
		return 0;
	}
	r = next(b);
	if (!r)
		r = build(b, 1, ret);
	if (!r)
		r = next(b); /* the document's end */
	if (!r)
		r = next(b);
	if (!r && b->event.type != YAML_STREAM_END_EVENT)
		r = complain(b, "a second document starts here; put all into one");
	return r;
}

static void set_file(struct yaml_node *node, const char *file)
{
	node->file = file;
	for (size_t i = 0; i < node->n_children; i++)
		set_file(node->children[i], file);
}

int yaml_parse(const char *file, const char *text, size_t size, unsigned int first_line,
               struct yaml_node **ret, struct diag *diag)
{
	_cleanup_(yaml_tree_freep) struct yaml_node *tree = NULL;
	struct builder b = {
		.file = file, .text = text, .size = size, .first_line = first_line, .diag = diag};
	struct yaml_place place;
	int r;

	if (size > YAML_BYTES_MAX)
		return diag_error(diag, -EINVAL, "%s: larger than %u bytes", file, YAML_BYTES_MAX);
	if (!yaml_syntax_check_bytes(text, size, &place)) {
		r = diag_error(diag, -EINVAL, "%s:%u:%u: %s", file, place.line + first_line,
		               place.column + 1, place.sentence);
		free(place.sentence);
		return r;
	}
	if (!yaml_parser_initialize(&b.parser))
		return diag_error(diag, -ENOMEM, "%s: out of memory", file);
	yaml_parser_set_encoding(&b.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&b.parser, (const unsigned char *)(size ? text : ""), size);
	r = build_document(&b, &tree);
	yaml_event_delete(&b.event);
	yaml_parser_delete(&b.parser);
	if (tree)
		set_file(tree, xstrdup(file));
	if (r || b.problems)
		return -EINVAL;
	if (yaml_is_empty(tree)) {
		/* A file of comments, or "---" alone. */
		tree->kind = YAML_MAPPING;
		free(steal(&tree->text));
	}
	*ret = steal(&tree);
	return 0;
}

static void free_node(struct yaml_node *node)
{
	for (size_t i = 0; i < node->n_children; i++)
		free_node(node->children[i]);
	free(node->children);
	free(node->key);
	free(node->text);
	free(node);
}

struct yaml_node *yaml_tree_free(struct yaml_node *node)
{
	if (!node)
		return NULL;
	free((char *)node->file);
	free_node(node);
	return NULL;
}

static struct yaml_node *copy_node(const struct yaml_node *node)
{
	struct yaml_node *copy = xmemdup(node, sizeof(*node));

	copy->key = node->key ? xstrdup(node->key) : NULL;
	copy->text = node->text ? xstrdup(node->text) : NULL;
	copy->children = xcalloc(node->n_children, sizeof(*copy->children));
	for (size_t i = 0; i < node->n_children; i++)
		copy->children[i] = copy_node(node->children[i]);
	return copy;
}

struct yaml_node *yaml_copy(const struct yaml_node *node)
{
	struct yaml_node *copy = copy_node(node);

	set_file(copy, xstrdup(node->file));
	return copy;
}

const struct yaml_node *yaml_get(const struct yaml_node *mapping, const char *key)
{
	yaml_for_each (child, mapping) {
		if (child->key && streq(child->key, key))
			return child;
	}
	return NULL;
}

char *yaml_describe(const struct yaml_node *node)
{
	if (node->kind == YAML_MAPPING)
		return xstrdup("a mapping");
	if (node->kind == YAML_SEQUENCE)
		return xstrdup("a list");
	return yaml_is_empty(node) ? xstrdup("an empty value") : diag_quote(node->text);
}

int yaml_error(struct diag *diag, const struct yaml_node *node, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vcomplain(diag, node->file, node->line, node->column, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

int yaml_error_key(struct diag *diag, const struct yaml_node *node, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (node->key)
		vcomplain(diag, node->file, node->key_line, node->key_column, fmt, ap);
	else
		vcomplain(diag, node->file, node->line, node->column, fmt, ap);
	va_end(ap);
	return -EINVAL;
}
