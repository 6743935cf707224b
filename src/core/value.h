/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Printing routines for what has no semantic type: values shown by their kind, and what stands at the
 * beginning and the end of a line. All are of type semantic_print_fn.
 */
#pragma once

#include "core/semantic.h"

/* Widths of the text form's columns. */
#define VALUE_PID_WIDTH  7
#define VALUE_COMM_WIDTH 15

#define DECLARE_VALUE(name)                                                                        \
	char *value_##name(char *o, const struct field *f, const uint8_t *p, uint32_t size,        \
	                   struct print *how)

DECLARE_VALUE(enum);
DECLARE_VALUE(float);
DECLARE_VALUE(int128); /* a string in JSON: no reader takes a number of this size */
DECLARE_VALUE(bytes);  /* in hex */

DECLARE_VALUE(time); /* of the record; of the batch without a field */
DECLARE_VALUE(pid_column);
DECLARE_VALUE(comm_column);
DECLARE_VALUE(uid_note); /* with its name; nothing for root */

#undef DECLARE_VALUE
