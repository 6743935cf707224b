/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent: a setup made live. The thread that calls agent_run() is the reader; each sink has its
 * worker; the control socket has a thread. Nothing is attached before every part that can fail has
 * been tried.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "agent/fanout.h"
#include "agent/setup.h"
#include "agent/pump.h"
#include "control/control.h"

struct agent_options {
	bool strict;          /* a probe that cannot run makes agent_start() fail */
	const char *record;   /* write a recording here; NULL: none */
	uint64_t duration_ns; /* stop by itself after this long; 0: run on */
	uint64_t started;     /* monotonic time when the process began, for "elapsed_ms" */
};

struct agent {
	struct setup *setup; /* borrowed */
	struct agent_options options;
	struct fanout fanout;
	struct pump pump;
	struct control *control; /* NULL: the socket is another agent's, or cannot be had */
};

/*
 * Build, load and attach, start the sinks; logs what fails and the line "ready …". 0, or a negative
 * errno when nothing (or, strict, not everything) could be started; all is undone then.
 */
int agent_start(struct agent *a, struct setup *setup, const struct agent_options *options);

/* Read until agent_stop(), the end of the duration, or nobody is left to deliver to. */
void agent_run(struct agent *a);

/* From a signal handler or any thread. */
void agent_stop(struct agent *a);

/*
 * Detach, read what the buffers still hold, flush the sinks within the configured bound, and log
 * what was delivered and lost.
 */
void agent_finish(struct agent *a);

/* The whole state as JSON (control.h says the shape). Any thread between start and finish. */
json_t *agent_status(struct agent *a);
