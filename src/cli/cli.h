/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commands. Each is one file with one function that takes its own arguments (argv[0] is the
 * command's name) and returns the exit code: 0 fine, 1 something asked for does not work, 2 usage.
 */
#pragma once

#define EXIT_USAGE 2

int cmd_run(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_probes(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_compile(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_tap(int argc, char **argv);
int cmd_replay(int argc, char **argv);
int cmd_version(int argc, char **argv);
