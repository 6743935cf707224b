/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A command's arguments: one table says what it takes; parsing (by getopt_long) and --help come from
 * it. Options and operands may be mixed.
 */
#pragma once

struct cli_arg {
	int id;            /* the letter, or any number above 255 for one without a letter */
	const char *name;  /* the long form, without its dashes */
	const char *value; /* what it takes, as shown in the help ("FILE"); NULL: a flag */
	const char *help;  /* may hold newlines: further lines are indented */
};

struct cli_spec {
	const char *command;        /* "run" */
	const char *synopsis;       /* "[OPTION…] FILE" */
	const char *about;          /* paragraphs, ending in a newline */
	const struct cli_arg *args; /* ends with a NULL name; -h, --help is added */
	int max_operands;
};

enum { CLI_DONE = -1, CLI_HELP = -2, CLI_BAD = -3, CLI_OPERAND = 1 };

/*
 * The next argument: its id, CLI_OPERAND, or CLI_DONE at the end; *ret_value is its value. After
 * CLI_HELP the help was printed (exit 0), after CLI_BAD the mistake was named on stderr (exit
 * EXIT_USAGE). Not reentrant, as getopt is not; start each command line with its first call.
 */
int cli_next(const struct cli_spec *spec, int argc, char **argv, const char **ret_value);
