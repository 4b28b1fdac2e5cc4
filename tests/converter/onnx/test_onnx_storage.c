/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the values of initializers may stand: raw_data, the typed fields,
 * other files. What contradicts itself, or leads out of the model's folder,
 * is refused.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/onnx_case.h"

/* ---- Every type, in every field that may hold it ---- */

enum field { IN_FLOAT, IN_INT32, IN_INT64, IN_DOUBLE, IN_UINT64 };

/* The same values in a typed field, as raw_data and in the graph. */
struct stored {
	const char *name;
	int data_type;
	const char *shape;
	enum field field;
	size_t count; /* of typed values */
	const void *typed, *raw;
	size_t raw_bytes;
	enum dtype dtype;
	const void *expected;
};

static const float floats[] = { -1.5f, 0, 3e-40f, 1e38f };
static const double doubles[] = { -1.5, 0.1, 1e-30, 1e300 };
static const float from_doubles[] = { -1.5f, 0.1f, 1e-30f, INFINITY };
static const int32_t half_codes[] = { 0x3c00, 0xc000, 0x0001, 0x7bff,
				      0xfc00, 0x83ff, 0x8000 };
static const uint16_t raw_halves[] = { 0x3c00, 0xc000, 0x0001, 0x7bff,
				       0xfc00, 0x83ff, 0x8000 };
static const float from_halves[] = { 1,     -2,        0x1p-24f,
				     65504, -INFINITY, -0x1.ff8p-15f,
				     -0.0f };
static const int32_t bfloat_codes[] = { 0x3f80, 0xc2f7, 0x0001 };
static const uint16_t raw_bfloats[] = { 0x3f80, 0xc2f7, 0x0001 };
static const float from_bfloats[] = { 1, -123.5f, 0x1p-133f };
static const int32_t int8_codes[] = { -128, -1, 0, 127 };
static const int8_t int8s[] = { -128, -1, 0, 127 };
static const int32_t uint8_codes[] = { 0, 1, 128, 255 };
static const uint8_t uint8s[] = { 0, 1, 128, 255 };
static const int32_t int16_codes[] = { -32768, -1, 0, 32767 };
static const int16_t int16s[] = { -32768, -1, 0, 32767 };
static const int32_t uint16_codes[] = { 0, 1, 32768, 65535 };
static const uint16_t uint16s[] = { 0, 1, 32768, 65535 };
static const int32_t int32s[] = { INT32_MIN, -1, 0, INT32_MAX };
static const int64_t int64s[] = { INT64_MIN, -1, 0, INT64_MAX };
static const uint64_t uint32_codes[] = { 0, 1, 1u << 31, UINT32_MAX };
static const uint32_t uint32s[] = { 0, 1, 1u << 31, UINT32_MAX };
static const int64_t from_uint32s[] = { 0, 1, 1ll << 31, UINT32_MAX };
static const uint64_t uint64s[] = { 0, 1, INT64_MAX, UINT64_MAX };
static const int64_t from_uint64s[] = { 0, 1, INT64_MAX, INT64_MAX };
static const int32_t bool_codes[] = { 0, 1, 1, 2 };
static const uint8_t raw_bools[] = { 0, 1, 1, 2 };
static const uint8_t bools[] = { 0, 1, 1, 1 };
/* two elements a byte, the first in the low bits; the last half is unused */
static const int32_t int4_codes[] = { 0x8f, 0x07 };
static const uint8_t raw_int4s[] = { 0x8f, 0x07 };
static const int8_t int4s[] = { -1, -8, 7 };
static const uint8_t uint4s[] = { 15, 8, 7 };
static const int32_t int2_codes[] = { 0xe4, 0x02 };
static const uint8_t raw_int2s[] = { 0xe4, 0x02 };
static const int8_t int2s[] = { 0, 1, -2, -1, -2 };
static const uint8_t uint2s[] = { 0, 1, 2, 3, 2 };

#define TYPED(field, v) field, sizeof(v) / sizeof(*(v)), v
#define RAW(v) v, sizeof(v)

static const struct stored rows[] = {
	{ "float", ONNX_FLOAT, "4", TYPED(IN_FLOAT, floats), RAW(floats),
	  DT_F32, floats },
	{ "double", ONNX_DOUBLE, "4", TYPED(IN_DOUBLE, doubles), RAW(doubles),
	  DT_F32, from_doubles },
	{ "float16", ONNX_FLOAT16, "7", TYPED(IN_INT32, half_codes),
	  RAW(raw_halves), DT_F32, from_halves },
	{ "bfloat16", ONNX_BFLOAT16, "3x1", TYPED(IN_INT32, bfloat_codes),
	  RAW(raw_bfloats), DT_F32, from_bfloats },
	{ "int8", ONNX_INT8, "2x2", TYPED(IN_INT32, int8_codes), RAW(int8s),
	  DT_I8, int8s },
	{ "uint8", ONNX_UINT8, "4", TYPED(IN_INT32, uint8_codes), RAW(uint8s),
	  DT_U8, uint8s },
	{ "int16", ONNX_INT16, "4", TYPED(IN_INT32, int16_codes), RAW(int16s),
	  DT_I32, int16_codes },
	{ "uint16", ONNX_UINT16, "4", TYPED(IN_INT32, uint16_codes),
	  RAW(uint16s), DT_I32, uint16_codes },
	{ "int32", ONNX_INT32, "4", TYPED(IN_INT32, int32s), RAW(int32s),
	  DT_I32, int32s },
	{ "int64", ONNX_INT64, "1x4x1", TYPED(IN_INT64, int64s), RAW(int64s),
	  DT_I64, int64s },
	{ "uint32", ONNX_UINT32, "4", TYPED(IN_UINT64, uint32_codes),
	  RAW(uint32s), DT_I64, from_uint32s },
	{ "uint64", ONNX_UINT64, "4", TYPED(IN_UINT64, uint64s), RAW(uint64s),
	  DT_I64, from_uint64s },
	{ "bool", ONNX_BOOL, "4", TYPED(IN_INT32, bool_codes), RAW(raw_bools),
	  DT_BOOL, bools },
	{ "int4", ONNX_INT4, "3", TYPED(IN_INT32, int4_codes), RAW(raw_int4s),
	  DT_I8, int4s },
	{ "uint4", ONNX_UINT4, "3", TYPED(IN_INT32, int4_codes), RAW(raw_int4s),
	  DT_U8, uint4s },
	{ "int2", ONNX_INT2, "5", TYPED(IN_INT32, int2_codes), RAW(raw_int2s),
	  DT_I8, int2s },
	{ "uint2", ONNX_UINT2, "5x1", TYPED(IN_INT32, int2_codes),
	  RAW(raw_int2s), DT_U8, uint2s },
	{ "scalar", ONNX_FLOAT, "", IN_FLOAT, 1, floats, floats, 4, DT_F32,
	  floats },
	{ "nothing", ONNX_FLOAT, "3x0", IN_FLOAT, 0, floats, floats, 0, DT_F32,
	  floats },
};

static void set_typed(struct onnx_builder *b, Onnx__TensorProto *t,
		      enum field field, const void *v, size_t n)
{
	switch (field) {
	case IN_FLOAT:
		t->n_float_data = n;
		t->float_data = onnx_build_copy(b, v, n * sizeof(float));
		break;
	case IN_INT32:
		t->n_int32_data = n;
		t->int32_data = onnx_build_copy(b, v, n * sizeof(int32_t));
		break;
	case IN_INT64:
		t->n_int64_data = n;
		t->int64_data = onnx_build_copy(b, v, n * sizeof(int64_t));
		break;
	case IN_DOUBLE:
		t->n_double_data = n;
		t->double_data = onnx_build_copy(b, v, n * sizeof(double));
		break;
	case IN_UINT64:
		t->n_uint64_data = n;
		t->uint64_data = onnx_build_copy(b, v, n * sizeof(uint64_t));
		break;
	}
}

/* A model that gives out the initializer w. */
static Onnx__TensorProto *begin(struct onnx_case *c, int data_type,
				const char *shape)
{
	onnx_case_reset(c);
	onnx_build_output(&c->builder, "w");
	return onnx_build_initializer(&c->builder, "w", data_type, shape);
}

static void is_row(struct onnx_case *c, const struct stored *r)
{
	const char *shape = *r->shape ? r->shape : "scalar";

	print_message("%s\n", r->name);
	onnx_case_reads(c);
	onnx_case_constant(c, "w", r->dtype, shape, r->expected);
}

static void test_raw_data(void **state)
{
	struct onnx_case *c = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct stored *r = &rows[i];
		Onnx__TensorProto *t = begin(c, r->data_type, r->shape);

		onnx_build_raw(&c->builder, t, r->raw, r->raw_bytes);
		is_row(c, r);
	}
}

static void test_typed_fields(void **state)
{
	struct onnx_case *c = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct stored *r = &rows[i];
		Onnx__TensorProto *t = begin(c, r->data_type, r->shape);

		set_typed(&c->builder, t, r->field, r->typed, r->count);
		/* some exporters leave an empty raw_data beside it */
		onnx_build_raw(&c->builder, t, NULL, 0);
		is_row(c, r);
	}
}

/* ---- Other files ---- */

/* Behind five bytes of something else, and before some more. */
static void write_external(struct onnx_case *c, const char *name,
			   const void *data, size_t bytes)
{
	uint8_t file[256];

	assert_true(bytes + 5 + 3 <= sizeof(file));
	memset(file, 0xee, sizeof(file));
	if (bytes)
		memcpy(file + 5, data, bytes);
	temp_write(&c->folder, name, file, 5 + bytes + 3);
}

static void test_external(void **state)
{
	static const char *const places[] = { "w.bin",   "a/b/w.bin",
					      "./w.bin", "a//w.bin",
					      "a/...",   "..w" };
	struct onnx_case *c = *state;
	char length[32];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct stored *r = &rows[i];
		const char *place = places[i % 6];
		Onnx__TensorProto *t = begin(c, r->data_type, r->shape);

		snprintf(length, sizeof(length), "%zu", r->raw_bytes);
		write_external(c, place, r->raw, r->raw_bytes);
		onnx_build_external(&c->builder, t, place, "5",
				    i % 2 ? length : NULL);
		is_row(c, r);
	}
}

/* Keys that nobody knows are skipped, and the checksum is not looked at. */
static void test_external_keys(void **state)
{
	struct onnx_case *c = *state;
	Onnx__TensorProto *t = begin(c, ONNX_FLOAT, "4");

	temp_write(&c->folder, "w.bin", floats, sizeof(floats));
	onnx_build_external_key(&c->builder, t, "checksum", "0");
	onnx_build_external_key(&c->builder, t, "color", "blue");
	onnx_build_external_key(&c->builder, t, "color", "red");
	onnx_build_external(&c->builder, t, "w.bin", NULL, NULL);
	onnx_case_reads(c);
	onnx_case_constant(c, "w", DT_F32, "4", floats);
}

#define OUTSIDE(path)                           \
	"initializer 'w': external data '" path \
	"' is not a path inside the model's folder"

/* The folder holds: w.bin (16 bytes), folder, and links of all kinds. */
static const struct {
	const char *location, *offset, *length, *message;
} refused_places[] = {
	{ "/etc/passwd", NULL, NULL, OUTSIDE("/etc/passwd") },
	{ "../w.bin", NULL, NULL, OUTSIDE("../w.bin") },
	{ "..", NULL, NULL, OUTSIDE("..") },
	{ "folder/../w.bin", NULL, NULL, OUTSIDE("folder/../w.bin") },
	{ "folder/../../w.bin", NULL, NULL, OUTSIDE("folder/../../w.bin") },
	{ "outward", NULL, NULL, OUTSIDE("outward") },
	{ "inward", NULL, NULL, OUTSIDE("inward") },
	{ "upward/hosts", NULL, NULL, OUTSIDE("upward/hosts") },
	{ "twice", NULL, NULL, OUTSIDE("twice") },
	{ "pipe", NULL, NULL, OUTSIDE("pipe") },
	{ "folder", NULL, NULL, OUTSIDE("folder") },
	{ "w.bin/x", NULL, NULL, OUTSIDE("w.bin/x") },
	{ "none.bin", NULL, NULL,
	  "initializer 'w': external data 'none.bin': No such file or "
	  "directory" },
	{ NULL, NULL, NULL, "initializer 'w': external data has no location" },
	{ "", NULL, NULL, "initializer 'w': external data has no location" },
	{ "w.bin", "1", NULL,
	  "initializer 'w': external data ends at byte 17, 'w.bin' has 16" },
	{ "w.bin", "9223372036854775807", NULL,
	  "initializer 'w': external data ends at byte 9223372036854775823, "
	  "'w.bin' has 16" },
	{ "w.bin", "18446744073709551615", NULL,
	  "initializer 'w': external data key 'offset' is not a size" },
	{ "w.bin", "-1", NULL,
	  "initializer 'w': external data key 'offset' is not a size" },
	{ "w.bin", "1e1", NULL,
	  "initializer 'w': external data key 'offset' is not a size" },
	{ "w.bin", "", NULL,
	  "initializer 'w': external data key 'offset' is empty" },
	{ "w.bin", NULL, "17",
	  "initializer 'w': external data length is 17, the shape needs 16" },
	{ "w.bin", "4", "12",
	  "initializer 'w': external data length is 12, the shape needs 16" },
	{ "w.bin", NULL, "0x10",
	  "initializer 'w': external data key 'length' is not a size" },
};

static void make_link(struct onnx_case *c, const char *target, const char *name,
		      int (*make)(const char *, const char *))
{
	char path[TEMP_PATH_MAX];

	assert_int_equal(make(target, temp_path(&c->folder, name, path)), 0);
}

static void test_external_refused(void **state)
{
	struct onnx_case *c = *state;
	char path[TEMP_PATH_MAX];

	temp_write(&c->folder, "w.bin", floats, sizeof(floats));
	temp_write(&c->folder, "folder/w.bin", floats, sizeof(floats));
	temp_write(&c->folder, "once", floats, sizeof(floats));
	make_link(c, "/etc/passwd", "outward", symlink);
	make_link(c, "w.bin", "inward", symlink);
	make_link(c, "/etc", "upward", symlink);
	make_link(c, temp_path(&c->folder, "once", path), "twice", link);
	assert_int_equal(mkfifo(temp_path(&c->folder, "pipe", path), 0600), 0);
	for (size_t i = 0; i < sizeof(refused_places) / sizeof(*refused_places);
	     i++) {
		Onnx__TensorProto *t = begin(c, ONNX_FLOAT, "4");

		onnx_build_external(&c->builder, t, refused_places[i].location,
				    refused_places[i].offset,
				    refused_places[i].length);
		onnx_case_refused(c, refused_places[i].message);
	}
}

/* A small file does not become a large graph by being read many times. */
static void test_external_too_often(void **state)
{
	struct onnx_case *c = *state;
	char name[16];

	onnx_case_reset(c);
	temp_write(&c->folder, "w.bin", floats, sizeof(floats));
	for (int i = 0; i < 3; i++) {
		Onnx__TensorProto *t;

		snprintf(name, sizeof(name), "w%d", i);
		t = onnx_build_initializer(&c->builder, name, ONNX_FLOAT, "4");
		onnx_build_external(&c->builder, t, "w.bin", NULL, NULL);
	}
	onnx_case_refused(c, "initializer 'w2': tensors read the same external "
			     "data too often");
}

/* ---- What contradicts itself ---- */

static void raw_short(struct onnx_builder *b, Onnx__TensorProto *t)
{
	onnx_build_raw(b, t, floats, 15);
}

static void raw_long(struct onnx_builder *b, Onnx__TensorProto *t)
{
	static const uint8_t bytes[17];

	onnx_build_raw(b, t, bytes, sizeof(bytes));
}

static void typed_short(struct onnx_builder *b, Onnx__TensorProto *t)
{
	set_typed(b, t, IN_FLOAT, floats, 3);
}

static void no_values(struct onnx_builder *b, Onnx__TensorProto *t)
{
	(void)b;
	(void)t;
}

static void two_fields(struct onnx_builder *b, Onnx__TensorProto *t)
{
	set_typed(b, t, IN_FLOAT, floats, 4);
	onnx_build_raw(b, t, floats, 16);
}

static void inside_and_outside(struct onnx_builder *b, Onnx__TensorProto *t)
{
	onnx_build_raw(b, t, floats, 16);
	onnx_build_external(b, t, "w.bin", NULL, NULL);
}

static void location_twice(struct onnx_builder *b, Onnx__TensorProto *t)
{
	onnx_build_external(b, t, "w.bin", NULL, NULL);
	onnx_build_external_key(b, t, "location", "w.bin");
}

static void wrong_field(struct onnx_builder *b, Onnx__TensorProto *t)
{
	set_typed(b, t, IN_INT64, int64s, 4);
}

static void segment(struct onnx_builder *b, Onnx__TensorProto *t)
{
	raw_long(b, t);
	t->has_segment = 1;
}

static void not_int8(struct onnx_builder *b, Onnx__TensorProto *t)
{
	static const int32_t v[] = { 0, 0, 0, 128 };

	set_typed(b, t, IN_INT32, v, 4);
}

static void not_uint8(struct onnx_builder *b, Onnx__TensorProto *t)
{
	static const int32_t v[] = { 0, -1, 0, 0 };

	set_typed(b, t, IN_INT32, v, 4);
}

static void not_uint32(struct onnx_builder *b, Onnx__TensorProto *t)
{
	static const uint64_t v[] = { 0, 0, 0, 1ull << 32 };

	set_typed(b, t, IN_UINT64, v, 4);
}

static void without_name(struct onnx_builder *b, Onnx__TensorProto *t)
{
	raw_short(b, t);
	t->name = onnx_build_text(b, "");
}

static void twice(struct onnx_builder *b, Onnx__TensorProto *t)
{
	onnx_build_raw(b, t, floats, 16);
	onnx_build_floats(b, "w", "4", floats, 4);
}

/* The initializer w of that type and shape. */
static const struct {
	int data_type;
	const char *shape;
	void (*spoil)(struct onnx_builder *b, Onnx__TensorProto *t);
	const char *message;
} refused[] = {
	{ ONNX_FLOAT, "4", raw_short,
	  "initializer 'w': raw_data has 15 bytes, a 4 of float needs 16" },
	{ ONNX_FLOAT, "2x2", raw_long,
	  "initializer 'w': raw_data has 17 bytes, a 2x2 of float needs 16" },
	{ ONNX_INT4, "35", raw_long,
	  "initializer 'w': raw_data has 17 bytes, a 35 of int4 needs 18" },
	{ ONNX_INT2, "64", raw_long,
	  "initializer 'w': raw_data has 17 bytes, a 64 of int2 needs 16" },
	{ ONNX_FLOAT, "4", typed_short,
	  "initializer 'w': float_data has 3 values, a 4 of float needs 4" },
	{ ONNX_FLOAT, "4", no_values,
	  "initializer 'w': float_data has 0 values, a 4 of float needs 4" },
	{ ONNX_INT8, "", no_values,
	  "initializer 'w': int32_data has 0 values, a scalar of int8 needs "
	  "1" },
	{ ONNX_FLOAT, "32768x32768", no_values,
	  "initializer 'w': float_data has 0 values, a 32768x32768 of float "
	  "needs 1073741824" },
	{ ONNX_FLOAT, "4", two_fields,
	  "initializer 'w': has both raw_data and float_data" },
	{ ONNX_FLOAT, "4", inside_and_outside,
	  "initializer 'w': has both raw_data and external_data" },
	{ ONNX_FLOAT, "4", location_twice,
	  "initializer 'w': external data key 'location' is given twice" },
	{ ONNX_FLOAT, "4", wrong_field,
	  "initializer 'w': int64_data cannot hold type float" },
	{ ONNX_INT8, "4", not_int8,
	  "initializer 'w': int32_data holds 128, out of range" },
	{ ONNX_UINT8, "4", not_uint8,
	  "initializer 'w': int32_data holds -1, out of range" },
	{ ONNX_FLOAT16, "4", not_uint8,
	  "initializer 'w': int32_data holds -1, out of range" },
	{ ONNX_UINT32, "4", not_uint32,
	  "initializer 'w': uint64_data holds 4294967296, out of range" },
	{ ONNX_FLOAT, "17", segment,
	  "initializer 'w': is split into segments" },
	{ ONNX_FLOAT, "4", without_name, "an initializer has no name" },
	{ ONNX_FLOAT, "4", twice, "initializer 'w' is given twice" },
	{ ONNX_UNDEFINED, "4", raw_long,
	  "initializer 'w': type undefined is not supported" },
	{ ONNX_STRING, "4", raw_long,
	  "initializer 'w': type string is not supported" },
	{ 17, "4", raw_long,
	  "initializer 'w': type float8e4m3fn is not supported" },
	{ 99, "4", raw_long, "initializer 'w': type number 99 is not known" },
	{ -1, "4", raw_long, "initializer 'w': type number -1 is not known" },
	{ ONNX_FLOAT, "2x-2", raw_long, "initializer 'w': dimension 1 is -2" },
	{ ONNX_FLOAT, "-9223372036854775808", raw_long,
	  "initializer 'w': dimension 0 is -9223372036854775808" },
	{ ONNX_FLOAT, "4294967296x4294967296", raw_long,
	  "initializer 'w': has more than 1073741824 elements" },
	{ ONNX_FLOAT, "9223372036854775807x9223372036854775807x4", raw_long,
	  "initializer 'w': has more than 1073741824 elements" },
	{ ONNX_FLOAT, "1x1x1x1x1x1x1x1x4", raw_long,
	  "initializer 'w': has 9 dimensions, at most 8" },
};

static void test_refused(void **state)
{
	struct onnx_case *c = *state;

	temp_write(&c->folder, "w.bin", floats, sizeof(floats));
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		Onnx__TensorProto *t =
			begin(c, refused[i].data_type, refused[i].shape);

		refused[i].spoil(&c->builder, t);
		onnx_case_refused(c, refused[i].message);
	}
}

int main(void)
{
#define TEST(f) \
	cmocka_unit_test_setup_teardown(f, onnx_case_setup, onnx_case_teardown)
	static const struct CMUnitTest tests[] = {
		TEST(test_raw_data),         TEST(test_typed_fields),
		TEST(test_external),         TEST(test_external_keys),
		TEST(test_external_refused), TEST(test_external_too_often),
		TEST(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
