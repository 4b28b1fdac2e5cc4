/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "base/file_write.h"
#include "cli/check_first.h"
#include "cli/commands.h"
#include "cli/help.h"
#include "cli/progress.h"
#include "converter/pack/c_header.h"
#include "converter/pack/packed_file.h"
#include "converter/preprocess_choice.h"
#include "converter/report.h"
#include "converter/resize_input.h"

/* The objects of one conversion that must be freed. */
struct work {
	struct conversion v;
	struct arena arena;
	const char *name; /* of the files, without their endings */
	struct report report;
	struct progress_bar bar;
};

static const char no_photos[] =
	"no photos are given (--calib): the model is calibrated on synthetic "
	"images, and its fidelity is not measured";
static const char too_few[] =
	"too few photos to hold some out: the fidelity is not measured (five "
	"photos or more are needed)";
static char *output_path(struct arena *a, const char *folder, const char *name,
			 const char *ending)
{
	return arena_printf(a, "%s/%s%s", folder, name, ending);
}

/* All contents are built before the first file is written. */
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
		fprintf(stderr, "wrote        %s, %s\n", TEXT_PRINTABLE(dbp),
			TEXT_PRINTABLE(header));
	err = 0;
done:
	free(text);
	return err;
}

/* Of a model that misses a limit only the report is written. */
static int write_reports(const struct config *c, const char *json,
			 struct diag *d)
{
	struct file_out files[CONFIG_MAX_REPORTS];

	for (int i = 0; i < c->report_count; i++)
		files[i] =
			(struct file_out){ c->reports[i], json, strlen(json) };
	return c->report_count ? files_write(files, c->report_count, d) : 0;
}

static int write_outputs(const struct command *cmd, struct work *w,
			 const char *name, struct diag *d)
{
	const struct config *c = &cmd->config;
	char *json;
	int code = EXIT_BAD_INPUT;

	if (c->verbose) {
		w->report.stages = w->bar.stages;
		w->report.stage_count = w->bar.stage_count;
	}
	json = report_json(&w->report, d);
	if (!json)
		return code;
	if (!c->quiet)
		report_print(&w->report, stderr);
	if (!c->quiet && (c->verbose || isatty(STDERR_FILENO)))
		report_plot(&w->report, stderr);
	if (!c->quiet && c->verbose)
		progress_print_stages(&w->bar, stderr);
	if (report_check_budgets(&w->report, d))
		code = write_reports(c, json, d) ? EXIT_BAD_INPUT : EXIT_BUDGET;
	else if (!write_files(cmd, w, name, json, d))
		code = EXIT_OK;
	if (cmd->json && code != EXIT_BAD_INPUT)
		fputs(json, stdout);
	free(json);
	return code;
}

static int check_stage(const char *name, struct arena *a, struct diag *d)
{
	const char *list = "";

	for (int i = 0; help_stage(i); i++) {
		if (!strcmp(name, help_stage(i)))
			return 0;
		list = arena_printf(a, "%s%s%s", list, i ? ", " : "",
				    help_stage(i));
		if (!list)
			return diag_error(d, "out of memory");
	}
	diag_error(d, "unknown pass '%s'", name);
	diag_hint(d, "expected one of %s", list);
	return -1;
}

static void warn_about(const struct conversion *v, struct diag *d)
{
	if (!v->dataset.count)
		diag_warn(d, "%s", no_photos);
	else if (!v->fidelity)
		diag_warn(d, "%s", too_few);
	if (v->accuracy_packed && accuracy_missing(v->accuracy_packed))
		diag_warn(d, "the accuracy is not measured: %s",
			  accuracy_missing(v->accuracy_packed));
	if (v->fidelity && fidelity_is_empty(v->fidelity))
		diag_warn(d,
			  "the float model finds nothing on the %d photos: "
			  "agreement on detections is not measured",
			  v->fidelity->samples + v->fidelity->calibrated);
	if (v->fidelity && fidelity_contradiction(v->fidelity))
		diag_warn(d, "%s", fidelity_contradiction(v->fidelity));
	if (!v->head.data && v->head.why) {
		diag_note(d, "the outputs are not decoded on the device: %s",
			  v->head.why);
		diag_hint(d, "describe how they are decoded to boxes in a file "
			     "and give it with --head");
	}
	preprocess_warn(&v->preprocess, v->head.kind, head_preprocess(&v->head),
			d);
}

static int run_convert(const struct command *cmd, const struct config *c,
		       struct work *w, struct diag *d)
{
	const char *name = w->name;
	const struct progress progress = { progress_update, &w->bar, NULL };
	const struct dump dump = { c->dump_after, stdout };
	struct cost_target target;
	struct config chosen; /* with the preprocessing that was found */
	struct config used;   /* and with the input size that was chosen */
	int err;

	if (!c->labels && (c->images || c->min_accuracy > 0)) {
		diag_error(d, "--images and --min-accuracy need --labels");
		return EXIT_USAGE;
	}
	if (!name || !c->output_dir ||
	    target_load(c->target, &w->arena, &target, d) ||
	    (c->dump_after && check_stage(c->dump_after, &w->arena, d)))
		return EXIT_USAGE;
	if (check_first(c, d))
		return EXIT_BAD_INPUT;
	chosen = *c;
	if (preprocess_choose(&chosen, &progress, d)) {
		progress_end(&w->bar);
		return EXIT_BAD_INPUT;
	}
	progress_end(&w->bar);
	command_print_notes(d, c->quiet);
	err = convert_resized(&chosen, &target, &w->v, &used,
			      c->dump_after ? &dump : NULL, &progress, d) ||
	      convert_measure(&w->v, &chosen) ||
	      report_build(&w->report, &chosen, &w->v, &target, name, &w->arena,
			   d);
	progress_end(&w->bar);
	if (err)
		return EXIT_BAD_INPUT;
	warn_about(&w->v, d);
	return write_outputs(cmd, w, name, d);
}

static bool is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* A folder, or the packed file's own path: FOLDER/NAME.dbp. */
static void take_output(const struct command *cmd, struct config *c,
			struct work *w)
{
	const char *path = cmd->output;
	const char *slash = path ? strrchr(path, '/') : NULL;

	w->name = command_stem(c->model_path, &w->arena);
	if (!path)
		return;
	c->output_dir = path;
	if (!packed_file_name(path) || is_folder(path))
		return;
	w->name = command_stem(path, &w->arena);
	c->output_dir = !slash        ? "." :
			slash == path ? "/" :
					arena_strndup(&w->arena, path,
						      (size_t)(slash - path));
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
	arena_init(&w->arena, 0);
	take_output(cmd, &c, w);
	with.config = c;
	progress_begin(&w->bar, c.quiet);
	code = run_convert(&with, &c, w, d);
	conversion_free(&w->v);
	arena_free(&w->arena);
	free(w);
	return code;
}
