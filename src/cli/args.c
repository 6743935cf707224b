// SPDX-License-Identifier: Apache-2.0
#include "cli/args.h"

#include <assert.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#define ARGS_MAX 32

/* The table in getopt's form; `letters` gets its short options. */
static void convert(const struct cli_arg *args, struct option *longs, char *letters)
{
	size_t n = 0;

	*letters++ = '-'; /* operands come in order, as the argument of option 1 */
	*letters++ = ':'; /* a missing value is told from an unknown option */
	for (; args[n].name; n++) {
		assert(n < ARGS_MAX);
		longs[n] =
			(struct option){.name = args[n].name,
		                        .has_arg = args[n].value ? required_argument : no_argument,
		                        .val = args[n].id};
		if (args[n].id > 255)
			continue;
		*letters++ = (char)args[n].id;
		if (args[n].value)
			*letters++ = ':';
	}
	longs[n++] = (struct option){.name = "help", .val = 'h'};
	longs[n] = (struct option){};
	*letters++ = 'h';
	*letters = '\0';
}

static void print_arg(const struct cli_arg *arg)
{
	char left[64];
	int n = 0;

	if (arg->id > 255)
		n += snprintf(left, sizeof(left), "      --%s", arg->name);
	else
		n += snprintf(left, sizeof(left), "  -%c, --%s", arg->id, arg->name);
	if (arg->value)
		snprintf(left + n, sizeof(left) - (size_t)n, " %s", arg->value);
	printf("%-24s", left);
	for (const char *line = arg->help;;) {
		size_t len = strcspn(line, "\n");

		printf("%.*s\n", (int)len, line);
		if (!line[len])
			break;
		line += len + 1;
		printf("%24s", "");
	}
}

static void print_help(const struct cli_spec *spec)
{
	static const struct cli_arg help = {'h', "help", NULL, "show this text"};

	printf("usage: quern %s %s\n\n%s\n", spec->command, spec->synopsis, spec->about);
	for (const struct cli_arg *arg = spec->args; arg->name; arg++)
		print_arg(arg);
	print_arg(&help);
}

static int complain(const struct cli_spec *spec, const char *what, const char *argument)
{
	fprintf(stderr, "quern %s: %s '%s'; see quern %s --help\n", spec->command, what, argument,
	        spec->command);
	return CLI_BAD;
}

int cli_next(const struct cli_spec *spec, int argc, char **argv, const char **ret_value)
{
	struct option longs[ARGS_MAX + 2];
	char letters[3 * ARGS_MAX];
	static int operands;
	int id;

	convert(spec->args, longs, letters);
	if (optind <= 1)
		operands = 0;
	opterr = 0;
	id = getopt_long(argc, argv, letters, longs, NULL);
	*ret_value = optarg;
	switch (id) {
	case 'h':
		print_help(spec);
		return CLI_HELP;
	case ':':
		return complain(spec, "a value is missing behind", argv[optind - 1]);
	case '?':
		return complain(spec, "no such option", argv[optind - 1]);
	case -1:
		if (optind == argc)
			return CLI_DONE;
		*ret_value = argv[optind++]; /* operands behind "--" */
		id = CLI_OPERAND;
		break;
	}
	if (id == CLI_OPERAND && ++operands > spec->max_operands)
		return complain(spec, "unexpected argument", *ret_value);
	return id;
}
