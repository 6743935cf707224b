// SPDX-License-Identifier: Apache-2.0
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "config/parts.h"
#include "util/alloc.h"

/*
 * A variable turns on its sink, or sets one of its keys, or both. Without a key any value will do; with
 * one, an empty value is none, and a bare number may have a unit.
 */
static const struct variable {
	const char *name, *sink, *key;
	bool turns_on;
	const char *unit;
} variables[] = {
	{"CONSOLE", "console", NULL, true},
	{"AWS_BUCKET", "s3", "bucket", true},
	{"AWS_REGION", "s3", "region", false},
	{"AWS_INTERVAL", "s3", "interval", false, "s"},
	{"AWS_ENDPOINT_URL", "s3", "endpoint", false},
	{"AWS_ENDPOINT_URL_S3", "s3", "endpoint", false},
	{"STATSD_HOST", "statsd", "host", true},
	{"STATSD_PORT", "statsd", "port", false},
};

static size_t count_options(const struct option *table)
{
	size_t n = 0;

	while (table && table[n].key)
		n++;
	return n;
}

/* The keys of every sink and those of this one as one table: both are offsets into one struct. */
static struct option *join_options(const struct sink_ops *ops)
{
	size_t common = count_options(sink_options), own = count_options(ops->options);
	struct option *all = xcalloc(common + own + 1, sizeof(*all));

	memcpy(all, sink_options, common * sizeof(*all));
	if (own)
		memcpy(all + common, ops->options, own * sizeof(*all));
	return all;
}

static struct sink *add_sink(struct config *c, const struct sink_ops *ops,
                             const struct yaml_node *node)
{
	_cleanup_(freep) char *label = xstrdup(ops->name);
	size_t twins = 0;

	for (size_t i = 0; i < c->n_sinks; i++)
		twins += c->sinks[i].sink->ops == ops;
	if (twins) {
		free(label);
		label = xasprintf("%s-%zu", ops->name, twins + 1);
	}
	c->sinks = xrealloc(c->sinks, c->n_sinks + 1, sizeof(*c->sinks));
	c->sinks[c->n_sinks] = (struct config_sink){.sink = sink_new(ops, label), .node = node};
	return c->sinks[c->n_sinks++].sink;
}

static struct sink *find_sink(const struct config *c, const struct sink_ops *ops)
{
	for (size_t i = 0; i < c->n_sinks; i++)
		if (c->sinks[i].sink->ops == ops)
			return c->sinks[i].sink;
	return NULL;
}

static int refuse_unknown(const struct yaml_node *node, const char *name, struct diag *diag)
{
	_cleanup_(freep) const char **names = NULL;
	_cleanup_(freep) char *shown = diag_quote(name);
	_cleanup_(buf_donep) struct buf known = {};
	size_t n = 0, cap = 0;
	const char *near;

	for (const struct sink_ops *const *ops = sink_list; *ops; ops++) {
		buf_printf(&known, "%s%s", n ? ", " : "", (*ops)->name);
		*array_push(&names, &n, &cap) = (*ops)->name;
	}
	near = nearest_word(name, names, n);
	if (near)
		return yaml_error(diag, node, "no sink is called %s; did you mean \"%s\"?", shown,
		                  near);
	return yaml_error(diag, node, "no sink is called %s; known: %s", shown, buf_cstr(&known));
}

/* What is wanted and not there, when the sink is but a name in the list. */
static int refuse_missing(const struct sink_ops *ops, const struct yaml_node *node,
                          struct diag *diag)
{
	int r = 0;

	for (const struct option *opt = ops->options; opt && opt->key; opt++)
		if (opt->required)
			r = yaml_error(diag, node, "%s: \"%s\" is missing: %s", ops->name, opt->key,
			               opt->help);
	return r;
}

static void resolve_paths(const struct config *c, struct sink *sink)
{
	for (const struct option *opt = sink->ops->options; opt && opt->key; opt++) {
		char **path = (char **)((char *)sink + opt->offset);
		char *resolved;

		if (opt->type != OPTION_PATH || !*path)
			continue;
		resolved = config_resolve_path(c, *path);
		free(*path);
		*path = resolved;
	}
}

static int parse_sink(struct config *c, const struct yaml_node *node, struct diag *diag)
{
	_cleanup_(freep) struct option *options = NULL;
	const struct yaml_node *body;
	const struct sink_ops *ops;
	const char *name;
	struct sink *sink;
	int r = config_read_entry(node, "a sink's name", &name, &body, diag);

	if (r)
		return r;
	ops = sink_ops_find(name);
	if (!ops)
		return refuse_unknown(node, name, diag);
	sink = add_sink(c, ops, node);
	if (!body)
		return refuse_missing(ops, node, diag);
	options = join_options(ops);
	r = options_parse(options, body, NULL, sink, diag);
	resolve_paths(c, sink);
	return r;
}

int config_parse_sinks(struct config *c, const struct yaml_node *section, struct diag *diag)
{
	int r = 0;

	if (section->kind != YAML_SEQUENCE)
		return config_refuse(section, "sinks", "a list such as [console]", diag);
	yaml_for_each (node, section) {
		r = parse_sink(c, node, diag) ?: r;
	}
	return r;
}

static int apply_variable(struct config *c, const struct variable *v, struct diag *diag)
{
	const struct sink_ops *ops = sink_ops_find(v->sink);
	const struct option *opt = ops->options;
	const char *value = getenv(v->name);
	struct sink *sink = find_sink(c, ops);
	_cleanup_(freep) char *text = NULL;

	if (!value || (v->key && !*value))
		return 0;
	if (!sink && v->turns_on)
		sink = add_sink(c, ops, NULL);
	if (!sink || !v->key)
		return 0;
	while (!streq(opt->key, v->key))
		opt++;
	if (v->unit && strspn(value, "0123456789") == strlen(value))
		text = xasprintf("%s%s", value, v->unit);
	return option_set(opt, text ? text : value, v->name, sink, diag);
}

int config_apply_environment(struct config *c, struct diag *diag)
{
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(variables); i++)
		r = apply_variable(c, &variables[i], diag) ?: r;
	return r;
}

int config_check_sinks(const struct config *c, struct diag *diag)
{
	int r = 0;

	for (size_t i = 0; i < c->n_sinks; i++) {
		_cleanup_(diag_donep) struct diag problem = {};
		const struct config_sink *s = &c->sinks[i];

		if (!s->sink->ops->check || !s->sink->ops->check(s->sink, &problem))
			continue;
		if (s->node)
			r = yaml_error(diag, s->node, "%s: %s", s->sink->label,
			               diag_text(&problem));
		else
			r = diag_error(diag, -EINVAL, "sink %s: %s", s->sink->label,
			               diag_text(&problem));
	}
	return r;
}

void config_set_console(struct config *c, enum format format)
{
	const struct sink_ops *ops = sink_ops_find("console");
	struct sink *sink;

	assert(ops);
	sink = find_sink(c, ops);
	if (!sink)
		sink = add_sink(c, ops, NULL);
	sink->format = (int)format;
}
