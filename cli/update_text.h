/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CLI_UPDATE_TEXT_H
#define DBC_CLI_UPDATE_TEXT_H

#include "cli/command.h"
#include "converter/update/update_file.h"

/* The key of --key-file, else of DBCONVERT_KEY in the environment. */
int update_command_key(const struct command *cmd, struct update_key *key,
		       struct diag *d);
/* Prints what an update says; as JSON, too. */
void update_print(const char *path, const struct dbu_head *head, bool verified,
		  bool json);

#endif
