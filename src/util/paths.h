/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the parts of Quern find each other. A program that runs from the build tree uses the source
 * tree (probes-src/, config/) and its neighbours in the build tree; an installed one uses the
 * folders that were configured. All strings are static. Thread-safe after the first call.
 */
#pragma once

const char *path_probes(void);   /* the probes that come with Quern, and quern.h */
const char *path_compiler(void); /* the quern-cc program */
const char *path_sysconf(void);  /* /etc/quern, or config/ of the source tree */
