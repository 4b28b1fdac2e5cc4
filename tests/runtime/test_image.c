/* SPDX-License-Identifier: Apache-2.0 */
/* Photos to the model's input: against bilinear interpolation in double, and
 * cases worked by hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/dbp_run.h"

static uint8_t *random_photo(uint32_t width, uint32_t height, size_t stride)
{
	uint8_t *rgb = malloc(stride * height);
	uint32_t seed = width * 7919 + height;

	assert_non_null(rgb);
	for (size_t i = 0; i < stride * height; i++)
		rgb[i] = (uint8_t)dbp_run_random(&seed);
	return rgb;
}

static double clamp(double x, double low, double high)
{
	return x < low ? low : x > high ? high : x;
}

/* The photo at a point, bilinear between centres, its edges drawn out. */
static double sample(const uint8_t *rgb, uint32_t width, uint32_t height,
		     size_t stride, double x, double y, int c)
{
	double px = clamp(x, 0, width - 1.0), py = clamp(y, 0, height - 1.0);
	size_t x0 = (size_t)px, y0 = (size_t)py;
	size_t x1 = x0 + 1 < width ? x0 + 1 : x0;
	size_t y1 = y0 + 1 < height ? y0 + 1 : y0;
	double wx = px - (double)x0, wy = py - (double)y0;
	const uint8_t *top = rgb + y0 * stride + c;
	const uint8_t *bottom = rgb + y1 * stride + c;

	return (top[3 * x0] * (1 - wx) + top[3 * x1] * wx) * (1 - wy) +
	       (bottom[3 * x0] * (1 - wx) + bottom[3 * x1] * wx) * wy;
}

struct fit_case {
	uint32_t width, height, out_width, out_height;
	int fit;
	uint32_t left, top, fit_width, fit_height; /* worked by hand */
};

static const struct fit_case fits[] = {
	{ 64, 48, 64, 48, DBP_STRETCH, 0, 0, 64, 48 },
	{ 64, 48, 32, 32, DBP_STRETCH, 0, 0, 32, 32 },
	{ 5, 3, 17, 11, DBP_STRETCH, 0, 0, 17, 11 },
	{ 1, 1, 9, 4, DBP_STRETCH, 0, 0, 9, 4 },
	{ 640, 3, 320, 240, DBP_STRETCH, 0, 0, 320, 240 },
	{ 333, 217, 128, 96, DBP_STRETCH, 0, 0, 128, 96 },
	/* 640x480 into a square: 48 rows of 64, 8 above and 8 below */
	{ 640, 480, 64, 64, DBP_LETTERBOX, 0, 8, 64, 48 },
	{ 640, 480, 64, 64, DBP_LETTERBOX_TOPLEFT, 0, 0, 64, 48 },
	{ 480, 640, 64, 64, DBP_LETTERBOX, 8, 0, 48, 64 },
	/* 3:2 into 7 columns: 4.67 rows are 5, 2 left over, 1 above */
	{ 30, 20, 7, 7, DBP_LETTERBOX, 0, 1, 7, 5 },
	/* so flat that nothing would be left of it */
	{ 1000, 1, 10, 10, DBP_LETTERBOX, 0, 4, 10, 1 },
	{ 50, 50, 50, 50, DBP_LETTERBOX, 0, 0, 50, 50 },
	{ 20, 10, 200, 100, DBP_LETTERBOX, 0, 0, 200, 100 },
};

static void check_pixel(const struct fit_case *f, const uint8_t *rgb,
			size_t stride, const uint8_t *got, uint32_t x,
			uint32_t y)
{
	double sx = (x - (double)f->left + 0.5) * f->width / f->fit_width;
	double sy = (y - (double)f->top + 0.5) * f->height / f->fit_height;
	int inside = x >= f->left && x < f->left + f->fit_width &&
		     y >= f->top && y < f->top + f->fit_height;

	for (int c = 0; c < 3; c++) {
		double want = inside ? sample(rgb, f->width, f->height, stride,
					      sx - 0.5, sy - 0.5, c) :
				       114;

		/* weights of 2048, two floors to a quarter and one to 1 */
		if (fabs(got[c] - want) > 0.95)
			fail_msg("%ux%u to %ux%u: pixel %u, %u: %d, expected "
				 "%.3f",
				 f->width, f->height, f->out_width,
				 f->out_height, x, y, got[c], want);
	}
}

static void test_fit(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(fits) / sizeof(fits[0]); i++) {
		const struct fit_case *f = &fits[i];
		size_t stride = 3 * (size_t)f->width + i % 3;
		uint8_t *rgb = random_photo(f->width, f->height, stride);
		uint8_t *out = malloc((size_t)f->out_width * f->out_height * 3);

		assert_non_null(out);
		assert_int_equal(dbrt_fit_image(rgb, f->width, f->height,
						stride, out, f->out_width,
						f->out_height, f->fit, 114),
				 DBRT_OK);
		for (uint32_t y = 0; y < f->out_height; y++)
			for (uint32_t x = 0; x < f->out_width; x++)
				check_pixel(
					f, rgb, stride,
					out + 3 * ((size_t)y * f->out_width +
						   x),
					x, y);
		if (f->width == f->out_width && f->height == f->out_height)
			for (uint32_t y = 0; y < f->height; y++)
				assert_memory_equal(out + 3 * y * f->width,
						    rgb + y * stride,
						    3 * f->width);
		free(rgb);
		free(out);
	}
}

/* 0 and 100 over four pixels: at -0.25, 0.25, 0.75, 1.25. */
static void test_by_hand(void **state)
{
	const uint8_t rgb[] = { 0, 0, 255, 100, 1, 255 };
	const uint8_t want[] = {
		0, 0, 255, 25, 0, 255, 75, 1, 255, 100, 1, 255
	};
	uint8_t out[12];

	(void)state;
	assert_int_equal(
		dbrt_fit_image(rgb, 2, 1, 6, out, 4, 1, DBP_STRETCH, 0),
		DBRT_OK);
	assert_memory_equal(out, want, sizeof(out));
}

static void test_frame(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(fits) / sizeof(fits[0]); i++) {
		const struct fit_case *f = &fits[i];
		struct dbrt_frame frame = dbrt_frame_of(f->width, f->height,
							f->out_width,
							f->out_height, f->fit);

		assert_true(frame.left == (float)f->left);
		assert_true(frame.top == (float)f->top);
		assert_true(frame.scale_x ==
			    (float)f->fit_width / (float)f->width);
		assert_true(frame.scale_y ==
			    (float)f->fit_height / (float)f->height);
		assert_int_equal(frame.input_width, f->out_width);
		assert_int_equal(frame.input_height, f->out_height);
		assert_int_equal(frame.width, f->width);
		assert_int_equal(frame.height, f->height);
	}
}

static void test_bad(void **state)
{
	uint8_t rgb[12] = { 0 }, out[12];

	(void)state;
#define FIT(w, h, stride, ow, oh, fit, pad) \
	dbrt_fit_image(rgb, w, h, stride, out, ow, oh, fit, pad)
	assert_int_equal(FIT(2, 2, 6, 2, 2, 0, 0), DBRT_OK);
	assert_int_equal(FIT(0, 2, 6, 2, 2, 0, 0), DBRT_ERROR_INPUT);
	assert_int_equal(FIT(2, 0, 6, 2, 2, 0, 0), DBRT_ERROR_INPUT);
	assert_int_equal(FIT(2, 2, 5, 2, 2, 0, 0), DBRT_ERROR_INPUT);
	assert_int_equal(FIT(2, 2, 6, 0, 2, 0, 0), DBRT_ERROR_INPUT);
	assert_int_equal(FIT(2, 2, 6, 2, 65536, 0, 0), DBRT_ERROR_INPUT);
	assert_int_equal(FIT((1u << 20) + 1, 2, 6u << 20, 2, 2, 0, 0),
			 DBRT_ERROR_INPUT);
	assert_int_equal(FIT(2, 2, 6, 2, 2, 3, 0), DBRT_ERROR_INPUT);
	assert_int_equal(FIT(2, 2, 6, 2, 2, -1, 0), DBRT_ERROR_INPUT);
	assert_int_equal(FIT(2, 2, 6, 2, 2, 0, 256), DBRT_ERROR_ARGUMENT);
#undef FIT
	assert_int_equal(dbrt_fit_image(NULL, 2, 2, 6, out, 2, 2, 0, 0),
			 DBRT_ERROR_ARGUMENT);
	assert_int_equal(dbrt_fit_image(rgb, 2, 2, 6, NULL, 2, 2, 0, 0),
			 DBRT_ERROR_ARGUMENT);
}

/* ---- Into a model ---- */

struct model_case {
	struct dbp_preprocess p;
	int dtype;
	uint32_t gap, workers;
	uint32_t height, width;
};

static int8_t table_code(int c, int pixel)
{
	return (int8_t)((pixel * (c + 3) + 11 * c) % 256 - 128);
}

static void open_model(struct dbp_run *r, const struct model_case *k)
{
	uint32_t dims[] = { 1, k->height, k->width, k->p.channels }, x, y;
	struct dbp_preprocess p = k->p;
	struct dbp_builder b;
	int8_t table[3 * 256];

	dbp_builder_init(&b);
	x = dbp_run_tensor(&b, k->dtype, 4, dims, k->dtype == DBP_S8 ? 1 : 0, 0,
			   k->gap);
	y = dbp_run_tensor(&b, k->dtype, 4, dims, k->dtype == DBP_S8 ? 1 : 0, 0,
			   0);
	for (int i = 0; i < 3 * 256; i++)
		table[i] = table_code(i / 256, i % 256);
	p.table = DBP_NONE;
	if (k->dtype == DBP_S8)
		p.table = dbp_add_data(&b, table, 256u * p.channels);
	dbp_set_section(&b, DBP_SECTION_PREPROCESS, &p, sizeof(p));
	dbp_add_input(&b, x);
	dbp_add_output(&b, y);
	dbp_add_op(&b, DBP_OP_COPY, &x, 1, &y, 1, NULL, 0, 0);
	assert_int_equal(dbp_run_open(r, &b, k->workers), DBRT_OK);
}

/* The model's channel c of an RGB pixel. */
static uint32_t channel(const struct dbp_preprocess *p, const uint8_t *rgb,
			int c)
{
	if (p->color == DBP_GRAY)
		return (77u * rgb[0] + 150u * rgb[1] + 29u * rgb[2] + 128) /
		       256;
	return rgb[p->color == DBP_BGR ? 2 - c : c];
}

static void check_model(const struct model_case *k)
{
	size_t pixels = (size_t)k->width * k->height;
	uint8_t *rgb = random_photo(41, 29, 130), *fitted = malloc(3 * pixels);
	float *got = malloc(3 * pixels * sizeof(*got));
	struct dbp_run r;
	size_t i;

	assert_true(fitted && got);
	open_model(&r, k);
	assert_int_equal(dbrt_fit_image(rgb, 41, 29, 130, fitted, k->width,
					k->height, k->p.fit, k->p.pad_value),
			 DBRT_OK);
	assert_int_equal(dbrt_set_image(&r.model, 0, rgb, 41, 29, 130),
			 DBRT_OK);
	assert_int_equal(dbrt_run(&r.model), DBRT_OK);
	assert_int_equal(
		dbrt_output_f32(&r.model, 0, got, pixels * k->p.channels),
		DBRT_OK);
	for (i = 0; i < pixels * k->p.channels; i++) {
		int c = (int)(i % k->p.channels);
		uint32_t x = channel(&k->p, fitted + i / k->p.channels * 3, c);

		assert_true(got[i] == (k->dtype == DBP_S8 ?
					       (float)table_code(c, (int)x) :
					       ((float)x - k->p.mean[c]) *
						       k->p.scale[c]));
	}
	free(rgb);
	free(fitted);
	free(got);
	dbp_run_close(&r);
}

static void test_models(void **state)
{
	(void)state;
	for (int i = 0; i < 36; i++) {
		struct model_case k = {
			.p = { .color = (uint8_t)(i % 3),
			       .fit = (uint8_t)(i / 3 % 3),
			       .pad_value = 114,
			       .channels = i % 3 == DBP_GRAY ? 1 : 3,
			       .mean = { 123.5f, 116, 104, 0 },
			       .scale = { 1 / 58.0f, 0.25f, -1, 0 } },
			.dtype = i & 1 ? DBP_S8 : DBP_F32,
			.gap = i / 18 ? 2 : 0,
			.workers = i / 18 ? 4 : 1,
			.height = 33,
			.width = 150,
		};

		check_model(&k);
	}
}

static void test_model_errors(void **state)
{
	struct model_case k = { .p = { .channels = 3, .scale = { 1, 1, 1, 1 } },
				.dtype = DBP_F32,
				.workers = 1,
				.height = 2,
				.width = 2 };
	uint8_t rgb[12] = { 0 };
	float input[12] = { 0 };
	struct dbrt_model unbound;
	struct dbp_run r;

	(void)state;
	open_model(&r, &k);
#define SET(m, i, w, h, stride) dbrt_set_image(m, i, rgb, w, h, stride)
	assert_int_equal(SET(&r.model, 0, 2, 2, 6), DBRT_OK);
	assert_int_equal(r.model.frame.width, 2);
	assert_int_equal(SET(&r.model, 1, 2, 2, 6), DBRT_ERROR_INPUT);
	assert_int_equal(SET(&r.model, 0, 0, 2, 6), DBRT_ERROR_INPUT);
	assert_int_equal(SET(&r.model, 0, 2, 2, 5), DBRT_ERROR_INPUT);
	assert_int_equal(SET(NULL, 0, 2, 2, 6), DBRT_ERROR_ARGUMENT);
	assert_int_equal(dbrt_set_image(&r.model, 0, NULL, 2, 2, 6),
			 DBRT_ERROR_ARGUMENT);
	/* a tensor takes the photo's place */
	assert_int_equal(dbrt_set_input_f32(&r.model, 0, input, 12), DBRT_OK);
	assert_int_equal(r.model.frame.width, 0);
	assert_int_equal(dbrt_open(&unbound, r.file, r.bytes), DBRT_OK);
	assert_int_equal(SET(&unbound, 0, 2, 2, 6), DBRT_ERROR_ARENA);
#undef SET
	dbp_run_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fit),
		cmocka_unit_test(test_by_hand),
		cmocka_unit_test(test_frame),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_models),
		cmocka_unit_test(test_model_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
