/* SPDX-License-Identifier: Apache-2.0 */
/* The sink behind `quern tap`: it writes to one connection; private to this folder. */
#pragma once

#include "sinks/sink.h"

/*
 * A sink, not started, whose events go to the socket `fd`, which stays the caller's. `only` is the
 * name of a probe or event, NULL for all. Breaks when the peer hangs up.
 */
struct sink *tap_new(const char *label, int fd, const char *only);
