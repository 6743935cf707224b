// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/agent.h"
#include "cli/args.h"
#include "cli/cli.h"
#include "cli/common.h"
#include "util/alloc.h"
#include "util/cleanup.h"
#include "util/time.h"
#include "util/units.h"

enum { ARG_FOR = 256, ARG_STRICT, ARG_RECORD };

static const struct cli_arg args[] = {
	{'c', "config", "FILE",
         "the configuration; default: quern.yaml in the configuration\n"
         "folder, else the built-in one (default probes, console)"},
	{'p', "probe", "PROBE",
         "run this probe, a name or a C file, instead of those of the\n"
         "configuration; may be repeated"},
	{'o', "output", "FORMAT", "print events on the console as text or json"},
	{ARG_FOR, "for", "TIME", "stop after this time, such as 30s"},
	{ARG_STRICT, "strict", NULL, "start nothing when a probe cannot run"},
	{ARG_RECORD, "record", "FILE", "write the raw records to FILE, for quern replay"},
	{},
};

static const struct cli_spec spec = {
	.command = "run",
	.synopsis = "[OPTION…]",
	.about = "Run the agent in the foreground: compile and attach the probes, deliver their\n"
		 "events. Events for the console go to stdout, the agent's own log to stderr. It\n"
		 "ends on SIGTERM or SIGINT, after what was read has been delivered.\n",
	.args = args,
};

static struct agent agent;
static volatile sig_atomic_t running, signals;

/* Before it runs there is nothing to flush; at a second signal nobody wants to wait for it. */
static void on_signal(int signo)
{
	if (!running || signals++)
		_exit(128 + signo);
	agent_stop(&agent);
}

static void catch_signals(void)
{
	const struct sigaction stop = {.sa_handler = on_signal};
	const struct sigaction ignore = {.sa_handler = SIG_IGN};

	sigaction(SIGTERM, &stop, NULL);
	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGHUP, &stop, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
}

/* The command line into selection, options and output format; -1 to go on, else the exit code. */
static int parse(int argc, char **argv, struct cli_selection *selection,
                 struct agent_options *options, const char **output)
{
	const char *value;

	for (;;) {
		switch (cli_next(&spec, argc, argv, &value)) {
		case 'c':
			selection->config = value;
			break;
		case 'p':
			cli_select_probe(selection, value);
			break;
		case 'o':
			*output = value;
			break;
		case ARG_FOR:
			if (!parse_duration(value, &options->duration_ns))
				break;
			fprintf(stderr, "quern run: --for takes a time such as 30s, not '%s'\n",
			        value);
			return EXIT_USAGE;
		case ARG_STRICT:
			options->strict = true;
			break;
		case ARG_RECORD:
			options->record = value;
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

int cmd_run(int argc, char **argv)
{
	_cleanup_(cli_selection_done) struct cli_selection selection = {};
	_cleanup_(setup_freep) struct setup *setup = NULL;
	struct agent_options options = {.started = time_monotonic()};
	const char *output = NULL;
	struct config *config;
	int r = parse(argc, argv, &selection, &options, &output);

	if (r >= 0)
		return r;
	config = cli_config(&selection);
	if (!config)
		return EXIT_FAILURE;
	if (output && !cli_set_output(config, "run", output)) {
		config_free(config);
		return EXIT_USAGE;
	}
	setup = setup_new(config);
	catch_signals();
	if (agent_start(&agent, setup, &options))
		return EXIT_FAILURE;
	running = 1;
	agent_run(&agent);
	agent_finish(&agent);
	return EXIT_SUCCESS;
}
