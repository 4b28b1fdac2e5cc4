/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operators on numbers small enough to follow by hand. A row is a graph that
 * computes %y and holds %want; folding runs it through eval_node().
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "evaluator/evaluator.h"
#include "passes/passes.h"

struct node_case {
	const char *name, *graph;
};

static const struct node_case elementwise[] = {
	{ "relu keeps NaN", "const %x f32 4 = [-1, 0, 2, nan]\n"
			    "%y = Relu(%x)\n"
			    "const %want f32 4 = [0, 0, 2, nan]\n" },
	{ "halves to even", "const %x f32 5 = [0.5, 1.5, 2.5, -0.5, -2.5]\n"
			    "%y = Round(%x)\n"
			    "const %want f32 5 = [0, 2, 2, 0, -2]\n" },
	{ "shrink", "const %x f32 5 = [-2, -0.75, 0, 0.5, 3]\n"
		    "%y = Shrink(%x) {bias=0.25, lambd=0.75}\n"
		    "const %want f32 5 = [-1.75, 0, 0, 0, 2.75]\n" },
	{ "integers", "const %x i64 3 = [-5, 0, 7]\n%y = Abs(%x)\n"
		      "const %want i64 3 = [5, 0, 7]\n" },
	{ "smallest integer", "const %x i32 1 = [-2147483648]\n%y = Neg(%x)\n"
			      "const %want i32 1 = [-2147483648]\n" },
	{ "broadcast", "const %a f32 2x1 = [1, 2]\n"
		       "const %b f32 3 = [10, 20, 30]\n%y = Add(%a, %b)\n"
		       "const %want f32 2x3 = [11, 21, 31, 12, 22, 32]\n" },
	{ "scalars", "const %a f32 scalar = [3]\nconst %b f32 scalar = [4]\n"
		     "%y = Mul(%a, %b)\nconst %want f32 scalar = [12]\n" },
	{ "empty", "const %a f32 0x3 = []\nconst %b f32 3 = [1, 2, 3]\n"
		   "%y = Sub(%a, %b)\nconst %want f32 0x3 = []\n" },
	{ "sign of the divisor", "const %a i32 4 = [5, -5, 5, -5]\n"
				 "const %b i32 4 = [3, 3, -3, -3]\n"
				 "%y = Mod(%a, %b)\n"
				 "const %want i32 4 = [2, 1, -1, -2]\n" },
	{ "sign of the dividend", "const %a f32 2 = [-5.5, 5.5]\n"
				  "const %b f32 2 = [3, -3]\n"
				  "%y = Mod(%a, %b) {fmod=1}\n"
				  "const %want f32 2 = [-2.5, 2.5]\n" },
	{ "integers to a power", "const %a i64 3 = [2, -3, 1]\n"
				 "const %b i64 3 = [10, 3, -2]\n"
				 "%y = Pow(%a, %b)\n"
				 "const %want i64 3 = [1024, -27, 1]\n" },
	{ "largest of three", "const %a f32 2 = [1, nan]\n"
			      "const %b f32 1 = [2]\nconst %c f32 2 = [0, 9]\n"
			      "%y = Max(%a, %b, %c)\n"
			      "const %want f32 2 = [2, nan]\n" },
	{ "mean of two", "const %a f32 2 = [1, 5]\nconst %b f32 1 = [2]\n"
			 "%y = Mean(%a, %b)\n"
			 "const %want f32 2 = [1.5, 3.5]\n" },
	{ "comparison", "const %a i64 3 = [1, 2, 3]\nconst %b i64 1 = [2]\n"
			"%y = GreaterOrEqual(%a, %b)\n"
			"const %want bool 3 = [0, 1, 1]\n" },
	{ "where", "const %c bool 2x1 = [1, 0]\nconst %a f32 2 = [1, 2]\n"
		   "const %b f32 scalar = [9]\n%y = Where(%c, %a, %b)\n"
		   "const %want f32 2x2 = [1, 2, 9, 9]\n" },
	{ "cast saturates", "const %x f32 5 = [300, -300, 1.9, nan, inf]\n"
			    "%y = Cast(%x) {to=\"i8\"}\n"
			    "const %want i8 5 = [127, -128, 1, 0, 127]\n" },
	{ "cast to int4 wraps", "const %x f32 3 = [-9, 7, 8]\n"
				"%y = Cast(%x) {to=\"i8\", bits=4}\n"
				"const %want i8 3 = [7, 7, -8]\n" },
	{ "integers wrap", "const %x i32 2 = [300, -1]\n"
			   "%y = Cast(%x) {to=\"u8\"}\n"
			   "const %want u8 2 = [44, 255]\n" },
	{ "clip with one bound", "const %x f32 3 = [-1, 5, 9]\n"
				 "const %b f32 scalar = [6]\n"
				 "%y = Clip(%x, _, %b)\n"
				 "const %want f32 3 = [-1, 5, 6]\n" },
	{ "slope a channel", "const %x f32 2x2 = [-1, -2, 3, -4]\n"
			     "const %s f32 2 = [0.5, 0.25]\n"
			     "%y = PRelu(%x, %s)\n"
			     "const %want f32 2x2 = [-0.5, -0.5, 3, -1]\n" },
	{ "fused activation", "const %x f32 3 = [-2, 1, 9]\n"
			      "%y = Identity(%x) act=clip(0.0, 6.0)\n"
			      "const %want f32 3 = [0, 1, 6]\n" },
	{ "swish is x sigmoid", "const %x f32 2 = [0, 1]\n%y = Swish(%x)\n"
				"const %want f32 2 = [0, 0.7310585786]\n" },
};

static const struct node_case moves[] = {
	{ "transpose", "const %x f32 2x3 = seq 0 1\n"
		       "%y = Transpose(%x) {perm=[1, 0]}\n"
		       "const %want f32 3x2 = [0, 3, 1, 4, 2, 5]\n" },
	{ "bytes too", "const %x i8 1x2x3 = seq 0 1\n"
		       "%y = Transpose(%x) {perm=[2, 0, 1]}\n"
		       "const %want i8 3x1x2 = [0, 3, 1, 4, 2, 5]\n" },
	{ "slice backwards", "const %x f32 5 = seq 0 1\n"
			     "const %s i64 1 = [-1]\nconst %e i64 1 = [-99]\n"
			     "const %a i64 1 = [0]\nconst %t i64 1 = [-2]\n"
			     "%y = Slice(%x, %s, %e, %a, %t)\n"
			     "const %want f32 3 = [4, 2, 0]\n" },
	{ "concat of an empty one", "const %a f32 0x2 = []\n"
				    "const %b f32 1x2 = [1, 2]\n"
				    "%y = Concat(%a, %b, %b) {axis=-2}\n"
				    "const %want f32 2x2 = [1, 2, 1, 2]\n" },
	{ "second part", "const %x f32 2x3 = seq 0 1\n"
			 "const %s i64 2 = [1, 2]\n"
			 "%z0, %y = Split(%x, %s) {axis=1}\n"
			 "const %want f32 2x2 = [1, 2, 4, 5]\n" },
	{ "expand", "const %x f32 2x1 = [1, 2]\nconst %s i64 3 = [2, 1, 2]\n"
		    "%y = Expand(%x, %s)\n"
		    "const %want f32 2x2x2 = [1, 1, 2, 2, 1, 1, 2, 2]\n" },
	{ "tile", "const %x f32 1x2 = [1, 2]\nconst %r i64 2 = [2, 2]\n"
		  "%y = Tile(%x, %r)\n"
		  "const %want f32 2x4 = [1, 2, 1, 2, 1, 2, 1, 2]\n" },
	{ "reflect", "const %x f32 3 = [1, 2, 3]\nconst %p i64 2 = [2, 1]\n"
		     "%y = Pad(%x, %p) {mode=\"reflect\"}\n"
		     "const %want f32 6 = [3, 2, 1, 2, 3, 2]\n" },
	{ "edge", "const %x i64 2 = [1, 2]\nconst %p i64 2 = [1, 2]\n"
		  "%y = Pad(%x, %p) {mode=\"edge\"}\n"
		  "const %want i64 5 = [1, 1, 2, 2, 2]\n" },
	{ "wrap", "const %x f32 3 = [1, 2, 3]\nconst %p i64 2 = [2, 1]\n"
		  "%y = Pad(%x, %p) {mode=\"wrap\"}\n"
		  "const %want f32 6 = [2, 3, 1, 2, 3, 1]\n" },
	{ "crop and fill", "const %x f32 2x2 = [1, 2, 3, 4]\n"
			   "const %p i64 4 = [-1, 0, 0, 1]\n"
			   "const %v f32 scalar = [7]\n%y = Pad(%x, %p, %v)\n"
			   "const %want f32 1x3 = [3, 4, 7]\n" },
	{ "gather from the end", "const %x f32 3x2 = seq 0 1\n"
				 "const %i i64 2 = [-1, 0]\n"
				 "%y = Gather(%x, %i)\n"
				 "const %want f32 2x2 = [4, 5, 0, 1]\n" },
	{ "gather elements", "const %x f32 2x2 = [1, 2, 3, 4]\n"
			     "const %i i64 2x2 = [0, 0, 1, 0]\n"
			     "%y = GatherElements(%x, %i) {axis=1}\n"
			     "const %want f32 2x2 = [1, 1, 4, 3]\n" },
	{ "gather points", "const %x f32 2x2 = [1, 2, 3, 4]\n"
			   "const %i i64 2x2 = [1, 1, 0, 1]\n"
			   "%y = GatherND(%x, %i)\n"
			   "const %want f32 2 = [4, 2]\n" },
	{ "scatter points", "const %x f32 2x2 = [1, 2, 3, 4]\n"
			    "const %i i64 3x2 = [1, -1, 0, 1, 0, 1]\n"
			    "const %u f32 3 = [7, 8, 9]\n"
			    "%y = ScatterND(%x, %i, %u)\n"
			    "const %want f32 2x2 = [1, 9, 3, 7]\n" },
	{ "scatter rows", "const %x i64 2x2 = [1, 2, 3, 4]\n"
			  "const %i i64 1x1 = [1]\n"
			  "const %u i64 1x2 = [7, 8]\n"
			  "%y = ScatterND(%x, %i, %u)\n"
			  "const %want i64 2x2 = [1, 2, 7, 8]\n" },
	{ "depth to space", "const %x f32 1x4x1x1 = [1, 2, 3, 4]\n"
			    "%y = DepthToSpace(%x) {blocksize=2}\n"
			    "const %want f32 1x1x2x2 = [1, 2, 3, 4]\n" },
	{ "space to depth", "const %x f32 1x2x2x1 = [1, 2, 3, 4]\n"
			    "%y = SpaceToDepth(%x) {blocksize=2} layout=nhwc\n"
			    "const %want f32 1x1x1x4 = [1, 2, 3, 4]\n" },
	{ "shuffle", "const %x f32 1x4x1x1 = [0, 1, 2, 3]\n"
		     "%y = ChannelShuffle(%x) {groups=2}\n"
		     "const %want f32 1x4x1x1 = [0, 2, 1, 3]\n" },
	{ "shape", "const %x f32 2x3x4 = fill 0\n%y = Shape(%x) {start=-2}\n"
		   "const %want i64 2 = [3, 4]\n" },
	{ "range", "const %a f32 scalar = [1]\nconst %b f32 scalar = [2]\n"
		   "const %c f32 scalar = [0.4]\n%y = Range(%a, %b, %c)\n"
		   "const %want f32 3 = [1, 1.4, 1.8]\n" },
};

static const struct node_case sums[] = {
	{ "product", "const %a f32 2x2 = [1, 2, 3, 4]\n"
		     "const %b f32 2 = [1, 10]\n%y = MatMul(%a, %b)\n"
		     "const %want f32 2 = [21, 43]\n" },
	{ "product of nothing", "const %a f32 2x0 = []\nconst %b f32 0x1 = []\n"
				"%y = MatMul(%a, %b)\n"
				"const %want f32 2x1 = [0, 0]\n" },
	{ "batches", "const %a f32 2x1x2 = [1, 2, 3, 4]\n"
		     "const %b f32 2x1 = [1, 10]\n%y = MatMul(%a, %b)\n"
		     "const %want f32 2x1x1 = [21, 43]\n" },
	{ "gemm", "const %a f32 2x1 = [1, 2]\nconst %b f32 1x2 = [3, 4]\n"
		  "const %c f32 1 = [10]\n"
		  "%y = Gemm(%a, %b, %c) {transA=1, transB=1, alpha=2.0, "
		  "beta=0.5}\nconst %want f32 1x1 = [27]\n" },
	{ "last windows of a pool", "const %x f32 1x1x4 = [1, 5, 2, 4]\n"
				    "%y = MaxPool(%x) {kernel_shape=[3], "
				    "strides=[2], ceil_mode=1}\n"
				    "const %want f32 1x1x2 = [5, 4]\n" },
	{ "pool of bytes", "const %x u8 1x1x2x2 = [1, 200, 3, 4]\n"
			   "%y = MaxPool(%x) {kernel_shape=[2, 2]}\n"
			   "const %want u8 1x1x1x1 = [200]\n" },
	{ "padding is not counted", "const %x f32 1x1x2 = [2, 4]\n"
				    "%y = AveragePool(%x) {kernel_shape=[3], "
				    "pads=[1, 1]}\n"
				    "const %want f32 1x1x2 = [3, 3]\n" },
	{ "padding is counted", "const %x f32 1x1x2 = [2, 4]\n"
				"%y = AveragePool(%x) {kernel_shape=[3], "
				"pads=[1, 1], count_include_pad=1}\n"
				"const %want f32 1x1x2 = [2, 2]\n" },
	{ "mean of the middle", "const %x f32 2x2x1 = [1, 2, 3, 4]\n"
				"const %a i64 1 = [1]\n"
				"%y = ReduceMean(%x, %a) {keepdims=0}\n"
				"const %want f32 2x1 = [1.5, 3.5]\n" },
	{ "integers stay exact", "const %x i64 2 = [9007199254740993, 1]\n"
				 "%y = ReduceSum(%x)\n"
				 "const %want i64 1 = [9007199254740994]\n" },
	{ "length", "const %x f32 2 = [3, 4]\n%y = ReduceL2(%x)\n"
		    "const %want f32 1 = [5]\n" },
	{ "last of equals", "const %x f32 4 = [1, 3, 3, nan]\n"
			    "%y = ArgMax(%x) {select_last_index=1}\n"
			    "const %want i64 1 = [2]\n" },
	{ "smallest two", "const %x f32 4 = [3, nan, 1, 2]\n"
			  "const %k i64 1 = [2]\n"
			  "%z0, %y = TopK(%x, %k) {largest=0}\n"
			  "const %want i64 2 = [2, 3]\n" },
	{ "softmax of large numbers", "const %x f32 2 = [1000, 1000]\n"
				      "%y = Softmax(%x)\n"
				      "const %want f32 2 = [0.5, 0.5]\n" },
	{ "batch norm", "const %x f32 1x2x1 = [3, 4]\nconst %g f32 2 = [2, 1]\n"
			"const %b f32 2 = [0, 1]\nconst %m f32 2 = [1, 1]\n"
			"const %v f32 2 = [4, 9]\n%y = BatchNormalization"
			"(%x, %g, %b, %m, %v) {epsilon=0.0}\n"
			"const %want f32 1x2x1 = [2, 2]\n" },
	{ "layer norm", "const %x f32 1x2 = [1, 3]\nconst %g f32 2 = [1, 2]\n"
			"%y = LayerNormalization(%x, %g) {epsilon=0.0}\n"
			"const %want f32 1x2 = [-1, 2]\n" },
	{ "no images to normalise", "const %x f32 0x2x3 = []\n"
				    "const %g f32 2 = [1, 1]\n"
				    "%y = InstanceNormalization(%x, %g, %g)\n"
				    "const %want f32 0x2x3 = []\n" },
	{ "linear between cells", "const %x f32 1x1x2 = [0, 4]\n"
				  "const %s f32 3 = [1, 1, 2]\n"
				  "%y = Resize(%x, _, %s) {mode=\"linear\"}\n"
				  "const %want f32 1x1x4 = [0, 1, 3, 4]\n" },
	{ "corners aligned", "const %x f32 1x1x2 = [0, 3]\n"
			     "const %s i64 3 = [1, 1, 4]\n"
			     "%y = Resize(%x, _, _, %s) {mode=\"linear\", "
			     "coordinate_transformation_mode="
			     "\"align_corners\"}\n"
			     "const %want f32 1x1x4 = [0, 1, 2, 3]\n" },
	{ "cells repeated", "const %x u8 1x1x2 = [1, 2]\n"
			    "const %s f32 3 = [1, 1, 2]\n"
			    "%y = Resize(%x, _, %s) {nearest_mode=\"floor\", "
			    "coordinate_transformation_mode=\"asymmetric\"}\n"
			    "const %want u8 1x1x4 = [1, 1, 2, 2]\n" },
	{ "grows and shrinks", "const %x f32 1x2x2 = [1, 2, 3, 4]\n"
			       "const %s i64 3 = [2, 1, 2]\n"
			       "%y = Resize(%x, _, _, %s) {mode=\"linear\"}\n"
			       "const %want f32 2x1x2 = [2, 3, 2, 3]\n" },
	{ "quantize", "const %x f32 4 = [-1, 0.5, 1.5, 99]\n"
		      "const %s f32 scalar = [1]\nconst %z u8 scalar = [3]\n"
		      "%y = QuantizeLinear(%x, %s, %z)\n"
		      "const %want u8 4 = [2, 3, 5, 102]\n" },
	{ "dequantize by channel", "const %x i8 2x2 = [1, -1, 4, 6]\n"
				   "const %s f32 2 = [0.5, 2]\n"
				   "const %z i8 2 = [0, 4]\n"
				   "%y = DequantizeLinear(%x, %s, %z) "
				   "{axis=0}\nconst %want f32 2x2 = "
				   "[0.5, -0.5, 0, 4]\n" },
	{ "trained 2-bit grid", "const %x f32 5 = [-9, -0.4, 0.25, 0.6, 9]\n"
				"const %s f32 scalar = [0.5]\n"
				"const %z f32 scalar = [0]\n"
				"const %b f32 scalar = [2]\n"
				"%y = Quant(%x, %s, %z, %b) {signed=1, "
				"narrow=1, rounding_mode=\"ROUND\"}\n"
				"const %want f32 5 = [-0.5, -0.5, 0, 0.5, "
				"0.5]\n" },
	{ "halves away from zero", "const %x f32 4 = [-1.5, -0.5, 0.5, 1.5]\n"
				   "const %s f32 scalar = [1]\n"
				   "const %z f32 scalar = [0]\n"
				   "const %b f32 scalar = [4]\n"
				   "%y = Quant(%x, %s, %z, %b) "
				   "{rounding_mode=\"HALF_UP\"}\n"
				   "const %want f32 4 = [-2, -1, 1, 2]\n" },
};

static double element(const struct value *v, int64_t i)
{
	switch (v->dtype) {
	case DT_F32:
		return (double)((const float *)v->data)[i];
	case DT_I64: /* exact enough in the difference to `want` */
		return (double)((const int64_t *)v->data)[i];
	case DT_I32:
		return (double)((const int32_t *)v->data)[i];
	case DT_I8:
		return (double)((const int8_t *)v->data)[i];
	default:
		return (double)((const uint8_t *)v->data)[i];
	}
}

static void compare(const char *name, const struct value *y,
		    const struct value *want)
{
	if (y->dtype != want->dtype || !shape_equal(&y->shape, &want->shape))
		fail_msg("%s: type or shape", name);
	for (int64_t i = 0; i < shape_elements(&want->shape); i++) {
		double a = element(y, i), b = element(want, i);

		if (isnan(b) ? !isnan(a) : !(fabs(a - b) <= 1e-6 * fabs(b)))
			fail_msg("%s: [%lld] is %g, expected %g", name,
				 (long long)i, a, b);
	}
	if (y->dtype == DT_I64)
		assert_memory_equal(y->data, want->data,
				    8 * (size_t)shape_elements(&y->shape));
}

static void run_row(const struct node_case *r)
{
	struct arena a;
	struct diag d;
	struct config c;
	struct graph *g;
	char text[2048];

	arena_init(&a, 0);
	diag_init(&d);
	config_init(&c);
	snprintf(text, sizeof(text), "%soutput %%y\noutput %%want\n", r->graph);
	g = graph_parse(&a, text, &d);
	if (!g || pass_infer_shapes(g, &c, &d))
		fail_msg("%s: %s", r->name, d.entries[0].text);
	if (!value_is_const(graph_find_value(g, "y")))
		fail_msg("%s: not computed", r->name);
	compare(r->name, graph_find_value(g, "y"), graph_find_value(g, "want"));
	diag_free(&d);
	arena_free(&a);
}

#define RUN_ALL(rows)                                               \
	for (size_t i = 0; i < sizeof(rows) / sizeof(*(rows)); i++) \
	run_row(&(rows)[i])

static void test_elementwise(void **state)
{
	(void)state;
	RUN_ALL(elementwise);
}

static void test_moves(void **state)
{
	(void)state;
	RUN_ALL(moves);
}

static void test_sums(void **state)
{
	(void)state;
	RUN_ALL(sums);
}

/* Values that no operator can take: inputs, so that only the run sees them. */
static void test_refusals(void **state)
{
	static const struct {
		const char *graph, *message;
		int64_t value;
	} rows[] = {
		{ "input %i i64 1\nconst %x f32 3 = [1, 2, 3]\n"
		  "%y = Gather(%x, %i) : f32 1\noutput %y\n",
		  "index 3 is out of range for 3 elements", 3 },
		{ "input %i i64 1\nconst %x f32 3 = [1, 2, 3]\n"
		  "%y = GatherElements(%x, %i) : f32 1\noutput %y\n",
		  "index -4 is out of range", -4 },
		{ "input %i i64 1\nconst %x f32 3 = [1, 2, 3]\n"
		  "%y = GatherND(%x, %i) : f32 scalar\noutput %y\n",
		  "index 99 is out of range", 99 },
		{ "input %i i64 1\nconst %x f32 3 = [1, 2, 3]\n"
		  "const %u f32 scalar = [0]\n"
		  "%y = ScatterND(%x, %i, %u) : f32 3\noutput %y\n",
		  "index 3 is out of range for 3 elements", 3 },
		{ "input %i i64 1\nconst %x i64 1 = [1]\n"
		  "%y = Div(%x, %i) : i64 1\noutput %y\n",
		  "divided by zero", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const void *in[] = { &rows[i].value };
		struct evaluator *e;
		struct arena a;
		struct diag d;
		struct graph *g;

		arena_init(&a, 0);
		diag_init(&d);
		g = graph_parse(&a, rows[i].graph, &d);
		assert_non_null(g);
		e = evaluator_new(g, &d);
		assert_non_null(e);
		assert_int_equal(evaluator_run(e, in, NULL, NULL, &d), -1);
		assert_non_null(strstr(d.entries[0].text, rows[i].message));
		evaluator_free(e);
		diag_free(&d);
		arena_free(&a);
	}
}

static void test_every_operator_has_a_kernel(void **state)
{
	(void)state;
	for (int op = OP_NONE + 1; op < OP_COUNT; op++)
		if (!eval_supports((enum op)op))
			fail_msg("%s", op_info((enum op)op)->name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_elementwise),
		cmocka_unit_test(test_moves),
		cmocka_unit_test(test_sums),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_every_operator_has_a_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
