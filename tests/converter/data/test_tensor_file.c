/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "converter/data/npy.h"
#include "converter/data/tensor_file.h"
#include "tests/support/temp_folder.h"

struct fixture {
	struct temp_folder folder;
	struct diag d;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	temp_folder_make(&f->folder);
	diag_init(&f->d);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	temp_folder_remove(&f->folder);
	diag_free(&f->d);
	free(f);
	return 0;
}

static void test_names(void **state)
{
	(void)state;
	assert_true(tensor_file_name("a.npy"));
	assert_true(tensor_file_name("folder/INPUT_0.PB"));
	assert_true(tensor_file_name("a.b.Npy"));
	assert_false(tensor_file_name("a.npz"));
	assert_false(tensor_file_name("npy"));
	assert_false(tensor_file_name("a.npy.png"));
	assert_false(tensor_file_name(""));
}

/* TensorProto: dims (1) 2 and 3, data_type (2) uint8, raw_data (9) */
static const uint8_t proto[] = { 0x08, 2,   0x08, 3,   0x10, 2,   0x4a,
				 6,    'a', 'b',  'c', 'd',  'e', 'f' };

static void test_reads_both_kinds(void **state)
{
	const struct shape s = { .rank = 2, .dim = { 2, 3 } };
	struct fixture *f = *state;
	char path[TEMP_PATH_MAX];
	struct tensor t, u;

	temp_write(&f->folder, "t.pb", proto, sizeof(proto));
	temp_path(&f->folder, "t.pb", path);
	assert_int_equal(tensor_read(path, &t, &f->d), 0);
	assert_int_equal(t.dtype, DT_U8);
	assert_true(shape_equal(&t.shape, &s));
	assert_memory_equal(t.data, "abcdef", 6);
	temp_path(&f->folder, "t.NPY", path);
	assert_int_equal(npy_write(path, &t, &f->d), 0);
	assert_int_equal(tensor_read(path, &u, &f->d), 0);
	assert_memory_equal(u.data, "abcdef", 6);
	tensor_free(&t);
	tensor_free(&u);
}

static void test_refuses_damaged_ones(void **state)
{
	struct fixture *f = *state;
	char path[TEMP_PATH_MAX];
	struct tensor t;

	temp_path(&f->folder, "t.pb", path);
	assert_int_equal(tensor_read(path, &t, &f->d), -1);
	for (size_t n = 0; n < sizeof(proto); n++) {
		temp_write(&f->folder, "t.pb", proto, n);
		assert_int_equal(tensor_read(path, &t, &f->d), -1);
		assert_null(t.data);
		assert_non_null(
			strstr(f->d.entries[f->d.count - 1].text, "t.pb"));
	}
	temp_path(&f->folder, "t.npy", path);
	temp_write(&f->folder, "t.npy", proto, sizeof(proto));
	assert_int_equal(tensor_read(path, &t, &f->d), -1);
}

static struct tensor make(enum dtype dtype, struct shape s, const void *data)
{
	struct tensor t;

	assert_int_equal(tensor_init(&t, dtype, &s), 0);
	memcpy(t.data, data, tensor_bytes(&t));
	return t;
}

static void test_converts_types(void **state)
{
	static const float from[] = { -300, -1, 0, 1.75f, 127, 300 };
	static const int8_t i8[] = { -128, -1, 0, 1, 127, 127 };
	static const uint8_t u8[] = { 0, 0, 0, 1, 127, 255 };
	static const uint8_t truth[] = { 1, 1, 0, 1, 1, 1 };
	static const int32_t i32[] = { -300, -1, 0, 1, 127, 300 };
	static const int64_t i64[] = { -300, -1, 0, 1, 127, 300 };
	const struct shape s = { .rank = 1, .dim = { 6 } };
	const struct {
		enum dtype dtype;
		const void *expected;
	} rows[] = { { DT_F32, from },   { DT_I8, i8 },   { DT_U8, u8 },
		     { DT_BOOL, truth }, { DT_I32, i32 }, { DT_I64, i64 } };
	struct fixture *f = *state;
	struct tensor t = make(DT_F32, s, from);
	int64_t out[6];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_int_equal(tensor_convert(&t, "x", rows[i].dtype, &s,
						LAYOUT_NCHW, out, &f->d),
				 0);
		assert_memory_equal(out, rows[i].expected,
				    6 * dtype_size(rows[i].dtype));
	}
	tensor_free(&t);
}

static void test_converts_from_every_type(void **state)
{
	static const uint8_t bytes[] = { 1, 0, 0, 0, 0, 0, 0, 0 };
	static const float one[] = { 1 };
	const struct shape s = { .rank = 0 };
	struct fixture *f = *state;

	for (int dt = DT_F32; dt < DT_COUNT; dt++) {
		struct tensor t =
			make((enum dtype)dt, s,
			     dt == DT_F32 ? (const void *)one : bytes);
		float out;

		assert_int_equal(tensor_convert(&t, "x", DT_F32, &s,
						LAYOUT_NCHW, &out, &f->d),
				 0);
		assert_true(out == 1);
		tensor_free(&t);
	}
}

/* Numbers out of the range of integers give defined results. */
static void test_out_of_range(void **state)
{
	const float from[] = { (float)1e30, (float)-1e30, 0, 0 };
	const struct shape s = { .rank = 1, .dim = { 4 } };
	struct fixture *f = *state;
	struct tensor t = make(DT_F32, s, from);
	int32_t out[4];
	int64_t wide[4];
	uint32_t nan = 0x7fc00000;

	memcpy((float *)t.data + 2, &nan, 4);
	assert_int_equal(
		tensor_convert(&t, "x", DT_I32, &s, LAYOUT_NCHW, out, &f->d),
		0);
	assert_int_equal(out[0], INT32_MAX);
	assert_int_equal(out[1], INT32_MIN);
	assert_int_equal(out[2], 0);
	assert_int_equal(
		tensor_convert(&t, "x", DT_I64, &s, LAYOUT_NCHW, wide, &f->d),
		0);
	assert_true(wide[0] > 0 && wide[1] < 0 && wide[2] == 0);
	tensor_free(&t);
}

/* N,C,H,W of 2 channels, 2 x 3 pixels: 'a' to 'f', then 'A' to 'F'. */
static void test_channels_first(void **state)
{
	const struct shape nchw = { .rank = 4, .dim = { 1, 2, 2, 3 } };
	const struct shape nhwc = { .rank = 4, .dim = { 1, 2, 3, 2 } };
	struct fixture *f = *state;
	struct tensor t = make(DT_U8, nchw, "abcdefABCDEF");
	char out[12];

	assert_int_equal(
		tensor_convert(&t, "x", DT_U8, &nhwc, LAYOUT_NHWC, out, &f->d),
		0);
	assert_memory_equal(out, "aAbBcCdDeEfF", 12);
	assert_int_equal(
		tensor_convert(&t, "x", DT_U8, &nchw, LAYOUT_NHWC, out, &f->d),
		0);
	assert_memory_equal(out, "abcdefABCDEF", 12);
	tensor_free(&t);
}

/* Which shapes are turned: given, wanted, the layout that is known, and the
 * value that element 1 gets; -1: refused. */
static void test_which_are_turned(void **state)
{
	static const struct {
		struct shape given, wanted;
		enum layout known;
		int second;
	} rows[] = {
		/* a picture's channels tell */
		{ { 4, { 1, 8, 10, 3 } }, { 4, { 1, 3, 8, 10 } }, 0, 3 },
		{ { 4, { 1, 3, 8, 10 } }, { 4, { 1, 8, 10, 3 } }, 0, 80 },
		{ { 4, { 1, 10, 3, 8 } }, { 4, { 1, 3, 8, 10 } }, 0, -1 },
		{ { 4, { 1, 10, 3, 8 } }, { 4, { 1, 3, 8, 10 } }, 1, -1 },
		{ { 4, { 1, 3, 8, 10 } }, { 4, { 1, 3, 8, 10 } }, 1, 1 },
		/* six channels: what is known tells, or a square */
		{ { 4, { 1, 6, 4, 5 } }, { 4, { 1, 4, 5, 6 } }, 1, 20 },
		{ { 4, { 1, 6, 4, 5 } }, { 4, { 1, 4, 5, 6 } }, 0, -1 },
		{ { 4, { 1, 5, 6, 4 } }, { 4, { 1, 6, 4, 5 } }, 0, -1 },
		{ { 4, { 1, 6, 4, 4 } }, { 4, { 1, 4, 4, 6 } }, 0, 16 },
		{ { 4, { 1, 4, 4, 6 } }, { 4, { 1, 6, 4, 4 } }, 0, 6 },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		uint8_t out[240];
		struct tensor t;
		int err;

		assert_int_equal(tensor_init(&t, DT_U8, &rows[i].given), 0);
		for (int k = 0; k < shape_elements(&t.shape); k++)
			((uint8_t *)t.data)[k] = (uint8_t)k;
		err = tensor_convert(&t, "x", DT_U8, &rows[i].wanted,
				     rows[i].known ? LAYOUT_NHWC : LAYOUT_NCHW,
				     out, &f->d);
		if ((err ? -1 : out[1]) != rows[i].second)
			fail_msg("row %zu: %d, %d", i, err, out[1]);
		tensor_free(&t);
	}
}

static void test_dims_of_one_come_and_go(void **state)
{
	static const struct shape same[] = {
		{ .rank = 2, .dim = { 2, 3 } },
		{ .rank = 4, .dim = { 1, 2, 1, 3 } },
		{ .rank = 3, .dim = { 2, 3, 1 } },
	};
	static const struct shape other[] = {
		{ .rank = 2, .dim = { 3, 2 } },
		{ .rank = 1, .dim = { 6 } },
		{ .rank = 3, .dim = { 2, 3, 2 } },
		{ .rank = 0 },
	};
	struct fixture *f = *state;
	struct tensor t = make(DT_U8, same[0], "abcdef");
	char out[12];

	for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++) {
		assert_int_equal(tensor_convert(&t, "x", DT_U8, &same[i],
						LAYOUT_NCHW, out, &f->d),
				 0);
		assert_memory_equal(out, "abcdef", 6);
	}
	for (size_t i = 0; i < sizeof(other) / sizeof(*other); i++)
		assert_int_equal(tensor_convert(&t, "x.npy", DT_U8, &other[i],
						LAYOUT_NCHW, out, &f->d),
				 -1);
	assert_int_equal(f->d.errors, 4);
	assert_non_null(strstr(f->d.entries[0].text, "'x.npy'"));
	assert_non_null(strstr(f->d.entries[0].text, "expected"));
	tensor_free(&t);
}

/* What calibration takes is finite, and a float holds it. */
static void test_finite(void **state)
{
	static const struct {
		double x;
		const char *error;
	} rows[] = {
		{ 3e38, NULL },
		{ (double)NAN,
		  "'c.npy': element 2 is nan, not a finite number" },
		{ (double)INFINITY,
		  "'c.npy': element 2 is inf, not a finite number" },
		{ -1e39, "'c.npy': element 2 is -inf, not a finite number" },
	};
	const struct shape s = { .rank = 1, .dim = { 3 } };
	struct fixture *f = *state;
	char path[TEMP_PATH_MAX];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const double x[3] = { 1, -2, rows[i].x };
		uint8_t file[128 + sizeof(x)] = "\x93NUMPY\1\0\x76\0";
		struct tensor t;

		memset(file + 10, ' ', 118);
		memcpy(file + 10,
		       "{'descr': '<f8', 'fortran_order': False, "
		       "'shape': (3,), }",
		       57);
		file[127] = '\n';
		memcpy(file + 128, x, sizeof(x));
		temp_write(&f->folder, "c.npy", file, sizeof(file));
		temp_path(&f->folder, "c.npy", path);
		if (!rows[i].error) {
			assert_int_equal(
				tensor_read_finite(path, "c.npy", &t, &f->d),
				0);
			assert_true(shape_equal(&t.shape, &s));
			tensor_free(&t);
			continue;
		}
		assert_int_equal(tensor_read_finite(path, "c.npy", &t, &f->d),
				 -1);
		assert_string_equal(f->d.entries[f->d.count - 1].text,
				    rows[i].error);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	static const struct CMUnitTest tests[] = {
		TEST(test_finite),
		TEST(test_names),
		TEST(test_reads_both_kinds),
		TEST(test_refuses_damaged_ones),
		TEST(test_converts_types),
		TEST(test_converts_from_every_type),
		TEST(test_out_of_range),
		TEST(test_channels_first),
		TEST(test_which_are_turned),
		TEST(test_dims_of_one_come_and_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
