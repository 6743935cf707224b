// SPDX-License-Identifier: Apache-2.0
#include "cli/common.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "util/alloc.h"
#include "util/cleanup.h"
#include "util/log.h"

void cli_select_probe(struct cli_selection *s, const char *name_or_file)
{
	*array_push(&s->probes, &s->n_probes, &s->cap) = name_or_file;
}

void cli_selection_done(struct cli_selection *s)
{
	free(s->probes);
	*s = (struct cli_selection){};
}

int cli_parse_selection(const struct cli_spec *spec, int argc, char **argv, struct cli_selection *s)
{
	const char *value;

	for (;;) {
		switch (cli_next(spec, argc, argv, &value)) {
		case 'c':
			s->config = value;
			break;
		case 'p':
			cli_select_probe(s, value);
			break;
		case CLI_DONE:
			return -1;
		case CLI_HELP:
			return 0;
		default:
			return EXIT_USAGE;
		}
	}
}

struct config *cli_config(const struct cli_selection *s)
{
	_cleanup_(diag_donep) struct diag diag = {};
	struct config *c;

	if (config_load(s->config, &c, &diag)) {
		fprintf(stderr, "%s\n", diag_text(&diag));
		return NULL;
	}
	if (diag.warnings)
		fprintf(stderr, "%s\n", diag_text(&diag));
	if (s->n_probes)
		config_set_probes(c, s->probes, s->n_probes);
	log_set_level((enum log_level)c->log);
	return c;
}

bool cli_set_output(struct config *c, const char *command, const char *format)
{
	for (int i = 0; format_names[i]; i++) {
		if (!streq(format_names[i], format))
			continue;
		config_set_console(c, i);
		return true;
	}
	fprintf(stderr, "quern %s: --output takes text or json, not '%s'\n", command, format);
	return false;
}

char *cli_headline(const char *text, size_t max)
{
	size_t n = strcspn(text, "\n");

	if (n > max)
		return xasprintf("%.*s…", (int)max, text);
	return xstrndup(text, n);
}
