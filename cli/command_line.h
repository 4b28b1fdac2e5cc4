/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CLI_COMMAND_LINE_H
#define DBC_CLI_COMMAND_LINE_H

#include "base/diag.h"
#include "cli/command.h"

/*
 * Fills the command from the arguments after the verb; `verb` is one VERB_*
 * bit. Options and other arguments may be mixed; after `--` everything is an
 * argument. -1 with a diagnostic: a usage error.
 */
int command_line_parse(struct command *cmd, int argc, char **argv,
		       unsigned verb, struct diag *d);

#endif
