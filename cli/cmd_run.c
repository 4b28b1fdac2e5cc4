/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/draw.h"
#include "converter/json_text.h"
#include "cli/output_names.h"
#include "cli/run_inputs.h"
#include "converter/data/image_write.h"
#include "converter/data/npy.h"
#include "converter/measure/model_runner.h"

#define MAX_DETECTIONS 300
#define TOP_CLASSES 5
#define LABEL_BYTES 48

struct run_command {
	const struct command *cmd;
	struct diag *d;
	struct model_runner *runner;
	struct arena arena;
	struct run_inputs inputs;
	const char **output_files; /* names of the outputs' files */
	json_t *results;           /* --json */
};

/* "name" or the number of a class. */
static void class_text(const struct run_command *r, uint32_t class_id,
		       char *out, size_t bytes)
{
	const char *name = model_runner_class_name(r->runner, class_id);

	if (*name)
		text_printable(name, out, bytes);
	else
		snprintf(out, bytes, "%u", class_id);
}

/* With several inputs, each line begins with the name of the input. */
static void print_subject(const struct run_command *r, const char *input)
{
	if (r->inputs.count > 1)
		printf("%s: ", TEXT_PRINTABLE(input));
}

/* ---- Detections ---- */

static json_t *detection_json(const struct run_command *r,
			      const struct dbrt_detection *b)
{
	json_t *out = json_pack(
		"{s:I,s:o,s:f,s:[f,f,f,f]}", "class", (json_int_t)b->class_id,
		"name",
		json_text(model_runner_class_name(r->runner, b->class_id)),
		"score", (double)b->score, "box", (double)b->x1, (double)b->y1,
		(double)b->x2, (double)b->y2);
	float xy[2 * DBP_HEAD_MAX_POINTS];
	int count = model_runner_points(r->runner, b, xy);
	json_t *points = json_array();

	/* null where the model gave no number */
	for (int i = 0; i < 2 * count; i++)
		json_array_append_new(points, isfinite(xy[i]) ?
						      json_real((double)xy[i]) :
						      json_null());
	if (count)
		json_object_set_new(out, "points", points);
	else
		json_decref(points);
	return out;
}

/* What is drawn of a detection, with the memory for it. */
struct drawing {
	char text[LABEL_BYTES];
	float points[2 * DBP_HEAD_MAX_POINTS];
};

static void describe(const struct run_command *r,
		     const struct dbrt_detection *d, struct drawing *to,
		     struct draw_item *item)
{
	const char *name = model_runner_class_name(r->runner, d->class_id);

	snprintf(to->text, LABEL_BYTES, "%.30s%s%.2f", name, *name ? " " : "",
		 (double)d->score);
	*item = (struct draw_item){ .box = *d,
				    .label = to->text,
				    .points = to->points };
	item->point_count = model_runner_points(r->runner, d, to->points);
}

static int draw(const struct run_command *r, struct image *photo,
		const struct dbrt_detection *list, int count)
{
	struct drawing *room = calloc((size_t)count + 1, sizeof(*room));
	struct draw_item *items = calloc((size_t)count + 1, sizeof(*items));
	int err = room && items ? 0 : diag_error(r->d, "out of memory");

	for (int i = 0; !err && i < count; i++)
		describe(r, &list[i], &room[i], &items[i]);
	if (!err) {
		draw_detections(photo, items, count);
		err = image_write(r->cmd->draw, photo, r->d);
	}
	free(room);
	free(items);
	return err;
}

static int show_detections(const struct run_command *r, const char *input,
			   struct image *photo, json_t *result)
{
	struct dbrt_detection list[MAX_DETECTIONS];
	json_t *boxes = json_array();
	int count = model_runner_detections(r->runner, list, MAX_DETECTIONS);

	for (int i = 0; i < count; i++) {
		const struct dbrt_detection *b = &list[i];
		char name[64];

		json_array_append_new(boxes, detection_json(r, b));
		if (r->cmd->json)
			continue;
		class_text(r, b->class_id, name, sizeof(name));
		print_subject(r, input);
		printf("%s %.3f %.1f %.1f %.1f %.1f\n", name, (double)b->score,
		       (double)b->x1, (double)b->y1, (double)b->x2,
		       (double)b->y2);
	}
	json_object_set_new(result, "detections", boxes);
	if (!r->cmd->draw)
		return 0;
	if (!photo->width)
		return diag_error(r->d, "%s: is not a photo", input);
	return draw(r, photo, list, count);
}

/* ---- Classes ---- */

static int best_behind(const float *scores, int count, const bool *taken)
{
	int best = -1;

	for (int i = 0; i < count; i++)
		if (!taken[i] && (best < 0 || scores[i] > scores[best]))
			best = i;
	return best;
}

static int show_classes(const struct run_command *r, const char *input,
			json_t *result)
{
	json_t *list = json_array();
	const char *name;
	struct tensor t;
	int count;
	bool *taken;
	double least = r->cmd->config.score_threshold < 0 ?
			       -HUGE_VAL :
			       (double)r->cmd->config.score_threshold;

	if (model_runner_output(r->runner, model_runner_scores(r->runner),
				&name, &t, r->d))
		return -1;
	count = (int)shape_elements(&t.shape);
	taken = calloc((size_t)count + 1, sizeof(*taken));
	for (int k = 0; taken && k < TOP_CLASSES && k < count; k++) {
		int best = best_behind(t.data, count, taken);
		double score = (double)((const float *)t.data)[best];
		char text[64];

		if (score < least)
			break;
		taken[best] = true;
		class_text(r, (uint32_t)best, text, sizeof(text));
		json_array_append_new(list, json_pack("{s:i,s:f}", "class",
						      best, "score", score));
		if (r->cmd->json)
			continue;
		print_subject(r, input);
		printf("%s %.4f\n", text, score);
	}
	json_object_set_new(result, "classes", list);
	free(taken);
	tensor_free(&t);
	return taken ? 0 : diag_error(r->d, "out of memory");
}

/* ---- Tensors ---- */

/* Names of the files of all outputs. */
static int name_outputs(struct run_command *r)
{
	int count = model_runner_outputs(r->runner);
	const char **names =
		arena_array(&r->arena, (size_t)count + 1, sizeof(*names));
	const char **wanted =
		arena_array(&r->arena, (size_t)count + 1, sizeof(*wanted));

	if (!names || !wanted)
		return diag_error(r->d, "out of memory");
	for (int i = 0; i < count; i++) {
		const char *name = model_runner_output_name(r->runner, i);

		names[i] = *name ? output_name(name, &r->arena) :
				   arena_printf(&r->arena, "output_%d", i);
		wanted[i] = arena_strdup(&r->arena, name);
		if (!names[i] || !wanted[i])
			return diag_error(r->d, "out of memory");
	}
	r->output_files = names;
	return output_names_make_unique(names, wanted, count, &r->arena) ?
		       diag_error(r->d, "out of memory") :
		       0;
}

static int write_outputs(const struct run_command *r,
			 const struct run_item *item)
{
	struct arena a;
	const char *folder;
	int err = -1;

	arena_init(&a, 0);
	folder = arena_printf(&a, "%s/%s", r->cmd->output, item->folder);
	if (!folder)
		diag_error(r->d, "out of memory");
	else
		err = command_make_folder(folder, r->d);
	for (int i = 0; !err && i < model_runner_outputs(r->runner); i++) {
		const char *path = arena_printf(&a, "%s/%s.npy", folder,
						r->output_files[i]);
		const char *name;
		struct tensor t;

		err = model_runner_output(r->runner, i, &name, &t, r->d);
		if (err)
			break;
		err = path ? npy_write(path, &t, r->d) :
			     diag_error(r->d, "out of memory");
		tensor_free(&t);
	}
	arena_free(&a);
	return err;
}

static int show_tensors(const struct run_command *r, const char *input,
			json_t *result)
{
	json_t *list = json_array();
	int err = 0;

	for (int i = 0; !err && i < model_runner_outputs(r->runner); i++) {
		char shape[128];
		const char *name;
		struct tensor t;

		err = model_runner_output(r->runner, i, &name, &t, r->d);
		if (err)
			break;
		shape_print(&t.shape, shape, sizeof(shape));
		json_array_append_new(list, json_pack("{s:o,s:s,s:s}", "name",
						      json_text(name), "type",
						      dtype_name(t.dtype),
						      "shape", shape));
		if (!r->cmd->json) {
			print_subject(r, input);
			printf("%s %s %s\n", TEXT_PRINTABLE(name),
			       dtype_name(t.dtype), shape);
		}
		tensor_free(&t);
	}
	json_object_set_new(result, "outputs", list);
	return err;
}

/* ---- One input ---- */

static int show(const struct run_command *r, const char *input,
		struct image *photo, json_t *result)
{
	switch (model_runner_result(r->runner)) {
	case MODEL_RUNNER_DETECTIONS:
		return show_detections(r, input, photo, result);
	case MODEL_RUNNER_CLASSES:
		return show_classes(r, input, result);
	default:
		return show_tensors(r, input, result);
	}
}

static int run_item(const struct run_command *r, const struct run_item *item)
{
	json_t *result = json_object();
	struct image photo;
	int err = model_runner_run(r->runner, item->files, &photo, r->d);

	json_object_set_new(result, "input", json_text(item->name));
	if (!err && r->cmd->output)
		err = write_outputs(r, item);
	if (!err)
		err = show(r, item->name, &photo, result);
	json_array_append_new(r->results, result);
	image_free(&photo);
	return err;
}

static int check_arguments(const struct run_command *r)
{
	if (r->cmd->arg_count < 2)
		return diag_error(r->d, "run takes a model and at least one "
					"photo, tensor or folder");
	if (r->cmd->draw && !image_write_name(r->cmd->draw)) {
		diag_error(r->d, "--draw: '%s' is no name of a photo to write",
			   r->cmd->draw);
		diag_hint(r->d, "give a name that ends in .png or .jpg");
		return -1;
	}
	return 0;
}

static int check_draw(const struct run_command *r)
{
	if (!r->cmd->draw)
		return 0;
	if (r->inputs.count > 1)
		return diag_error(r->d, "--draw takes one photo, not %d",
				  r->inputs.count);
	if (model_runner_result(r->runner) == MODEL_RUNNER_DETECTIONS)
		return 0;
	diag_error(r->d, "%s: its outputs are not recognised as boxes: %s",
		   r->cmd->args[0], model_runner_no_result(r->runner));
	diag_hint(r->d, "describe the head in a file and give it with --head");
	return -1;
}

static int run_all(struct run_command *r)
{
	const struct command *cmd = r->cmd;
	int err = run_inputs_gather(&r->inputs, r->runner, cmd->args + 1,
				    cmd->arg_count - 1, &r->arena, r->d) ||
		  check_draw(r) || name_outputs(r);

	if (!err &&
	    model_runner_preprocess(r->runner)->source != PREPROCESS_ASSUMED)
		model_runner_warn_preprocess(r->runner, r->d);
	for (int i = 0; !err && i < r->inputs.count; i++)
		err = run_item(r, &r->inputs.items[i]);
	if (!err && cmd->json) {
		json_dumpf(r->results, stdout,
			   JSON_INDENT(1) | JSON_REAL_PRECISION(6));
		fputc('\n', stdout);
	}
	return err;
}

int cmd_run(const struct command *cmd, struct diag *d)
{
	struct run_command r = { .cmd = cmd, .d = d };
	int err;

	if (check_arguments(&r))
		return EXIT_USAGE;
	r.runner = model_runner_open(cmd->args[0], &cmd->config, d);
	if (!r.runner)
		return EXIT_BAD_INPUT;
	arena_init(&r.arena, 0);
	r.results = json_array();
	err = run_all(&r);
	json_decref(r.results);
	model_runner_close(r.runner);
	arena_free(&r.arena);
	return err ? EXIT_BAD_INPUT : EXIT_OK;
}
