/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CLI_COMMANDS_H
#define DBC_CLI_COMMANDS_H

#include "cli/options.h"

/* Exit codes. */
enum { EXIT_OK = 0, EXIT_BAD_INPUT = 1, EXIT_USAGE = 2, EXIT_BUDGET = 3 };

/* A verb, its options parsed; returns an exit code, with diagnostics where it
 * is not 0. */
typedef int command_fn(const struct command *cmd, struct diag *d);
command_fn cmd_convert, cmd_run, cmd_verify, cmd_inspect, cmd_eval;

/* The last part of a path without its ending, in the command's arena. */
char *command_stem(const char *path, struct arena *a);
/* Makes a folder and those above it. */
int command_make_folder(const char *path, struct diag *d);
/* What was noted and warned so far goes to standard error now. */
void command_print_notes(const struct diag *d, size_t *printed, bool quiet);

#endif
