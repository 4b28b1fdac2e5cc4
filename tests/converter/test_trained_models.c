/* SPDX-License-Identifier: Apache-2.0 */
/* Models that arrive quantized, as ONNX files through the whole conversion: the
 * weights keep their codes, and the device library gives what the file says,
 * for tensors and for photos. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "converter/data/preprocess.h"
#include "converter/lower/lower.h"
#include "converter/onnx/model_load.h"
#include "converter/pack/pack.h"
#include "converter/pack/plan.h"
#include "converter/pack/packed_file.h"
#include "evaluator/evaluator.h"
#include "passes/pipeline.h"
#include "quantizer/graph/integer_nodes.h"
#include "quantizer/quantizer.h"
#include "runtime/dbrt.h"
#include "tests/support/onnx_case.h"
#include "tests/support/random_input.h"
#include "tests/support/trained_model.h"

#define PIXELS (TRAINED_SIDE * TRAINED_SIDE)
#define INPUTS (3 * PIXELS)
#define MOST_OUTPUTS 4096
#define RUNS 8

/* What is least to be seen. */
struct trained_case {
	struct trained_style style;
	double kept;  /* share of the weights' codes */
	double equal; /* share of the outputs */
	double decibels;
};

#define U8 ONNX_UINT8
#define I8 ONNX_INT8

static const struct trained_case cases[] = {
	{ { "QDQ, per channel", TRAINED_QDQ, U8, I8, true, false, NULL, 0, 0, 0,
	    0, false },
	  1,
	  1,
	  120 },
	{ { "QDQ, one scale", TRAINED_QDQ, I8, I8, false, false, NULL, 0, 0, 0,
	    0, false },
	  1,
	  1,
	  120 },
	{ { "QDQ, weights with zero points", TRAINED_QDQ, U8, U8, true, true,
	    NULL, 0, 0, 0, 0, false },
	  0.1,
	  0.6,
	  35 },
	{ { "QDQ, unsigned weights around 128", TRAINED_QDQ, U8, U8, true,
	    false, NULL, 0, 0, 0, 0, false },
	  1,
	  1,
	  120 },
	{ { "QDQ, 4-bit weights", TRAINED_QDQ, U8, ONNX_INT4, true, false, NULL,
	    0, 0, 0, 0, false },
	  1,
	  1,
	  120 },
	{ { "QDQ, 4 bits with zero points", TRAINED_QDQ, U8, ONNX_UINT4, true,
	    true, NULL, 0, 0, 0, 0, false },
	  1,
	  1,
	  120 },
	{ { "QDQ, 4-bit activations", TRAINED_QDQ, ONNX_UINT4, ONNX_INT4, true,
	    false, NULL, 0, 0, 0, 0, false },
	  1,
	  1,
	  120 },
	{ { "QDQ, 16-bit activations", TRAINED_QDQ, ONNX_UINT16, I8, true,
	    false, NULL, 0, 0, 0, 0, false },
	  1,
	  0,
	  35 },
	{ { "QDQ, 16-bit activations of ONNX Runtime", TRAINED_QDQ, ONNX_INT16,
	    I8, true, false, "com.microsoft", 0, 0, 0, 0, false },
	  1,
	  0,
	  35 },
	{ { "QDQ, 16-bit weights", TRAINED_QDQ, U8, ONNX_INT16, true, false,
	    NULL, 0, 0, 0, 0, false },
	  0,
	  0,
	  20 },
	{ { "PyTorch", TRAINED_PYTORCH, U8, I8, true, false, NULL, 0, 0, 0, 0,
	    false },
	  1,
	  1,
	  120 },
	{ { "inputs and weights only", TRAINED_INPUTS, I8, I8, true, false,
	    NULL, 0, 0, 0, 0, false },
	  1,
	  0,
	  35 },
	{ { "operators", TRAINED_OPERATOR, U8, I8, true, false, NULL, 0, 0, 0,
	    0, false },
	  1,
	  1,
	  120 },
	{ { "operators, one scale", TRAINED_OPERATOR, I8, I8, false, false,
	    NULL, 0, 0, 0, 0, false },
	  1,
	  1,
	  120 },
	{ { "dynamic", TRAINED_DYNAMIC, U8, I8, false, false, NULL, 0, 0, 0, 0,
	    false },
	  1,
	  0,
	  40 },
	{ { "dynamic, weights with zero points", TRAINED_DYNAMIC, U8, U8, false,
	    true, NULL, 0, 0, 0, 0, false },
	  0.9,
	  0,
	  40 },
	{ { "QONNX, 2 bits of scale 1", TRAINED_QONNX, 0, 0, false, false, NULL,
	    2, 2, 1, 1, true },
	  1,
	  1,
	  120 },
	{ { "QONNX, 2 bits, biases", TRAINED_QONNX, 0, 0, false, false, NULL, 2,
	    2, 0.3f, 0.7f, false },
	  1,
	  1,
	  120 },
	{ { "QONNX, 3 bits", TRAINED_QONNX, 0, 0, false, false, NULL, 3, 3,
	    0.1f, 0.25f, true },
	  1,
	  1,
	  120 },
	{ { "QONNX, 4 bits", TRAINED_QONNX, 0, 0, false, false, NULL, 4, 4,
	    0.05f, 0.1f, true },
	  1,
	  1,
	  120 },
	{ { "QONNX, halves", TRAINED_QONNX, 0, 0, false, false, NULL, 4, 4,
	    0.125f, 0.25f, false },
	  1,
	  1,
	  120 },
	{ { "QONNX, 2-bit weights, 8-bit activations", TRAINED_QONNX, 0, 0,
	    false, false, NULL, 2, 8, 0.1f, 0.013f, true },
	  1,
	  1,
	  120 },
	{ { "QONNX, 8 bits", TRAINED_QONNX, 0, 0, false, false, NULL, 8, 8,
	    0.01f, 0.013f, true },
	  1,
	  1,
	  120 },
};

/* ---- Counting ---- */

/* Share of weights whose code times scale is what the model has. */
static double codes_kept(const struct graph *g)
{
	double kept = 0, all = 0;

	for (const struct node *n = g->first; n; n = n->next) {
		const struct value *w;
		int64_t count;

		if (!node_has_weights(n) || !n->inputs[1]->quant)
			continue;
		w = n->inputs[1];
		count = shape_elements(&w->shape);
		for (int64_t i = 0; i < count; i++) {
			int64_t c = i / (count / w->shape.dim[0]);
			const struct quant *q = w->quant;

			kept += (float)q->codes[i] * quant_scale(q, c) ==
				((const float *)w->data)[i];
			all++;
		}
	}
	return all > 0 ? kept / all : 0;
}

struct difference {
	double equal, all, signal, noise;
};

static void compare(struct difference *s, const float *want, const float *got,
		    int64_t count)
{
	for (int64_t i = 0; i < count; i++) {
		double w = (double)want[i], e = w - (double)got[i];

		s->equal += fabs(e) <= 1e-5 * fmax(1, fabs(w));
		s->all++;
		s->signal += w * w;
		s->noise += e * e;
	}
}

/* ---- The conversion ---- */

static struct graph *load(struct onnx_case *c)
{
	struct graph *g = onnx_case_read(c);

	if (!g || pipeline_begin(g, &c->config, NULL, &c->d))
		fail_msg("%s", c->d.entries[c->d.count - 1].text);
	return g;
}

static int fill(void *ctx, int index, float *const *inputs, struct diag *d)
{
	(void)ctx;
	(void)d;
	random_input(inputs[0], INPUTS, (uint32_t)index + 1);
	return 0;
}

/* The graph as it is packed: the codes of every layer are installed. */
static struct graph *convert(struct onnx_case *c, struct packed *out)
{
	static const struct samples samples = { 16, fill, NULL };
	struct graph *g = load(c);
	struct device_model m;
	struct preprocess p;

	if (pipeline_finish(g, &c->config, NULL, &c->d) ||
	    preprocess_init(&p, g, &c->config, NULL, &c->d) ||
	    quantize_graph(g, &c->config, &samples, NULL, NULL, &c->d) ||
	    dev_init(&m, &c->arena, &c->d) ||
	    lower_graph(g, &c->config, &m, &c->d) || plan_memory(&m, &c->d) ||
	    pack_model(&m, &p, NULL, &c->config, &c->arena, out, &c->d))
		fail_msg("%s", c->d.entries[c->d.count - 1].text);
	return g;
}

static void channels_last(const float *x, float *out)
{
	for (int k = 0; k < 3; k++)
		for (int i = 0; i < PIXELS; i++)
			out[3 * i + k] = x[k * PIXELS + i];
}

static void run_device(struct packed_file *file, const float *x, float *y,
		       int64_t count)
{
	float last[INPUTS];

	channels_last(x, last);
	assert_int_equal(dbrt_set_input_f32(&file->model, 0, last, INPUTS), 0);
	assert_int_equal(dbrt_run(&file->model), 0);
	assert_int_equal(dbrt_output_f32(&file->model, 0, y, (size_t)count), 0);
}

/* A photo of the input's size, as the file's preprocessing reads it. */
static void run_photo(struct packed_file *file, const uint8_t *rgb, float *y,
		      int64_t count)
{
	assert_int_equal(dbrt_set_image(&file->model, 0, rgb, TRAINED_SIDE,
					TRAINED_SIDE, 3 * TRAINED_SIDE),
			 0);
	assert_int_equal(dbrt_run(&file->model), 0);
	assert_int_equal(dbrt_output_f32(&file->model, 0, y, (size_t)count), 0);
}

/* Random pixels, and their values in the order of the model. */
static void random_photo(uint32_t seed, uint8_t *rgb, float *x)
{
	float v[INPUTS];

	random_input(v, INPUTS, seed);
	for (int i = 0; i < INPUTS; i++) {
		rgb[i] = (uint8_t)(127.5f * v[i] + 128);
		x[i % 3 * PIXELS + i / 3] = (float)rgb[i] * (1 / 255.0f);
	}
}

static struct difference run_both(struct onnx_case *c, const struct graph *g,
				  const struct packed *p)
{
	int64_t count = shape_elements(&g->outputs[0]->shape);
	struct evaluator *e = evaluator_new(g, &c->d);
	struct packed_file file = { 0 };
	struct difference s = { 0, 0, 0, 1e-30 };
	float x[INPUTS], y[MOST_OUTPUTS];
	const void *inputs[1] = { x };
	uint8_t rgb[INPUTS];

	assert_non_null(e);
	assert_true(count <= MOST_OUTPUTS);
	assert_int_equal(packed_file_open(&file, p->bytes, p->size, "", &c->d),
			 0);
	assert_int_equal(packed_file_bind(&file, &c->d), 0);
	for (int i = 0; i < RUNS; i++) {
		bool is_photo = i % 2;

		if (is_photo)
			random_photo(100 + (uint32_t)i, rgb, x);
		else
			random_input(x, INPUTS, 100 + (uint32_t)i);
		assert_int_equal(evaluator_run(e, inputs, NULL, NULL, &c->d),
				 0);
		if (is_photo)
			run_photo(&file, rgb, y, count);
		else
			run_device(&file, x, y, count);
		compare(&s, evaluator_output(e, 0), y, count);
	}
	packed_file_close(&file);
	evaluator_free(e);
	return s;
}

static void check_case(struct onnx_case *c, const struct trained_case *k)
{
	struct difference s;
	struct packed p;
	double kept, equal, decibels;

	onnx_case_reset(c);
	c->config.bits = 2; /* what is not trained would lose most codes */
	c->config.uniform = true;
	c->config.jobs = 1;
	trained_model_build(&c->builder, &k->style);
	kept = codes_kept(convert(c, &p));
	s = run_both(c, load(c), &p);
	equal = s.equal / s.all;
	decibels = 10 * log10(s.signal / s.noise);
	if (getenv("FIGURES"))
		printf("%-42s %5.1f %% of codes, %5.1f %% of outputs, %.1f "
		       "dB\n",
		       k->style.name, 100 * kept, 100 * equal, decibels);
	else if (!(kept >= k->kept && equal >= k->equal &&
		   decibels >= k->decibels))
		fail_msg("%s: %.3f of the codes, %.3f of the outputs, %.1f dB",
			 k->style.name, kept, equal, decibels);
}

static void test_cases(void **state)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		check_case(*state, &cases[i]);
}

/* ---- Zero points ---- */

/* Where codes less their zero point fit 8 bits, the channel is as it was. */
static void check_channels(const struct value *was, const struct value *is,
			   int *kept, int *wide)
{
	const struct quant *q = was->quant;
	int64_t length;

	if (!q)
		return;
	length = shape_elements(&was->shape) / was->shape.dim[0];
	assert_int_equal(q->channels, was->shape.dim[0]);
	for (int c = 0; c < q->channels; c++) {
		if (q->zero_point[c]) {
			(*wide)++;
			continue;
		}
		(*kept)++;
		assert_true(is->quant->scale[c] == q->scale[c]);
		assert_memory_equal(is->quant->codes + c * length,
				    q->codes + c * length, (size_t)length);
	}
}

static void test_zero_points(void **state)
{
	static const struct trained_style style = {
		"zero points", TRAINED_QDQ, U8, U8, true, true,
		NULL,          0,           0,  0,  0,    false
	};
	struct onnx_case *c = *state;
	int kept = 0, wide = 0, scales;
	struct graph *was, *is;
	const struct node *m, *n;
	const char *said = "";
	struct packed p;
	char text[64];

	onnx_case_reset(c);
	c->config.jobs = 1;
	trained_model_build(&c->builder, &style);
	is = convert(c, &p);
	for (size_t i = 0; i < c->d.count; i++)
		if (strstr(c->d.entries[i].text, "do not fit 8 bits"))
			said = c->d.entries[i].text;
	was = load(c);
	assert_int_equal(pipeline_finish(was, &c->config, NULL, &c->d), 0);
	for (m = was->first, n = is->first; m && n; m = m->next, n = n->next) {
		assert_int_equal(m->op, n->op);
		if (node_has_weights(m))
			check_channels(m->inputs[1], n->inputs[1], &kept,
				       &wide);
	}
	assert_true(kept > 0 && wide > 0);
	scales = kept + wide;
	snprintf(text, sizeof(text), "%d of %d weight scales", wide, scales);
	if (!strstr(said, text))
		fail_msg("'%s', expected %s", said, text);
}

/* ---- Real models ---- */

#define MODELS "../shared/data/models/"

static const char *const real_models[] = {
	MODELS "resnet8_K1.onnx",
	MODELS "qonnx_kws_w3a3_hls4ml.onnx",
	MODELS "blazeface_qe_int8.onnx",
};

static void check_real_model(struct onnx_case *c, const char *path)
{
	uint8_t sha256[32];
	struct graph *g;
	double kept;

	onnx_case_reset(c);
	c->config.model_path = path;
	c->config.bits = 2;
	c->config.uniform = true;
	c->config.jobs = 1;
	g = model_prepare(&c->config, &c->arena, sha256, &c->d);
	if (!g || quantize_graph(g, &c->config, NULL, NULL, NULL, &c->d))
		fail_msg("%s", c->d.entries[c->d.count - 1].text);
	kept = codes_kept(g);
	if (getenv("FIGURES"))
		printf("%s: %.2f %% of codes\n", path, 100 * kept);
	else if (!(kept >= 1))
		fail_msg("%s: %.4f of the codes", path, kept);
}

static void test_real_models(void **state)
{
	size_t count = sizeof(real_models) / sizeof(*real_models);

	if (access(MODELS, R_OK))
		skip();
	for (size_t i = 0; i < count; i++)
		check_real_model(*state, real_models[i]);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_zero_points, onnx_case_setup, onnx_case_teardown),
		cmocka_unit_test_setup_teardown(test_cases, onnx_case_setup,
						onnx_case_teardown),
		cmocka_unit_test_setup_teardown(
			test_real_models, onnx_case_setup, onnx_case_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
