/* SPDX-License-Identifier: Apache-2.0 */
/* An object as text, for people and tests. */
#pragma once

/* Print the object in the file to stdout; the exit code. */
int dump_object(const char *path);
