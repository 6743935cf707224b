// SPDX-License-Identifier: Apache-2.0
#include "cli/probe_describe.h"

#include <stdio.h>
#include <string.h>

#include "cli/table.h"
#include "util/alloc.h"
#include "util/units.h"

/* An attach point, told by the front matter or by a function's name. */
struct point {
	char *describes; /* "tracepoint sched:sched_switch" */
	char *function;
};

static struct point *list_points(const struct probe_source *s, const struct kernel *k,
                                 size_t *ret_n)
{
	char **functions;
	size_t n_functions = probe_source_functions(s, &functions), n = 0, cap = 0;
	struct point *points = NULL;

	for (size_t i = 0; i < s->n_attach; i++)
		*array_push(&points, &n, &cap) = (struct point){
			attach_spec_describe(&s->attach[i].spec), xstrdup(s->attach[i].function)};
	for (size_t i = 0; i < n_functions; i++) {
		struct attach_spec spec;

		attach_spec_from_name(k, functions[i], &spec);
		*array_push(&points, &n, &cap) =
			(struct point){attach_spec_describe(&spec), functions[i]};
		attach_spec_done(&spec);
	}
	free(functions);
	*ret_n = n;
	return points;
}

static void free_points(struct point *points, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(points[i].describes);
		free(points[i].function);
	}
	free(points);
}

/* "[/etc, /usr]", or the value of a scalar; a text in quotes, so that an empty one is seen. */
static char *show_value(const struct probe_option *o)
{
	struct buf out = {};

	if (o->type == PROBE_STRING)
		return diag_quote(o->value);
	if (o->type != PROBE_LIST)
		return xstrdup(o->value);
	for (size_t i = 0; i < o->n_list; i++)
		buf_printf(&out, "%s%s", i ? ", " : "[", o->list[i]);
	buf_puts(&out, o->n_list ? "]" : "[]");
	return buf_take(&out);
}

static void print_section(const char *title, struct table *t)
{
	printf("\n%s\n", title);
	table_print(t, stdout, 2);
	table_done(t);
}

static void print_options(const struct probe_source *s)
{
	static const char *const heading[] = {"OPTION", "TYPE", "DEFAULT", "MEANING", NULL};
	struct table t;

	if (!s->n_options)
		return;
	table_init(&t, heading);
	for (size_t i = 0; i < s->n_options; i++) {
		const struct probe_option *o = &s->options[i];
		_cleanup_(freep) char *value = show_value(o);

		table_cell(&t, "%s", o->name);
		table_cell(&t, "%s", probe_option_type_name(o->type));
		table_cell(&t, "%s", value);
		table_cell(&t, "%s", o->help ?: "");
	}
	print_section("Options", &t);
}

static void print_points(const struct probe_source *s, const struct kernel *k)
{
	static const char *const heading[] = {"POINT", "FUNCTION", NULL};
	size_t n;
	struct point *points = list_points(s, k, &n);
	struct table t;

	if (n) {
		table_init(&t, heading);
		for (size_t i = 0; i < n; i++) {
			table_cell(&t, "%s", points[i].describes);
			table_cell(&t, "%s", points[i].function);
		}
		print_section("Attach points in the source, of which the kernel's are used", &t);
	}
	free_points(points, n);
}

static void print_fields(const struct probe_source *s)
{
	static const char *const heading[] = {"FIELD", "MEANING", NULL};
	struct table t;

	if (!s->n_fields)
		return;
	table_init(&t, heading);
	for (size_t i = 0; i < s->n_fields; i++) {
		table_cell(&t, "%s", s->fields[i].name);
		table_cell(&t, "%s", s->fields[i].help ?: "");
	}
	print_section("Fields", &t);
}

static void print_metrics(const struct probe_source *s)
{
	static const char *const heading[] = {"METRIC", "KIND", "VALUE", "UNIT", "TAGS", NULL};
	struct table t;

	if (!s->n_metrics)
		return;
	table_init(&t, heading);
	for (size_t i = 0; i < s->n_metrics; i++) {
		const struct metric *m = &s->metrics[i];
		_cleanup_(buf_donep) struct buf tags = {};

		for (size_t j = 0; j < m->n_tags; j++)
			buf_printf(&tags, "%s%s=%s", j ? " " : "", m->tags[j].tag,
			           m->tags[j].field);
		table_cell(&t, "%s", m->name);
		table_cell(&t, "%s", metric_kind_names[m->kind]);
		table_cell(&t, "%s", m->value ?: "1");
		table_cell(&t, "%s", m->unit ?: "");
		table_cell(&t, "%s", buf_cstr(&tags));
	}
	print_section("Metrics", &t);
}

void probe_describe(const struct probe_source *s, const struct kernel *k)
{
	printf("%s%s%s\n%s\n", s->name, s->summary[0] ? ": " : "", s->summary, s->path);
	if (s->stock)
		printf("a BCC program: it has no front matter\n");
	print_options(s);
	print_points(s, k);
	print_fields(s);
	print_metrics(s);
}

json_t *json_text(const char *text)
{
	json_t *string = json_string(text);

	return string ? string : json_string("(not UTF-8)");
}

static void set_text(json_t *object, const char *key, const char *text)
{
	if (text)
		json_object_set_new(object, key, json_text(text));
}

/* The default, in JSON's own types where it has them; times and sizes as they are written. */
static json_t *value_json(const struct probe_option *o)
{
	int64_t number = 0;
	json_t *list;

	switch (o->type) {
	case PROBE_BOOL:
		return json_boolean(streq(o->value, "true"));
	case PROBE_INT:
		parse_i64(o->value, &number);
		return json_integer(number);
	case PROBE_LIST:
		list = json_array();
		for (size_t i = 0; i < o->n_list; i++)
			json_array_append_new(list, json_text(o->list[i]));
		return list;
	default:
		return json_text(o->value);
	}
}

static json_t *options_json(const struct probe_source *s)
{
	json_t *options = json_array();

	for (size_t i = 0; i < s->n_options; i++) {
		const struct probe_option *o = &s->options[i];
		json_t *option = json_object();

		set_text(option, "name", o->name);
		set_text(option, "type", probe_option_type_name(o->type));
		json_object_set_new(option, "default", value_json(o));
		set_text(option, "help", o->help);
		json_array_append_new(options, option);
	}
	return options;
}

static json_t *points_json(const struct probe_source *s, const struct kernel *k)
{
	json_t *list = json_array();
	size_t n;
	struct point *points = list_points(s, k, &n);

	for (size_t i = 0; i < n; i++) {
		json_t *point = json_object();

		set_text(point, "point", points[i].describes);
		set_text(point, "function", points[i].function);
		json_array_append_new(list, point);
	}
	free_points(points, n);
	return list;
}

static json_t *fields_json(const struct probe_source *s)
{
	json_t *fields = json_array();

	for (size_t i = 0; i < s->n_fields; i++) {
		json_t *field = json_object();

		set_text(field, "name", s->fields[i].name);
		set_text(field, "help", s->fields[i].help);
		set_text(field, "decode", s->fields[i].decode);
		json_array_append_new(fields, field);
	}
	return fields;
}

static json_t *metrics_json(const struct probe_source *s)
{
	json_t *metrics = json_array();

	for (size_t i = 0; i < s->n_metrics; i++) {
		const struct metric *m = &s->metrics[i];
		json_t *metric = json_object(), *tags = json_object();

		for (size_t j = 0; j < m->n_tags; j++)
			set_text(tags, m->tags[j].tag, m->tags[j].field);
		set_text(metric, "name", m->name);
		set_text(metric, "kind", metric_kind_names[m->kind]);
		set_text(metric, "event", m->event ?: s->name);
		set_text(metric, "value", m->value ?: "1");
		set_text(metric, "unit", m->unit);
		json_object_set_new(metric, "tags", tags);
		json_array_append_new(metrics, metric);
	}
	return metrics;
}

json_t *probe_describe_json(const struct probe_source *s, const struct kernel *k)
{
	json_t *probe = json_object();

	set_text(probe, "name", s->name);
	set_text(probe, "file", s->path);
	set_text(probe, "summary", s->summary);
	json_object_set_new(probe, "stock", json_boolean(s->stock));
	json_object_set_new(probe, "options", options_json(s));
	json_object_set_new(probe, "attach", points_json(s, k));
	json_object_set_new(probe, "fields", fields_json(s));
	json_object_set_new(probe, "metrics", metrics_json(s));
	return probe;
}
