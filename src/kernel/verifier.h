/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the verifier said, in the words of the probe's author: the line of the source, the complaint,
 * and the usual cure. Pure; reads logs of every kernel's shape and never trusts them.
 */
#pragma once

#include "core/object.h"
#include "kernel/kernel.h"
#include "util/diag.h"

/*
 * Add the message for a program that was refused with the negative errno `r` and this log (may be
 * empty); returns r. Object and program are those that were loaded.
 */
int verifier_explain(const struct kernel *k, const struct object *object,
                     const struct object_program *program, const char *log, int r,
                     struct diag *diag);
