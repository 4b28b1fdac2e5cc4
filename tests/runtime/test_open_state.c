/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A model that is not open, because it is a struct of zeros, could not be
 * opened, or has lost its bytes, is refused by every public call.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "base/arena.h"
#include "base/diag.h"
#include "converter/pack/entropy_encode.h"
#include "runtime/dbrt.h"
#include "schemas/dbp_coded.h"
#include "tests/support/dbp_builder.h"

#define RAM_BYTES (1 << 16)

static _Alignas(64) uint8_t ram[RAM_BYTES];

/* A model of one operator, plain and coded, each in separate memory. */
struct files {
	uint8_t *plain, *coded;
	size_t plain_bytes;
	uint32_t coded_bytes;
	struct arena arena;
};

static void make_files(struct files *f)
{
	static const int8_t zeros[4096];
	uint32_t dims[] = { 1, 4, 4, 8 }, x, y;
	struct dbp_builder b;
	uint8_t *coded;
	struct diag d;

	dbp_builder_init(&b);
	x = dbp_add_tensor(&b, DBP_S8, 4, dims, 0.1f, -3);
	y = dbp_add_tensor(&b, DBP_F32, 4, dims, 0, 0);
	dbp_add_input(&b, x);
	dbp_add_output(&b, y);
	dbp_add_data(&b, zeros, sizeof(zeros));
	dbp_add_op(&b, DBP_OP_DEQUANTIZE, &x, 1, &y, 1, NULL, 0, 0);
	f->plain = dbp_builder_finish(&b, &f->plain_bytes);
	dbp_builder_free(&b);
	arena_init(&f->arena, 0);
	diag_init(&d);
	assert_int_equal(coded_file_make(f->plain, (uint32_t)f->plain_bytes,
					 &f->arena, &coded, &f->coded_bytes,
					 &d),
			 0);
	diag_free(&d);
	f->coded = aligned_alloc(64, RAM_BYTES);
	assert_non_null(f->coded);
	assert_true(f->coded_bytes < f->plain_bytes);
	memcpy(f->coded, coded, f->coded_bytes);
}

static void free_files(struct files *f)
{
	free(f->plain);
	free(f->coded);
	arena_free(&f->arena);
}

static void check_refused_inputs(struct dbrt_model *m)
{
	static const uint8_t bytes[512];
	const float *floats = (const void *)bytes;
	struct dbrt_tensor t;

	assert_int_equal(dbrt_input(m, 0, &t), DBRT_ERROR_STATE);
	assert_int_equal(dbrt_output(m, 0, &t), DBRT_ERROR_STATE);
	assert_int_equal(dbrt_tensor_at(m, 0, &t), DBRT_ERROR_STATE);
	assert_int_equal(dbrt_set_input(m, 0, bytes, 128), DBRT_ERROR_STATE);
	assert_int_equal(dbrt_set_input_f32(m, 0, floats, 128),
			 DBRT_ERROR_STATE);
	assert_int_equal(dbrt_set_image(m, 0, bytes, 4, 4, 12),
			 DBRT_ERROR_STATE);
}

static void check_refused(struct dbrt_model *m)
{
	struct dbrt_detection found[2];
	float out[128];
	struct dbrt_conv_form form;
	uint32_t id;

	check_refused_inputs(m);
	assert_int_equal(dbrt_bind(m, ram, sizeof(ram)), DBRT_ERROR_STATE);
	assert_int_equal(dbrt_run(m), DBRT_ERROR_STATE);
	assert_int_equal(dbrt_output_f32(m, 0, out, 128), DBRT_ERROR_STATE);
	assert_int_equal(dbrt_detections(m, found, 2), DBRT_ERROR_STATE);
	assert_int_equal(dbrt_detections_at(m, 0, 0, found, 2),
			 DBRT_ERROR_STATE);
	assert_int_equal(dbrt_selftest(m), DBRT_ERROR_STATE);
	assert_int_equal(dbrt_golden_crc32(m, 1, &id), DBRT_ERROR_STATE);
	assert_int_equal(dbrt_op_outputs(m, 0, &id, 1), DBRT_ERROR_STATE);
	assert_int_equal(dbrt_arena_bytes(m, 1), 0);
	assert_int_equal(dbrt_input_count(m), 0);
	assert_int_equal(dbrt_output_count(m), 0);
	assert_int_equal(dbrt_op_count(m), 0);
	assert_int_equal(dbrt_op_conv(m, 0, &form), 1);
	assert_int_equal(dbrt_op_source(m, 0), 0);
	assert_string_equal(dbrt_op_name(m, 0), "");
	assert_string_equal(dbrt_op_kind(m, 0), "");
	assert_string_equal(dbrt_class_name(m, 0), "");
	dbrt_set_trace(m, NULL, NULL);
}

static void test_zeros(void **state)
{
	struct dbrt_model m = { 0 };

	(void)state;
	check_refused(&m);
	assert_string_equal(dbrt_status_text(DBRT_ERROR_STATE),
			    "no model is open");
}

static void load_well(struct dbrt_model *m, const struct files *f)
{
	assert_int_equal(
		dbrt_load(m, f->coded, f->coded_bytes, ram, sizeof(ram)),
		DBRT_OK);
	assert_int_equal(dbrt_run(m), DBRT_OK);
}

/* Over a model that runs. */
static void check_load(struct dbrt_model *m, const struct files *f,
		       const void *dbp, size_t bytes, void *to, size_t room,
		       int status)
{
	load_well(m, f);
	assert_int_equal(dbrt_load(m, dbp, bytes, to, room), status);
	check_refused(m);
	/* what is in memory is not looked at */
	memset(m, 0xa5, sizeof(*m));
	assert_int_equal(dbrt_load(m, dbp, bytes, to, room), status);
	check_refused(m);
}

/* The coded bytes with others from `at` on, and the checksum made right. */
static uint8_t *damaged(const struct files *f, size_t at)
{
	static _Alignas(64) uint8_t bad[RAM_BYTES];
	struct dbp_coded *h = (void *)bad;

	memcpy(bad, f->coded, f->coded_bytes);
	for (; at < f->coded_bytes; at++)
		bad[at] ^= 0x5a;
	h->crc32 = (uint32_t)crc32_z(0, bad + sizeof(*h),
				     f->coded_bytes - sizeof(*h));
	return bad;
}

static void test_load_fails(void **state)
{
	struct dbrt_model m;
	struct files f;

	(void)state;
	make_files(&f);
	check_load(&m, &f, NULL, 0, ram, sizeof(ram), DBRT_ERROR_ARGUMENT);
	check_load(&m, &f, f.coded, f.coded_bytes, NULL, 0, DBRT_ERROR_ARENA);
	check_load(&m, &f, f.coded, f.coded_bytes, ram, 64, DBRT_ERROR_ARENA);
	/* room for the model, not for its arena */
	check_load(&m, &f, f.coded, f.coded_bytes, ram,
		   (f.plain_bytes + 63) & ~63u, DBRT_ERROR_ARENA);
	check_load(&m, &f, f.coded, f.coded_bytes, ram + 4, sizeof(ram) - 4,
		   DBRT_ERROR_ALIGNMENT);
	check_load(&m, &f, f.plain, f.plain_bytes - 64, ram, sizeof(ram),
		   DBRT_ERROR_TRUNCATED);
	check_load(&m, &f, damaged(&f, 24), f.coded_bytes, ram, sizeof(ram),
		   DBRT_ERROR_FORMAT);
	assert_int_equal(dbrt_open(&m, f.plain, f.plain_bytes), DBRT_OK);
	assert_int_equal(dbrt_open(&m, NULL, 0), DBRT_ERROR_ARGUMENT);
	check_refused(&m);
	free_files(&f);
}

/* A coded file says what is wrong with it, at every length. */
static void test_coded_status(void **state)
{
	struct dbp_coded *h;
	struct dbrt_model m;
	struct files f;

	(void)state;
	make_files(&f);
	for (size_t n = 0; n < f.coded_bytes; n++) {
		assert_int_equal(dbrt_load(&m, f.coded, n, ram, sizeof(ram)),
				 DBRT_ERROR_TRUNCATED);
		assert_int_equal(dbrt_expand(f.coded, n, ram, sizeof(ram)),
				 DBRT_ERROR_TRUNCATED);
	}
	h = (void *)f.coded;
	h->major++;
	check_refused(memset(&m, 0, sizeof(m)));
	assert_int_equal(
		dbrt_load(&m, f.coded, f.coded_bytes, ram, sizeof(ram)),
		DBRT_ERROR_VERSION);
	h->major--;
	h->reserved = 1;
	assert_int_equal(
		dbrt_load(&m, f.coded, f.coded_bytes, ram, sizeof(ram)),
		DBRT_ERROR_FORMAT);
	h->reserved = 0;
	f.coded[f.coded_bytes - 1] ^= 1;
	assert_int_equal(
		dbrt_load(&m, f.coded, f.coded_bytes, ram, sizeof(ram)),
		DBRT_ERROR_CHECKSUM);
	assert_int_equal(dbrt_expand(NULL, 0, ram, sizeof(ram)),
			 DBRT_ERROR_ARGUMENT);
	assert_int_equal(dbrt_expand(f.plain, f.plain_bytes, ram, sizeof(ram)),
			 DBRT_ERROR_MAGIC);
	free_files(&f);
}

/* Another model, whole or cut, overwrites the bytes of an open one. */
static void test_overwritten(void **state)
{
	struct dbrt_model m;
	struct files f;

	(void)state;
	make_files(&f);
	load_well(&m, &f);
	assert_int_equal(
		dbrt_expand(damaged(&f, 24), f.coded_bytes, ram, sizeof(ram)),
		DBRT_ERROR_FORMAT);
	check_refused(&m);
	load_well(&m, &f);
	((struct dbp_header *)(void *)ram)->tool[0] ^= 1;
	dbp_fix_checksums(ram, f.plain_bytes);
	check_refused(&m);
	free_files(&f);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_zeros),
		cmocka_unit_test(test_load_fails),
		cmocka_unit_test(test_coded_status),
		cmocka_unit_test(test_overwritten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
