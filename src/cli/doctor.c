// SPDX-License-Identifier: Apache-2.0
/*
 * What this host offers and what will be used of it. The report is built once as JSON; the text for
 * people is printed from the same object, so the two cannot tell different stories.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/setup.h"
#include "cli/args.h"
#include "cli/cli.h"
#include "cli/common.h"
#include "cli/table.h"
#include "util/cleanup.h"

enum { ARG_JSON = 256 };

static const struct cli_arg args[] = {
	{'c', "config", "FILE", "look at the probes of this configuration"},
	{'p', "probe", "PROBE", "look at this probe instead; may be repeated"},
	{ARG_JSON, "json", NULL, "print the report as JSON"},
	{},
};

static const struct cli_spec spec = {
	.command = "doctor",
	.synopsis = "[OPTION…]",
	.about = "Say what this kernel offers to probes, where its types come from (every place\n"
		 "that was looked at, taken or not, and why), and what each probe will attach to.\n"
		 "Exits 1 if a probe cannot run here.\n",
	.args = args,
};

static void put_str(json_t *o, const char *key, const char *s)
{
	json_object_set_new(o, key, s ? json_string(s) : json_null());
}

static json_t *kernel_json(const struct kernel *k)
{
	json_t *o = json_object(), *has = json_object();

	put_str(o, "release", k->release);
	put_str(o, "version", k->version);
	put_str(o, "machine", k->machine);
	json_object_set_new(o, "possible_cpus", json_integer(k->possible_cpus));
	put_str(o, "btf", k->btf);
	put_str(o, "tracefs", k->tracefs);
	put_str(o, "lockdown", k->lockdown);
	put_str(o, "bpf_denied", k->bpf_denied);
	json_object_set_new(has, "bpf", json_boolean(k->has_bpf));
	json_object_set_new(has, "btf", json_boolean(k->btf != NULL));
	json_object_set_new(has, "tracefs", json_boolean(k->tracefs != NULL));
	json_object_set_new(has, "ring_buffer", json_boolean(k->has_ringbuf));
	json_object_set_new(has, "raw_tracepoint", json_boolean(k->has_raw_tracepoint));
	json_object_set_new(has, "kprobe", json_boolean(k->has_kprobe));
	json_object_set_new(has, "uprobe", json_boolean(k->has_uprobe));
	json_object_set_new(has, "fentry", json_boolean(k->has_fentry));
	json_object_set_new(has, "lsm", json_boolean(k->has_lsm));
	json_object_set_new(o, "has", has);
	return o;
}

static json_t *types_json(const struct types *t)
{
	json_t *a = json_array();

	for (size_t i = 0; i < t->n_rungs; i++) {
		const struct types_rung *rung = &t->rungs[i];
		json_t *o = json_object();

		put_str(o, "name", rung->name);
		json_object_set_new(o, "usable", json_boolean(rung->usable));
		put_str(o, "path", rung->kind == TYPES_BTF ? rung->btf : rung->build);
		put_str(o, "reason", rung->reason);
		json_array_append_new(a, o);
	}
	return a;
}

static json_t *probe_json(struct probe *p, const struct kernel *k)
{
	_cleanup_(diag_donep) struct diag diag = {};
	json_t *o = json_object(), *attach = json_array();

	if (p->state == PROBE_BUILT && probe_resolve_attach(p, k, &diag))
		probe_fail(p, &diag);
	put_str(o, "name", p->name);
	json_object_set_new(o, "runs", json_boolean(p->state != PROBE_FAILED));
	put_str(o, "types", p->object ? p->object->types : NULL);
	put_str(o, "reason", p->reason);
	for (uint32_t i = 0; p->specs && i < p->object->n_programs; i++) {
		_cleanup_(freep) char *where = attach_spec_describe(&p->specs[i]);

		json_array_append_new(attach, json_string(where));
	}
	json_object_set_new(o, "attach", attach);
	return o;
}

static json_t *report(struct setup *setup)
{
	json_t *o = json_object(), *probes = json_array();

	json_object_set_new(o, "kernel", kernel_json(setup->kernel));
	json_object_set_new(o, "types", types_json(setup->types));
	put_str(o, "transport", setup_uses_ring(setup) ? "ring" : "perf");
	for (size_t i = 0; i < setup->n_probes; i++)
		json_array_append_new(probes, probe_json(setup->probes[i], setup->kernel));
	json_object_set_new(o, "probes", probes);
	return o;
}

static const char *get(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "-";
}

static void print_kernel(const json_t *k, const char *transport)
{
	const char *name;
	json_t *value;

	printf("Kernel\n  %s %s, %s, %lld possible CPUs\n", get(k, "release"), get(k, "version"),
	       get(k, "machine"),
	       (long long)json_integer_value(json_object_get(k, "possible_cpus")));
	printf("  lockdown: %s; tracefs: %s; events travel by %s buffer\n\nFeatures\n",
	       get(k, "lockdown"), get(k, "tracefs"), transport);
	json_object_foreach(json_object_get(k, "has"), name, value)
		printf("  %-15s %s\n", name, json_is_true(value) ? "yes" : "no");
	if (json_is_string(json_object_get(k, "bpf_denied")))
		printf("  bpf is denied: %s\n", get(k, "bpf_denied"));
}

static void print_types(const json_t *types)
{
	static const char *const heading[] = {"PLACE", "USABLE", "PATH", "WHY", NULL};
	struct table t;
	const json_t *rung;
	size_t i;

	puts("\nTypes of the kernel, in the order of preference");
	table_init(&t, heading);
	json_array_foreach(types, i, rung)
	{
		table_cell(&t, "%s", get(rung, "name"));
		table_cell(&t, "%s", json_is_true(json_object_get(rung, "usable")) ? "yes" : "no");
		table_cell(&t, "%s", get(rung, "path"));
		table_cell(&t, "%s", get(rung, "reason"));
	}
	table_print(&t, stdout, 2);
	table_done(&t);
}

static void print_probes(const json_t *probes)
{
	const json_t *p, *where;
	size_t i, j;

	puts("\nProbes");
	json_array_foreach(probes, i, p)
	{
		bool runs = json_is_true(json_object_get(p, "runs"));

		printf("  %s: %s%s\n", get(p, "name"), runs ? "runs, types from " : "cannot run: ",
		       get(p, runs ? "types" : "reason"));
		json_array_foreach(json_object_get(p, "attach"), j, where)
			printf("    %s\n", json_string_value(where));
	}
}

static int parse(int argc, char **argv, struct cli_selection *selection, bool *json)
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
		case ARG_JSON:
			*json = true;
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

int cmd_doctor(int argc, char **argv)
{
	_cleanup_(cli_selection_done) struct cli_selection selection = {};
	_cleanup_(setup_freep) struct setup *setup = NULL;
	struct config *config;
	bool as_json = false;
	json_t *o;
	int r = parse(argc, argv, &selection, &as_json);

	if (r >= 0)
		return r;
	config = cli_config(&selection);
	if (!config)
		return EXIT_FAILURE;
	setup = setup_new(config);
	setup_build(setup, NULL, true);
	o = report(setup);
	if (as_json) {
		json_dumpf(o, stdout, JSON_INDENT(2));
		putchar('\n');
	} else {
		print_kernel(json_object_get(o, "kernel"), get(o, "transport"));
		print_types(json_object_get(o, "types"));
		print_probes(json_object_get(o, "probes"));
	}
	json_decref(o);
	return setup_count(setup, PROBE_FAILED) || !setup->kernel->has_bpf ? EXIT_FAILURE
	                                                                   : EXIT_SUCCESS;
}
