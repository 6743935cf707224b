// SPDX-License-Identifier: Apache-2.0
#include "cli/ask.h"

#include <errno.h>
#include <stdio.h>

#include "config/config.h"
#include "control/control.h"
#include "util/alloc.h"

char *ask_run_dir(const char *given, const char *config_file)
{
	_cleanup_(diag_donep) struct diag diag = {};
	struct config *config;
	char *dir;

	if (given)
		return xstrdup(given);
	if (config_load(config_file, &config, &diag)) {
		fprintf(stderr, "%s\nquern: --run-dir finds the agent without a configuration\n",
		        diag_text(&diag));
		return NULL;
	}
	dir = xstrdup(config->run_dir);
	config_free(config);
	return dir;
}

static bool parse(void *ctx, const char *text, size_t size)
{
	*(json_t **)ctx = json_loadb(text, size, 0, NULL);
	return false;
}

int ask_status(const char *run_dir, json_t **ret)
{
	_cleanup_(diag_donep) struct diag diag = {};
	json_t *request = json_pack("{s:s}", "command", "status"), *status = NULL;
	int r = control_request(run_dir, request, parse, &status, &diag);

	json_decref(request);
	if (r == 0 && !json_is_object(status))
		r = diag_error(&diag, -EBADMSG, "the agent's answer is not a status");
	if (r) {
		json_decref(status);
		fprintf(stderr, "quern: %s\n", diag_text(&diag));
		return r;
	}
	*ret = status;
	return 0;
}
