/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "converter/data/npy.h"
#include "tests/support/temp_folder.h"

struct fixture {
	struct temp_folder folder;
	struct diag d;
	char path[TEMP_PATH_MAX];
	uint8_t file[4096]; /* a .npy in the making */
	size_t bytes;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	temp_folder_make(&f->folder);
	temp_path(&f->folder, "a.npy", f->path);
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

/* Magic, version, length of the header, header, data. */
static void build(struct fixture *f, int version, const char *header,
		  const void *data, size_t bytes)
{
	size_t length = strlen(header), n = 8;

	memcpy(f->file, "\x93NUMPY", 6);
	f->file[6] = (uint8_t)version;
	f->file[7] = 0;
	for (int i = 0; i < (version == 1 ? 2 : 4); i++)
		f->file[n++] = (uint8_t)(length >> 8 * i);
	assert_true(n + length + bytes <= sizeof(f->file));
	memcpy(f->file + n, header, length);
	if (bytes)
		memcpy(f->file + n + length, data, bytes);
	f->bytes = n + length + bytes;
}

static int read_bytes(struct fixture *f, size_t bytes, struct tensor *t)
{
	temp_write(&f->folder, "a.npy", f->file, bytes);
	return npy_read(f->path, t, &f->d);
}

static void must_read(struct fixture *f, struct tensor *t)
{
	if (read_bytes(f, f->bytes, t))
		fail_msg("%s", f->d.entries[f->d.count - 1].text);
	assert_false(diag_failed(&f->d));
}

/* Refused with a message that holds `what`. */
static void must_refuse(struct fixture *f, const char *what)
{
	struct tensor t;

	assert_int_equal(read_bytes(f, f->bytes, &t), -1);
	assert_null(t.data);
	if (!strstr(f->d.entries[f->d.count - 1].text, what))
		fail_msg("'%s' is not in '%s'", what,
			 f->d.entries[f->d.count - 1].text);
}

static void round_trip(struct fixture *f, const struct shape *s, enum dtype dt)
{
	struct tensor a, b;

	assert_int_equal(tensor_init(&a, dt, s), 0);
	for (size_t i = 0; i < tensor_bytes(&a); i++)
		((uint8_t *)a.data)[i] = dt == DT_BOOL ? i & 1 :
							 (uint8_t)(37 * i + 1);
	assert_int_equal(npy_write(f->path, &a, &f->d), 0);
	assert_int_equal(npy_read(f->path, &b, &f->d), 0);
	assert_int_equal(b.dtype, dt);
	assert_true(shape_equal(&b.shape, s));
	assert_memory_equal(a.data, b.data, tensor_bytes(&a));
	tensor_free(&a);
	tensor_free(&b);
}

static void test_round_trip(void **state)
{
	static const struct shape shapes[] = {
		{ .rank = 0 },
		{ .rank = 1, .dim = { 7 } },
		{ .rank = 1, .dim = { 0 } },
		{ .rank = 4, .dim = { 1, 3, 2, 5 } },
		{ .rank = 8, .dim = { 1, 2, 1, 2, 1, 2, 1, 3 } },
		{ .rank = 3, .dim = { 2, 0, 3 } },
	};

	for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++)
		for (int dt = DT_F32; dt < DT_COUNT; dt++)
			round_trip(*state, &shapes[i], (enum dtype)dt);
}

/* As NumPy writes it: data begins at a multiple of 64, a newline before. */
static void test_written_form(void **state)
{
	static const char header[] = "{'descr': '<f4', 'fortran_order': False, "
				     "'shape': (2, 3), }";
	const struct shape s = { .rank = 2, .dim = { 2, 3 } };
	struct fixture *f = *state;
	struct tensor t;
	size_t bytes;
	char *file;

	assert_int_equal(tensor_init(&t, DT_F32, &s), 0);
	assert_int_equal(npy_write(f->path, &t, &f->d), 0);
	file = temp_read(&f->folder, "a.npy", &bytes);
	assert_int_equal(bytes, 128 + 24);
	assert_memory_equal(file, "\x93NUMPY\x01\x00\x76\x00", 10);
	assert_memory_equal(file + 10, header, sizeof(header) - 1);
	assert_int_equal(file[127], '\n');
	free(file);
	tensor_free(&t);
}

/* What one element of each type becomes. */
static void test_types(void **state)
{
	static const struct {
		const char *descr;
		const char *raw; /* one element, little-endian */
		size_t bytes;
		enum dtype dtype;
		double value;
	} rows[] = {
		{ "<f2", "\x00\xc1", 2, DT_F32, -2.5 },
		{ "<f2", "\x01\x00", 2, DT_F32, 5.9604644775390625e-8 },
		{ "<f4", "\x00\x00\x20\xc0", 4, DT_F32, -2.5 },
		{ "<f8", "\0\0\0\0\0\0\x04\xc0", 8, DT_F32, -2.5 },
		{ "|i1", "\xfe", 1, DT_I8, -2 },
		{ "<i1", "\xfe", 1, DT_I8, -2 },
		{ "|u1", "\xfe", 1, DT_U8, 254 },
		{ "<i2", "\xfe\xff", 2, DT_I32, -2 },
		{ "<u2", "\xfe\xff", 2, DT_I32, 65534 },
		{ "<i4", "\xfe\xff\xff\xff", 4, DT_I32, -2 },
		{ "=i4", "\xfe\xff\xff\xff", 4, DT_I32, -2 },
		{ "<u4", "\xfe\xff\xff\xff", 4, DT_I64, 4294967294.0 },
		{ "<i8", "\xfe\xff\xff\xff\xff\xff\xff\xff", 8, DT_I64, -2 },
		{ "<u8", "\x07\0\0\0\0\0\0\0", 8, DT_I64, 7 },
		{ "|b1", "\x01", 1, DT_BOOL, 1 },
		{ "|b1", "\x40", 1, DT_BOOL, 1 },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char header[96];
		struct tensor t;
		double got;

		snprintf(header, sizeof(header),
			 "{'descr': '%s', 'fortran_order': False, "
			 "'shape': (1,), }\n",
			 rows[i].descr);
		build(f, 1, header, rows[i].raw, rows[i].bytes);
		must_read(f, &t);
		assert_int_equal(t.dtype, rows[i].dtype);
		got = t.dtype == DT_F32 ? *(float *)t.data :
		      t.dtype == DT_I64 ? (double)*(int64_t *)t.data :
		      t.dtype == DT_I32 ? *(int32_t *)t.data :
		      t.dtype == DT_I8  ? *(int8_t *)t.data :
					  *(uint8_t *)t.data;
		assert_true(got == rows[i].value);
		tensor_free(&t);
	}
}

static const char two_by_three[] = "{'descr': '|u1', 'fortran_order': False, "
				   "'shape': (2, 3), }\n";

static void test_versions(void **state)
{
	struct fixture *f = *state;
	struct tensor t;

	for (int version = 1; version <= 3; version++) {
		build(f, version, two_by_three, "abcdef", 6);
		must_read(f, &t);
		assert_int_equal(t.shape.rank, 2);
		assert_memory_equal(t.data, "abcdef", 6);
		tensor_free(&t);
	}
	build(f, 4, two_by_three, "abcdef", 6);
	must_refuse(f, "version");
	build(f, 0, two_by_three, "abcdef", 6);
	must_refuse(f, "version");
}

static void test_fortran_order(void **state)
{
	struct fixture *f = *state;
	struct tensor t;

	/* of abc / def the columns are ad, be, cf */
	build(f, 1,
	      "{'descr': '|u1', 'fortran_order': True, "
	      "'shape': (2, 3), }\n",
	      "adbecf", 6);
	must_read(f, &t);
	assert_memory_equal(t.data, "abcdef", 6);
	tensor_free(&t);
	/* 2 x 2 x 2 of two bytes each: element (i, j, k) is 4i + 2j + k */
	build(f, 1,
	      "{'descr': '<i2', 'fortran_order': True, "
	      "'shape': (2, 2, 2), }\n",
	      "\0\0\4\0\2\0\6\0\1\0\5\0\3\0\7\0", 16);
	must_read(f, &t);
	for (int i = 0; i < 8; i++)
		assert_int_equal(((int32_t *)t.data)[i], i);
	tensor_free(&t);
	build(f, 1,
	      "{'descr': '<i2', 'fortran_order': True, "
	      "'shape': (2, 0, 2), }\n",
	      "", 0);
	must_read(f, &t);
	tensor_free(&t);
}

static void test_key_order_and_spaces(void **state)
{
	struct fixture *f = *state;
	struct tensor t;

	build(f, 2,
	      "{ 'shape' : ( 2,3 ) , 'fortran_order' :False,"
	      "'descr':  '|u1'}",
	      "abcdef", 6);
	must_read(f, &t);
	assert_int_equal(t.shape.dim[1], 3);
	tensor_free(&t);
}

static void test_cut_short_at_every_byte(void **state)
{
	struct fixture *f = *state;
	struct tensor t;

	for (int version = 1; version <= 2; version++) {
		build(f, version, two_by_three, "abcdef", 6);
		for (size_t n = 0; n < f->bytes; n++) {
			assert_int_equal(read_bytes(f, n, &t), -1);
			assert_null(t.data);
		}
	}
	assert_true(diag_failed(&f->d));
}

static void test_hostile_headers(void **state)
{
	static const struct {
		const char *header, *what;
	} rows[] = {
		{ "", "type" },
		{ "{}", "type" },
		{ "{'descr': '<f4'", "order" },
		{ "{'descr': '>f4', 'fortran_order': False, 'shape': (1,)}",
		  "type" },
		{ "{'descr': '|O', 'fortran_order': False, 'shape': (1,)}",
		  "type" },
		{ "{'descr': '<c8', 'fortran_order': False, 'shape': (1,)}",
		  "type" },
		{ "{'descr': '<U4', 'fortran_order': False, 'shape': (1,)}",
		  "type" },
		{ "{'descr': [('a', '<f4')], 'fortran_order': False, "
		  "'shape': (1,)}",
		  "type" },
		{ "{'descr': '<", "type" },
		{ "{'descr': '|u1', 'fortran_order': Maybe, 'shape': (1,)}",
		  "order" },
		{ "{'descr': '|u1', 'fortran_order': False}", "shape" },
		{ "{'descr': '|u1', 'fortran_order': False, 'shape': 1}",
		  "shape" },
		{ "{'descr': '|u1', 'fortran_order': False, 'shape': (-1,)}",
		  "shape" },
		{ "{'descr': '|u1', 'fortran_order': False, 'shape': (1",
		  "shape" },
		{ "{'descr': '|u1', 'fortran_order': False, 'shape': (1L,)}",
		  "shape" },
		{ "{'descr': '|u1', 'fortran_order': False, "
		  "'shape': (99999999999999999999999999,)}",
		  "large" },
		{ "{'descr': '|u1', 'fortran_order': False, "
		  "'shape': (65536, 65536, 65536, 65536)}",
		  "large" },
		{ "{'descr': '|u1', 'fortran_order': False, "
		  "'shape': (1, 1, 1, 1, 1, 1, 1, 1, 1)}",
		  "dimensions" },
		{ "{'descr': '<f8', 'fortran_order': False, "
		  "'shape': (1073741824,)}",
		  "short" },
		{ "{'descr': '<f8', 'fortran_order': True, "
		  "'shape': (32768, 32768)}",
		  "short" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		build(f, 1 + (int)(i % 3), rows[i].header, "12345678", 8);
		must_refuse(f, rows[i].what);
	}
}

/* The header's length goes beyond the file, its NUL hides the rest. */
static void test_hostile_lengths(void **state)
{
	struct fixture *f = *state;

	build(f, 1, two_by_three, "abcdef", 6);
	memset(f->file + 8, 0xff, 2);
	must_refuse(f, "short");
	build(f, 2, two_by_three, "abcdef", 6);
	memset(f->file + 8, 0xff, 4);
	must_refuse(f, "short");
	build(f, 1, two_by_three, "abcdef", 6);
	memset(f->file + 10, 0, 30);
	must_refuse(f, "type");
	build(f, 1, two_by_three, "abcdef", 6);
	f->file[0] = 'X';
	must_refuse(f, "first bytes");
}

/* Any byte changed: read or refused, but never out of bounds. */
static void test_every_byte_changed(void **state)
{
	static const uint8_t values[] = { 0, 1, '\'', '(', ')', '9', 0xff };
	struct fixture *f = *state;
	struct tensor t;

	for (size_t i = 0; i < sizeof(two_by_three) + 15; i++)
		for (size_t k = 0; k < sizeof(values); k++) {
			build(f, 1, two_by_three, "abcdef", 6);
			f->file[i] = values[k];
			if (!read_bytes(f, f->bytes, &t))
				tensor_free(&t);
			else
				assert_null(t.data);
		}
}

static void test_no_file(void **state)
{
	struct fixture *f = *state;
	struct tensor t;

	assert_int_equal(npy_read(f->path, &t, &f->d), -1);
	assert_non_null(strstr(f->d.entries[0].text, f->path));
	assert_int_equal(npy_read(f->folder.path, &t, &f->d), -1);
	assert_non_null(strstr(f->d.entries[1].text, "directory"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	static const struct CMUnitTest tests[] = {
		TEST(test_round_trip),
		TEST(test_written_form),
		TEST(test_types),
		TEST(test_versions),
		TEST(test_fortran_order),
		TEST(test_key_order_and_spaces),
		TEST(test_cut_short_at_every_byte),
		TEST(test_hostile_headers),
		TEST(test_hostile_lengths),
		TEST(test_every_byte_changed),
		TEST(test_no_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
