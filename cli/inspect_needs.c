/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/inspect_needs.h"

#include <stdio.h>

#include "converter/emit/needs.h"

/* Adds what the models need; EXIT_OK. */
static int read_needs(const struct command *cmd, struct needs *n,
		      struct diag *d)
{
	for (int i = 0; i < cmd->arg_count; i++) {
		struct packed_file f = { 0 };
		int failed;

		if (!packed_file_name(cmd->args[i])) {
			diag_error(d, "%s: not a packed model", cmd->args[i]);
			diag_hint(d, "convert it first, and give the .dbp");
			return EXIT_BAD_INPUT;
		}
		failed = packed_file_read(&f, cmd->args[i], d);
		if (!failed)
			needs_add(n, &f);
		packed_file_close(&f);
		if (failed)
			return EXIT_BAD_INPUT;
	}
	return EXIT_OK;
}

int inspect_needs(const struct command *cmd, struct diag *d)
{
	struct needs n = { 0 };
	int code;

	if (cmd->arg_count < 1) {
		diag_error(d, "--ops and --emit take packed models");
		return EXIT_USAGE;
	}
	code = read_needs(cmd, &n, d);
	if (code != EXIT_OK)
		return code;
	if (cmd->emit == EMIT_OPS) {
		needs_emit(&n, stdout);
	} else if (cmd->json) {
		json_t *root = needs_json(&n);

		json_dumpf(root, stdout, JSON_INDENT(1));
		fputc('\n', stdout);
		json_decref(root);
	} else {
		needs_print(&n, stdout);
	}
	return EXIT_OK;
}
