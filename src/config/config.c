// SPDX-License-Identifier: Apache-2.0
#include "config/config.h"

#include <errno.h>
#include <string.h>

#include "config/parts.h"
#include "util/alloc.h"
#include "util/file.h"
#include "util/log.h"
#include "util/paths.h"
#include "util/time.h"

const char config_default[] = "probes:\n"
			      "  - exec\n"
			      "  - exit\n"
			      "  - tcp_connect\n"
			      "  - tcp_accept\n"
			      "  - file_open\n"
			      "sinks:\n"
			      "  - console\n";

static const char *const transports[] = {
	[TRANSPORT_AUTO] = "auto",
	[TRANSPORT_RING] = "ring",
	[TRANSPORT_PERF] = "perf",
	NULL,
};

static const char *const levels[] = {
	[LOG_LEVEL_ERROR] = "error", [LOG_LEVEL_WARNING] = "warning", [LOG_LEVEL_NOTICE] = "notice",
	[LOG_LEVEL_INFO] = "info",   [LOG_LEVEL_DEBUG] = "debug",     NULL,
};

static const char *const type_words[] = {"auto", "btf", "headers"};

#define AT(member) offsetof(struct config, member)
#define MIB        ((int64_t)1 << 20)
#define SECONDS    ((int64_t)NSEC_PER_SEC)

const struct option config_options[] = {
	{"state_dir", OPTION_STRING, AT(state_dir), "/var/lib/quern",
         .help = "folder for what must survive a restart"},
	{"cache_dir", OPTION_STRING, AT(cache_dir), "/var/cache/quern",
         .help = "folder for compiled probes"},
	{"run_dir", OPTION_STRING, AT(run_dir), "/run/quern",
         .help = "folder for the agent's control socket"},
	{"types", OPTION_STRING, AT(types), "auto",
         .help = "where the kernel's types come from: auto, btf, headers or a directory"},
	{"types_any_version", OPTION_BOOL, AT(types_any_version), "false",
         .help = "take headers of another version than the running kernel's"},
	{"transport", OPTION_CHOICE, AT(transport), "auto", .choices = transports,
         .help = "what carries events out of the kernel; auto: ring where the kernel has it"},
	{"buffer", OPTION_BYTES, AT(buffer_bytes), "2M", .min = MIB / 16, .max = 1024 * MIB,
         .help = "memory for the events of one kind, rounded up to a power of two"},
	{"drain", OPTION_DURATION, AT(drain_ns), "10ms", .min = SECONDS / 1000, .max = 10 * SECONDS,
         .help = "how often the kernel's buffers are emptied"},
	{"compile_timeout", OPTION_DURATION, AT(compile_timeout_ns), "60s", .min = SECONDS,
         .max = 3600 * SECONDS, .help = "a probe's compile is ended after this time"},
	{"compile_memory", OPTION_BYTES, AT(compile_memory), "2G", .min = 256 * MIB,
         .max = 65536 * MIB, .help = "memory that one compile may take"},
	{"shutdown_timeout", OPTION_DURATION, AT(shutdown_ns), "5s", .min = 0, .max = 600 * SECONDS,
         .help = "how long the agent may deliver events after it was told to stop"},
	{"log", OPTION_CHOICE, AT(log), "info", .choices = levels,
         .help = "the agent's own log: this level and what is more severe"},
	OPTION_END,
};

static const char *const sections[] = {"probes", "sinks", "probe_path", NULL};

int config_refuse(const struct yaml_node *node, const char *key, const char *takes,
                  struct diag *diag)
{
	_cleanup_(freep) char *got = yaml_describe(node);
	_cleanup_(freep) char *shown = diag_quote(key);

	return yaml_error(diag, node, "%s takes %s, not %s", shown, takes, got);
}

char *config_resolve_path(const struct config *c, const char *path)
{
	const char *slash = strrchr(c->path, '/');

	if (path[0] == '/')
		return xstrdup(path);
	while (!strncmp(path, "./", 2))
		path += 2;
	if (!slash)
		return xasprintf("./%s", path);
	return xasprintf("%.*s/%s", (int)(slash - c->path), c->path, path);
}

int config_read_entry(const struct yaml_node *node, const char *what, const char **ret_name,
                      const struct yaml_node **ret_body, struct diag *diag)
{
	const struct yaml_node *first = node->n_children ? node->children[0] : NULL;
	_cleanup_(freep) char *got = NULL;

	if (node->kind == YAML_SCALAR && node->text[0]) {
		*ret_name = node->text;
		*ret_body = NULL;
		return 0;
	}
	if (node->kind != YAML_MAPPING || !first) {
		got = node->n_children || node->kind == YAML_SCALAR ? yaml_describe(node)
		                                                    : xstrdup("an empty value");
		return yaml_error(diag, node, "%s goes here, not %s", what, got);
	}
	if (!first->key[0])
		return yaml_error_key(diag, first, "%s goes here, not an empty value", what);
	if (node->n_children > 1) {
		_cleanup_(freep) char *other = diag_quote(node->children[1]->key);

		got = diag_quote(first->key);
		return yaml_error_key(diag, node->children[1],
		                      "%s stands beside %s; indent it further if it belongs to it, "
		                      "or start it with \"- \"",
		                      other, got);
	}
	if (first->kind != YAML_MAPPING && !yaml_is_empty(first))
		return config_refuse(first, first->key, "a mapping of \"key: value\"", diag);
	*ret_name = first->key;
	*ret_body = first->kind == YAML_MAPPING ? first : NULL;
	return 0;
}

/* `types` is a word or a folder; a misspelt word must not become a folder. */
static int check_types(struct config *c, struct diag *diag)
{
	const struct yaml_node *node = yaml_get(c->tree, "types");
	_cleanup_(freep) char *shown = NULL, *folder = NULL;
	const char *near;

	for (size_t i = 0; i < ARRAY_SIZE(type_words); i++)
		if (streq(c->types, type_words[i]))
			return 0;
	if (strchr(c->types, '/')) {
		folder = config_resolve_path(c, c->types);
		free(c->types);
		c->types = steal(&folder);
		return 0;
	}
	shown = diag_quote(c->types);
	near = nearest_word(c->types, type_words, ARRAY_SIZE(type_words));
	return yaml_error(diag, node,
	                  "\"types\" takes auto, btf, headers or a directory (with a \"/\"), not "
	                  "%s%s%s%s",
	                  shown, near ? "; did you mean \"" : "", near ?: "", near ? "\"?" : "");
}

static void resolve_folders(struct config *c)
{
	char **const folders[] = {&c->state_dir, &c->cache_dir, &c->run_dir};

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		char *resolved = config_resolve_path(c, *folders[i]);

		free(*folders[i]);
		*folders[i] = resolved;
	}
}

static int parse_probe_path(struct config *c, struct diag *diag)
{
	const struct yaml_node *section = yaml_get(c->tree, "probe_path");
	size_t cap = 0;
	int r = 0;

	if (section && section->kind != YAML_SEQUENCE)
		r = config_refuse(section, "probe_path", "a list of folders", diag);
	else if (section)
		yaml_for_each (node, section) {
			if (node->kind == YAML_SCALAR && node->text[0])
				*array_push(&c->probe_path, &c->n_probe_path, &cap) =
					config_resolve_path(c, node->text);
			else
				r = config_refuse(node, "probe_path", "folders", diag);
		}
	*array_push(&c->probe_path, &c->n_probe_path, &cap) = path_join(path_sysconf(), "probes.d");
	*array_push(&c->probe_path, &c->n_probe_path, &cap) = xstrdup(path_probes());
	return r;
}

/* The sections that the file leaves out, from the default. The environment goes first. */
static int add_defaults(struct config *c, struct diag *diag)
{
	_cleanup_(yaml_tree_freep) struct yaml_node *tree = NULL;
	int r = yaml_parse("(default)", config_default, strlen(config_default), 1, &tree, diag);

	if (!r && !yaml_get(c->tree, "probes")) {
		r = config_parse_probes(c, yaml_get(tree, "probes"), diag);
		for (size_t i = 0; i < c->n_probes; i++)
			c->probes[i].node = NULL; /* its tree ends here */
	}
	if (!r && !yaml_get(c->tree, "sinks") && !c->n_sinks) {
		r = config_parse_sinks(c, yaml_get(tree, "sinks"), diag);
		for (size_t i = 0; i < c->n_sinks; i++)
			c->sinks[i].node = NULL;
	}
	return r;
}

static int parse_tree(struct config *c, struct diag *diag)
{
	const struct yaml_node *section;
	int r = options_parse(config_options, c->tree, sections, c, diag);

	if (c->tree->kind != YAML_MAPPING)
		return r;
	r = check_types(c, diag) ?: r;
	resolve_folders(c);
	r = parse_probe_path(c, diag) ?: r;
	section = yaml_get(c->tree, "probes");
	if (section)
		r = config_parse_probes(c, section, diag) ?: r;
	section = yaml_get(c->tree, "sinks");
	if (section)
		r = config_parse_sinks(c, section, diag) ?: r;
	if (r)
		return r;
	r = config_apply_environment(c, diag);
	r = config_check_sinks(c, diag) ?: r;
	return r ?: add_defaults(c, diag);
}

int config_parse(const char *path, const char *text, size_t size, struct config **ret,
                 struct diag *diag)
{
	_cleanup_(config_freep) struct config *c = xcalloc(1, sizeof(*c));
	int r;

	c->path = xstrdup(path);
	options_init(config_options, c);
	r = yaml_parse(path, text, size, 1, &c->tree, diag);
	if (!r)
		r = parse_tree(c, diag);
	if (!r)
		*ret = steal(&c);
	return r;
}

int config_load(const char *path, struct config **ret, struct diag *diag)
{
	_cleanup_(freep) char *usual = path_join(path_sysconf(), "quern.yaml");
	_cleanup_(buf_donep) struct buf text = {};
	int r;

	if (!path && !file_exists(usual))
		return config_parse("(default)", config_default, strlen(config_default), ret, diag);
	path = path ?: usual;
	r = file_read(path, YAML_BYTES_MAX, &text);
	if (r == -EFBIG)
		return diag_error(diag, r, "%s: larger than %u bytes: this is no configuration",
		                  path, YAML_BYTES_MAX);
	if (r)
		return diag_error(diag, r, "%s: %s", path, strerror(-r));
	return config_parse(path, text.data, text.len, ret, diag);
}

struct config *config_free(struct config *c)
{
	if (!c)
		return NULL;
	for (size_t i = 0; i < c->n_probes; i++)
		free(c->probes[i].name);
	for (size_t i = 0; i < c->n_sinks; i++)
		sink_free(c->sinks[i].sink);
	for (size_t i = 0; i < c->n_probe_path; i++)
		free(c->probe_path[i]);
	free(c->probes);
	free(c->sinks);
	free(c->probe_path);
	options_done(config_options, c);
	yaml_tree_free(c->tree);
	free(c->path);
	free(c);
	return NULL;
}
