/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/progress.h"
#include "base/file_write.h"
#include "converter/measure/layer_error.h"
#include "converter/report.h"
#include "converter/resize_input.h"
#include "converter/pack/c_header.h"
#include "passes/pipeline.h"

/* Everything of one conversion that has to be freed. */
struct work {
	struct conversion v;
	struct packed_file file;
	struct arena arena;
	struct fidelity fidelity;
	const struct layer_error *layers; /* NULL: not measured */
	struct accuracy before, after;    /* on labelled photos */
	struct report report;
	struct progress_bar bar;
};

static const char no_photos[] =
	"no photos were given (--calib): drawings serve, and how well the "
	"model still works is not measured";
static const char too_few[] =
	"too few photos to hold some out: how well the model still works is "
	"not measured (five or more are enough)";
static const char assumed[] =
	"--mean, --scale and --color are not given: photos are taken as RGB "
	"divided by 255";

/* On the photos that were held out of calibration. */
static int measure(const struct config *c, struct work *w,
		   const struct fidelity **f, struct diag *d)
{
	int held = w->v.dataset.count - w->v.calib_count;

	*f = NULL;
	if (held <= 0)
		return 0;
	if (packed_file_open(&w->file, w->v.packed.bytes, w->v.packed.size, "",
			     d) ||
	    fidelity_measure(c, &w->file, &w->v.dataset, w->v.calib_count, held,
			     &w->arena, &w->fidelity, progress_update, &w->bar,
			     d))
		return -1;
	*f = &w->fidelity;
	if (packed_file_bind(&w->file, d))
		return -1;
	w->layers = layer_errors(c, &w->file, &w->v.dataset, w->v.calib_count,
				 held < LAYER_SAMPLES ? held : LAYER_SAMPLES,
				 &w->arena, d);
	return w->layers ? 0 : -1;
}

/* On --images, or on those photos of --calib that were held out. */
static int measure_accuracy(const struct config *c, struct work *w,
			    struct diag *d)
{
	const struct accuracy_model model = { .path = c->model_path };
	const struct accuracy_model packed = { .path = "the packed model",
					       .dbp = w->v.packed.bytes,
					       .dbp_bytes = w->v.packed.size };
	struct annotations labels = { 0 };
	struct dataset own = { 0 };
	const struct dataset *photos = c->images ? &own : &w->v.dataset;
	int first = c->images ? 0 : w->v.calib_count;
	int err = annotations_read(&labels, c->labels, d) ||
		  (c->images && dataset_open(&own, c->images, d));
	int count = photos->count - first;

	if (!err && count <= 0)
		err = diag_error(d, "no photos to measure accuracy on: give "
				    "some with --images");
	err = err ||
	      accuracy_measure(c, &model, photos, first, count, &labels,
			       &w->arena, &w->before, progress_update, &w->bar,
			       d) ||
	      accuracy_measure(c, &packed, photos, first, count, &labels,
			       &w->arena, &w->after, progress_update, &w->bar,
			       d);
	dataset_close(&own);
	annotations_free(&labels);
	if (err)
		return -1;
	w->report.accuracy_float = &w->before;
	w->report.accuracy_packed = &w->after;
	return 0;
}

static char *output_path(struct arena *a, const char *folder, const char *name,
			 const char *ending)
{
	return arena_printf(a, "%s/%s%s", folder, name, ending);
}

/* Everything is made before the first file is written. */
static int write_files(const struct command *cmd, struct work *w,
		       const char *name, const char *json, struct diag *d)
{
	const struct config *c = &cmd->config;
	const struct packed *p = &w->v.packed;
	char *dbp = output_path(&w->arena, c->output_dir, name, ".dbp");
	char *header = output_path(&w->arena, c->output_dir, name, ".h");
	char *text = c_header_text(p, name, d);
	struct file_out files[2 + CONFIG_MAX_REPORTS];
	int err = -1, count = 0;

	if (!text || !dbp || !header)
		goto done;
	files[count++] = (struct file_out){ dbp, p->file, p->file_size };
	files[count++] = (struct file_out){ header, text, strlen(text) };
	for (int i = 0; i < c->report_count; i++)
		files[count++] =
			(struct file_out){ c->reports[i], json, strlen(json) };
	if (command_make_folder(c->output_dir, d) ||
	    files_write(files, count, d))
		goto done;
	if (!c->quiet)
		fprintf(stderr, "wrote        %s, %s\n", dbp, header);
	err = 0;
done:
	free(text);
	return err;
}

static int finish(const struct command *cmd, struct work *w, const char *name,
		  struct diag *d)
{
	const struct config *c = &cmd->config;
	char *json = report_json(&w->report, d);
	int code = EXIT_BAD_INPUT;

	if (!json)
		return code;
	if (!c->quiet)
		report_print(&w->report, stderr);
	if (!c->quiet && (c->verbose || isatty(STDERR_FILENO)))
		report_plot(&w->report, stderr);
	if (report_check_budgets(&w->report, d))
		code = EXIT_BUDGET;
	else if (!write_files(cmd, w, name, json, d))
		code = EXIT_OK;
	if (cmd->json && code != EXIT_BAD_INPUT)
		fputs(json, stdout);
	free(json);
	return code;
}

static int check_pass_name(const char *name, struct arena *a, struct diag *d)
{
	const char *list = "";

	for (int i = 0; i < pipeline_pass_count(); i++) {
		if (!strcmp(name, pipeline_pass_name(i)))
			return 0;
		list = arena_printf(a, "%s%s%s", list, i ? ", " : "",
				    pipeline_pass_name(i));
		if (!list)
			return diag_error(d, "out of memory");
	}
	diag_error(d, "unknown pass '%s'", name);
	diag_hint(d, "the passes are %s", list);
	return -1;
}

static int convert(const struct command *cmd, const struct config *c,
		   struct work *w, struct diag *d)
{
	const char *name = command_stem(c->model_path, &w->arena);
	const struct fidelity *f;
	struct cost_target target;
	struct config used; /* with the input's size that was taken */
	int err;

	if (!c->labels && (c->images || c->min_accuracy > 0)) {
		diag_error(d, "--images and --min-accuracy need --labels, "
			      "what is on the photos");
		return EXIT_USAGE;
	}
	if (!name || target_load(c->target, &w->arena, &target, d) ||
	    (c->dump_after && check_pass_name(c->dump_after, &w->arena, d)))
		return EXIT_USAGE;
	err = convert_resized(c, &target, &w->v, &used,
			      c->dump_after ? stdout : NULL, progress_update,
			      &w->bar, d) ||
	      measure(&used, w, &f, d) ||
	      report_build(&w->report, c, &w->v, f, w->layers, &target, name,
			   &w->arena, d) ||
	      (c->labels && measure_accuracy(c, w, d));
	progress_end(&w->bar);
	if (err)
		return EXIT_BAD_INPUT;
	if (!w->v.dataset.count)
		diag_warn(d, "%s", no_photos);
	else if (!f)
		diag_warn(d, "%s", too_few);
	if (!w->v.head.data && w->v.head.why) {
		diag_note(d, "the device gives the outputs as they are: %s",
			  w->v.head.why);
		diag_hint(d, "--head says how they become boxes");
	}
	if (w->v.preprocess.is_image && w->v.preprocess.assumed)
		diag_warn(d, "%s", assumed);
	return finish(cmd, w, name, d);
}

int cmd_convert(const struct command *cmd, struct diag *d)
{
	struct config c = cmd->config;
	struct command with = *cmd;
	struct work *w;
	int code;

	if (cmd->arg_count != 1) {
		diag_error(d, "convert takes one model, not %d",
			   cmd->arg_count);
		return EXIT_USAGE;
	}
	w = calloc(1, sizeof(*w));
	if (!w) {
		diag_error(d, "out of memory");
		return EXIT_BAD_INPUT;
	}
	c.model_path = cmd->args[0];
	if (cmd->output)
		c.output_dir = cmd->output;
	with.config = c;
	arena_init(&w->arena, 0);
	progress_begin(&w->bar, c.quiet);
	code = convert(&with, &c, w, d);
	packed_file_close(&w->file);
	conversion_free(&w->v);
	arena_free(&w->arena);
	free(w);
	return code;
}
