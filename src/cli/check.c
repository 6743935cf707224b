// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <stdlib.h>

#include "agent/setup.h"
#include "cli/args.h"
#include "cli/cli.h"
#include "cli/common.h"
#include "cli/table.h"
#include "kernel/attach.h"
#include "util/cleanup.h"
#include "util/time.h"

static const struct cli_arg args[] = {
	{'c', "config", "FILE", "the configuration to check"},
	{'p', "probe", "PROBE", "check this probe instead of the configuration's; may be repeated"},
	{},
};

static const struct cli_spec spec = {
	.command = "check",
	.synopsis = "[OPTION…]",
	.about = "Say whether `quern run` would work with this configuration on this host: parse\n"
		 "it, compile each probe, load it, so that the verifier has its say, and look up\n"
		 "whatever it attaches to. Nothing is attached. Exits 1 if anything would fail.\n",
	.args = args,
};

static const char *how_built(const struct probe *p)
{
	if (!p->object)
		return "-";
	return p->cached ? "cached" : "compiled";
}

static void print_table(const struct setup *setup)
{
	static const char *const heading[] = {"PROBE",    "RESULT", "OBJECT", "TIME",
	                                      "PROGRAMS", "TYPES",  NULL};
	struct table t;

	table_init(&t, heading);
	for (size_t i = 0; i < setup->n_probes; i++) {
		const struct probe *p = setup->probes[i];

		table_cell(&t, "%s", p->name);
		table_cell(&t, "%s", p->state == PROBE_FAILED ? "FAILED" : "ok");
		table_cell(&t, "%s", how_built(p));
		table_cell(&t, "%.2f s", (double)p->compile_ns / NSEC_PER_SEC);
		table_cell(&t, "%u", p->object ? p->object->n_programs : 0);
		table_cell(&t, "%s", p->object ? p->object->types : "-");
	}
	table_print(&t, stdout, 0);
	table_done(&t);
}

static void print_details(const struct setup *setup)
{
	for (size_t i = 0; i < setup->n_probes; i++) {
		const struct probe *p = setup->probes[i];

		if (p->warnings)
			printf("\n%s, warnings:\n%s\n", p->name, p->warnings);
		if (p->reason)
			printf("\n%s cannot run:\n%s\n", p->name, p->reason);
	}
}

static int load_one(struct setup *setup, struct probe *p, uint32_t *next_id, struct diag *diag)
{
	int r = probe_load(p, setup->kernel, next_id, diag);

	for (uint32_t i = 0; !r && i < p->loaded->n_programs; i++)
		r = attach_check(setup->kernel, &p->loaded->programs[i].spec, diag);
	return r;
}

static void load_all(struct setup *setup)
{
	uint32_t next_id = 0;

	for (size_t i = 0; i < setup->n_probes; i++) {
		_cleanup_(diag_donep) struct diag diag = {};

		if (setup->probes[i]->state == PROBE_BUILT &&
		    load_one(setup, setup->probes[i], &next_id, &diag))
			probe_fail(setup->probes[i], &diag);
	}
}

int cmd_check(int argc, char **argv)
{
	_cleanup_(cli_selection_done) struct cli_selection selection = {};
	_cleanup_(setup_freep) struct setup *setup = NULL;
	struct config *config;
	int r = cli_parse_selection(&spec, argc, argv, &selection);

	if (r >= 0)
		return r;
	config = cli_config(&selection);
	if (!config)
		return EXIT_FAILURE;
	setup = setup_new(config);
	if (!setup->kernel->has_bpf) {
		fprintf(stderr, "quern check: %s\n", setup->kernel->bpf_denied);
		return EXIT_FAILURE;
	}
	setup_build(setup, NULL, true);
	load_all(setup);
	print_table(setup);
	print_details(setup);
	return setup_count(setup, PROBE_FAILED) ? EXIT_FAILURE : EXIT_SUCCESS;
}
