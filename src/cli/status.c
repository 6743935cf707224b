// SPDX-License-Identifier: Apache-2.0
#include "cli/status.h"

#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/args.h"
#include "cli/ask.h"
#include "cli/cli.h"
#include "util/cleanup.h"

#define WATCH_SECONDS 1

enum { ARG_JSON = 256, ARG_RUN_DIR };

static const struct cli_arg args[] = {
	{'w', "watch", NULL, "show it again every second"},
	{ARG_JSON, "json", NULL, "print it as JSON, one object a line"},
	{'c', "config", "FILE", "ask the agent that runs by this configuration"},
	{ARG_RUN_DIR, "run-dir", "DIR", "ask the agent whose socket is in this folder"},
	{},
};

static const struct cli_spec spec = {
	.command = "status",
	.synopsis = "[OPTION…]",
	.about =
		"Ask the running agent where every event is. For each probe: emitted = lost + read +\n"
		"in flight. For each sink: read = malformed + delivered + filtered + aggregated +\n"
		"dropped + in flight. Exits 1 if no agent answers.\n",
	.args = args,
};

static void show(const json_t *status, bool as_json, bool again)
{
	if (as_json) {
		json_dumpf(status, stdout, JSON_COMPACT | JSON_REAL_PRECISION(12));
		putchar('\n');
	} else {
		if (again && isatty(STDOUT_FILENO))
			fputs("\033[H\033[2J", stdout); /* home, clear */
		status_print(status, stdout);
	}
	fflush(stdout);
}

int cmd_status(int argc, char **argv)
{
	const char *value, *config = NULL, *given = NULL;
	_cleanup_(freep) char *run_dir = NULL;
	bool as_json = false, watch = false;
	json_t *status;
	int arg;

	while ((arg = cli_next(&spec, argc, argv, &value)) != CLI_DONE) {
		if (arg == 'w')
			watch = true;
		else if (arg == ARG_JSON)
			as_json = true;
		else if (arg == 'c')
			config = value;
		else if (arg == ARG_RUN_DIR)
			given = value;
		else
			return arg == CLI_HELP ? EXIT_SUCCESS : EXIT_USAGE;
	}
	run_dir = ask_run_dir(given, config);
	if (!run_dir)
		return EXIT_FAILURE;
	for (;;) {
		if (ask_status(run_dir, &status))
			return EXIT_FAILURE;
		show(status, as_json, watch);
		json_decref(status);
		if (!watch)
			return EXIT_SUCCESS;
		sleep(WATCH_SECONDS);
	}
}
