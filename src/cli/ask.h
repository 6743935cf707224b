/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands that talk to a running agent do alike. Errors are printed here, on stderr. */
#pragma once

#include <jansson.h>

/*
 * The folder of the agent's socket as a heap string: `given` (--run-dir), else that of the
 * configuration (-c FILE; NULL: the default places). NULL when that cannot be read.
 */
char *ask_run_dir(const char *given, const char *config_file);

/* The agent's status; the caller owns it. Negative errno. */
int ask_status(const char *run_dir, json_t **ret);
