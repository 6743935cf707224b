/* SPDX-License-Identifier: Apache-2.0 */
/* What several commands do alike: common arguments, loading the configuration, making a setup. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "agent/setup.h"
#include "cli/args.h"
#include "config/config.h"

/* Arguments of the commands that work on a configuration's probes. */
struct cli_selection {
	const char *config;  /* -c FILE; NULL: the default places */
	const char **probes; /* -p, or operands: names and files instead of the configuration's */
	size_t n_probes, cap;
};

void cli_select_probe(struct cli_selection *s, const char *name_or_file);
void cli_selection_done(struct cli_selection *s);

/*
 * Parse the command line of a command that takes -c and -p only. -1 to go on, else the exit code.
 */
int cli_parse_selection(const struct cli_spec *spec, int argc, char **argv,
                        struct cli_selection *s);

/* The configuration with the selection applied, or NULL after its errors were printed. */
struct config *cli_config(const struct cli_selection *s);

/* -o FORMAT: the console prints in this format. False after an unknown one was named. */
bool cli_set_output(struct config *c, const char *command, const char *format);

/* The first line of a text that may have several, cut to `max` bytes, as a heap string. */
char *cli_headline(const char *text, size_t max);
