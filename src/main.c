// SPDX-License-Identifier: Apache-2.0
/* The program `quern`: picks the command. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "util/alloc.h"
#include "util/diag.h"

static const struct command {
	const char *name;
	const char *summary;
	int (*run)(int argc, char **argv);
} commands[] = {
	{"run", "run the agent in the foreground", cmd_run},
	{"check", "try a configuration: compile and verify its probes, attach nothing", cmd_check},
	{"probes", "list the probes, or tell what one is", cmd_probes},
	{"doctor", "say what this kernel offers, and what each probe will use", cmd_doctor},
	{"compile", "compile probes into a cache folder ahead of time", cmd_compile},
	{"status", "ask the running agent where every event is", cmd_status},
	{"tap", "print the running agent's events", cmd_tap},
	{"replay", "feed a recording through the pipeline, without a kernel", cmd_replay},
	{"version", "print versions", cmd_version},
};

static void print_commands(FILE *out)
{
	fputs("usage: quern COMMAND [OPTION…]\n\n"
	      "Quern compiles C probes into eBPF on the host where they run, attaches them, and\n"
	      "delivers their events.\n\n",
	      out);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].summary);
	fputs("\n`quern COMMAND --help` tells more. Exit codes: 0 fine, 1 something asked for does\n"
	      "not work, 2 wrong usage.\n",
	      out);
}

static int unknown(const char *name)
{
	const char *names[ARRAY_SIZE(commands)];
	const char *near;

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		names[i] = commands[i].name;
	near = nearest_word(name, names, ARRAY_SIZE(commands));
	fprintf(stderr, "quern: no command '%s'%s%s%s; see quern --help\n", name,
	        near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : NULL;

	if (!name) {
		print_commands(stderr);
		return EXIT_USAGE;
	}
	if (streq(name, "-h") || streq(name, "--help") || streq(name, "help")) {
		print_commands(stdout);
		return EXIT_SUCCESS;
	}
	if (streq(name, "--version"))
		name = "version";
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (streq(name, commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
	return unknown(name);
}
