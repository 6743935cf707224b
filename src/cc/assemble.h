/* SPDX-License-Identifier: Apache-2.0 */
/* What was compiled and recorded becomes an object. */
#pragma once

#include "cc/bcc.h"
#include "core/object.h"
#include "util/diag.h"

/* Names that the program refers to by number (quern.h's EVENT()), in the order of the numbers. */
struct map_numbers {
	char **names;
	size_t n, cap;
};

/* The first of the numbers; far above any descriptor. */
#define MAP_NUMBER_FIRST 0x51000000

/* Maps whose names begin so exist only to bring a type into the BTF; they are left out. */
#define CARRIER_PREFIX "quern_carrier_"

/*
 * Maps, programs, BTF and events of the module into `object`. What is odd but no error (an event
 * whose layout cannot be told) is a warning.
 */
int assemble(const struct bcc *bcc, const struct map_numbers *numbers, struct object *object,
             struct diag *diag);

/* Does a stock event lack its layout, so that carriers could help? */
bool assemble_wants_carriers(const struct object *object);
