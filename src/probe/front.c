// SPDX-License-Identifier: Apache-2.0
#include "probe/front.h"

#include <errno.h>
#include <string.h>

#include "core/option.h"
#include "util/alloc.h"

#define OPTION_NAME_MAX 32
#define TEXT_MAX        4096  /* bytes of one option's text; it becomes an argument of a program */
#define LIST_TEXT_MAX   16384 /* and of a list in all */
#define LIST_ITEMS_MAX  256

static const char *const type_names[] = {
	[PROBE_BOOL] = "bool",
	[PROBE_INT] = "int",
	[PROBE_STRING] = "string",
	[PROBE_DURATION] = "duration",
	[PROBE_BYTES] = "bytes",
	[PROBE_LIST] = "list",
	NULL,
};

const char *probe_option_type_name(enum probe_option_type type)
{
	return type_names[type];
}

int front_refuse(const struct yaml_node *node, const char *takes, struct diag *diag)
{
	_cleanup_(freep) char *got = yaml_describe(node);
	_cleanup_(freep) char *key = node->key ? diag_quote(node->key) : NULL;

	return yaml_error(diag, node, "%s takes %s, not %s", key ? key : "an entry", takes, got);
}

int front_section(const struct probe_source *s, const char *key, enum yaml_kind kind,
                  const char *takes, const struct yaml_node **ret, struct diag *diag)
{
	*ret = yaml_get(s->front, key);
	if (!*ret || (*ret)->kind == kind)
		return 0;
	return front_refuse(*ret, takes, diag);
}

static int set_list(struct probe_option *o, const struct yaml_node *node, struct diag *diag)
{
	size_t bytes = 0, cap = 0;

	if (node->kind != YAML_SEQUENCE)
		return front_refuse(node, "a list such as [a, b]", diag);
	for (size_t i = 0; i < o->n_list; i++)
		free(o->list[i]);
	free(steal(&o->list));
	o->n_list = 0;
	yaml_for_each (item, node) {
		if (item->kind != YAML_SCALAR || yaml_is_empty(item))
			return front_refuse(item, "a text", diag);
		bytes += strlen(item->text);
		if (bytes > LIST_TEXT_MAX || o->n_list == LIST_ITEMS_MAX)
			return yaml_error(diag, item, "a list holds %u texts, %u bytes in all",
			                  LIST_ITEMS_MAX, LIST_TEXT_MAX);
		*array_push(&o->list, &o->n_list, &cap) = xstrdup(item->text);
	}
	return 0;
}

int front_set_option(struct probe_option *o, const struct yaml_node *node, struct diag *diag)
{
	static const enum option_type types[] = {
		[PROBE_BOOL] = OPTION_BOOL,         [PROBE_INT] = OPTION_INT,
		[PROBE_STRING] = OPTION_STRING,     [PROBE_BYTES] = OPTION_BYTES,
		[PROBE_DURATION] = OPTION_DURATION,
	};
	union {
		bool flag;
		uint64_t number;
		char *text;
	} scratch = {};
	struct option opt = {.key = o->name};
	const char *value;
	int r;

	if (o->type == PROBE_LIST)
		return set_list(o, node, diag);
	opt.type = types[o->type];
	r = option_set_node(&opt, node, &scratch, diag);
	if (r)
		return r;
	if (o->type == PROBE_STRING)
		free(scratch.text);
	value = node->text;
	if (o->type == PROBE_BOOL)
		value = scratch.flag ? "true" : "false";
	if (strlen(value) > TEXT_MAX)
		return yaml_error(diag, node, "\"%s\" takes %u bytes at most", o->name, TEXT_MAX);
	free(o->value);
	o->value = xstrdup(value);
	return 0;
}

struct probe_option *front_find_option(const struct probe_source *s, const char *name,
                                       const struct yaml_node *at, struct diag *diag)
{
	_cleanup_(freep) const char **names = xcalloc(s->n_options, sizeof(*names));
	_cleanup_(freep) char *shown = NULL;
	_cleanup_(buf_donep) struct buf known = {};
	const char *near;

	for (size_t i = 0; i < s->n_options; i++) {
		if (streq(s->options[i].name, name))
			return &s->options[i];
		names[i] = s->options[i].name;
		buf_printf(&known, "%s%s", i ? ", " : "; known: ", names[i]);
	}
	shown = diag_quote(name);
	near = nearest_word(name, names, s->n_options);
	if (near)
		yaml_error_key(diag, at, "the probe has no option %s; did you mean \"%s\"?", shown,
		               near);
	else
		yaml_error_key(diag, at, "the probe has no option %s%s", shown, buf_cstr(&known));
	return NULL;
}

/* Two options whose macros would collide: a list "x" has an OPT_X_COUNT. */
static bool collides(const struct probe_source *s, const char *name)
{
	size_t len = strlen(name);
	bool counts = len > 6 && streq(name + len - 6, "_count");

	for (size_t i = 0; i < s->n_options; i++) {
		const struct probe_option *o = &s->options[i];
		size_t n = strlen(o->name);

		if (counts && o->type == PROBE_LIST && n == len - 6 && !strncmp(o->name, name, n))
			return true;
	}
	return false;
}

static int parse_option(struct probe_source *s, const struct yaml_node *node, size_t *cap,
                        struct diag *diag)
{
	static const struct option keys[] = {
		{"type", OPTION_CHOICE, offsetof(struct probe_option, type), .choices = type_names,
	         .required = true, .help = "bool, int, string, duration, bytes or list"},
		{"help", OPTION_STRING, offsetof(struct probe_option, help)},
		OPTION_END,
	};
	static const char *const skip[] = {"default", NULL};
	static const char *const zeros[] = {
		[PROBE_BOOL] = "false", [PROBE_INT] = "0",   [PROBE_STRING] = "",
		[PROBE_DURATION] = "0", [PROBE_BYTES] = "0", [PROBE_LIST] = NULL};
	const struct yaml_node *fallback;
	struct probe_option *o;
	int r;

	if (!front_is_name(node->key, OPTION_NAME_MAX)) {
		_cleanup_(freep) char *shown = diag_quote(node->key);

		return yaml_error_key(diag, node,
		                      "an option's name takes lower-case letters, digits and "
		                      "\"_\", a letter first, %u at most; not %s",
		                      OPTION_NAME_MAX, shown);
	}
	if (node->kind != YAML_MAPPING)
		return front_refuse(node, "a mapping such as {type: bool, default: false}", diag);
	o = array_push(&s->options, &s->n_options, cap);
	o->name = xstrdup(node->key);
	r = options_parse(keys, node, skip, o, diag);
	if (r)
		return r;
	o->value = zeros[o->type] ? xstrdup(zeros[o->type]) : NULL;
	fallback = yaml_get(node, "default");
	return fallback ? front_set_option(o, fallback, diag) : 0;
}

int front_parse_options(struct probe_source *s, struct diag *diag)
{
	const struct yaml_node *section;
	size_t cap = 0;
	int r = front_section(s, "options", YAML_MAPPING, "a mapping of NAME: {type: …}", &section,
	                      diag);

	if (r || !section)
		return r;
	yaml_for_each (node, section) {
		r = parse_option(s, node, &cap, diag) ?: r;
	}
	yaml_for_each (node, section) {
		if (collides(s, node->key))
			r = yaml_error_key(diag, node,
			                   "\"%s\" is what the length of a list is called; choose "
			                   "another name",
			                   node->key);
	}
	return r;
}
