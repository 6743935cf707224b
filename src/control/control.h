/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Talking to a running agent over its Unix socket, RUN_DIR/quern.sock (folder 0700, socket 0600,
 * and the peer's user is checked: root or the agent's own). One request a connection, one JSON
 * object a line: {"command":"status"}, {"command":"tap","probe":"exec","format":"json"},
 * {"command":"reload"}. Answers: one JSON object ({"error":"…"} when refused), or for tap the
 * stream of events until either side closes. Requests are bounded (4 KB, 5 s, 16 connections).
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

int control_open(const char *run_dir, const struct control_ops *ops, void *ctx,
                 struct control **ret, struct diag *diag);
struct control *control_close(struct control *c);

/*
 * The client's side: send one command, and hand every line of the answer to `line` until the end or
 * until it returns false. -ECONNREFUSED/-ENOENT with a message when no agent answers.
 */
int control_request(const char *run_dir, json_t *request,
                    bool (*line)(void *ctx, const char *text, size_t size), void *ctx,
                    struct diag *diag);
