/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole conversion, from a model file to a packed model. convert_model()
 * runs the table `steps`. The last step is the search (search.c): for each
 * model that it tries it chooses widths, builds the model by the table
 * `build_steps`, and measures it. convert_measure() and report_build() follow.
 */
#include "converter/convert.h"

#include <stdlib.h>
#include <string.h>

#include "converter/heads/head_find.h"
#include "converter/lower/lower.h"
#include "converter/onnx/model_load.h"
#include "converter/pack/pack_encode.h"
#include "converter/pack/plan.h"
#include "converter/stage_dump.h"
#include "passes/pipeline.h"

#define COUNT_OF(list) (sizeof(list) / sizeof(*(list)))

/* ---- Steps that run once ---- */

static int read_model(struct conversion *v)
{
	v->graph = model_load(v->c, &v->arena, v->model_sha256, v->dump, v->d);
	return v->graph ? 0 : -1;
}

static int find_head(struct conversion *v)
{
	return head_find(v->graph, v->c, &v->arena, &v->head, v->d);
}

static int run_passes(struct conversion *v)
{
	if (pipeline_finish(v->graph, v->c, v->dump, v->d))
		return -1;
	v->model_nodes = (int64_t)v->graph->node_count;
	v->model_params = graph_params(v->graph);
	v->model_macs = graph_macs(v->graph);
	return 0;
}

static int check_operators(struct conversion *v)
{
	return lower_check_operators(v->graph, v->d);
}

/* A fifth of the samples, 32 at most, measures fidelity. */
static int held_out(int count)
{
	int n = count / 5;

	return n > 32 ? 32 : n;
}

/* Moves `held` items, evenly spread, to the end: folders are often sorted by
 * class. The order is otherwise kept. */
static int move_held_out(struct dataset *s, int held)
{
	struct dataset_item *spread;
	int kept = 0, moved = 0;

	if (!held)
		return 0;
	spread = calloc((size_t)s->count, sizeof(*spread));
	if (!spread)
		return -1;
	for (int i = 0; i < s->count; i++) {
		bool hold = (int64_t)(i + 1) * held / s->count > moved;

		spread[hold ? s->count - held + moved++ : kept++] = s->items[i];
	}
	memcpy(s->items, spread, (size_t)s->count * sizeof(*spread));
	free(spread);
	return 0;
}

static int open_calibration(struct conversion *v)
{
	int held;

	if (dataset_open(&v->dataset, v->c->calib, v->d))
		return -1;
	held = held_out(v->dataset.count);
	v->calib_count = v->dataset.count - held;
	return move_held_out(&v->dataset, held) ?
		       diag_error(v->d, "out of memory") :
		       0;
}

static int check_inputs(struct conversion *v)
{
	if (v->graph->input_count == 1)
		return 0;
	diag_error(v->d,
		   "has %d inputs: a folder of samples (--calib) is for models "
		   "of one",
		   v->graph->input_count);
	diag_hint(v->d, "leave --calib out: the model is then calibrated on "
			"synthetic samples");
	return -1;
}

static int open_samples(struct conversion *v)
{
	if (v->c->calib && check_inputs(v))
		return -1;
	if ((v->c->calib && open_calibration(v)) ||
	    (v->c->images && dataset_open(&v->images, v->c->images, v->d)))
		return -1;
	if (v->dataset.count &&
	    compared_samples_init(&v->compared, &v->dataset, v->calib_count,
				  &v->images, &v->arena, v->d))
		return -1;
	return preprocess_init(&v->preprocess, v->graph, v->c,
			       head_preprocess(&v->head), v->d);
}

static int calibrate(struct conversion *v)
{
	struct samples samples =
		sample_set_samples(&v->sample_set, v->calib_count);
	struct input_range range = { 0, 0 };
	/* tensors may have other ranges than photos */
	bool photos =
		v->preprocess.is_image &&
		(v->calib_count == 0 || v->dataset.items[0].kind == ITEM_PHOTO);

	v->sample_set =
		(struct sample_set){ &v->dataset, &v->preprocess, v->graph, 0 };
	if (photos)
		range = preprocess_range(&v->preprocess);
	v->quantizer = quantizer_new(
		v->graph, v->c, &v->target, v->calib_count ? &samples : NULL,
		photos ? &range : NULL, &v->progress, v->d);
	return v->quantizer ? 0 : -1;
}

/* ---- Steps that run for each model of the search ---- */

/* One model under construction. */
struct build {
	struct conversion *v;
	struct device_model device;
	struct stage_dump dump;
	struct packed *out;
	double *loss;
	struct diag *d;
};

static int round_weights(struct build *b)
{
	if (quantizer_round(b->v->quantizer, b->loss, b->d))
		return -1;
	return stage_dump_graph(&b->dump, "quantize", b->v->graph, b->d);
}

static int lower(struct build *b)
{
	if (dev_init(&b->device, &b->v->arena, b->d) ||
	    lower_graph(b->v->graph, b->v->c, &b->device, b->d))
		return -1;
	return stage_dump_device(&b->dump, "lower", &b->device, b->d);
}

static int plan(struct build *b)
{
	if (plan_memory(&b->device, b->d))
		return -1;
	return stage_dump_device(&b->dump, "plan", &b->device, b->d);
}

static int pack(struct build *b)
{
	const struct conversion *v = b->v;

	return pack_model(&b->device, &v->preprocess, &v->head, v->c,
			  &b->v->arena, b->out, b->d);
}

static int encode(struct build *b)
{
	return pack_encode(b->out, b->v->target.coded, &b->v->arena, b->d);
}

static int (*const build_steps[])(struct build *b) = {
	round_weights, /* weights to codes of the chosen widths */
	lower,         /* graph to device operators */
	plan,          /* where each tensor lies in memory */
	pack,          /* device operators to the bytes of the file */
	encode,        /* entropy coding, where the target expands files */
};

static int build_model(void *ctx, struct packed *out, double *loss,
		       struct diag *d)
{
	struct build b = { .v = ctx, .out = out, .loss = loss, .d = d };
	int err = stage_dump_begin(&b.dump, b.v->dump, d);
	const char *text;

	for (size_t i = 0; !err && i < COUNT_OF(build_steps); i++)
		err = build_steps[i](&b);
	text = stage_dump_end(&b.dump, &b.v->arena);
	if (err)
		return -1;
	out->dump = text;
	return 0;
}

static int measure_fidelity(struct conversion *v, const struct packed *p,
			    const struct fidelity_set *set, struct arena *a,
			    struct fidelity *out, struct diag *d)
{
	struct packed_file file;
	int err = packed_file_open(&file, p->bytes, p->size, "", d) ||
		  fidelity_measure(set, &file, a, out, &v->progress, d);

	packed_file_close(&file);
	return err ? -1 : 0;
}

static int measure_model(void *ctx, const struct packed *p, bool all,
			 struct search_score *out, struct diag *d)
{
	struct conversion *v = ctx;
	const struct fidelity_set set = all ? compared_all(&v->compared, v->c) :
					      compared_held(&v->compared, v->c);
	char *former = diag_enter(d, NULL); /* messages name photos */
	struct arena scratch;
	struct fidelity f;
	int err;

	arena_init(&scratch, 0);
	err = measure_fidelity(v, p, &set, &scratch, &f, d);
	if (!err)
		*out = (struct search_score){ f.agreement.value,
					      f.agreement.low, f.sqnr_db };
	arena_free(&scratch);
	diag_leave(d, former);
	return err;
}

static int search(struct conversion *v)
{
	const struct search_input in = {
		.c = v->c,
		.target = &v->target,
		.q = v->quantizer,
		.samples = v->calib_count ? v->dataset.count : 0,
		.calibrated = v->calib_count,
		.steps = { build_model, measure_model, v },
		.arena = &v->arena,
	};
	int err = search_run(&in, &v->packed, &v->search, v->d);

	quantizer_free(v->quantizer);
	v->quantizer = NULL;
	if (err)
		return -1;
	if (v->packed.dump && fputs(v->packed.dump, v->dump->out) == EOF)
		return diag_error(v->d, "cannot write the dump");
	return 0;
}

static int (*const steps[])(struct conversion *v) = {
	read_model,      /* file to graph */
	find_head,       /* how outputs become boxes */
	run_passes,      /* graph to graph */
	check_operators, /* the device has a kernel for each */
	open_samples,    /* photos or tensors, and their preprocessing */
	calibrate,       /* ranges and scales of activations */
	search,          /* graph to packed model, see build_model() */
};

int convert_model(const struct config *c, const struct cost_target *target,
		  struct conversion *v, const struct dump *dump,
		  const struct progress *progress, struct diag *d)
{
	char *former = diag_enter(d, c->model_path);
	int err = 0;

	v->c = c;
	v->target = *target;
	v->dump = dump;
	if (progress)
		v->progress = *progress;
	v->d = d;
	arena_init(&v->arena, 0);
	for (size_t i = 0; !err && i < COUNT_OF(steps); i++)
		err = steps[i](v);
	diag_leave(d, former);
	return err ? -1 : 0;
}

/* ---- What the result is worth ---- */

static int measure_layers(struct conversion *v, const struct config *c)
{
	int held = v->dataset.count - v->calib_count;
	const struct measure_set few = { c, &v->dataset, v->calib_count,
					 held < LAYER_SAMPLES ? held :
								LAYER_SAMPLES };
	struct packed_file file;
	int err;

	err = packed_file_open(&file, v->packed.bytes, v->packed.size, "",
			       v->d) ||
	      packed_file_bind(&file, v->d);
	if (!err)
		v->layer_errors = layer_errors(&few, &file, &v->arena, v->d);
	packed_file_close(&file);
	return v->layer_errors ? 0 : -1;
}

static int measure_accuracy(struct conversion *v, const struct config *c)
{
	const struct accuracy_model model = { .path = c->model_path };
	const struct accuracy_model packed = { .path = "the packed model",
					       .dbp = v->packed.bytes,
					       .dbp_bytes = v->packed.size };
	struct annotations labels = { 0 };
	struct measure_set set = { .config = c,
				   .dataset = c->images ? &v->images :
							  &v->dataset,
				   .first = c->images ? 0 : v->calib_count };
	struct accuracy *before = arena_alloc(&v->arena, sizeof(*before));
	struct accuracy *after = arena_alloc(&v->arena, sizeof(*after));
	int err = !before || !after ? diag_error(v->d, "out of memory") : 0;

	err = err || annotations_read(&labels, c->labels, v->d);
	set.count = set.dataset->count - set.first;
	if (!err && set.count <= 0)
		err = diag_error(v->d, "no photos to measure accuracy on: give "
				       "some with --images");
	err = err ||
	      accuracy_measure(&set, &model, &labels, &v->arena, before,
			       &v->progress, v->d) ||
	      accuracy_measure(&set, &packed, &labels, &v->arena, after,
			       &v->progress, v->d);
	annotations_free(&labels);
	v->accuracy_float = before;
	v->accuracy_packed = after;
	return err ? -1 : 0;
}

int convert_measure(struct conversion *v, const struct config *asked)
{
	const struct fidelity_set set = compared_all(&v->compared, v->c);
	struct fidelity *f;

	if (set.count > set.calibrated) {
		f = arena_alloc(&v->arena, sizeof(*f));
		if (!f)
			return diag_error(v->d, "out of memory");
		if (measure_fidelity(v, &v->packed, &set, &v->arena, f, v->d))
			return -1;
		v->fidelity = f;
	}
	if (v->compared.held && measure_layers(v, v->c))
		return -1;
	return asked->labels ? measure_accuracy(v, asked) : 0;
}

void conversion_free(struct conversion *v)
{
	quantizer_free(v->quantizer);
	dataset_close(&v->dataset);
	dataset_close(&v->images);
	arena_free(&v->arena);
}
