/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CLI_COMMANDS_H
#define DBC_CLI_COMMANDS_H

#include "cli/command.h"

/* Exit codes. */
enum { EXIT_OK = 0, EXIT_BAD_INPUT = 1, EXIT_USAGE = 2, EXIT_BUDGET = 3 };

/* Runs a verb on its parsed options; returns an exit code, with diagnostics
 * where it is not 0. Each is in the file of its name. */
typedef int command_fn(const struct command *cmd, struct diag *d);
command_fn cmd_convert, cmd_run, cmd_verify, cmd_inspect, cmd_eval, cmd_bench,
	cmd_sweep, cmd_test, cmd_keygen, cmd_sign, cmd_check;

#endif
