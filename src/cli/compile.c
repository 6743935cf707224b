// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <stdlib.h>

#include "agent/setup.h"
#include "cli/args.h"
#include "cli/cli.h"
#include "cli/common.h"
#include "util/cleanup.h"

static const struct cli_arg args[] = {
	{'o', "output", "DIR", "the cache folder to fill (created if missing)"},
	{'c', "config", "FILE", "compile the probes of this configuration, with its options"},
	{},
};

static const struct cli_spec spec = {
	.command = "compile",
	.synopsis = "-o DIR [OPTION…] [PROBE…]",
	.about = "Compile probes for the running kernel into a cache folder, ahead of time. An\n"
		 "agent whose cache_dir is that folder starts without running the compiler. PROBE\n"
		 "is a name or a C file; without one the configuration's probes are compiled.\n",
	.args = args,
	.max_operands = 1000,
};

static int parse(int argc, char **argv, struct cli_selection *selection, const char **dir)
{
	const char *value;

	for (;;) {
		switch (cli_next(&spec, argc, argv, &value)) {
		case 'o':
			*dir = value;
			break;
		case 'c':
			selection->config = value;
			break;
		case CLI_OPERAND:
			cli_select_probe(selection, value);
			break;
		case CLI_DONE:
			if (*dir)
				return -1;
			fputs("quern compile: -o DIR is missing; see quern compile --help\n",
			      stderr);
			return EXIT_USAGE;
		case CLI_HELP:
			return 0;
		default:
			return EXIT_USAGE;
		}
	}
}

int cmd_compile(int argc, char **argv)
{
	_cleanup_(cli_selection_done) struct cli_selection selection = {};
	_cleanup_(setup_freep) struct setup *setup = NULL;
	const char *dir = NULL;
	struct config *config;
	int r = parse(argc, argv, &selection, &dir);

	if (r >= 0)
		return r;
	config = cli_config(&selection);
	if (!config)
		return EXIT_FAILURE;
	setup = setup_new(config);
	setup_build(setup, dir, true);
	for (size_t i = 0; i < setup->n_probes; i++) {
		const struct probe *p = setup->probes[i];

		if (p->warnings)
			fprintf(stderr, "%s: %s\n", p->name, p->warnings);
		if (p->state == PROBE_FAILED)
			fprintf(stderr, "%s: %s\n", p->name, p->reason);
		else
			printf("%s: %s, types: %s\n", p->name,
			       p->cached ? "already there" : "compiled", p->object->types);
	}
	return setup_count(setup, PROBE_FAILED) ? EXIT_FAILURE : EXIT_SUCCESS;
}
