/* SPDX-License-Identifier: Apache-2.0 */
#include <sodium.h>

#include "cli/commands.h"
#include "converter/update/update_key.h"

int cmd_keygen(const struct command *cmd, struct diag *d)
{
	struct update_key key = { 0 };
	char id[2 * DBU_KEY_ID_BYTES + 1];
	int err;

	if (cmd->arg_count != 1) {
		diag_error(d, "keygen takes one name, not %d", cmd->arg_count);
		return EXIT_USAGE;
	}
	err = update_key_generate(cmd->args[0], &key, d);
	if (!err) {
		sodium_bin2hex(id, sizeof(id), key.known.id,
			       sizeof(key.known.id));
		diag_note(d,
			  "key %s: %s.key signs and stays secret, %s.pub "
			  "goes into devices",
			  id, cmd->args[0], cmd->args[0]);
	}
	update_key_wipe(&key);
	return err ? EXIT_BAD_INPUT : EXIT_OK;
}
