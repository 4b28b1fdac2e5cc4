/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CLI_OPTION_VALUE_H
#define DBC_CLI_OPTION_VALUE_H

#include "base/diag.h"
#include "cli/command.h"
#include "cli/options.h"

/*
 * Converts the text `value` by the kind of the row and stores it in the
 * command; a text is not copied. For a flag the value is "true" or "false".
 * `subject` opens messages ("option '--bits'"). -1 with a diagnostic where
 * the value is not valid.
 */
int option_set(struct command *cmd, const struct option_row *row,
	       const char *subject, const char *value, struct diag *d);

#endif
