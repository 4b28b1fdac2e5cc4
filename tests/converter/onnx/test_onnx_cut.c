/* SPDX-License-Identifier: Apache-2.0 */
/* Post-processing at the end of a file is cut off, and only there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "converter/onnx/onnx_read.h"
#include "tests/support/fixture.h"
#include "tests/support/onnx_builder.h"

/* A network with boxes [1, 16, 4] and scores [1, 16, 3]. */
static void begin(struct onnx_builder *b)
{
	static const float w[7 * 3];
	static const int64_t rows[] = { 1, 16, 7 }, parts[] = { 4, 3 };

	onnx_builder_init(b);
	onnx_build_input(b, "x", ONNX_FLOAT, "1x3x4x4");
	onnx_build_floats(b, "w", "7x3x1x1", w, 21);
	onnx_build_int64s(b, "rows", rows, 3);
	onnx_build_int64s(b, "parts", parts, 2);
	onnx_build_node(b, "Conv", "conv", "x w", "map");
	onnx_build_node(b, "Reshape", "reshape", "map rows", "all");
	onnx_build_attr_int(b,
			    onnx_build_node(b, "Split", "split", "all parts",
					    "boxes logits"),
			    "axis", 2);
	onnx_build_node(b, "Sigmoid", "sigmoid", "logits", "scores");
}

static struct graph *read(struct fixture *f, struct onnx_builder *b)
{
	uint8_t *file, sha256[32];
	size_t bytes = onnx_builder_finish(b, &file);
	struct graph *g =
		onnx_parse(file, bytes, "m.onnx", &f->arena, sha256, &f->d);

	onnx_builder_free(b);
	return g;
}

static void expect_outputs(const struct graph *g, const char *first,
			   const char *second)
{
	assert_non_null(g);
	assert_int_equal(g->output_count, second ? 2 : 1);
	assert_string_equal(g->outputs[0]->name, first);
	if (second)
		assert_string_equal(g->outputs[1]->name, second);
}

static void test_suppression(void **state)
{
	const float iou = .45f, score = .25f;
	static const int64_t most[] = { 100 };
	struct onnx_builder b;
	struct graph *g;

	begin(&b);
	onnx_build_int64s(&b, "most", most, 1);
	onnx_build_floats(&b, "iou", "", &iou, 1);
	onnx_build_floats(&b, "least", "", &score, 1);
	onnx_build_node(&b, "Transpose", "t", "scores", "planes");
	onnx_build_node(&b, "NonMaxSuppression", "nms",
			"boxes planes most iou least", "kept");
	/* what only the post-processing reads may be unknown */
	onnx_build_node(&b, "NonZero", "odd", "iou", "odd");
	onnx_build_node(&b, "Add", "last", "kept odd", "result");
	onnx_build_output(&b, "result");
	g = read(*state, &b);
	expect_outputs(g, "boxes", "planes");
	assert_string_equal(g->cut.op_type, "NonMaxSuppression");
	assert_true(g->cut.iou == iou);
}

/* The suppression of one photo or class after another: its body reads the
 * network's values without naming them as inputs of the loop. */
static void test_loop(void **state)
{
	static Onnx__NodeProto *body_nodes[2];
	Onnx__GraphProto body = ONNX__GRAPH_PROTO__INIT;
	struct onnx_builder b;
	Onnx__NodeProto *loop;
	struct graph *g;
	size_t nodes;

	begin(&b);
	nodes = b.graph.n_node;
	body_nodes[0] = onnx_build_node(&b, "Gather", "one", "boxes i", "own");
	body_nodes[1] = onnx_build_node(&b, "NonMaxSuppression", "nms",
					"own scores", "kept");
	b.graph.n_node = nodes;
	body.n_node = 2;
	body.node = body_nodes;
	loop = onnx_build_node(&b, "Loop", "each", "rows - state", "result");
	onnx_build_attr(&b, loop, "body", ONNX_ATTR_GRAPH)->g = &body;
	onnx_build_output(&b, "result");
	g = read(*state, &b);
	expect_outputs(g, "boxes", "scores");
	assert_string_equal(g->cut.op_type, "NonMaxSuppression");
	assert_true(g->cut.iou == -1);
}

/* Paddle: boxes are divided by the scale of the photo, a second input. The
 * head scales them, and the input goes. */
static void test_photo_scale(void **state)
{
	struct onnx_builder b;
	struct graph *g;

	begin(&b);
	onnx_build_input(&b, "scale_factor", ONNX_FLOAT, "1x4");
	onnx_build_node(&b, "Div", "div", "boxes scale_factor", "scaled");
	onnx_build_node(&b, "Transpose", "t", "scores", "planes");
	onnx_build_node(&b, "NonMaxSuppression", "nms", "scaled planes",
			"kept");
	onnx_build_output(&b, "kept");
	g = read(*state, &b);
	expect_outputs(g, "boxes", "planes");
	assert_int_equal(g->input_count, 1);
	assert_string_equal(g->inputs[0]->name, "x");
}

/* Scaled boxes are an output themselves: nothing is selected. */
static void test_scale_alone(void **state)
{
	struct onnx_builder b;
	struct graph *g;

	begin(&b);
	onnx_build_input(&b, "scale_factor", ONNX_FLOAT, "1x4");
	onnx_build_node(&b, "Div", "div", "boxes scale_factor", "scaled");
	onnx_build_output(&b, "scaled");
	onnx_build_output(&b, "scores");
	g = read(*state, &b);
	expect_outputs(g, "boxes", "scores");
	assert_int_equal(g->input_count, 1);
	assert_null(g->cut.op_type);
}

/* One suppression for all classes, whose boxes are moved apart; what is kept
 * is gathered from flat copies. The data are boxes and scores, once each. */
static void test_class_offsets(void **state)
{
	static const float size = 640;
	struct onnx_builder b;
	struct graph *g;

	begin(&b);
	onnx_build_floats(&b, "size", "", &size, 1);
	onnx_build_attr_int(
		&b, onnx_build_node(&b, "ReduceMax", "max", "scores", "best"),
		"keepdims", 1);
	onnx_build_node(&b, "ArgMax", "arg", "scores", "class");
	onnx_build_node(&b, "Cast", "cast", "class", "number");
	onnx_build_node(&b, "Mul", "far", "number size", "offset");
	onnx_build_node(&b, "Add", "move", "boxes offset", "moved");
	onnx_build_node(&b, "Transpose", "t", "best", "planes");
	onnx_build_node(&b, "NonMaxSuppression", "nms", "moved planes", "kept");
	onnx_build_node(&b, "Flatten", "f1", "boxes", "flat");
	onnx_build_node(&b, "Flatten", "f2", "best", "bests");
	onnx_build_node(&b, "Flatten", "f3", "class", "classes");
	onnx_build_node(&b, "Gather", "g1", "flat kept", "b");
	onnx_build_node(&b, "Gather", "g2", "bests kept", "s");
	onnx_build_node(&b, "Gather", "g3", "classes kept", "c");
	onnx_build_node(&b, "Concat", "join", "b s c", "result");
	onnx_build_output(&b, "result");
	g = read(*state, &b);
	expect_outputs(g, "boxes", "scores");
}

/* The suppression sees the scores without a background, the rest all. */
static void test_part_of_scores(void **state)
{
	static const int64_t one[] = { 1 }, end[] = { 3 }, axis[] = { 2 };
	struct onnx_builder b;
	struct graph *g;

	begin(&b);
	onnx_build_int64s(&b, "one", one, 1);
	onnx_build_int64s(&b, "end", end, 1);
	onnx_build_int64s(&b, "axis", axis, 1);
	onnx_build_node(&b, "Slice", "cut", "scores one end axis", "part");
	onnx_build_node(&b, "Transpose", "t", "part", "planes");
	onnx_build_node(&b, "NonMaxSuppression", "nms", "boxes planes", "kept");
	onnx_build_node(&b, "Flatten", "f", "scores", "flat");
	onnx_build_node(&b, "Gather", "g", "flat kept", "result");
	onnx_build_output(&b, "result");
	g = read(*state, &b);
	expect_outputs(g, "boxes", "scores");
}

/* End to end: the best of the best classes. What they are the best of is the
 * output; the network's other outputs stay. */
static void add_best(struct onnx_builder *b)
{
	static const int64_t k[] = { 5 };

	onnx_build_int64s(b, "k", k, 1);
	onnx_build_attr_int(
		b, onnx_build_node(b, "ReduceMax", "max", "scores", "best"),
		"keepdims", 0);
	onnx_build_node(b, "TopK", "top", "best k", "values places");
	onnx_build_node(b, "GatherND", "g1", "boxes places", "b");
	onnx_build_node(b, "GatherND", "g2", "scores places", "s");
	onnx_build_node(b, "Concat", "join", "b s", "result");
	onnx_build_output(b, "result");
}

static void test_end_to_end(void **state)
{
	struct onnx_builder b;
	struct graph *g;

	begin(&b);
	add_best(&b);
	g = read(*state, &b);
	expect_outputs(g, "scores", "boxes");
	assert_string_equal(g->cut.op_type, "TopK");
	assert_true(g->cut.iou == 1);
}

static void test_anchors(void **state)
{
	static const float anchors[16 * 4];
	struct onnx_builder b;
	Onnx__NodeProto *n;
	struct graph *g;

	begin(&b);
	onnx_build_floats(&b, "anchors", "16x4", anchors, 64);
	n = onnx_build_node(&b, "TFLite_Detection_PostProcess", "post",
			    "boxes scores anchors", "d1 d2 d3 d4");
	onnx_build_attr_float(&b, n, "nms_iou_threshold", .6f);
	onnx_build_output(&b, "d1");
	onnx_build_output(&b, "d2");
	g = read(*state, &b);
	assert_non_null(g);
	assert_int_equal(g->output_count, 3);
	assert_string_equal(g->outputs[2]->name, "anchors");
	assert_true(g->cut.iou == .6f);
}

/* The best classes of a classifier are what it is for. */
static void test_best_classes(void **state)
{
	static const int64_t k[] = { 2 };
	struct onnx_builder b;
	struct graph *g;

	begin(&b);
	onnx_build_int64s(&b, "k", k, 1);
	onnx_build_node(&b, "TopK", "top", "scores k", "values places");
	onnx_build_output(&b, "values");
	onnx_build_output(&b, "places");
	g = read(*state, &b);
	expect_outputs(g, "values", "places");
	assert_null(g->cut.op_type);
}

/* A selection in the middle, or of an input, is part of the model. */
static void test_in_the_middle(void **state)
{
	static const int64_t k[] = { 2 };
	static const float w[3 * 3];
	struct onnx_builder b;
	struct graph *g;

	begin(&b);
	onnx_build_int64s(&b, "k", k, 1);
	onnx_build_floats(&b, "v", "3x3", w, 9);
	onnx_build_node(&b, "TopK", "top", "scores k", "values places");
	onnx_build_node(&b, "GatherElements", "g", "scores places", "picked");
	onnx_build_node(&b, "MatMul", "more", "picked v", "result");
	onnx_build_output(&b, "result");
	g = read(*state, &b);
	expect_outputs(g, "result", NULL);
	assert_null(g->cut.op_type);

	onnx_builder_init(&b);
	onnx_build_input(&b, "x", ONNX_FLOAT, "1x8");
	onnx_build_int64s(&b, "k", k, 1);
	onnx_build_node(&b, "TopK", "top", "x k", "values places");
	onnx_build_node(&b, "GatherElements", "g", "x places", "picked");
	onnx_build_output(&b, "picked");
	g = read(*state, &b);
	expect_outputs(g, "picked", NULL);
	assert_null(g->cut.op_type);
}

int main(void)
{
#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_suppression),   TEST(test_end_to_end),
		TEST(test_loop),          TEST(test_photo_scale),
		TEST(test_anchors),       TEST(test_best_classes),
		TEST(test_in_the_middle), TEST(test_scale_alone),
		TEST(test_class_offsets), TEST(test_part_of_scores),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
