/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands.h"
#include "cli/update_text.h"

int cmd_check(const struct command *cmd, struct diag *d)
{
	struct regular_file f = { 0 };
	struct update_key key = { 0 };
	struct dbu_head head;
	int err;

	if (cmd->arg_count != 1) {
		diag_error(d, "check takes one update (.dbu), not %d arguments",
			   cmd->arg_count);
		return EXIT_USAGE;
	}
	err = update_command_key(cmd, &key, d) ||
	      update_file_read(cmd->args[0], &key, &f, &head, d);
	if (!err)
		update_print(cmd->args[0], &head, true, cmd->json);
	update_key_wipe(&key);
	regular_file_free(&f);
	return err ? EXIT_BAD_INPUT : EXIT_OK;
}
