/* SPDX-License-Identifier: Apache-2.0 */
/* Convolutions of random geometry, in both layouts, against plain loops over
 * every output, channel and tap. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "evaluator/evaluator.h"
#include "ir/window.h"
#include "passes/shape_infer.h"
#include "tests/support/random.h"

#define ROUNDS 400

static uint32_t draw(uint32_t *seed, uint32_t below)
{
	return random_bits24(seed) % below;
}

struct conv_case {
	struct arena arena;
	struct diag d;
	struct graph *g;
	struct node *n;
	uint32_t seed;
};

static struct value *constant(struct conv_case *f, int rank,
			      const int64_t *dims)
{
	struct shape s = shape_of(rank, dims);
	int64_t n = shape_elements(&s);
	float *data = arena_array(&f->arena, (size_t)n, sizeof(*data));

	for (int64_t i = 0; i < n; i++)
		data[i] = (float)((int)draw(&f->seed, 129) - 64) / 64;
	return graph_constant(f->g, NULL, DT_F32, &s, data);
}

static void set_pair(struct conv_case *f, const char *name, uint32_t low,
		     uint32_t count)
{
	const int64_t v[2] = { low + draw(&f->seed, count),
			       low + draw(&f->seed, count) };

	assert_int_equal(node_set_ints(f->g, f->n, name, v, 2), 0);
}

/* Everything drawn; false where the kernel does not fit into the input. */
static bool make_node(struct conv_case *f, enum op op, enum layout layout)
{
	int64_t groups = 1 + draw(&f->seed, 4), b = 1 + draw(&f->seed, 2);
	int64_t in = 1 + draw(&f->seed, 3), out = 1 + draw(&f->seed, 3);
	int64_t h = 1 + draw(&f->seed, 9), w = 1 + draw(&f->seed, 9);
	int64_t ky = 1 + draw(&f->seed, 3), kx = 1 + draw(&f->seed, 3);
	const int64_t x_nchw[] = { b, in * groups, h, w };
	const int64_t x_nhwc[] = { b, h, w, in * groups };
	const int64_t w_conv[] = { out * groups, in, ky, kx };
	const int64_t w_transposed[] = { in * groups, out, ky, kx };
	const int64_t bias[] = { out * groups };
	struct value *y, *v[3];
	int64_t pads[4];

	f->g = graph_new(&f->arena);
	v[0] = constant(f, 4, layout == LAYOUT_NHWC ? x_nhwc : x_nchw);
	v[1] = constant(f, 4, op == OP_CONV ? w_conv : w_transposed);
	v[2] = constant(f, 1, bias);
	y = graph_value(f->g, "y", DT_NONE, NULL);
	f->n = graph_node(f->g, op, "conv", v, 2 + (int)draw(&f->seed, 2), &y,
			  1, NULL);
	f->n->layout = layout;
	node_set_int(f->g, f->n, "group", groups);
	set_pair(f, "strides", 1, 3);
	set_pair(f, "dilations", 1, 2);
	for (int i = 0; i < 4; i++)
		pads[i] = draw(&f->seed, 3);
	node_set_ints(f->g, f->n, "pads", pads, 4);
	if (draw(&f->seed, 4) == 0)
		node_set_string(f->g, f->n, "auto_pad",
				draw(&f->seed, 2) ? "SAME_UPPER" :
						    "SAME_LOWER");
	return shape_infer_node(f->g, f->n, &f->d) == 0;
}

static int64_t at(enum layout layout, const struct window *w, bool is_output,
		  int64_t channels, int64_t b, int64_t c, int64_t y, int64_t x)
{
	const int64_t *size = is_output ? w->out : w->in;

	return layout == LAYOUT_NHWC ?
		       ((b * size[0] + y) * size[1] + x) * channels + c :
		       ((b * channels + c) * size[0] + y) * size[1] + x;
}

/* Adds one product where window.h says that tap and cell meet. */
static void add_products(const struct conv_case *f, const struct window *w,
			 int64_t out, double *sum)
{
	const float *x = f->n->inputs[0]->data, *v = f->n->inputs[1]->data;
	int64_t groups = node_int(f->n, "group", 1);
	int64_t in_each = w->channels / groups, out_each = out / groups;
	int64_t taps = w->kernel[0] * w->kernel[1];
	int64_t cells = w->in[0] * w->in[1];
	bool conv = f->n->op == OP_CONV;

	/* `from` steps over the outputs of a Conv, the inputs otherwise */
	if (conv)
		cells = w->out[0] * w->out[1];
	for (int64_t i = 0; i < w->batch * out * in_each * cells * taps; i++) {
		int64_t t = i % taps, p = i / taps % cells;
		int64_t c = i / taps / cells % in_each;
		int64_t o = i / taps / cells / in_each % out;
		int64_t b = i / taps / cells / in_each / out;
		int64_t width = conv ? w->out[1] : w->in[1];
		int64_t fy = p / width, fx = p % width;
		int64_t ty = fy * w->stride[0] - w->pad_begin[0] +
			     t / w->kernel[1] * w->dilation[0];
		int64_t tx = fx * w->stride[1] - w->pad_begin[1] +
			     t % w->kernel[1] * w->dilation[1];
		const int64_t *size = conv ? w->in : w->out;
		int64_t channel = o / out_each * in_each + c;
		int64_t weight =
			conv ? (o * in_each + c) * taps + t :
			       (channel * out_each + o % out_each) * taps + t;

		if (ty < 0 || ty >= size[0] || tx < 0 || tx >= size[1])
			continue;
		sum[at(f->n->layout, w, true, out, b, o, conv ? fy : ty,
		       conv ? fx : tx)] +=
			(double)x[at(f->n->layout, w, false, w->channels, b,
				     channel, conv ? ty : fy, conv ? tx : fx)] *
			(double)v[weight];
	}
}

static void check_node(struct conv_case *f)
{
	const struct shape *s = &f->n->outputs[0]->shape;
	bool nhwc = f->n->layout == LAYOUT_NHWC;
	int64_t n = shape_elements(s), out = s->dim[nhwc ? 3 : 1];
	int64_t inner = nhwc ? 1 : s->dim[2] * s->dim[3];
	const struct value *bias = node_input(f->n, 2);
	double *want = calloc((size_t)n, sizeof(*want));
	float *got = calloc((size_t)n, sizeof(*got));
	const void *in[3] = { f->n->inputs[0]->data, f->n->inputs[1]->data,
			      bias ? bias->data : NULL };
	void *outputs[1] = { got };
	struct window w;

	assert_int_equal(window_of(f->n, &w, &f->d), 0);
	for (int64_t i = 0; bias && i < n; i++)
		want[i] = (double)((const float *)bias->data)[i / inner % out];
	add_products(f, &w, out, want);
	assert_int_equal(eval_node(f->n, in, outputs, &f->d), 0);
	for (int64_t i = 0; i < n; i++)
		assert_true(fabs((double)got[i] - want[i]) < 1e-4);
	free(want);
	free(got);
}

static void run_rounds(enum op op, enum layout layout)
{
	struct conv_case f = { .seed = 1 };
	int done = 0;

	for (int i = 0; i < ROUNDS; i++) {
		arena_init(&f.arena, 0);
		diag_init(&f.d);
		if (make_node(&f, op, layout)) {
			check_node(&f);
			done++;
		}
		diag_free(&f.d);
		arena_free(&f.arena);
	}
	print_message("%d of %d drawn nodes computed\n", done, ROUNDS);
	assert_true(done > ROUNDS / 2);
}

static void test_conv_nchw(void **state)
{
	(void)state;
	run_rounds(OP_CONV, LAYOUT_NCHW);
}

static void test_conv_nhwc(void **state)
{
	(void)state;
	run_rounds(OP_CONV, LAYOUT_NHWC);
}

static void test_transposed_nchw(void **state)
{
	(void)state;
	run_rounds(OP_CONV_TRANSPOSE, LAYOUT_NCHW);
}

static void test_transposed_nhwc(void **state)
{
	(void)state;
	run_rounds(OP_CONV_TRANSPOSE, LAYOUT_NHWC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conv_nchw),
		cmocka_unit_test(test_conv_nhwc),
		cmocka_unit_test(test_transposed_nchw),
		cmocka_unit_test(test_transposed_nhwc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
