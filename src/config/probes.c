// SPDX-License-Identifier: Apache-2.0
/*
 * The list of probes. An entry is a name, "name: {…}", or a mapping with a `path`. Whether there is
 * such a probe, and what its options are, is found out when it is loaded: then one wrong probe does
 * not keep the others from running.
 */
#include <errno.h>
#include <string.h>

#include "config/parts.h"
#include "util/alloc.h"

const struct option config_probe_options[] = {
	{"buffer", OPTION_BYTES, offsetof(struct config_probe, buffer_bytes), .min = 64 << 10,
         .max = 1 << 30, .help = "memory for the probe's events of one kind"},
	OPTION_END,
};

/* A name stays a name; a path is made one that holds from any working directory of the file. */
static char *resolve_name(const struct config *c, const char *name)
{
	size_t n = strlen(name);

	if (strchr(name, '/') || (n > 2 && streq(name + n - 2, ".c")))
		return config_resolve_path(c, name);
	return xstrdup(name);
}

static int check_twin(const struct config *c, const struct config_probe *probe, struct diag *diag)
{
	for (size_t i = 0; i < c->n_probes; i++) {
		const struct config_probe *twin = &c->probes[i];
		_cleanup_(freep) char *shown = NULL;

		if (!streq(twin->name, probe->name))
			continue;
		shown = diag_quote(probe->name);
		return yaml_error(diag, probe->node, "probe %s is listed twice, first in line %u",
		                  shown, twin->node->line);
	}
	return 0;
}

/* What stands beside a probe's name or path. */
static int parse_body(struct config_probe *probe, const struct yaml_node *body,
                      const char *const *skip, struct diag *diag)
{
	int r = options_parse(config_probe_options, body, skip, probe, diag);

	probe->options = yaml_get(body, "options");
	if (probe->options && probe->options->kind != YAML_MAPPING)
		r = config_refuse(probe->options, "options", "a mapping such as {NAME: VALUE}",
		                  diag);
	return r;
}

static int parse_probe(struct config *c, const struct yaml_node *node, struct config_probe *probe,
                       struct diag *diag)
{
	static const char *const beside_path[] = {"path", "options", NULL};
	const struct yaml_node *path = node->kind == YAML_MAPPING ? yaml_get(node, "path") : NULL;
	const struct yaml_node *body;
	const char *name;
	int r;

	if (path) {
		if (path->kind != YAML_SCALAR || !path->text[0])
			return config_refuse(path, "path", "a file such as ./probe.c", diag);
		probe->name = config_resolve_path(c, path->text);
		return parse_body(probe, node, beside_path, diag);
	}
	r = config_read_entry(node, "a probe's name", &name, &body, diag);
	if (r)
		return r;
	probe->name = resolve_name(c, name);
	return body ? parse_body(probe, body, beside_path + 1, diag) : 0;
}

int config_parse_probes(struct config *c, const struct yaml_node *section, struct diag *diag)
{
	size_t cap = 0;
	int r = 0;

	if (section->kind != YAML_SEQUENCE)
		return config_refuse(section, "probes", "a list such as [exec, tcp_connect]", diag);
	yaml_for_each (node, section) {
		struct config_probe probe = {.node = node};
		int bad = parse_probe(c, node, &probe, diag);

		if (!bad)
			bad = check_twin(c, &probe, diag);
		if (bad) {
			free(probe.name);
			r = bad;
			continue;
		}
		*array_push(&c->probes, &c->n_probes, &cap) = probe;
	}
	return r;
}

static const struct config_probe *find_probe(const struct config_probe *probes, size_t n,
                                             const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (streq(probes[i].name, name))
			return &probes[i];
	return NULL;
}

void config_set_probes(struct config *c, const char *const *names, size_t n)
{
	struct config_probe *configured = c->probes;
	size_t n_configured = c->n_probes, cap = 0;

	c->probes = NULL;
	c->n_probes = 0;
	for (size_t i = 0; i < n; i++) {
		const struct config_probe *as = find_probe(configured, n_configured, names[i]);
		struct config_probe *probe;

		if (find_probe(c->probes, c->n_probes, names[i]))
			continue;
		probe = array_push(&c->probes, &c->n_probes, &cap);
		if (as)
			*probe = *as;
		probe->name = xstrdup(names[i]);
	}
	for (size_t i = 0; i < n_configured; i++)
		free(configured[i].name);
	free(configured);
}
