/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>

#include <jansson.h>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "converter/report.h"

#define CLASS_LINES 20 /* more classes only with --json or --verbose */

static int check_arguments(const struct command *cmd, struct diag *d)
{
	if (cmd->arg_count != 1)
		return diag_error(d, "eval takes one model (.onnx or .dbp)");
	if (!cmd->config.images || !cmd->config.labels) {
		diag_error(d, "eval needs photos and labels");
		diag_hint(d, "give --images DIR and --labels FILE|DIR");
		return -1;
	}
	return 0;
}

/* "0.1234", or "-" where there is nothing to measure. */
static const char *figure(double x, char text[16])
{
	if (isnan(x))
		return "-";
	snprintf(text, 16, "%.4f", x);
	return text;
}

static void print_boxes(const struct accuracy *a, bool all)
{
	int lines = all || a->class_count <= CLASS_LINES ? a->class_count : 0;

	printf("%-16s %6s %7s %8s  precision %7s  (score %.2f and over)\n",
	       "class", "boxes", "AP50", "AP50:95", "recall",
	       (double)a->threshold);
	for (int i = 0; i <= lines; i++) {
		bool last = i == lines;
		const struct ap_result *r = last ? &a->total :
						   &a->classes[i].result;

		char ap50[16], ap[16], precision[16], recall[16];

		printf("%-16.16s %6d %7s %8s  %9s %7s\n",
		       last ? "all" : TEXT_PRINTABLE(a->classes[i].name),
		       r->truths, figure(r->ap50, ap50), figure(r->ap, ap),
		       figure(r->precision, precision),
		       figure(r->recall, recall));
	}
	if (!lines)
		printf("(%d classes have boxes; --verbose lists them)\n",
		       a->class_count);
}

static void print_classes(const struct accuracy *a, bool all)
{
	int lines = all || a->class_count <= CLASS_LINES ? a->class_count : 0;

	printf("%-16s %6s %7s\n", "class", "photos", "top-1");
	for (int i = 0; i < lines; i++)
		printf("%-16.16s %6d %7.4f\n",
		       TEXT_PRINTABLE(a->classes[i].name),
		       a->classes[i].result.truths,
		       a->classes[i].result.recall);
	printf("%-16s %6d %7.4f\n", "all", a->photos, a->top1);
}

static void print_counts(const struct accuracy *a)
{
	if (a->skipped)
		fprintf(stderr, "%d of %d photos are not labelled: left out\n",
			a->skipped, a->skipped + a->photos);
	if (a->empty)
		fprintf(stderr,
			"%d of %d photos have no labels: taken as showing "
			"nothing\n",
			a->empty, a->photos);
}

static void print_text(const struct command *cmd, const struct accuracy *a)
{
	print_counts(a);
	if (a->is_boxes)
		print_boxes(a, cmd->config.verbose);
	else
		print_classes(a, cmd->config.verbose);
}

static int print_json(const struct accuracy *a, struct diag *d)
{
	char *text = report_accuracy_json(a, d);

	if (!text)
		return -1;
	fputs(text, stdout);
	free(text);
	return 0;
}

static int measure_model_accuracy(const struct command *cmd,
				  struct arena *arena, struct accuracy *a,
				  struct progress_bar *bar, struct diag *d)
{
	const struct config *c = &cmd->config;
	const struct accuracy_model model = { .path = cmd->args[0] };
	struct annotations labels = { 0 };
	struct dataset photos = { 0 };
	const struct progress progress = { progress_update, bar, NULL };
	struct measure_set set = { .config = c, .dataset = &photos };
	int err = annotations_read(&labels, c->labels, d) ||
		  dataset_open(&photos, c->images, d);

	set.count = photos.count;
	err = err ||
	      accuracy_measure(&set, &model, &labels, arena, a, &progress, d);

	dataset_close(&photos);
	annotations_free(&labels);
	return err;
}

static int check_accuracy(const struct config *c, const struct accuracy *a,
			  struct diag *d)
{
	if (c->min_accuracy <= 0 ||
	    accuracy_value(a) >= (double)c->min_accuracy)
		return EXIT_OK;
	diag_error(d, "%s is %.4f, below --min-accuracy %.4f",
		   accuracy_metric(a), accuracy_value(a),
		   (double)c->min_accuracy);
	return EXIT_BUDGET;
}

/* Nothing measured is no result; of a gate it is a failure. */
static int show_accuracy(const struct command *cmd, const struct accuracy *a,
			 struct diag *d)
{
	const char *missing = accuracy_missing(a);

	if (missing) {
		diag_error(d,
			   "%s: nothing is measured on %d photos of '%s': %s",
			   cmd->config.labels, a->photos + a->skipped,
			   cmd->config.images, missing);
		if (a->empty == a->photos)
			diag_hint(d, "a label belongs to the photo of the same "
				     "name, without the ending");
		return cmd->config.min_accuracy > 0 ? EXIT_BUDGET :
						      EXIT_BAD_INPUT;
	}
	if (!cmd->json)
		print_text(cmd, a);
	else if (print_json(a, d))
		return EXIT_BAD_INPUT;
	return check_accuracy(&cmd->config, a, d);
}

int cmd_eval(const struct command *cmd, struct diag *d)
{
	const struct config *c = &cmd->config;
	struct progress_bar bar;
	struct accuracy a;
	struct arena arena;
	int err, code;

	if (check_arguments(cmd, d))
		return EXIT_USAGE;
	arena_init(&arena, 0);
	progress_begin(&bar, c->quiet);
	err = measure_model_accuracy(cmd, &arena, &a, &bar, d);
	progress_end(&bar);
	code = err ? EXIT_BAD_INPUT : show_accuracy(cmd, &a, d);
	arena_free(&arena);
	return code;
}
