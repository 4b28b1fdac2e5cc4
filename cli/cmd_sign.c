/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands.h"
#include "cli/update_text.h"
#include "converter/pack/packed_file.h"

static int check_arguments(const struct command *cmd, struct diag *d)
{
	if (cmd->arg_count != 1)
		return diag_error(d,
				  "sign takes one packed model, not %d "
				  "arguments",
				  cmd->arg_count);
	if (!packed_file_name(cmd->args[0]))
		return diag_error(d, "'%s' is not a packed model (.dbp)",
				  cmd->args[0]);
	if (!cmd->model_version)
		return diag_error(d, "'--model-version' is missing: a number "
				     "above that of the last update");
	if (!cmd->hardware)
		return diag_error(d, "'--hardware' is missing: the devices "
				     "that may take the update");
	return 0;
}

static int sign(const struct command *cmd, const struct update_key *key,
		struct arena *a, struct diag *d)
{
	const char *stem = command_stem(cmd->args[0], a);
	struct update_about about = { .version = cmd->model_version,
				      .target = cmd->hardware,
				      .model = cmd->model_id ? cmd->model_id :
							       stem };
	struct update_signer signer = { key, cmd->sign_command };
	const char *out = cmd->output ? cmd->output :
					arena_printf(a, "%s.dbu", stem);

	if (!stem || !out)
		return diag_error(d, "out of memory");
	return update_file_write(out, cmd->args[0], &about, &signer, d);
}

int cmd_sign(const struct command *cmd, struct diag *d)
{
	struct update_key key = { 0 };
	struct arena a;
	int err;

	if (check_arguments(cmd, d))
		return EXIT_USAGE;
	arena_init(&a, 0);
	err = update_command_key(cmd, &key, d) || sign(cmd, &key, &a, d);
	update_key_wipe(&key);
	arena_free(&a);
	return err ? EXIT_BAD_INPUT : EXIT_OK;
}
