/* SPDX-License-Identifier: Apache-2.0 */
/* Graphs as exporters write them, through all passes, the quantizer and the
 * device library: the outputs against those of the graph as it was written. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "converter/data/tensor_file.h"
#include "converter/heads/head_find.h"
#include "converter/pack/packed_file.h"
#include "evaluator/evaluator.h"
#include "passes/pipeline.h"
#include "quantizer/quantizer.h"
#include "runtime/dbrt.h"
#include "tests/support/fixture.h"
#include "tests/support/lower_and_pack.h"
#include "tests/support/random_input.h"

#define SAMPLES 32

struct graph_case {
	const char *name, *text;
	double db8, db4; /* least at 8 and 4 bits; 0: not tried */
	float times;     /* inputs are in [-times, times); 0: 1 */
};

static const struct cost_target coded = { .coded = true };
static const struct cost_target in_place = { .coded = false };

/* Halves are many: the first grid has half the step of the second one. */
#define ROUNDS(mode)                                                          \
	{                                                                     \
		"rounds " mode,                                               \
			"input %x f32 1x4x8x8\n"                              \
			"const %s f32 scalar = [0.5]\n"                       \
			"const %one f32 scalar = [1]\n"                       \
			"const %z f32 scalar = [0]\n"                         \
			"const %b f32 scalar = [6]\n"                         \
			"%h = Quant(%x, %s, %z, %b)\n"                        \
			"%q = Quant(%h, %one, %z, %b) {rounding_mode=\"" mode \
			"\"}\n"                                               \
			"%y = Mul(%q, %s)\n"                                  \
			"output %y\n",                                        \
			120, 0, 9                                             \
	}

static const struct graph_case cases[] = {
	ROUNDS("ROUND"),
	ROUNDS("HALF_EVEN"),
	ROUNDS("HALF_UP"),
	ROUNDS("HALF_DOWN"),
	ROUNDS("UP"),
	ROUNDS("DOWN"),
	ROUNDS("ROUND_TO_ZERO"),
	ROUNDS("CEIL"),
	ROUNDS("FLOOR"),
	/* a value that is always 0, and a small bias behind it */
	{ "always 0",
	  "input %x f32 1x1x8x8\n"
	  "const %w f32 1x1x1x1 = [0.5]\n"
	  "const %b f32 1 = [-3.0]\n"
	  "const %v f32 1x1x1x1 = [4.36]\n"
	  "const %d f32 1 = [-0.074]\n"
	  "%c = Conv(%x, %w, %b)\n"
	  "%r = Relu(%c)\n"
	  "%y = Conv(%r, %v, %d)\n"
	  "output %y\n",
	  40, 40, 0 },
	/* functions spelled out: one table each */
	{ "sigmoid in steps",
	  "input %x f32 1x3x12x12\n"
	  "const %w f32 8x3x3x3 = random 1\n"
	  "const %v f32 4x8x1x1 = random 2\n"
	  "const %one f32 scalar = [1.0]\n"
	  "%a = Conv(%x, %w)\n"
	  "%n = Neg(%a)\n"
	  "%e = Exp(%n)\n"
	  "%s = Add(%e, %one)\n"
	  "%q = Reciprocal(%s)\n"
	  "%y = Conv(%q, %v)\n"
	  "output %y\n",
	  40, 0, 0 },
	{ "mish in steps",
	  "input %x f32 1x3x12x12\n"
	  "const %w f32 8x3x3x3 = random 1\n"
	  "const %v f32 4x8x1x1 = random 2\n"
	  "const %one f32 scalar = [1.0]\n"
	  "%a = Conv(%x, %w)\n"
	  "%e = Exp(%a)\n"
	  "%s = Add(%one, %e)\n"
	  "%l = Log(%s)\n"
	  "%t = Tanh(%l)\n"
	  "%q = Mul(%t, %a)\n"
	  "%y = Conv(%q, %v)\n"
	  "output %y\n",
	  38, 0, 0 },
	{ "hard swish in another order",
	  "input %x f32 1x3x12x12\n"
	  "const %w f32 8x3x3x3 = random 1\n"
	  "const %v f32 4x8x1x1 = random 2\n"
	  "const %three f32 scalar = [3.0]\n"
	  "const %zero f32 scalar = [0.0]\n"
	  "const %six f32 scalar = [6.0]\n"
	  "%a = Conv(%x, %w)\n"
	  "%s = Add(%three, %a)\n"
	  "%c = Clip(%s, %zero, %six)\n"
	  "%d = Div(%c, %six)\n"
	  "%q = Mul(%d, %a)\n"
	  "%y = Conv(%q, %v)\n"
	  "output %y\n",
	  38, 0, 0 },
	{ "softsign in steps",
	  "input %x f32 1x3x12x12\n"
	  "const %w f32 8x3x3x3 = random 1\n"
	  "const %v f32 4x8x1x1 = random 2\n"
	  "const %one f32 scalar = [1.0]\n"
	  "%a = Conv(%x, %w)\n"
	  "%b = Abs(%a)\n"
	  "%s = Add(%b, %one)\n"
	  "%q = Div(%a, %s)\n"
	  "%y = Conv(%q, %v)\n"
	  "output %y\n",
	  38, 0, 0 },
	/* gradients end at the input, though a unary node reads it */
	{ "input read by a function and a sum",
	  "input %x f32 1x3x16x16\n"
	  "const %w f32 3x3x3x3 = random 1\n"
	  "%r = Relu(%x)\n"
	  "%c = Conv(%r, %w) {pads=[1, 1, 1, 1]}\n"
	  "%y = Add(%c, %r)\n"
	  "output %y\n",
	  35, 15, 0 },
	{ "input read by a pool and a sum",
	  "input %x f32 1x3x16x16\n"
	  "const %w f32 3x3x3x3 = random 1\n"
	  "%r = MaxPool(%x) {kernel_shape=[3, 3], pads=[1, 1, 1, 1]}\n"
	  "%c = Conv(%r, %w) {pads=[1, 1, 1, 1]}\n"
	  "%y = Add(%c, %r)\n"
	  "output %y\n",
	  35, 15, 0 },
	/* outputs that no network makes */
	{ "output that is the input, moved",
	  "input %x f32 1x3x16x16\n"
	  "const %w f32 4x3x3x3 = random 1\n"
	  "%y = Conv(%x, %w)\n"
	  "%z = Transpose(%x) {perm=[0, 2, 3, 1]}\n"
	  "output %y\n"
	  "output %z\n",
	  35, 0, 0 },
	/* pictures as tf2onnx and TFLite take them */
	{ "input of bytes, channels last",
	  "input %x u8 1x16x16x3\n"
	  "const %k f32 scalar = [0.0039215689]\n"
	  "const %w f32 8x3x3x3 = random 1\n"
	  "%f = Cast(%x) {to=\"f32\"}\n"
	  "%n = Mul(%f, %k)\n"
	  "%t = Transpose(%n) {perm=[0, 3, 1, 2]}\n"
	  "%y = Conv(%t, %w) {pads=[1, 1, 1, 1]}\n"
	  "output %y\n",
	  35, 15, 255 },
	{ "input of bytes, channels first",
	  "input %x u8 1x3x16x16\n"
	  "const %w f32 8x3x3x3 = random 1\n"
	  "%f = Cast(%x) {to=\"f32\"}\n"
	  "%y = Conv(%f, %w)\n"
	  "output %y\n",
	  35, 15, 255 },
	{ "input of codes",
	  "input %x i8 1x3x16x16\n"
	  "const %w f32 8x3x3x3 = random 1\n"
	  "const %s f32 scalar = [0.02]\n"
	  "const %z i8 scalar = [-5]\n"
	  "%f = DequantizeLinear(%x, %s, %z)\n"
	  "%y = Conv(%f, %w) {pads=[1, 1, 1, 1]}\n"
	  "output %y\n",
	  35, 15, 127 },
	/* results that are infinite on the way */
	{ "infinite results, cut off",
	  "input %x f32 1x3x16x16\n"
	  "const %w f32 8x3x3x3 = random 1\n"
	  "const %v f32 6x8x1x1 = random 2\n"
	  "const %one f32 scalar = [1.0]\n"
	  "const %ten f32 scalar = [10.0]\n"
	  "%c = Conv(%x, %w) {pads=[1, 1, 1, 1]}\n"
	  "%r = Relu(%c)\n"
	  "%d = Div(%one, %r)\n"
	  "%k = Clip(%d, _, %ten)\n"
	  "%y = Conv(%k, %v)\n"
	  "output %y\n",
	  20, 10, 0 },
	{ "logarithm of zeros, cut off",
	  "input %x f32 1x3x16x16\n"
	  "const %w f32 8x3x3x3 = random 1\n"
	  "const %v f32 6x8x1x1 = random 2\n"
	  "const %low f32 scalar = [-5.0]\n"
	  "%c = Conv(%x, %w) {pads=[1, 1, 1, 1]}\n"
	  "%r = Relu(%c)\n"
	  "%l = Log(%r)\n"
	  "%s = Softplus(%l)\n"
	  "%y = Conv(%s, %v)\n"
	  "output %y\n",
	  25, 10, 0 },
	{ "exponentials that overflow",
	  "input %x f32 1x3x16x16\n"
	  "const %w f32 8x3x3x3 = random 1\n"
	  "const %v f32 6x8x1x1 = random 2\n"
	  "const %k f32 scalar = [90.0]\n"
	  "const %one f32 scalar = [1.0]\n"
	  "%c = Conv(%x, %w) {pads=[1, 1, 1, 1]}\n"
	  "%m = Mul(%c, %k)\n"
	  "%e = Exp(%m)\n"
	  "%a = Add(%e, %one)\n"
	  "%r = Reciprocal(%a)\n"
	  "%y = Conv(%r, %v)\n"
	  "output %y\n",
	  5, 5, 0 },
	/* functions that end at 0 */
	{ "square root",
	  "input %x f32 1x3x16x16\n"
	  "const %w f32 8x3x3x3 = random 1\n"
	  "const %v f32 6x8x3x3 = random 2\n"
	  "%c = Conv(%x, %w) {pads=[1, 1, 1, 1]}\n"
	  "%r = Relu(%c)\n"
	  "%s = Sqrt(%r)\n"
	  "%y = Conv(%s, %v)\n"
	  "output %y\n",
	  30, 10, 0 },
	{ "logarithm",
	  "input %x f32 1x3x16x16\n"
	  "const %w f32 8x3x3x3 = random 1\n"
	  "const %v f32 6x8x3x3 = random 2\n"
	  "const %one f32 scalar = [1.0]\n"
	  "%c = Conv(%x, %w) {pads=[1, 1, 1, 1]}\n"
	  "%r = Relu(%c)\n"
	  "%a = Add(%r, %one)\n"
	  "%s = Log(%a)\n"
	  "%y = Conv(%s, %v)\n"
	  "output %y\n",
	  30, 10, 0 },
	{ "layer normalization in nodes",
	  "input %x f32 1x3x16x16\n"
	  "const %w f32 8x3x3x3 = random 1\n"
	  "const %v f32 6x8x1x1 = random 2\n"
	  "const %two f32 scalar = [2.0]\n"
	  "const %eps f32 scalar = [0.000001]\n"
	  "const %axis i64 1 = [1]\n"
	  "%c = Conv(%x, %w) {pads=[1, 1, 1, 1]}\n"
	  "%m = ReduceMean(%c, %axis)\n"
	  "%d = Sub(%c, %m)\n"
	  "%p = Pow(%d, %two)\n"
	  "%q = ReduceMean(%p, %axis)\n"
	  "%a = Add(%q, %eps)\n"
	  "%s = Sqrt(%a)\n"
	  "%n = Div(%d, %s)\n"
	  "%y = Conv(%n, %v)\n"
	  "output %y\n",
	  28, 10, 0 },
	{ "L2 normalization in nodes",
	  "input %x f32 1x3x16x16\n"
	  "const %w f32 8x3x3x3 = random 1\n"
	  "const %v f32 6x8x1x1 = random 2\n"
	  "const %axis i64 1 = [1]\n"
	  "const %eps f32 scalar = [0.000001]\n"
	  "%c = Conv(%x, %w) {pads=[1, 1, 1, 1]}\n"
	  "%p = Mul(%c, %c)\n"
	  "%q = ReduceSum(%p, %axis)\n"
	  "%s = Sqrt(%q)\n"
	  "%a = Add(%s, %eps)\n"
	  "%n = Div(%c, %a)\n"
	  "%y = Conv(%n, %v)\n"
	  "output %y\n",
	  28, 10, 0 },
	/* one channel of several that have a scale each */
	{ "one channel cut from several, convolved",
	  "input %x f32 1x3x16x16\n"
	  "const %w f32 8x3x1x1 = [0.5, -0.3, 0.2, 4.0, -5.0, 6.0, 0.03, "
	  "-0.02, 0.05, 1.0, -1.5, 0.7, 30.0, -20.0, 10.0, 0.4, 0.3, -0.2, "
	  "0.002, 0.003, 0.001, 2.0, 1.0, -2.0]\n"
	  "const %b f32 8 = random 4\n"
	  "const %v f32 6x1x1x1 = random 2\n"
	  "const %s i64 1 = [7]\n"
	  "const %e i64 1 = [8]\n"
	  "const %a i64 1 = [1]\n"
	  "%c = Conv(%x, %w, %b)\n"
	  "%k = Slice(%c, %s, %e, %a)\n"
	  "%y = Conv(%k, %v)\n"
	  "output %y\n",
	  30, 12, 0 },
	{ "one channel split from several, a function and a sum",
	  "input %x f32 1x3x16x16\n"
	  "const %w f32 8x3x1x1 = [0.5, -0.3, 0.2, 4.0, -5.0, 6.0, 0.03, "
	  "-0.02, 0.05, 1.0, -1.5, 0.7, 30.0, -20.0, 10.0, 0.4, 0.3, -0.2, "
	  "0.002, 0.003, 0.001, 2.0, 1.0, -2.0]\n"
	  "const %b f32 8 = random 4\n"
	  "const %v f32 8x1x3x3 = random 2\n"
	  "const %u f32 4x8x1x1 = random 3\n"
	  "const %n i64 2 = [7, 1]\n"
	  "%c = Conv(%x, %w, %b)\n"
	  "%k, %m = Split(%c, %n) {axis=1}\n"
	  "%r = Relu(%m)\n"
	  "%q = Conv(%r, %v) {pads=[1, 1, 1, 1]}\n"
	  "%p = Add(%q, %m)\n"
	  "%y = Conv(%p, %u)\n"
	  "output %y\n",
	  18, 10, 0 },
	{ "one channel pooled, resized and concatenated",
	  "input %x f32 1x3x16x16\n"
	  "const %w f32 8x3x1x1 = [0.5, -0.3, 0.2, 4.0, -5.0, 6.0, 0.03, "
	  "-0.02, 0.05, 1.0, -1.5, 0.7, 30.0, -20.0, 10.0, 0.4, 0.3, -0.2, "
	  "0.002, 0.003, 0.001, 2.0, 1.0, -2.0]\n"
	  "const %b f32 8 = random 4\n"
	  "const %v f32 6x8x1x1 = random 2\n"
	  "const %n i64 2 = [7, 1]\n"
	  "const %z f32 4 = [1, 1, 2, 2]\n"
	  "%c = Conv(%x, %w, %b)\n"
	  "%k, %m = Split(%c, %n) {axis=1}\n"
	  "%r = MaxPool(%m) {kernel_shape=[2, 2], strides=[2, 2]}\n"
	  "%l = Resize(%r, _, %z) {mode=\"nearest\", "
	  "coordinate_transformation_mode=\"asymmetric\", "
	  "nearest_mode=\"floor\"}\n"
	  "%t = Concat(%l, %k) {axis=1}\n"
	  "%y = Conv(%t, %v)\n"
	  "output %y\n",
	  28, 10, 0 },
	{ "one channel averaged",
	  "input %x f32 1x3x16x16\n"
	  "const %w f32 8x3x1x1 = [0.5, -0.3, 0.2, 4.0, -5.0, 6.0, 0.03, "
	  "-0.02, 0.05, 1.0, -1.5, 0.7, 30.0, -20.0, 10.0, 0.4, 0.3, -0.2, "
	  "0.002, 0.003, 0.001, 2.0, 1.0, -2.0]\n"
	  "const %b f32 8 = random 4\n"
	  "const %v f32 6x1x1x1 = random 2\n"
	  "const %n i64 2 = [7, 1]\n"
	  "%c = Conv(%x, %w, %b)\n"
	  "%k, %m = Split(%c, %n) {axis=1}\n"
	  "%r = AveragePool(%m) {kernel_shape=[2, 2], strides=[2, 2]}\n"
	  "%y = Conv(%r, %v)\n"
	  "output %y\n",
	  20, 10, 0 },
	/* what the device does not read, and what never varied */
	{ "kernel of one with pads",
	  "input %x f32 1x3x16x16\n"
	  "const %w f32 8x3x1x1 = random 1\n"
	  "const %b f32 8 = random 2\n"
	  "%y = Conv(%x, %w, %b) {pads=[1, 1, 1, 1]}\n"
	  "output %y\n",
	  35, 15, 0 },
	{ "pads far over the kernel",
	  "input %x f32 1x3x16x16\n"
	  "const %w f32 8x3x3x3 = random 1\n"
	  "const %b f32 8 = random 2\n"
	  "%c = Conv(%x, %w, %b) {pads=[20, 20, 20, 20], strides=[2, 2]}\n"
	  "%y = Relu(%c)\n"
	  "output %y\n",
	  35, 15, 0 },
	{ "inputs that are always 0",
	  "input %x f32 1x3x16x16\n"
	  "const %w f32 8x3x3x3 = random 1\n"
	  "const %b f32 8 = random 2\n"
	  "const %v f32 6x8x1x1 = random 3\n"
	  "%c = Conv(%x, %w, %b) {pads=[1, 1, 1, 1]}\n"
	  "%r = Relu(%c)\n"
	  "%y = Conv(%r, %v)\n"
	  "output %y\n",
	  30, 10, 1e-20f },
	/* rows and columns change places */
	{ "transposed map read by a layer and a sum",
	  "input %x f32 1x3x12x16\n"
	  "const %w f32 4x3x3x3 = random 1\n"
	  "const %v f32 4x4x3x3 = random 2\n"
	  "%c = Conv(%x, %w) {pads=[1, 1, 1, 1]}\n"
	  "%t = Transpose(%c) {perm=[0, 1, 3, 2]}\n"
	  "%n = Conv(%t, %v) {pads=[1, 1, 1, 1]}\n"
	  "%y = Add(%n, %t)\n"
	  "output %y\n",
	  33, 15, 0 },
	/* sound */
	{ "layers of one dimension",
	  "input %x f32 1x4x64\n"
	  "const %w f32 8x4x5 = random 1\n"
	  "const %u f32 8x1x3 = random 2\n"
	  "const %v f32 6x8x1 = random 3\n"
	  "const %f f32 3x6 = random 4\n"
	  "const %s i64 2 = [1, 6]\n"
	  "%c = Conv(%x, %w) {pads=[2, 2], strides=[2]}\n"
	  "%r = Relu(%c)\n"
	  "%d = Conv(%r, %u) {group=8, pads=[1, 1]}\n"
	  "%e = Relu(%d)\n"
	  "%m = MaxPool(%e) {kernel_shape=[2], strides=[2]}\n"
	  "%p = Conv(%m, %v)\n"
	  "%g = GlobalAveragePool(%p)\n"
	  "%h = Reshape(%g, %s)\n"
	  "%y = Gemm(%h, %f) {transB=1}\n"
	  "output %y\n",
	  30, 12, 0 },
};

/* Inputs of the prepared graph, whose pictures have channels last. */
struct case_samples {
	const struct shape *shape, *prepared;
	enum dtype type;
	float times;
};

static void fill_input(const struct case_samples *s, uint32_t seed,
		       float *written, float *prepared)
{
	int64_t count = shape_elements(s->shape);
	struct tensor t = { .dtype = DT_F32, .shape = *s->shape };
	struct diag d;

	random_input(written, (int)count, seed);
	for (int64_t i = 0; i < count; i++)
		written[i] = s->type == DT_F32 ?
				     s->times * written[i] :
			     s->type == DT_U8 ?
				     floorf(s->times * fabsf(written[i])) :
				     floorf(s->times * written[i]);
	t.data = written;
	diag_init(&d);
	assert_int_equal(tensor_convert(&t, "x", DT_F32, s->prepared,
					LAYOUT_NHWC, prepared, &d),
			 0);
	diag_free(&d);
}

static int fill(void *ctx, int index, float *const *inputs, struct diag *d)
{
	const struct case_samples *s = ctx;
	float *written =
		malloc((size_t)shape_elements(s->shape) * sizeof(float));

	(void)d;
	assert_non_null(written);
	fill_input(s, (uint32_t)index + 1, written, inputs[0]);
	free(written);
	return 0;
}

static struct graph *read_graph(struct fixture *f, const char *text,
				const struct config *c)
{
	struct graph *g = graph_parse(&f->arena, text, &f->d);

	if (!g || pipeline_begin(g, c, NULL, &f->d))
		fail_msg("%s", f->d.entries[f->d.count - 1].text);
	return g;
}

/* The least decibels of the outputs of a packed graph. */
static double measure(struct fixture *f, const struct graph *written,
		      const struct case_samples *s, const struct packed *p)
{
	size_t count = (size_t)shape_elements(s->shape);
	float *x = arena_array(&f->arena, count, sizeof(*x));
	float *moved = arena_array(&f->arena, count, sizeof(*x));
	struct evaluator *e = evaluator_new(written, &f->d);
	struct tensor floats = { DT_F32, *s->shape, x };
	void *typed = arena_array(&f->arena, count, 8);
	const void *inputs[1] = { typed };
	struct packed_file file = { 0 };
	double least = 1000;

	assert_true(e && x && moved && typed);
	fill_input(s, 77, x, moved);
	assert_int_equal(tensor_convert(&floats, "x", s->type, s->shape,
					LAYOUT_NCHW, typed, &f->d),
			 0);
	assert_int_equal(evaluator_run(e, inputs, NULL, NULL, &f->d), 0);
	if (packed_file_open(&file, p->bytes, p->size, "", &f->d) ||
	    packed_file_bind(&file, &f->d))
		fail_msg("%s", f->d.entries[f->d.count - 1].text);
	assert_int_equal(dbrt_set_input_f32(&file.model, 0, moved, count), 0);
	assert_int_equal(dbrt_run(&file.model), 0);
	assert_int_equal(dbrt_output_count(&file.model), written->output_count);
	for (int o = 0; o < written->output_count; o++) {
		const struct value *v = written->outputs[o];
		size_t n = (size_t)shape_elements(&v->shape);
		float *got = arena_array(&f->arena, n, sizeof(*got));
		double signal = 0, noise = 1e-30;
		struct dbrt_tensor t;

		dbrt_output(&file.model, (uint32_t)o, &t);
		assert_string_equal(t.name, v->name);
		packed_floats(&t, got);
		for (size_t i = 0; i < n; i++) {
			double want = tensor_element(
				v->dtype, evaluator_output(e, o), (int64_t)i);

			signal += want * want;
			noise += (want - (double)got[i]) *
				 (want - (double)got[i]);
		}
		least = fmin(least, 10 * log10(signal / noise));
	}
	packed_file_close(&file);
	evaluator_free(e);
	return least;
}

static double decibels(struct fixture *f, const struct graph_case *k, int bits,
		       const struct cost_target *target)
{
	struct graph *written, *g;
	struct case_samples s = { .times = k->times != 0 ? k->times : 1 };
	struct samples samples = { SAMPLES, fill, &s };
	struct packed p = { 0 };
	struct quantizer *q;
	struct head head;
	struct config c;

	config_init(&c);
	c.bits = bits;
	c.uniform = true;
	c.jobs = 1;
	written = read_graph(f, k->text, &c);
	g = read_graph(f, k->text, &c);
	s.shape = &written->inputs[0]->shape;
	s.type = written->inputs[0]->dtype;
	if (head_find(g, &c, &f->arena, &head, &f->d) ||
	    pipeline_finish(g, &c, NULL, &f->d))
		fail_msg("%s: %s", k->name, f->d.entries[f->d.count - 1].text);
	s.prepared = &g->inputs[0]->shape;
	q = quantizer_new(g, &c, target, &samples, NULL, NULL, &f->d);
	if (!q || quantizer_set_preset(q, 0, &f->d) ||
	    quantizer_round(q, NULL, &f->d) ||
	    lower_and_pack(g, &c, &f->arena, &p, &f->d))
		fail_msg("%s: %s", k->name, f->d.entries[f->d.count - 1].text);
	quantizer_free(q);
	return measure(f, written, &s, &p);
}

static void expect(struct fixture *f, const struct graph_case *k, int bits,
		   double least)
{
	double got = decibels(f, k, bits, &in_place);
	double coded_got = decibels(f, k, bits, &coded);

	if (getenv("DECIBELS"))
		printf("%-40s %d bits: %.1f %.1f\n", k->name, bits, got,
		       coded_got);
	else if (!(got >= least && coded_got >= least))
		fail_msg("%s, %d bits: %.1f and %.1f dB, not %.0f", k->name,
			 bits, got, coded_got, least);
}

static void test_decibels(void **state)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		if (cases[i].db8 > 0)
			expect(*state, &cases[i], 8, cases[i].db8);
		if (cases[i].db4 > 0)
			expect(*state, &cases[i], 4, cases[i].db4);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_decibels, fixture_setup,
						fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
