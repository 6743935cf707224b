// SPDX-License-Identifier: Apache-2.0
/*
 * `fields:` and `metrics:` of the front matter: what is said about a probe's events. Whether the
 * program has such fields is known once it is compiled.
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "core/option.h"
#include "core/semantic.h"
#include "probe/front.h"
#include "util/alloc.h"

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
	int r = front_section(s, "fields", YAML_MAPPING, "a mapping of FIELD: help", &section,
	                      diag);

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

static int parse_tags(struct metric *m, const struct yaml_node *tags, struct diag *diag)
{
	size_t cap = 0;
	int r = 0;

	if (tags->kind != YAML_MAPPING)
		return front_refuse(tags, "a mapping of TAG: FIELD", diag);
	yaml_for_each (node, tags) {
		struct metric_tag *tag;

		if (m->n_tags == METRICS_MAX)
			return yaml_error(diag, node, "a metric has %d tags at most", METRICS_MAX);
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
		{"name", OPTION_STRING, offsetof(struct metric, name), .required = true,
	         .help = "what it is called, such as file.open"},
		{"kind", OPTION_CHOICE, offsetof(struct metric, kind), .choices = metric_kind_names,
	         .required = true, .help = "counter, gauge, timer, histogram or set"},
		{"event", OPTION_STRING, offsetof(struct metric, event)},
		{"value", OPTION_STRING, offsetof(struct metric, value)},
		{"unit", OPTION_STRING, offsetof(struct metric, unit)},
		OPTION_END,
	};
	static const char *const skip[] = {"tags", NULL};
	struct metric *m = array_push(&s->metrics, &s->n_metrics, cap);
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
	int r = front_section(s, "metrics", YAML_SEQUENCE, "a list of {name: …, kind: …}", &section,
	                      diag);

	if (r || !section)
		return r;
	yaml_for_each (node, section) {
		if (s->n_metrics == METRICS_MAX)
			return yaml_error(diag, node, "a probe has %d metrics at most",
			                  METRICS_MAX);
		r = parse_metric(s, node, &cap, diag) ?: r;
	}
	return r;
}
