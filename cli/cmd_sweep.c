/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file_write.h"
#include "base/ranks.h"
#include "cli/commands.h"
#include "cli/sweep_rows.h"

/* Writes FOLDER/sweep.json, .csv and .svg; `json` is the first one's text. */
static int write_tables(const struct sweep_plan *p,
			const struct sweep_row *rows, const char *folder,
			const char *json, struct diag *d)
{
	char paths[3][4096];
	char *csv = sweep_table_csv(p, rows, d);
	char *svg = csv ? sweep_picture(p, rows, d) : NULL;
	const struct file_out files[] = {
		{ paths[0], json, strlen(json) },
		{ paths[1], csv, csv ? strlen(csv) : 0 },
		{ paths[2], svg, svg ? strlen(svg) : 0 },
	};
	int err;

	snprintf(paths[0], sizeof(paths[0]), "%s/sweep.json", folder);
	snprintf(paths[1], sizeof(paths[1]), "%s/sweep.csv", folder);
	snprintf(paths[2], sizeof(paths[2]), "%s/sweep.svg", folder);
	err = csv && svg ? files_write(files, 3, d) : -1;
	free(csv);
	free(svg);
	return err;
}

/* 1 where a job failed, 3 where none meets its limits. */
static int exit_code(const struct sweep_plan *p, const struct sweep_row *rows,
		     struct diag *d)
{
	int failed = 0, converted = 0;

	for (int i = 0; i < p->count; i++) {
		failed += rows[i].state == SWEEP_FAILED;
		converted += rows[i].state == SWEEP_CONVERTED;
	}
	if (failed) {
		diag_error(d, "%d of %d jobs failed", failed, p->count);
		diag_hint(d, "the same command again tries these only");
		return EXIT_BAD_INPUT;
	}
	if (!converted)
		diag_error(d, "none of %d jobs meets its limits", p->count);
	return converted ? EXIT_OK : EXIT_BUDGET;
}

static int report(const struct command *cmd, struct sweep_plan *p,
		  const char *folder, struct diag *d)
{
	struct sweep_row *rows = sweep_rows_read(p, folder, d);
	char *json = rows ? sweep_table_json(p, rows, d) : NULL;
	char *text = json ? sweep_table_text(p, rows, d) : NULL;
	int code = EXIT_BAD_INPUT;

	if (text && !write_tables(p, rows, folder, json, d)) {
		fputs(cmd->json ? json : text, stdout);
		code = exit_code(p, rows, d);
	}
	free(json);
	free(text);
	return code;
}

int cmd_sweep(const struct command *cmd, struct diag *d)
{
	const char *folder = cmd->output ? cmd->output : "sweep";
	struct sweep_plan p;
	int code = EXIT_BAD_INPUT;

	if (cmd->arg_count != 1) {
		diag_error(d, "sweep takes one file, not %d", cmd->arg_count);
		return EXIT_USAGE;
	}
	if (!sweep_plan_read(&p, cmd->args[0], cmd, d) &&
	    !sweep_run(&p, folder, cmd->config.quiet, d))
		code = ranks_self() ? EXIT_OK : report(cmd, &p, folder, d);
	sweep_plan_free(&p);
	return code;
}
