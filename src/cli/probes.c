// SPDX-License-Identifier: Apache-2.0
/* quern probes: what there is to run. Sources are read and checked, nothing is compiled. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/args.h"
#include "cli/cli.h"
#include "cli/probe_describe.h"
#include "cli/table.h"
#include "config/config.h"
#include "util/alloc.h"

enum { ARG_JSON = 256 };

static const struct cli_arg args[] = {
	{'c', "config", "FILE", "the configuration, for its probe_path"},
	{ARG_JSON, "json", NULL, "print JSON"},
	{},
};

static const struct cli_spec spec = {
	.command = "probes",
	.synopsis = "[OPTION…] [NAME or FILE]",
	.about =
		"List the installed probes, or tell what one of them is: its options, attach points,\n"
		"fields and metrics.\n",
	.args = args,
	.max_operands = 1,
};

/* The name by which a probe is found: its file's, without the ending. */
static char *file_stem(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;

	return xstrndup(base, strlen(base) - strlen(".c"));
}

static void add_row(struct table *t, json_t *list, const char *path)
{
	_cleanup_(diag_donep) struct diag diag = {};
	_cleanup_(probe_source_freep) struct probe_source *s = NULL;
	_cleanup_(freep) char *name = file_stem(path);
	json_t *row = json_object();

	json_object_set_new(row, "name", json_text(name));
	json_object_set_new(row, "file", json_text(path));
	table_cell(t, "%s", name);
	if (probe_source_load(path, false, &s, &diag)) {
		const char *why = diag_text(&diag);

		json_object_set_new(row, "error", json_text(why));
		table_cell(t, "broken: %.*s", (int)strcspn(why, "\n"), why);
	} else {
		json_object_set_new(row, "summary", json_text(s->summary));
		table_cell(t, "%s", s->stock ? "(a BCC program)" : s->summary);
	}
	json_array_append_new(list, row);
}

static int list_probes(const struct config *c, bool json)
{
	static const char *const heading[] = {"NAME", "SUMMARY", NULL};
	json_t *list = json_array();
	struct table t;
	char **paths;
	size_t n = probe_list((const char *const *)c->probe_path, c->n_probe_path, &paths);

	table_init(&t, heading);
	for (size_t i = 0; i < n; i++) {
		add_row(&t, list, paths[i]);
		free(paths[i]);
	}
	free(paths);
	if (json) {
		json_dumpf(list, stdout, JSON_INDENT(2));
		putchar('\n');
	} else if (n) {
		table_print(&t, stdout, 0);
	} else {
		printf("no probes in");
		for (size_t i = 0; i < c->n_probe_path; i++)
			printf("%s %s", i ? "," : "", c->probe_path[i]);
		putchar('\n');
	}
	table_done(&t);
	json_decref(list);
	return EXIT_SUCCESS;
}

static int show_probe(const struct config *c, const char *name, bool json)
{
	_cleanup_(diag_donep) struct diag diag = {};
	_cleanup_(probe_source_freep) struct probe_source *s = NULL;
	_cleanup_(freep) char *path = NULL;
	struct kernel *k;
	int r = probe_find(name, (const char *const *)c->probe_path, c->n_probe_path, &path, &diag);

	if (!r)
		r = probe_source_load(path, false, &s, &diag);
	if (r) {
		fprintf(stderr, "%s\n", diag_text(&diag));
		return EXIT_FAILURE;
	}
	k = kernel_probe(false);
	if (json) {
		json_t *probe = probe_describe_json(s, k);

		json_dumpf(probe, stdout, JSON_INDENT(2));
		putchar('\n');
		json_decref(probe);
	} else {
		probe_describe(s, k);
	}
	kernel_free(k);
	return EXIT_SUCCESS;
}

int cmd_probes(int argc, char **argv)
{
	_cleanup_(config_freep) struct config *c = NULL;
	_cleanup_(diag_donep) struct diag diag = {};
	const char *file = NULL, *name = NULL, *value;
	bool json = false;
	int id;

	while ((id = cli_next(&spec, argc, argv, &value)) != CLI_DONE) {
		switch (id) {
		case 'c':
			file = value;
			break;
		case ARG_JSON:
			json = true;
			break;
		case CLI_OPERAND:
			name = value;
			break;
		case CLI_HELP:
			return EXIT_SUCCESS;
		default:
			return EXIT_USAGE;
		}
	}
	if (config_load(file, &c, &diag)) {
		fprintf(stderr, "%s\n", diag_text(&diag));
		return EXIT_FAILURE;
	}
	return name ? show_probe(c, name, json) : list_probes(c, json);
}
