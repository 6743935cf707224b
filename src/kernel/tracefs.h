/* SPDX-License-Identifier: Apache-2.0 */
/* Where tracefs is, and how to get it when nobody has mounted it. */
#pragma once

#include <stdbool.h>

/*
 * The folder that holds tracefs's events/, as a heap string; NULL: there is none. `may_mount`: when it
 * is missing from a place where we or libbcc look, enter a mount namespace of our own and mount it
 * there. Must be called before any thread is started, since a thread has its own namespace.
 */
char *tracefs_find(bool may_mount);
