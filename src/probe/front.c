// SPDX-License-Identifier: Apache-2.0
#include "probe/front.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "core/option.h"
#include "core/semantic.h"
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

static const char *const kind_names[] = {
	[METRIC_COUNTER] = "counter",     [METRIC_GAUGE] = "gauge", [METRIC_TIMER] = "timer",
	[METRIC_HISTOGRAM] = "histogram", [METRIC_SET] = "set",     NULL,
};

const char *probe_option_type_name(enum probe_option_type type)
{
	return type_names[type];
}

const char *metric_kind_name(enum metric_kind kind)
{
	return kind_names[kind];
}

int front_refuse(const struct yaml_node *node, const char *takes, struct diag *diag)
{
	_cleanup_(freep) char *got = yaml_describe(node);
	_cleanup_(freep) char *key = node->key ? diag_quote(node->key) : NULL;

	return yaml_error(diag, node, "%s takes %s, not %s", key ? key : "an entry", takes, got);
}

/* A key of the front matter, when it is there: a node of that kind in *ret, else NULL. */
static int get_section(const struct probe_source *s, const char *key, enum yaml_kind kind,
                       const char *takes, const struct yaml_node **ret, struct diag *diag)
{
	*ret = yaml_get(s->front, key);
	if (!*ret || (*ret)->kind == kind)
		return 0;
	return front_refuse(*ret, takes, diag);
}

/* A C identifier, or several joined by dots: a field, perhaps of a nested struct. */
static bool is_field_name(const char *text)
{
	for (;;) {
		if (!isalpha((unsigned char)*text) && *text != '_')
			return false;
		while (isalnum((unsigned char)*text) || *text == '_')
			text++;
		if (*text != '.')
			return !*text;
		text++;
	}
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
	int r = get_section(s, "options", YAML_MAPPING, "a mapping of NAME: {type: …}", &section,
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

static int check_decoder(const struct yaml_node *node, const char *decode, struct diag *diag)
{
	_cleanup_(freep) const char **names = NULL;
	_cleanup_(freep) char *shown = NULL;
	size_t n = 0, cap = 0;
	const char *near;

	if (semantic_find(decode, NULL))
		return 0;
	for (const struct semantic *s = semantics; s->name; s++)
		*array_push(&names, &n, &cap) = s->name;
	shown = diag_quote(decode);
	near = nearest_word(decode, names, n);
	if (near)
		return yaml_error(diag, node, "no decoder is called %s; did you mean \"%s\"?",
		                  shown, near);
	return yaml_error(diag, node, "no decoder is called %s", shown);
}

static int parse_field(struct probe_source *s, const struct yaml_node *node, size_t *cap,
                       struct diag *diag)
{
	static const struct option keys[] = {
		{"help", OPTION_STRING, offsetof(struct event_field_note, help)},
		{"decode", OPTION_STRING, offsetof(struct event_field_note, decode)},
		OPTION_END,
	};
	struct event_field_note *note;
	int r;

	if (!is_field_name(node->key)) {
		_cleanup_(freep) char *shown = diag_quote(node->key);

		return yaml_error_key(diag, node, "%s is no field's name", shown);
	}
	if (node->kind == YAML_SEQUENCE || yaml_is_empty(node))
		return front_refuse(node, "a line of help, or {help: …, decode: …}", diag);
	note = array_push(&s->fields, &s->n_fields, cap);
	note->name = xstrdup(node->key);
	if (node->kind == YAML_SCALAR) {
		note->help = xstrdup(node->text);
		return 0;
	}
	r = options_parse(keys, node, NULL, note, diag);
	if (note->decode)
		r = check_decoder(yaml_get(node, "decode"), note->decode, diag) ?: r;
	return r;
}

int front_parse_fields(struct probe_source *s, struct diag *diag)
{
	const struct yaml_node *section;
	size_t cap = 0;
	int r = get_section(s, "fields", YAML_MAPPING, "a mapping of FIELD: help", &section, diag);

	if (r || !section)
		return r;
	yaml_for_each (node, section) {
		r = parse_field(s, node, &cap, diag) ?: r;
	}
	return r;
}

/* Refuse a value of a metric that is there and is no field's name. */
static int check_field(const struct yaml_node *node, const char *takes, struct diag *diag)
{
	if (node->kind == YAML_SCALAR && is_field_name(node->text))
		return 0;
	return front_refuse(node, takes, diag);
}

static int parse_tags(struct probe_metric *m, const struct yaml_node *tags, struct diag *diag)
{
	size_t cap = 0;
	int r = 0;

	if (tags->kind != YAML_MAPPING)
		return front_refuse(tags, "a mapping of TAG: FIELD", diag);
	yaml_for_each (node, tags) {
		__typeof__(m->tags) tag;

		if (check_field(node, "a field's name", diag)) {
			r = -EINVAL;
			continue;
		}
		tag = array_push(&m->tags, &m->n_tags, &cap);
		tag->tag = xstrdup(node->key);
		tag->field = xstrdup(node->text);
	}
	return r;
}

/* "connection.out": what every receiver of metrics takes as it is. */
static bool is_metric_name(const char *text)
{
	return isalpha((unsigned char)text[0]) &&
	       !text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                          "0123456789._-")];
}

static int parse_metric(struct probe_source *s, const struct yaml_node *node, size_t *cap,
                        struct diag *diag)
{
	static const struct option keys[] = {
		{"name", OPTION_STRING, offsetof(struct probe_metric, name), .required = true,
	         .help = "what it is called, such as file.open"},
		{"kind", OPTION_CHOICE, offsetof(struct probe_metric, kind), .choices = kind_names,
	         .required = true, .help = "counter, gauge, timer, histogram or set"},
		{"event", OPTION_STRING, offsetof(struct probe_metric, event)},
		{"value", OPTION_STRING, offsetof(struct probe_metric, value)},
		{"unit", OPTION_STRING, offsetof(struct probe_metric, unit)},
		OPTION_END,
	};
	static const char *const skip[] = {"tags", NULL};
	struct probe_metric *m = array_push(&s->metrics, &s->n_metrics, cap);
	int r = options_parse(keys, node, skip, m, diag);
	const struct yaml_node *tags;

	if (node->kind != YAML_MAPPING)
		return r;
	if (m->name && !is_metric_name(m->name))
		r = front_refuse(yaml_get(node, "name"),
		                 "letters, digits and . _ -, a letter first", diag);
	if (m->event)
		r = check_field(yaml_get(node, "event"), "an event's name", diag) ?: r;
	if (m->value && streq(m->value, "1"))
		free(steal(&m->value));
	if (m->value)
		r = check_field(yaml_get(node, "value"), "1 or a field's name", diag) ?: r;
	tags = yaml_get(node, "tags");
	return (tags ? parse_tags(m, tags, diag) : 0) ?: r;
}

int front_parse_metrics(struct probe_source *s, struct diag *diag)
{
	const struct yaml_node *section;
	size_t cap = 0;
	int r = get_section(s, "metrics", YAML_SEQUENCE, "a list of {name: …, kind: …}", &section,
	                    diag);

	if (r || !section)
		return r;
	yaml_for_each (node, section) {
		r = parse_metric(s, node, &cap, diag) ?: r;
	}
	return r;
}
