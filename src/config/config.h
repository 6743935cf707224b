/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration: one YAML file (or the embedded default), overridden by the environment. The
 * result is plain data; nothing is opened here. Every problem is reported as
 * file:line:column: what, what was expected, did you mean …
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/option.h"
#include "sinks/sink.h"
#include "util/diag.h"
#include "util/yaml.h"

enum config_transport { TRANSPORT_AUTO, TRANSPORT_RING, TRANSPORT_PERF };

/* A probe as the configuration asks for it. */
struct config_probe {
	char *name;                      /* for probe_find(): a name, or a path */
	uint64_t buffer_bytes;           /* `buffer`; 0: the probe's own or the default */
	const struct yaml_node *options; /* `options:` mapping, in the config's tree; NULL: none */
	const struct yaml_node *node;    /* where it stands; NULL: from the command line */
};

struct config_sink {
	struct sink *sink;            /* with its options parsed, not started */
	const struct yaml_node *node; /* NULL: from the environment or the default */
};

struct config {
	char *path; /* the file, or "(default)" */
	struct yaml_node *tree;
	struct config_probe *probes;
	size_t n_probes;
	struct config_sink *sinks; /* each owned, sinks and all */
	size_t n_sinks;
	/* Top-level scalars (config_options). */
	char *state_dir, *cache_dir, *run_dir;
	char *types; /* auto, btf, headers or a directory */
	bool types_any_version;
	int transport;         /* enum config_transport */
	uint64_t buffer_bytes; /* default ring size of an event; perf: in all, over the CPUs */
	uint64_t drain_ns;     /* how often buffers are drained */
	uint64_t compile_timeout_ns, compile_memory; /* bounds of one compile */
	uint64_t shutdown_ns;                        /* bound of the flush at the end */
	int log;                                     /* enum log_level */
	/* Lists. */
	char **probe_path; /* folders searched for probes: those of the file, then the built-in */
	size_t n_probe_path;
};

extern const struct option config_options[];

/* One probe's keys besides its name and its `options`. */
extern const struct option config_probe_options[];

/*
 * NULL path: /etc/quern/quern.yaml when it is there, else the embedded default. What a file leaves
 * out (`probes`, `sinks`) is as in the default, so an empty file is the default. Relative paths in a
 * file are relative to its folder.
 */
int config_load(const char *path, struct config **ret, struct diag *diag);
/* The same from text; `path` is for messages and for relative paths. */
int config_parse(const char *path, const char *text, size_t size, struct config **ret,
                 struct diag *diag);
struct config *config_free(struct config *c);
static inline void config_freep(struct config **c)
{
	config_free(*c);
}

/*
 * The command line's probes instead of the configured ones: names, or paths relative to the working
 * directory. A probe that is configured too keeps its options. Names given twice count once.
 */
void config_set_probes(struct config *c, const char *const *names, size_t n);

/* Let the console sink, which is added when there is none, print in this format. */
void config_set_console(struct config *c, enum format format);

/* The embedded default, as YAML. */
extern const char config_default[];
