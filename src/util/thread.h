/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads that never see a signal: every one is blocked, so that signals reach the main thread, which
 * waits for them, and a write to a closed pipe is an error code in any thread.
 */
#pragma once

#include <pthread.h>

/* `name` is what top -H and gdb show; the kernel keeps 15 bytes of it. Negative errno. */
int thread_start(pthread_t *ret, const char *name, void *(*main)(void *), void *arg);
