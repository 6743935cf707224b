/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A probe's source: one C file, with a YAML front matter in its first comment. A file without one is
 * a stock BCC program: its name is the file's, and it has no options. Read-only once loaded.
 *
 *   / * SPDX-License-Identifier: …         (spelt here with blanks)
 *    * ---
 *    * name: file_open
 *    * summary: Files opened, by path
 *    * options:
 *    *   writes_only: {type: bool, default: false, help: only opens that can write}
 *    * attach:
 *    *   - {uprobe: "/bin/bash:readline", function: on_readline}
 *    * fields:
 *    *   path: the path as the process gave it
 *    *   flags: {help: how it was opened, decode: open_flags}
 *    * metrics:
 *    *   - {name: file.open, kind: counter, tags: {process: comm}}
 *    * ---
 *    * /
 * The front matter is what stands between two lines of --- in a comment before any code; the margin
 * of " * " does not count. Positions in messages are those of the C file.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/event.h"
#include "kernel/attach.h"
#include "util/diag.h"
#include "util/yaml.h"

#define PROBE_SOURCE_BYTES_MAX (1u << 20)

enum probe_option_type {
	PROBE_BOOL,
	PROBE_INT,
	PROBE_STRING,
	PROBE_DURATION,
	PROBE_BYTES,
	PROBE_LIST
};

/*
 * An option reaches the C code as a macro OPT_<NAME>: bool 0/1, int, duration in ns, bytes as a
 * number, string as a literal; a list as OPT_<NAME>_COUNT and OPT_<NAME>(F), which expands to F("a")
 * F("b") ….
 */
struct probe_option {
	char *name;
	enum probe_option_type type;
	char *help;
	/* Scalar types: the default or what the configuration set, as written, "true" or "false" for
	   a bool; without a default: false, 0 or "". */
	char *value;
	char **list; /* PROBE_LIST */
	size_t n_list;
};

/*
 * An attach point that a function's name cannot express, or need not: `function`, one of uprobe,
 * uretprobe ("BINARY:SYMBOL" or "BINARY:+0xOFFSET"), usdt ("BINARY:PROVIDER:NAME"), perf_event (with
 * sample_freq or sample_period), xdp, socket_filter (an interface; any), kprobe, kretprobe, tracepoint
 * ("CATEGORY:NAME"), raw_tracepoint; and `pid` where it makes sense. ${option} in any of them stands
 * for the option's value.
 */
struct probe_attach {
	char *function;
	struct attach_spec spec;
};

struct probe_source {
	char *name;    /* [a-z][a-z0-9_]*, 64 at most */
	char *path;    /* as found */
	char *summary; /* "" when there is none */
	char *text;    /* the whole C file, NUL-terminated */
	size_t size;
	bool stock;            /* no front matter: a BCC program as it is */
	bool types_only;       /* includes nothing but <quern.h> */
	uint64_t buffer_bytes; /* `buffer:` of the front matter; 0: the agent's default */
	struct probe_option *options;
	size_t n_options;
	struct probe_attach *attach;
	size_t n_attach;
	struct event_field_note *fields;
	size_t n_fields;
	struct metric *metrics;
	size_t n_metrics;
	struct yaml_node *front; /* the front matter; NULL: none */
};

/*
 * Read and check a source file: trusted (owner, mode, unless `untrusted_ok`), bounded, its front
 * matter valid. Errors name file:line:column.
 */
int probe_source_load(const char *path, bool untrusted_ok, struct probe_source **ret,
                      struct diag *diag);
/* The same from text that is already in memory (tests, fuzzing). */
int probe_source_parse(const char *path, const char *text, size_t size, struct probe_source **ret,
                       struct diag *diag);
struct probe_source *probe_source_free(struct probe_source *s);
static inline void probe_source_freep(struct probe_source **s)
{
	probe_source_free(*s);
}

/*
 * Set options from the configuration's `options:` mapping; unknown names get a suggestion. The attach
 * points that depend on options follow. After an error the source is only good for freeing.
 */
int probe_source_set_options(struct probe_source *s, const struct yaml_node *options,
                             struct diag *diag);

/*
 * The functions that attach by BCC's naming convention ("tracepoint__syscalls__sys_enter_openat",
 * also for BCC's macros), as far as the text shows them, in order, each once: the variants of a probe
 * of which a kernel takes some. Heap array of heap strings.
 */
size_t probe_source_functions(const struct probe_source *s, char ***ret);

/* "bool", "int", …: as `type:` has it. */
const char *probe_option_type_name(enum probe_option_type type);

/* The option macros as "NAME=VALUE" strings for quern-cc's -D. Heap array of heap strings. */
size_t probe_source_macros(const struct probe_source *s, char ***ret);

/*
 * Find a probe: a path (it holds a '/' or ends in .c) is taken as it is, a name is looked up in the
 * folders. On -ENOENT the message lists where it looked and the nearest name. Heap string.
 */
int probe_find(const char *name_or_path, const char *const *folders, size_t n_folders, char **ret,
               struct diag *diag);

/* Every probe file in the folders (the first of a name wins), sorted by name. */
size_t probe_list(const char *const *folders, size_t n_folders, char ***ret_paths);
