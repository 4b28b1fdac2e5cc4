/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "cli/commands.h"
#include "cli/progress.h"
#include "converter/report.h"

static void print_outputs(const struct fidelity *f, FILE *out)
{
	fputs("\noutput                            SQNR dB   cosine  "
	      "largest error / range\n", out);
	for (int i = 0; i < f->output_count; i++) {
		const struct fidelity_output *o = &f->outputs[i];

		fprintf(out, "%-32.32s %8.1f  %.5f  %.4f\n", o->name,
			o->sqnr_db, o->cosine, o->max_rel_error);
	}
}

static int print_result(const struct command *cmd, const struct fidelity *f,
			struct diag *d)
{
	char *json;

	if (!cmd->json) {
		fidelity_print(f, stdout);
		print_outputs(f, stdout);
		return EXIT_OK;
	}
	json = fidelity_json(f, d);
	if (!json)
		return EXIT_BAD_INPUT;
	fputs(json, stdout);
	free(json);
	return EXIT_OK;
}

static int check_arguments(const struct command *cmd, struct diag *d)
{
	if (cmd->arg_count != 2)
		return diag_error(d, "verify takes a model (.onnx) and what "
				     "it became (.dbp)");
	if (!packed_file_name(cmd->args[1]))
		return diag_error(d, "'%s' is not a packed model (.dbp)",
				  cmd->args[1]);
	if (cmd->config.calib)
		return 0;
	diag_error(d, "verify needs photos or tensors to compare on");
	diag_hint(d, "give a folder with --calib, of photos that the "
		     "conversion did not see");
	return -1;
}

int cmd_verify(const struct command *cmd, struct diag *d)
{
	struct config c = cmd->config;
	struct packed_file file = { 0 };
	struct dataset set = { 0 };
	struct fidelity f;
	struct progress_bar bar;
	struct arena arena;
	int code = EXIT_BAD_INPUT;

	if (check_arguments(cmd, d))
		return EXIT_USAGE;
	c.model_path = cmd->args[0];
	arena_init(&arena, 0);
	progress_begin(&bar, c.quiet);
	if (packed_file_read(&file, cmd->args[1], d) ||
	    dataset_open(&set, c.calib, d) ||
	    fidelity_measure(&c, &file, &set, 0, set.count, &arena, &f,
			     progress_update, &bar, d)) {
		progress_end(&bar);
		goto done;
	}
	progress_end(&bar);
	code = print_result(cmd, &f, d);
done:
	dataset_close(&set);
	packed_file_close(&file);
	arena_free(&arena);
	return code;
}
