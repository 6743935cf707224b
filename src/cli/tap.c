// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/args.h"
#include "cli/ask.h"
#include "cli/cli.h"
#include "control/control.h"
#include "util/alloc.h"
#include "util/cleanup.h"
#include "util/file.h"

enum { ARG_RUN_DIR = 256 };

static const struct cli_arg args[] = {
	{'o', "output", "FORMAT", "text (the default) or json"},
	{'c', "config", "FILE", "ask the agent that runs by this configuration"},
	{ARG_RUN_DIR, "run-dir", "DIR", "ask the agent whose socket is in this folder"},
	{},
};

static const struct cli_spec spec = {
	.command = "tap",
	.synopsis = "[OPTION…] [PROBE]",
	.about =
		"Print the events of the running agent, all or those of one probe or event, until\n"
		"Ctrl-C. The agent and its sinks are not held up: when this side is too slow, events\n"
		"are left out, and a remark on stderr says how many.\n",
	.args = args,
	.max_operands = 1,
};

/* Events to stdout, remarks to stderr; runs of the same kind in one write. */
static bool print_lines(void *ctx, const char *text, size_t size)
{
	const char *end = text + size;

	while (text < end) {
		bool remark = *text == '#';
		const char *stop = text;

		while (stop < end && (*stop == '#') == remark)
			stop = (const char *)memchr(stop, '\n', (size_t)(end - stop)) + 1;
		if (file_write_fd(remark ? STDERR_FILENO : STDOUT_FILENO, text,
		                  (size_t)(stop - text)) < 0)
			return false;
		text = stop;
	}
	return true;
}

static bool has_name(const json_t *object, const char *name)
{
	const char *own = json_string_value(json_object_get(object, "name"));

	return own && streq(own, name);
}

static bool knows_probe(const json_t *status, const char *name)
{
	_cleanup_(buf_donep) struct buf known = {};
	size_t i, j;
	json_t *probe, *event;

	json_array_foreach(json_object_get(status, "probes"), i, probe)
	{
		const char *own = json_string_value(json_object_get(probe, "name"));

		if (has_name(probe, name))
			return true;
		json_array_foreach(json_object_get(probe, "events"), j,
		                   event) if (has_name(event, name)) return true;
		buf_printf(&known, "%s%s", i ? ", " : "", own ? own : "?");
	}
	fprintf(stderr, "quern tap: the agent has no probe or event '%s'; it has: %s\n", name,
	        buf_cstr(&known));
	return false;
}

/* A misspelt name would wait for ever for events that nobody emits. */
static bool probe_exists(const char *run_dir, const char *name)
{
	json_t *status;
	bool exists;

	if (ask_status(run_dir, &status))
		return false;
	exists = knows_probe(status, name);
	json_decref(status);
	return exists;
}

static int tap(const char *run_dir, const char *probe, const char *format)
{
	_cleanup_(diag_donep) struct diag diag = {};
	json_t *request = json_pack("{s:s,s:s,s:b}", "command", "tap", "format", format, "color",
	                            isatty(STDOUT_FILENO) && !getenv("NO_COLOR"));
	int r;

	if (probe)
		json_object_set_new(request, "probe", json_string(probe));
	r = control_request(run_dir, request, print_lines, NULL, &diag);
	json_decref(request);
	if (r)
		fprintf(stderr, "quern: %s\n", diag_text(&diag));
	return r ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* Ctrl-C is how a tap ends. Nothing is buffered on this side. */
static void on_signal(int number)
{
	_exit(EXIT_SUCCESS);
}

int cmd_tap(int argc, char **argv)
{
	const char *value, *config = NULL, *given = NULL, *probe = NULL, *format = "text";
	_cleanup_(freep) char *run_dir = NULL;
	int arg;

	while ((arg = cli_next(&spec, argc, argv, &value)) != CLI_DONE) {
		if (arg == CLI_OPERAND)
			probe = value;
		else if (arg == 'o')
			format = value;
		else if (arg == 'c')
			config = value;
		else if (arg == ARG_RUN_DIR)
			given = value;
		else
			return arg == CLI_HELP ? EXIT_SUCCESS : EXIT_USAGE;
	}
	if (!streq(format, "text") && !streq(format, "json")) {
		fprintf(stderr, "quern tap: --output takes text or json, not '%s'\n", format);
		return EXIT_USAGE;
	}
	run_dir = ask_run_dir(given, config);
	if (!run_dir || (probe && !probe_exists(run_dir, probe)))
		return EXIT_FAILURE;
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	signal(SIGPIPE, SIG_IGN); /* a closed pipe ends it like Ctrl-C */
	return tap(run_dir, probe, format);
}
