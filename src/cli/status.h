/* SPDX-License-Identifier: Apache-2.0 */
/* The agent's status for people. */
#pragma once

#include <jansson.h>
#include <stdio.h>

/* What is missing in `status` counts as zero or empty: it may be another version's. */
void status_print(const json_t *status, FILE *out);
