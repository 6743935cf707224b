/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a front matter, from YAML into a probe's source. For source.c only. */
#pragma once

#include "probe/source.h"

/* Is it [a-z][a-z0-9_]*, `max` characters at most? Names of probes and of options. */
bool front_is_name(const char *text, size_t max);

/* Each takes its own key of the front matter, reports every problem, and returns 0 or -EINVAL. */
int front_parse_options(struct probe_source *s, struct diag *diag);
int front_parse_fields(struct probe_source *s, struct diag *diag);
int front_parse_metrics(struct probe_source *s, struct diag *diag);
int front_parse_attach(struct probe_source *s, struct diag *diag);

/* A key of the front matter: a node of that kind in *ret, or NULL when it is not there. */
int front_section(const struct probe_source *s, const char *key, enum yaml_kind kind,
                  const char *takes, const struct yaml_node **ret, struct diag *diag);

/* Give an option a value from a node of the kind that its type needs. */
int front_set_option(struct probe_option *o, const struct yaml_node *node, struct diag *diag);

/* Report that a node is not what `key` takes. */
int front_refuse(const struct yaml_node *node, const char *takes, struct diag *diag);

/* The option of that name, or NULL after reporting it at the node's key (or the node itself). */
struct probe_option *front_find_option(const struct probe_source *s, const char *name,
                                       const struct yaml_node *at, struct diag *diag);

void front_free_attach(struct probe_source *s);
