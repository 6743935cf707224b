// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "agent/fanout.h"
#include "cli/args.h"
#include "cli/cli.h"
#include "cli/common.h"
#include "core/recording.h"
#include "util/cleanup.h"
#include "util/log.h"
#include "util/time.h"

static const struct cli_arg args[] = {
	{'c', "config", "FILE", "deliver to the sinks of this configuration"},
	{'o', "output", "FORMAT", "print events on the console as text or json"},
	{},
};

static const struct cli_spec spec = {
	.command = "replay",
	.synopsis = "[OPTION…] FILE",
	.about =
		"Feed a recording (`quern run --record FILE`) through the pipeline, as fast as the\n"
		"sinks take it. Needs neither root nor a kernel with BPF.\n",
	.args = args,
	.max_operands = 1,
};

static int parse(int argc, char **argv, struct cli_selection *selection, const char **output,
                 const char **file)
{
	const char *value;

	for (;;) {
		switch (cli_next(&spec, argc, argv, &value)) {
		case 'c':
			selection->config = value;
			break;
		case 'o':
			*output = value;
			break;
		case CLI_OPERAND:
			*file = value;
			break;
		case CLI_DONE:
			if (*file)
				return -1;
			fputs("quern replay: which recording? See quern replay --help\n", stderr);
			return EXIT_USAGE;
		case CLI_HELP:
			return 0;
		default:
			return EXIT_USAGE;
		}
	}
}

/* Every batch to every sink; 0, or the error that ended the recording early. */
static int feed(struct recording *recording, struct fanout *fanout, uint64_t *ret_events,
                struct diag *diag)
{
	for (*ret_events = 0; !fanout_all_broken(fanout);) {
		struct batch *batch;
		int r = recording_next(recording, &batch, diag);

		if (r || !batch)
			return r;
		*ret_events += batch->n_records;
		fanout_wait_room(fanout, batch->used);
		fanout_push(fanout, batch);
		batch_unref(batch);
	}
	return 0;
}

static void count_ends(const struct config *c, uint64_t *ret_delivered, uint64_t *ret_dropped)
{
	*ret_delivered = *ret_dropped = 0;
	for (size_t i = 0; i < c->n_sinks; i++) {
		const struct tally *t = c->sinks[i].sink->tallies;

		for (size_t id = 0; id < EVENTS_MAX; id++) {
			struct tally_view v;

			tally_read(&t[id], &v);
			*ret_delivered += v.delivered;
			for (size_t why = 0; why < DROP_REASONS; why++)
				*ret_dropped += v.dropped[why];
		}
	}
}

static int replay(struct config *c, struct recording *recording, const char *file)
{
	_cleanup_(diag_donep) struct diag diag = {};
	uint64_t started = time_monotonic(), events = 0, delivered, dropped;
	struct fanout fanout;
	char host[256] = "";
	int r;

	gethostname(host, sizeof(host) - 1);
	fanout_init(&fanout);
	r = fanout_start(&fanout, c, host, &diag);
	if (r) {
		fprintf(stderr, "quern replay: %s\n", diag_text(&diag));
		fanout_done(&fanout);
		return EXIT_FAILURE;
	}
	r = feed(recording, &fanout, &events, &diag);
	fanout_stop(&fanout, c, c->shutdown_ns);
	fanout_done(&fanout);
	if (r)
		fprintf(stderr, "quern replay: %s\n", diag_text(&diag));
	count_ends(c, &delivered, &dropped);
	log_info("replayed %s events=%llu delivered=%llu dropped=%llu elapsed_ms=%llu", file,
	         (unsigned long long)events, (unsigned long long)delivered,
	         (unsigned long long)dropped,
	         (unsigned long long)((time_monotonic() - started) / NSEC_PER_MSEC));
	return r ? EXIT_FAILURE : EXIT_SUCCESS;
}

int cmd_replay(int argc, char **argv)
{
	_cleanup_(cli_selection_done) struct cli_selection selection = {};
	_cleanup_(diag_donep) struct diag diag = {};
	const char *output = NULL, *file = NULL;
	struct recording *recording;
	struct config *config;
	int r = parse(argc, argv, &selection, &output, &file);

	if (r >= 0)
		return r;
	signal(SIGPIPE, SIG_IGN);
	config = cli_config(&selection);
	if (!config)
		return EXIT_FAILURE;
	if (output && !cli_set_output(config, "replay", output)) {
		r = EXIT_USAGE;
	} else if (recording_open(file, &recording, &diag)) {
		fprintf(stderr, "quern replay: %s\n", diag_text(&diag));
		r = EXIT_FAILURE;
	} else {
		r = replay(config, recording, file);
		recording_close(recording);
	}
	config_free(config);
	return r;
}
