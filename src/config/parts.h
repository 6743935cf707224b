/* SPDX-License-Identifier: Apache-2.0 */
/* The sections of a configuration. For config.c only. Each reports every problem: 0 or -EINVAL. */
#pragma once

#include "config/config.h"

int config_parse_probes(struct config *c, const struct yaml_node *section, struct diag *diag);
int config_parse_sinks(struct config *c, const struct yaml_node *section, struct diag *diag);

/* The environment's part: sinks that it turns on, and keys of the first sink of a kind. */
int config_apply_environment(struct config *c, struct diag *diag);

/* Once everything is known: whether each sink's options make sense. */
int config_check_sinks(const struct config *c, struct diag *diag);

/* A path of the file, relative to the file's folder unless absolute. Heap string. */
char *config_resolve_path(const struct config *c, const char *path);

/* Report that `node` is not what "key" takes. */
int config_refuse(const struct yaml_node *node, const char *key, const char *takes,
                  struct diag *diag);

/*
 * An entry of a list in one of its forms, "name" or "name: {…}": its name, and its body or NULL.
 * -EINVAL with a message when it has neither; `what` says what it should name.
 */
int config_read_entry(const struct yaml_node *node, const char *what, const char **ret_name,
                      const struct yaml_node **ret_body, struct diag *diag);
