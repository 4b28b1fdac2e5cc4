/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/layer_error.h"

#include <math.h>
#include <stdlib.h>

#include "converter/fidelity.h"
#include "evaluator/evaluator.h"

struct layer {
	float *floats; /* the device's result for the sample at work */
	int64_t count;
	double signal, noise;
};

struct comparison {
	const struct conversion *v;
	struct arena arena; /* the graph in float, buffers */
	struct graph *g;
	struct evaluator *evaluator;
	struct layer *layers; /* by packed layer */
	int *layer_of;        /* by value id; -1: none */
	float **inputs;       /* by graph input */
};

/* ---- One sample ---- */

static void keep_layer(void *ctx, const struct dbrt_model *m, uint32_t op)
{
	struct comparison *k = ctx;
	struct dbrt_tensor t;

	if (!k->layers[op].floats)
		return;
	dbrt_tensor_at(m, k->v->packed.layers[op].output_tensor, &t);
	packed_floats(&t, k->layers[op].floats);
}

static int compare_layer(void *ctx, const struct value *value, void *data)
{
	struct comparison *k = ctx;
	const float *expected = data;
	struct layer *l;

	if (k->layer_of[value->id] < 0)
		return 0;
	l = &k->layers[k->layer_of[value->id]];
	for (int64_t i = 0; i < l->count; i++) {
		double e = (double)expected[i];
		double error = e - (double)l->floats[i];

		l->signal += e * e;
		l->noise += error * error;
	}
	return 0;
}

static int set_inputs(struct comparison *k, struct packed_file *f,
		      struct diag *d)
{
	for (int i = 0; i < k->g->input_count; i++) {
		int64_t n = shape_elements(&k->g->inputs[i]->shape);
		int status = dbrt_set_input_f32(&f->model, (uint32_t)i,
						k->inputs[i], (size_t)n);

		if (packed_file_status(f, status, "cannot take an input", d))
			return -1;
	}
	return 0;
}

static int compare_sample(struct comparison *k, struct packed_file *f,
			  const struct samples *samples, int i,
			  struct diag *d)
{
	int err = samples->fill(samples->ctx, i, k->inputs, d) ||
		  set_inputs(k, f, d);

	if (err)
		return -1;
	dbrt_set_trace(&f->model, keep_layer, k);
	err = packed_file_status(f, dbrt_run(&f->model), "cannot run", d);
	dbrt_set_trace(&f->model, NULL, NULL);
	if (err)
		return -1;
	return evaluator_run(k->evaluator, (const void *const *)k->inputs,
			     compare_layer, k, d);
}

/* ---- Beginning and end ---- */

/* Passes make the same values, with the same ids, whenever they run; what
 * quantization added is behind these. */
static bool is_comparable(const struct comparison *k,
			  const struct packed_layer *l,
			  const struct dbrt_tensor *t)
{
	const struct shape s = packed_shape(t);
	const struct value *v = l->value, *same;

	if (!v || v->id >= k->g->value_count)
		return false;
	same = k->g->values[v->id];
	return same->dtype == DT_F32 && same->producer &&
	       shape_equal(&same->shape, &v->shape) &&
	       shape_elements(&s) == shape_elements(&v->shape);
}

static int init_layers(struct comparison *k, const struct packed_file *f)
{
	const struct packed *p = &k->v->packed;

	k->layers = arena_array(&k->arena, (size_t)p->layer_count,
				sizeof(*k->layers));
	k->layer_of = arena_array(&k->arena, k->g->value_count,
				  sizeof(*k->layer_of));
	if (!k->layers || !k->layer_of)
		return -1;
	for (size_t i = 0; i < k->g->value_count; i++)
		k->layer_of[i] = -1;
	for (int i = 0; i < p->layer_count; i++) {
		const struct packed_layer *l = &p->layers[i];
		struct dbrt_tensor t;

		dbrt_tensor_at(&f->model, l->output_tensor, &t);
		if (!is_comparable(k, l, &t))
			continue;
		k->layer_of[l->value->id] = i;
		k->layers[i].count = shape_elements(&l->value->shape);
		k->layers[i].floats =
			arena_array(&k->arena, (size_t)k->layers[i].count,
				    sizeof(float));
		if (!k->layers[i].floats)
			return -1;
	}
	return 0;
}

static int init_inputs(struct comparison *k)
{
	k->inputs = arena_array(&k->arena, (size_t)k->g->input_count,
				sizeof(*k->inputs));
	for (int i = 0; k->inputs && i < k->g->input_count; i++) {
		int64_t n = shape_elements(&k->g->inputs[i]->shape);

		k->inputs[i] = arena_array(&k->arena, (size_t)n,
					   sizeof(float));
		if (!k->inputs[i])
			return -1;
	}
	return k->inputs ? 0 : -1;
}

static int comparison_init(struct comparison *k, const struct config *c,
			   const struct packed_file *f, struct diag *d)
{
	uint8_t sha256[32];

	k->g = pipeline_prepare(c, &k->arena, sha256, NULL, d);
	if (!k->g)
		return -1;
	if (init_layers(k, f) || init_inputs(k))
		return diag_error(d, "out of memory");
	k->evaluator = evaluator_new(k->g, d);
	return k->evaluator ? 0 : -1;
}

static double *decibels_of(const struct comparison *k, struct arena *a)
{
	int count = k->v->packed.layer_count;
	double *out = arena_array(a, (size_t)count, sizeof(*out));

	for (int i = 0; out && i < count; i++)
		out[i] = k->layers[i].floats ?
				 fidelity_decibels(k->layers[i].signal,
						   k->layers[i].noise) :
				 (double)NAN;
	return out;
}

double *layer_errors(const struct config *c, const struct conversion *v,
		     struct packed_file *f, int first, int count,
		     struct arena *a, struct diag *d)
{
	struct comparison k = { .v = v };
	struct sample_set set = { &v->dataset, &v->preprocess, NULL, first };
	struct samples samples;
	double *out = NULL;
	int err;

	arena_init(&k.arena, 0);
	err = comparison_init(&k, c, f, d);
	set.g = k.g;
	samples = sample_set_samples(&set, count);
	for (int i = 0; !err && i < count; i++)
		err = compare_sample(&k, f, &samples, i, d);
	if (!err) {
		out = decibels_of(&k, a);
		if (!out)
			diag_error(d, "out of memory");
	}
	evaluator_free(k.evaluator);
	arena_free(&k.arena);
	return out;
}
