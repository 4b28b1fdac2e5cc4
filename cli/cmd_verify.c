/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "converter/report.h"

static void print_outputs(const struct fidelity *f, FILE *out)
{
	fputs("\noutput                            SQNR dB   cosine  "
	      "largest error / range\n",
	      out);
	for (int i = 0; i < f->output_count; i++) {
		const struct fidelity_output *o = &f->outputs[i];

		fprintf(out, "%-32.32s %8.1f  %.5f  %.4f\n",
			TEXT_PRINTABLE(o->name), o->sqnr_db, o->cosine,
			o->max_rel_error);
	}
}

static void print_layers(const struct layer_error *layers, int count)
{
	puts("\nlayer                            operator             SQNR dB");
	for (int i = 0; i < count; i++)
		if (!isnan(layers[i].sqnr_db))
			printf("%-32.32s %-20s %7.1f\n",
			       TEXT_PRINTABLE(layers[i].name), layers[i].op,
			       layers[i].sqnr_db);
}

static int print_result(const struct command *cmd, const struct fidelity *f,
			const struct layer_error *layers, int count,
			struct diag *d)
{
	char *json;

	if (!cmd->json) {
		fidelity_print(f, stdout);
		print_outputs(f, stdout);
		print_layers(layers, count);
		return EXIT_OK;
	}
	json = report_verify_json(f, layers, count, d);
	if (!json)
		return EXIT_BAD_INPUT;
	fputs(json, stdout);
	free(json);
	return EXIT_OK;
}

static int check_arguments(const struct command *cmd, struct diag *d)
{
	if (cmd->arg_count != 2)
		return diag_error(d, "verify takes a model (.onnx) and the "
				     "packed model made from it (.dbp)");
	if (!packed_file_name(cmd->args[1]))
		return diag_error(d, "'%s' is not a packed model (.dbp)",
				  cmd->args[1]);
	if (cmd->config.calib)
		return 0;
	diag_error(d, "verify needs photos or tensors to compare on");
	diag_hint(d,
		  "give photos that the conversion did not use with --calib");
	return -1;
}

/* Outputs on all samples, layers on the first few. */
static int measure_outputs(const struct config *c, struct packed_file *file,
			   const struct dataset *set, struct arena *a,
			   struct fidelity *f, struct layer_error **layers,
			   struct progress_bar *bar, struct diag *d)
{
	const struct progress progress = { progress_update, bar, NULL };
	const struct measure_set few = { c, set, 0,
					 set->count < LAYER_SAMPLES ?
						 set->count :
						 LAYER_SAMPLES };
	const struct dataset_item **items =
		arena_array(a, (size_t)set->count, sizeof(*items));
	const struct fidelity_set all = { c, items, set->count, 0 };

	if (!items)
		return diag_error(d, "out of memory");
	for (int i = 0; i < set->count; i++)
		items[i] = &set->items[i];
	if (fidelity_measure(&all, file, a, f, &progress, d) ||
	    packed_file_bind(file, d))
		return -1;
	*layers = layer_errors(&few, file, a, d);
	return *layers ? 0 : -1;
}

int cmd_verify(const struct command *cmd, struct diag *d)
{
	struct config c = cmd->config;
	struct packed_file file = { 0 };
	struct dataset set = { 0 };
	struct layer_error *layers = NULL;
	struct fidelity f;
	struct progress_bar bar;
	struct arena arena;
	int code = EXIT_BAD_INPUT, err;

	if (check_arguments(cmd, d))
		return EXIT_USAGE;
	c.model_path = cmd->args[0];
	arena_init(&arena, 0);
	progress_begin(&bar, c.quiet);
	err = packed_file_read(&file, cmd->args[1], d) ||
	      dataset_open(&set, c.calib, d) ||
	      measure_outputs(&c, &file, &set, &arena, &f, &layers, &bar, d);
	progress_end(&bar);
	if (!err && fidelity_contradiction(&f))
		diag_warn(d, "%s", fidelity_contradiction(&f));
	if (!err)
		code = print_result(cmd, &f, layers,
				    (int)dbrt_op_count(&file.model), d);
	dataset_close(&set);
	packed_file_close(&file);
	arena_free(&arena);
	return code;
}
