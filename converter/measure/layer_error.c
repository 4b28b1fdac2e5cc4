/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/measure/layer_error.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "converter/measure/fidelity.h"
#include "converter/onnx/model_load.h"
#include "base/finite.h"
#include "evaluator/evaluator.h"

/* Sums of products of the expected values and those of the device. */
struct layer_sums {
	double ee, ed, dd;
};

struct traced_layer {
	const struct value *value; /* in the float graph; NULL: unknown */
	uint32_t tensor;
	float *floats; /* result of the device for the current sample */
	/* One sum, or one for each channel if the channels have separate
	 * scales, which are then found by regression. */
	struct layer_sums *sums;
	int64_t channels;
	bool own_units;
};

struct comparison {
	struct packed_file *file;
	struct arena arena; /* the graph in float, buffers */
	struct graph *g;
	struct preprocess preprocess;
	struct evaluator *evaluator;
	struct traced_layer *layers; /* by operator of the file */
	uint32_t count;
	struct traced_layer **layer_of; /* by value id */
	float **inputs;                 /* by graph input */
};

/* ---- One sample ---- */

static void keep_layer(void *ctx, const struct dbrt_model *m, uint32_t op)
{
	const struct comparison *k = ctx;
	struct dbrt_tensor t;

	if (!k->layers[op].value)
		return;
	dbrt_tensor_at(m, k->layers[op].tensor, &t);
	packed_floats(&t, k->layers[op].floats);
}

static int compare_layer(void *ctx, const struct value *value, void *data)
{
	const struct comparison *k = ctx;
	struct traced_layer *l = k->layer_of[value->id];
	int64_t n = l ? shape_elements(&value->shape) : 0;
	const float *expected = data;

	for (int64_t i = 0; i < n; i++) {
		double e = (double)expected[i], got = (double)l->floats[i];
		struct layer_sums *s = &l->sums[i % l->channels];

		if (!float_is_finite(expected[i]))
			continue;
		got = float_is_finite(l->floats[i]) ? got : 0;
		s->ee += e * e;
		s->ed += e * got;
		s->dd += got * got;
	}
	return 0;
}

static int set_inputs(struct comparison *k, struct diag *d)
{
	for (int i = 0; i < k->g->input_count; i++) {
		int64_t n = shape_elements(&k->g->inputs[i]->shape);
		int status = dbrt_set_input_f32(&k->file->model, (uint32_t)i,
						k->inputs[i], (size_t)n);

		if (packed_file_status(k->file, status, "cannot take an input",
				       d))
			return -1;
	}
	return 0;
}

static int compare_sample(struct comparison *k, const struct samples *samples,
			  int i, struct diag *d)
{
	struct dbrt_model *m = &k->file->model;
	int err;

	if (samples->fill(samples->ctx, i, k->inputs, d) || set_inputs(k, d))
		return -1;
	dbrt_set_trace(m, keep_layer, k);
	err = packed_file_status(k->file, dbrt_run(m), "cannot run", d);
	dbrt_set_trace(m, NULL, NULL);
	if (err)
		return -1;
	return evaluator_run(k->evaluator, (const void *const *)k->inputs,
			     compare_layer, k, d);
}

/* ---- Beginning and end ---- */

/* Passes are deterministic, so that value ids agree with those of the file. */
static bool is_ours(const struct packed_file *f)
{
	char tool[sizeof(f->header->tool) + 1];

	snprintf(tool, sizeof(tool), "dbconvert %s", dbrt_version());
	return !strncmp(tool, f->header->tool, sizeof(f->header->tool));
}

static const struct value *find_value(const struct comparison *k,
				      uint32_t source,
				      const struct dbrt_tensor *t)
{
	const struct shape s = packed_shape(t);
	const struct value *v;

	if (!source || source > k->g->value_count)
		return NULL;
	v = k->g->values[source - 1];
	return v->dtype == DT_F32 && v->producer &&
			       shape_elements(&s) == shape_elements(&v->shape) ?
		       v :
		       NULL;
}

static int init_layer(struct comparison *k, uint32_t op)
{
	const struct dbrt_model *m = &k->file->model;
	uint32_t source = dbrt_op_source(m, op);
	struct traced_layer *l = &k->layers[op];
	struct dbrt_tensor t;
	int64_t n;

	if (dbrt_op_outputs(m, op, &l->tensor, 1) < 1)
		return 0;
	dbrt_tensor_at(m, l->tensor, &t);
	l->value = find_value(k, source & ~DBP_SOURCE_UNITS, &t);
	if (!l->value)
		return 0;
	n = shape_elements(&l->value->shape);
	l->own_units = source & DBP_SOURCE_UNITS;
	l->channels = l->own_units ?
			      l->value->shape.dim[l->value->shape.rank - 1] :
			      1;
	k->layer_of[l->value->id] = l;
	l->floats = arena_array(&k->arena, (size_t)n, sizeof(float));
	l->sums = arena_array(&k->arena, (size_t)l->channels, sizeof(*l->sums));
	return l->floats && l->sums ? 0 : -1;
}

static int init_layers(struct comparison *k)
{
	k->count = dbrt_op_count(&k->file->model);
	k->layers = arena_array(&k->arena, k->count, sizeof(*k->layers));
	k->layer_of = arena_array(&k->arena, k->g->value_count,
				  sizeof(struct traced_layer *));
	if (!k->layers || !k->layer_of)
		return -1;
	for (uint32_t i = 0; is_ours(k->file) && i < k->count; i++)
		if (init_layer(k, i))
			return -1;
	return 0;
}

static int init_inputs(struct comparison *k)
{
	k->inputs = arena_array(&k->arena, (size_t)k->g->input_count,
				sizeof(*k->inputs));
	for (int i = 0; k->inputs && i < k->g->input_count; i++) {
		int64_t n = shape_elements(&k->g->inputs[i]->shape);

		k->inputs[i] = arena_array(&k->arena, (size_t)n, sizeof(float));
		if (!k->inputs[i])
			return -1;
	}
	return k->inputs ? 0 : -1;
}

static int comparison_init(struct comparison *k, const struct config *c,
			   struct diag *d)
{
	uint8_t sha256[32];

	k->g = model_prepare(c, &k->arena, sha256, d);
	if (!k->g ||
	    packed_file_preprocess_for(k->file, k->g, &k->preprocess, d))
		return -1;
	if (init_layers(k) || init_inputs(k))
		return diag_error(d, "out of memory");
	k->evaluator = evaluator_new(k->g, d);
	return k->evaluator ? 0 : -1;
}

static double decibels_of(const struct traced_layer *l)
{
	double signal = 0, noise = 0;

	for (int64_t c = 0; c < l->channels; c++) {
		const struct layer_sums *s = &l->sums[c];
		double unit = 1, rest;

		if (l->own_units)
			unit = s->dd > 0 ? s->ed / s->dd : 0;
		rest = s->ee - 2 * unit * s->ed + unit * unit * s->dd;
		signal += s->ee;
		noise += rest > 0 ? rest : 0;
	}
	return fidelity_decibels(signal, noise);
}

static struct layer_error *results(const struct comparison *k, struct arena *a)
{
	struct layer_error *out = arena_array(a, k->count, sizeof(*out));

	for (uint32_t i = 0; out && i < k->count; i++) {
		const struct traced_layer *l = &k->layers[i];
		const struct node *n = l->value ? l->value->producer : NULL;

		out[i] = (struct layer_error){ "", "", (double)NAN };
		if (!n)
			continue;
		out[i].name = arena_strdup(a, n->name);
		out[i].op = op_info(n->op)->name;
		out[i].sqnr_db = decibels_of(l);
		if (!out[i].name)
			return NULL;
	}
	return out;
}

struct layer_error *layer_errors(const struct measure_set *set,
				 struct packed_file *f, struct arena *a,
				 struct diag *d)
{
	struct comparison k = { .file = f };
	struct sample_set items = { .set = set->dataset,
				    .p = &k.preprocess,
				    .first = set->first };
	struct layer_error *out = NULL;
	struct samples samples;
	int err;

	arena_init(&k.arena, 0);
	err = comparison_init(&k, set->config, d);
	items.g = k.g;
	samples = sample_set_samples(&items, set->count);
	for (int i = 0; !err && i < set->count; i++)
		err = compare_sample(&k, &samples, i, d);
	if (!err) {
		out = results(&k, a);
		if (!out)
			diag_error(d, "out of memory");
	}
	evaluator_free(k.evaluator);
	arena_free(&k.arena);
	return out;
}
