/* SPDX-License-Identifier: Apache-2.0 */
/* What exporters write into the metadata of a model: the size of open inputs,
 * names of classes, preprocessing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "converter/data/preprocess.h"
#include "converter/heads/head_find.h"
#include "converter/onnx/onnx_read.h"
#include "passes/passes.h"
#include "tests/support/onnx_builder.h"

struct pair {
	const char *key, *value;
};

struct read {
	struct onnx_builder b;
	struct arena arena;
	struct config c;
	struct diag d;
	struct graph *g;
	int err; /* of shapes, head and preprocessing */
	struct head head;
	struct preprocess p;
};

static void add_metadata(struct onnx_builder *b, const struct pair *pairs,
			 size_t count)
{
	Onnx__StringStringEntryProto **list =
		arena_array(&b->arena, count + 1, sizeof(*list));

	assert_non_null(list);
	for (size_t i = 0; i < count; i++) {
		Onnx__StringStringEntryProto *p =
			arena_array(&b->arena, 1, sizeof(*p));

		assert_non_null(p);
		onnx__string_string_entry_proto__init(p);
		p->key = onnx_build_text(b, pairs[i].key);
		p->value = onnx_build_text(b, pairs[i].value);
		list[i] = p;
	}
	b->model.metadata_props = list;
	b->model.n_metadata_props = count;
}

/* A classifier of three classes: the means of the channels. */
static void begin(struct read *r, const char *shape, const struct pair *pairs,
		  size_t count)
{
	uint8_t *file, sha256[32];
	size_t bytes;

	onnx_builder_init(&r->b);
	onnx_build_input(&r->b, "x", ONNX_FLOAT, shape);
	onnx_build_node(&r->b, "GlobalAveragePool", "pool", "x", "m");
	onnx_build_node(&r->b, "Flatten", "flat", "m", "y");
	onnx_build_output(&r->b, "y");
	add_metadata(&r->b, pairs, count);
	bytes = onnx_builder_finish(&r->b, &file);
	arena_init(&r->arena, 0);
	config_init(&r->c);
	diag_init(&r->d);
	r->g = onnx_parse(file, bytes, "m.onnx", &r->arena, sha256, &r->d);
	assert_non_null(r->g);
	r->err = pass_infer_shapes(r->g, &r->c, &r->d) ||
		 head_find(r->g, &r->c, &r->arena, &r->head, &r->d) ||
		 preprocess_init(&r->p, r->g, &r->c, NULL, &r->d);
}

static void done(struct read *r)
{
	diag_free(&r->d);
	arena_free(&r->arena);
	onnx_builder_free(&r->b);
}

static void assert_names(const struct read *r)
{
	assert_int_equal(r->err, 0);
	assert_string_equal(head_class_name(&r->head, 0), "cat");
	assert_string_equal(head_class_name(&r->head, 1), "guide dog");
	assert_string_equal(head_class_name(&r->head, 2), "cow");
}

static void test_ultralytics(void **state)
{
	static const struct pair pairs[] = {
		{ "imgsz", "[48, 64]" },
		{ "names", "{0: 'cat', 1: \"guide dog\", 2: 'cow'}" },
	};
	struct read r;

	(void)state;
	begin(&r, "?x3x?x?", pairs, 2);
	assert_names(&r);
	assert_int_equal(r.p.height, 48);
	assert_int_equal(r.p.width, 64);
	assert_int_equal(r.p.source, PREPROCESS_ASSUMED);
	done(&r);
}

/* A size that the model does not have, or that is none, is not taken. */
static void test_size(void **state)
{
	static const struct pair square = { "imgsz", "320" };
	static const struct pair odd[] = { { "imgsz", "[32, 0]" },
					   { "imgsz", "[99999999999, 32]" },
					   { "imgsz", "" },
					   { "imgsz", "[64, 32]" } };
	struct read r;

	(void)state;
	begin(&r, "1x3x?x?", &square, 1);
	assert_int_equal(r.err, 0);
	assert_int_equal(r.p.width, 320);
	done(&r);
	begin(&r, "1x3x32x32", &square, 1);
	assert_int_equal(r.p.width, 32);
	done(&r);
	for (int i = 0; i < 4; i++) {
		begin(&r, "1x3x32x?", &odd[i], 1);
		assert_int_not_equal(r.err, 0);
		done(&r);
	}
}

static void test_lists(void **state)
{
	static const struct pair list = { "names",
					  "['cat', \"guide dog\", 'cow']" };
	static const struct pair words = { "model_info labels",
					   "cat guide_dog cow" };
	static const struct pair few = { "names", "['cat', 'cow']" };
	struct read r;

	(void)state;
	begin(&r, "1x3x8x8", &list, 1);
	assert_names(&r);
	done(&r);
	begin(&r, "1x3x8x8", &words, 1);
	assert_string_equal(head_class_name(&r.head, 1), "guide_dog");
	done(&r);
	begin(&r, "1x3x8x8", &few, 1);
	assert_string_equal(head_class_name(&r.head, 0), "");
	done(&r);
}

/* docs/MetadataProps.md of ONNX: keys and values in any case. */
static void test_image(void **state)
{
	static const struct pair pairs[] = {
		{ "image.bitmappixelformat", "Bgr8" },
		{ "Image.NominalPixelRange", "normalized_1_1" },
	};
	struct read r;

	(void)state;
	begin(&r, "1x3x8x8", pairs, 2);
	assert_int_equal(r.p.source, PREPROCESS_METADATA);
	assert_int_equal(r.p.color, COLOR_BGR);
	assert_int_equal(r.p.mean[1] * 2, 255);
	assert_true(r.p.scale[1] == (float)(1 / 127.5));
	done(&r);
}

static void test_openvino(void **state)
{
	static const struct pair pairs[] = {
		{ "model_info reverse_input_channels", "False" },
		{ "model_info mean_values", "103.5 116.25 123.75" },
		{ "model_info scale_values", "[64, 32, 16]" },
		{ "model_info resize_type", "fit_to_window_letterbox" },
		{ "model_info pad_value", "114" },
	};
	struct read r;

	(void)state;
	begin(&r, "1x3x8x8", pairs, 5);
	assert_int_equal(r.p.source, PREPROCESS_METADATA);
	assert_int_equal(r.p.color, COLOR_BGR);
	assert_true(r.p.mean[0] == 103.5f && r.p.mean[2] == 123.75f);
	assert_true(r.p.scale[0] == 1 / 64.f && r.p.scale[2] == 1 / 16.f);
	assert_int_equal(r.p.fit, RESIZE_LETTERBOX);
	assert_int_equal(r.p.pad_value, 114);
	done(&r);
}

/* Values that are none count as if they were not there. */
static void test_nonsense(void **state)
{
	static const struct pair pairs[] = {
		{ "Image.BitmapPixelFormat", "Yuv" },
		{ "Image.NominalPixelRange", "" },
		{ "model_info reverse_input_channels", "maybe" },
		{ "model_info mean_values", "nan" },
		{ "model_info scale_values", "1 0 1" },
		{ "model_info resize_type", "crop" },
		{ "model_info pad_value", "300" },
		{ "names", "{0: 'cat" },
	};
	struct read r;

	(void)state;
	begin(&r, "1x3x8x8", pairs, 8);
	assert_int_equal(r.err, 0);
	assert_int_equal(r.p.source, PREPROCESS_ASSUMED);
	done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ultralytics),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_image),
		cmocka_unit_test(test_openvino),
		cmocka_unit_test(test_nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
