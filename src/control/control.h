/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Talking to a running agent over its Unix socket, RUN_DIR/quern.sock (folder 0700, socket 0600,
 * and the peer's user is checked: root or the agent's own). One request a connection, one JSON
 * object a line: {"command":"status"}, {"command":"reload"}, and
 * {"command":"tap","probe":"exec","format":"json","color":false}, of which only the command is
 * required; "probe" is the name of a probe or of an event. Answers: one JSON object
 * ({"error":"…"} when refused), or for tap the stream of events until either side closes; there, a
 * line that starts with # is a remark to the user, such as how many events a slow reader missed.
 * Bounds: requests of 4 KB, 5 s to send one and 5 s to take the answer, 16 connections, half of
 * them taps.
 *
 * The server runs a thread of its own; the callbacks are called on it. The socket file of an agent
 * that is gone (nobody answers) is replaced; that of a live one is left: -EADDRINUSE with its pid.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "core/format.h"
#include "sinks/sink.h"
#include "util/diag.h"

struct control_ops {
	/* The whole state of the agent; the caller of it owns the result. */
	json_t *(*status)(void *ctx);
	/* Give this started sink every batch from now on / no more. */
	void (*add_sink)(void *ctx, struct sink *sink);
	void (*remove_sink)(void *ctx, struct sink *sink);
	/* NULL while the agent cannot reload. */
	int (*reload)(void *ctx, struct diag *diag);
};

struct control;

/*
 * `host` is the name in the events of taps; it and `ops` outlive the server. Closing ends the taps
 * with what has been pushed to them, if they take it without delay.
 */
int control_open(const char *run_dir, const char *host, const struct control_ops *ops, void *ctx,
                 struct control **ret, struct diag *diag);
struct control *control_close(struct control *c); /* takes NULL, returns NULL */

/*
 * The client's side: send one command, and hand the answer to `lines`, one or more whole lines at a
 * time, until the end or until it returns false. -ECONNREFUSED/-ENOENT with a message when no agent
 * answers, -EREMOTEIO with the agent's own message when it refuses.
 */
int control_request(const char *run_dir, const json_t *request,
                    bool (*lines)(void *ctx, const char *text, size_t size), void *ctx,
                    struct diag *diag);
