/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of a probe without compiling it, for people and for programs. */
#pragma once

#include <jansson.h>

#include "kernel/kernel.h"
#include "probe/source.h"

/* Print the probe on stdout. `k` is asked how it spells the functions that the probe names. */
void probe_describe(const struct probe_source *s, const struct kernel *k);

/* The same as an object; the caller owns it. */
json_t *probe_describe_json(const struct probe_source *s, const struct kernel *k);

/* A JSON string of any text; bytes that are no UTF-8 are not shown. */
json_t *json_text(const char *text);
