/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The coded form: what is expanded is the packed file, byte for byte; damaged
 * and hostile files are refused, or expand within their buffer.
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

#include "converter/pack/entropy_encode.h"
#include "converter/pack/coded_sizes.h"
#include "runtime/dbrt.h"
#include "schemas/dbp_coded.h"
#include "schemas/dbp_expected.h"
#include "tests/support/dbp_builder.h"

#define FLIPS 3000
#define CANARY 64
#define MAX_WEIGHTS 40000

static uint32_t seed_now;

static uint32_t next(void)
{
	seed_now = seed_now * 1664525u + 1013904223u;
	return seed_now >> 8;
}

/* ---- Files ---- */

/* As often 0 as not, and no larger than 2. */
static int32_t dependent_number(uint32_t *state)
{
	uint32_t size = next() % 2;
	int32_t level = (int32_t)dbp_trellis_level(*state, size);

	*state = dbp_trellis_next(*state, size);
	return level > 1 || next() % 2 ? -level : level;
}

static uint32_t add_weights(struct dbp_builder *b, const struct dbp_run *r,
			    uint32_t *bytes)
{
	static uint8_t tiles[MAX_WEIGHTS];
	uint32_t top = (1u << r->bits) - 1, state;

	*bytes = (uint32_t)dbp_run_bytes(r);
	assert_true(*bytes > 0 && *bytes <= MAX_WEIGHTS);
	memset(tiles, 0, *bytes);
	for (uint32_t g = 0; g < r->groups; g++)
		for (uint32_t row = 0; row < r->rows; row++) {
			state = 0;
			for (uint32_t c = 0; c < r->columns; c++)
				dbp_run_put(tiles, r, g, row, c,
					    r->dependent ?
						    dependent_number(&state) :
					    next() % 4 ?
						    0 :
						    (int32_t)(next() & top));
		}
	return dbp_add_data(b, tiles, *bytes);
}

/* A convolution of 1x1 without any arrays. */
static struct dbp_conv bare_conv(uint32_t bits)
{
	return (struct dbp_conv){ .kernel_h = 1,
				  .kernel_w = 1,
				  .groups = 1,
				  .weight_bits = (uint8_t)bits,
				  .levels = DBP_NONE,
				  .bias = DBP_NONE,
				  .multiplier = DBP_NONE,
				  .shift = DBP_NONE,
				  .multiplier2 = DBP_NONE,
				  .shift2 = DBP_NONE,
				  .table = DBP_NONE,
				  .float_scale = DBP_NONE };
}

/* A convolution that nobody runs: arrays of the sizes that the rest says. */
static void add_conv(struct dbp_builder *b, uint32_t bits, bool dependent,
		     uint32_t groups, bool depthwise, uint32_t x, uint32_t y,
		     uint32_t channels, uint32_t k)
{
	struct dbp_conv c = bare_conv(bits);
	struct dbp_run r = { .kind = depthwise ? DBP_CODED_DEPTHWISE :
						 DBP_CODED_TILES,
			     .bits = bits,
			     .dependent = dependent,
			     .groups = depthwise ? 1 : groups,
			     .rows = depthwise ? channels : channels / groups,
			     .columns = depthwise ? 9 : k };
	int32_t bias[64];
	uint16_t multiplier[64];
	uint8_t shift[64];

	for (uint32_t i = 0; i < channels; i++) {
		bias[i] = (int32_t)(next() << 3) - (1 << 26);
		multiplier[i] = (uint16_t)(32768 + next() % 8 * 4096);
		shift[i] = (uint8_t)(20 + next() % 3);
	}
	bias[0] = 0;
	c.kernel_h = c.kernel_w = depthwise ? 3 : 1;
	c.groups = groups;
	c.depthwise = depthwise;
	c.weights = add_weights(b, &r, &c.weights_bytes);
	c.bias = dbp_add_data(b, bias, 4 * channels);
	c.multiplier = dbp_add_data(b, multiplier, 2 * channels);
	c.shift = dbp_add_data(b, shift, channels);
	dbp_add_op(b, DBP_OP_CONV, &x, 1, &y, 1, &c, sizeof(c), 0);
}

static uint8_t *make_plain(size_t *bytes)
{
	static const uint32_t in[] = { 1, 4, 4, 48 }, out[] = { 1, 4, 4, 64 };
	static const uint32_t same[] = { 1, 4, 4, 48 };
	struct dbp_builder b;
	uint32_t x, y, z;
	uint8_t *file;

	dbp_builder_init(&b);
	x = dbp_add_tensor(&b, DBP_S8, 4, in, 0.1f, -3);
	y = dbp_add_tensor(&b, DBP_S8, 4, out, 0.2f, 5);
	z = dbp_add_tensor(&b, DBP_S8, 4, same, 0.1f, 0);
	dbp_add_input(&b, x);
	dbp_add_output(&b, y);
	for (int i = 0; i < 8; i++) {
		static const uint32_t widths[] = { 2, 4, 8, 3 };
		uint32_t bits = widths[i % 4];

		add_conv(&b, bits, i > 3, 1, false, x, y, 64, 48);
		add_conv(&b, bits, i > 3, 4, false, x, y, 64, 12);
		if (bits == 3)
			continue;
		add_conv(&b, bits, i > 3, 48, true, x, z, 48, 1);
	}
	file = dbp_builder_finish(&b, bytes);
	dbp_builder_free(&b);
	assert_non_null(file);
	return file;
}

struct coded {
	struct arena arena;
	uint8_t *plain, *file;
	uint32_t plain_size, size;
};

/* Takes the plain file over. */
static void code_plain(struct coded *c, uint8_t *plain, size_t bytes)
{
	struct diag d;

	diag_init(&d);
	arena_init(&c->arena, 0);
	c->plain = plain;
	c->plain_size = (uint32_t)bytes;
	assert_int_equal(coded_file_make(c->plain, c->plain_size, &c->arena,
					 &c->file, &c->size, &d),
			 0);
	diag_free(&d);
}

static void make_coded(struct coded *c)
{
	uint8_t *plain;
	size_t bytes;

	seed_now = 7;
	plain = make_plain(&bytes);
	code_plain(c, plain, bytes);
}

/* What has been built, and what takes how much of its coded form. */
static void code_built(struct dbp_builder *b, struct coded *c,
		       struct coded_map *map)
{
	size_t bytes;
	uint8_t *plain = dbp_builder_finish(b, &bytes);

	code_plain(c, plain, bytes);
	dbp_builder_free(b);
	assert_int_equal(coded_map_make(map, c->file, c->size, c->plain_size),
			 0);
}

static void free_coded(struct coded *c)
{
	free(c->plain);
	arena_free(&c->arena);
}

/* Into a buffer with marks on both sides, of the size that the file says. */
static int expand(const uint8_t *file, size_t bytes, uint8_t **out)
{
	size_t size = dbrt_expanded_bytes(file, bytes);
	uint8_t *area = malloc(size + 2 * CANARY);
	int status;

	assert_non_null(area);
	memset(area, 0xa5, size + 2 * CANARY);
	status = dbrt_expand(file, bytes, area + CANARY, size);
	for (size_t i = 0; i < CANARY; i++)
		assert_true(area[i] == 0xa5 && area[size + CANARY + i] == 0xa5);
	if (out)
		*out = area;
	else
		free(area);
	return status;
}

/* ---- Tests ---- */

static void test_reads_back(void **state)
{
	struct coded c;
	uint8_t *area;

	(void)state;
	make_coded(&c);
	assert_true(c.size < c.plain_size / 2);
	assert_int_equal(dbrt_expanded_bytes(c.file, c.size), c.plain_size);
	assert_int_equal(expand(c.file, c.size, &area), DBRT_OK);
	assert_memory_equal(area + CANARY, c.plain, c.plain_size);
	free(area);
	assert_int_equal(dbrt_expand(c.file, c.size, NULL, c.plain_size),
			 DBRT_ERROR_ARENA);
	assert_int_equal(dbrt_expand(c.file, c.size, c.plain, c.plain_size - 1),
			 DBRT_ERROR_ARENA);
	free_coded(&c);
}

/* Noise cannot be made smaller: the file stays as it is. */
static void test_not_worth_it(void **state)
{
	static const uint32_t dims[] = { 1, 1, 1, 64 };
	uint8_t noise[4096], *plain, *file;
	struct dbp_builder b;
	struct arena a;
	struct diag d;
	uint32_t size, x;
	size_t bytes;

	(void)state;
	seed_now = 3;
	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (uint8_t)next();
	dbp_builder_init(&b);
	x = dbp_add_tensor(&b, DBP_S8, 4, dims, 1, 0);
	dbp_add_input(&b, x);
	dbp_add_output(&b, x);
	for (int i = 0; i < 16; i++) {
		noise[i] ^= 0x55;
		dbp_add_data(&b, noise, sizeof(noise) - (size_t)i * 256);
		for (size_t k = 0; k < sizeof(noise); k++)
			noise[k] = (uint8_t)next();
	}
	plain = dbp_builder_finish(&b, &bytes);
	dbp_builder_free(&b);
	arena_init(&a, 0);
	diag_init(&d);
	assert_int_equal(
		coded_file_make(plain, (uint32_t)bytes, &a, &file, &size, &d),
		0);
	assert_int_equal(dbrt_expanded_bytes(plain, bytes), 0);
	assert_true(file == plain && size == bytes);
	diag_free(&d);
	arena_free(&a);
	free(plain);
}

static void test_map(void **state)
{
	struct coded_map map;
	struct coded c;
	uint32_t sum = 0, layers = 0;

	(void)state;
	make_coded(&c);
	assert_int_equal(coded_map_make(&map, c.file, c.size, c.plain_size), 0);
	for (uint32_t at = 0; at < c.plain_size; at += 64)
		sum += coded_map_bytes(
			&map, at,
			c.plain_size - at < 64 ? c.plain_size - at : 64);
	assert_int_equal(map.coded_at[0] + sum, c.size);
	for (uint32_t i = 0; i < 22; i++) {
		uint32_t bytes = coded_map_layer_bytes(&map, c.plain, i);

		assert_true(bytes > 0 &&
			    bytes < coded_map_layer_bytes(NULL, c.plain, i));
		layers += bytes;
	}
	assert_true(layers < c.size);
	coded_map_free(&map);
	free_coded(&c);
}

static uint32_t data_at(const uint8_t *plain)
{
	const struct dbp_header *h = (const void *)plain;
	const struct dbp_section *s = (const void *)(h + 1);

	while (s->kind != DBP_SECTION_DATA)
		s++;
	return s->offset;
}

/* Dependent codes are written as indices of their sets: 1.25 bits a weight,
 * where the codes themselves would take 1.75. */
static void test_dependent(void **state)
{
	static const uint32_t in[] = { 1, 4, 4, 64 };
	struct dbp_builder b;
	struct coded_map map;
	struct coded k;
	uint32_t x, y, size, weights = 64 * 64;

	(void)state;
	seed_now = 5;
	dbp_builder_init(&b);
	x = dbp_add_tensor(&b, DBP_S8, 4, in, 0.1f, 3);
	y = dbp_add_tensor(&b, DBP_S8, 4, in, 0.2f, 5);
	dbp_add_input(&b, x);
	dbp_add_output(&b, y);
	add_conv(&b, 4, true, 1, false, x, y, 64, 64);
	code_built(&b, &k, &map);
	size = coded_map_bytes(&map, data_at(k.plain), weights / 2);
	assert_in_range(size, weights * 12 / 80, weights * 14 / 80);
	coded_map_free(&map);
	free_coded(&k);
}

/* Sums of a conv's weights, by output channel. */
static void sum_weights(const uint8_t *tiles, const struct dbp_run *r,
			int32_t *sum)
{
	for (uint32_t row = 0; row < r->rows; row++)
		for (uint32_t c = 0; c < r->columns; c++)
			sum[row] += dbp_run_code(tiles, r, 0, row, c);
}

/* Biases that follow from weights and zero point take almost no bytes. The same
 * holds for rows that repeat in two directions. */
static void test_expected(void **state)
{
	static const uint32_t in[] = { 1, 4, 4, 64 }, grid[] = { 1, 40, 90, 2 };
	static float places[40][90][2];
	const struct dbp_run r = { .kind = DBP_CODED_TILES,
				   .bits = 4,
				   .groups = 1,
				   .rows = 64,
				   .columns = 64 };
	struct dbp_conv c = bare_conv(4);
	int32_t bias[64] = { 0 };
	struct dbp_builder b;
	struct coded_map map;
	struct coded k;
	uint32_t x, y, at, size;

	(void)state;
	seed_now = 11;
	dbp_builder_init(&b);
	x = dbp_add_tensor(&b, DBP_S8, 4, in, 0.1f, -77);
	y = dbp_add_tensor(&b, DBP_S8, 4, in, 0.2f, 5);
	dbp_add_input(&b, x);
	dbp_add_output(&b, y);
	c.weights = add_weights(&b, &r, &c.weights_bytes);
	sum_weights(b.section[DBP_SECTION_DATA].data + c.weights, &r, bias);
	for (int i = 0; i < 64; i++)
		bias[i] = 77 * bias[i] + i % 2;
	c.bias = dbp_add_data(&b, bias, sizeof(bias));
	dbp_add_op(&b, DBP_OP_CONV, &x, 1, &y, 1, &c, sizeof(c), 0);
	for (int i = 0; i < 40; i++)
		for (int j = 0; j < 90; j++) {
			places[i][j][0] = ((float)(j / 3) + 0.5f) / 30;
			places[i][j][1] = ((float)i + 0.5f) / 40;
		}
	dbp_add_constant(&b, DBP_F32, 4, grid, 0, 0, places);
	code_built(&b, &k, &map);
	at = data_at(k.plain) + c.bias;
	size = coded_map_bytes(&map, at, sizeof(bias));
	assert_true(size < 32);
	size = coded_map_bytes(&map, at + sizeof(bias), sizeof(places));
	assert_true(size < sizeof(places) / 20);
	coded_map_free(&map);
	free_coded(&k);
}

/* Curves take next to nothing, one for all channels or one each, and also
 * where a second convolution has the same one. */
static void test_tables(void **state)
{
	static const uint32_t dims[] = { 1, 4, 4, 16 };
	const struct dbp_run r = { .kind = DBP_CODED_TILES,
				   .bits = 8,
				   .groups = 1,
				   .rows = 16,
				   .columns = 16 };
	struct dbp_conv c = bare_conv(8);
	static const uint8_t posts[] = { DBP_POST_TABLE, DBP_POST_TABLES,
					 DBP_POST_TABLE };
	int8_t curves[16 * 1024];
	uint32_t x, y, bytes[3], at[3];
	struct dbp_builder b;
	struct coded_map map;
	struct coded k;

	(void)state;
	seed_now = 12;
	dbp_builder_init(&b);
	x = dbp_add_tensor(&b, DBP_S8, 4, dims, 0.1f, -77);
	y = dbp_add_tensor(&b, DBP_S8, 4, dims, 0.2f, 5);
	dbp_add_input(&b, x);
	dbp_add_output(&b, y);
	for (int i = 0; i < 3; i++) {
		int n, channels = posts[i] == DBP_POST_TABLES ? 16 : 1;

		c.post = posts[i];
		c.inner_extra = i == 1 ? 0 : 2;
		n = (int)dbp_conv_table_size(&c);
		for (int j = 0; j < n * channels; j++) {
			int q = (j % n - n / 2) * 256 / n;

			curves[j] =
				(int8_t)(q < 0 ? -100 - q / 8 :
						 q * (9 + j / n) / 10 - 100);
		}
		bytes[i] = (uint32_t)(n * channels);
		at[i] = i == 2 ? at[0] : dbp_add_data(&b, curves, bytes[i]);
		c.table = at[i];
		c.weights = add_weights(&b, &r, &c.weights_bytes);
		dbp_add_op(&b, DBP_OP_CONV, &x, 1, &y, 1, &c, sizeof(c), 0);
	}
	code_built(&b, &k, &map);
	for (int i = 0; i < 2; i++)
		assert_true(coded_map_bytes(&map, data_at(k.plain) + at[i],
					    bytes[i]) < bytes[i] / 4);
	coded_map_free(&map);
	free_coded(&k);
}

static void test_cut(void **state)
{
	struct coded c;

	(void)state;
	make_coded(&c);
	for (uint32_t n = 0; n < c.size; n++)
		assert_true(expand(c.file, n, NULL) < 0);
	free_coded(&c);
}

static void test_flipped(void **state)
{
	struct coded c;

	(void)state;
	make_coded(&c);
	for (int i = 0; i < FLIPS; i++) {
		uint32_t at = next() % c.size;
		uint8_t kept = c.file[at];

		c.file[at] ^= (uint8_t)(1 + next() % 255);
		/* minor versions only add */
		if (expand(c.file, c.size, NULL) == DBRT_OK &&
		    (at < 6 || at > 7))
			fail_msg("a changed byte at %u is not found", at);
		c.file[at] = kept;
	}
	free_coded(&c);
}

/* With the checksum made right again it may be anything. */
static void test_rewritten(void **state)
{
	struct coded c;
	int refused = 0;

	(void)state;
	make_coded(&c);
	for (int i = 0; i < FLIPS; i++) {
		struct dbp_coded *h = (void *)c.file;
		uint32_t at = 12 + next() % (i % 2 ? 100 : c.size - 12);
		uint8_t kept = c.file[at];
		uint32_t crc = h->crc32;

		if (at >= 14 && at < 20)
			continue;
		c.file[at] ^= (uint8_t)(1 + next() % 255);
		h->crc32 = (uint32_t)crc32_z(0, c.file + sizeof(*h),
					     c.size - sizeof(*h));
		refused += expand(c.file, c.size, NULL) != DBRT_OK;
		c.file[at] = kept;
		h->crc32 = crc;
	}
	assert_true(refused > 0);
	free_coded(&c);
}

/* A table at an end of the data section that is no multiple of 16, of two
 * convolutions: it is expected once. */
static void test_expected_once(void **state)
{
	struct {
		struct dbp_header h;
		struct dbp_section s[4];
		struct dbp_tensor t[2];
		struct dbp_op ops[2];
		uint32_t ids[2];
		struct dbp_conv c[2];
		uint8_t data[257];
	} f = { .h = { .section_count = 4 }, .ids = { 0, 1 } };
	struct dbp_conv conv = { .post = DBP_POST_TABLE,
				 .table = 1,
				 .weights = DBP_NONE,
				 .levels = DBP_NONE,
				 .bias = DBP_NONE,
				 .multiplier = DBP_NONE,
				 .shift = DBP_NONE,
				 .multiplier2 = DBP_NONE,
				 .shift2 = DBP_NONE,
				 .float_scale = DBP_NONE };

	(void)state;
#define PLACE(part) (uint32_t) offsetof(__typeof__(f), part), sizeof(f.part)
	f.s[0] = (struct dbp_section){ 1, PLACE(t), 0 };
	f.s[1] = (struct dbp_section){ 2, PLACE(ops), 0 };
	f.s[2] = (struct dbp_section){ 3, offsetof(__typeof__(f), ids),
				       sizeof(f.ids) + sizeof(f.c), 0 };
	f.s[3] = (struct dbp_section){ 4, PLACE(data), 0 };
	for (uint32_t i = 0; i < 2; i++) {
		f.t[i] = (struct dbp_tensor){ .dtype = DBP_S8,
					      .rank = 4,
					      .dims = { 1, 1, 1, 1, 1, 1 } };
		f.ops[i] = (struct dbp_op){
			.kind = DBP_OP_CONV,
			.input_count = 1,
			.output_count = 1,
			.tensors = 0,
			.params =
				(uint32_t)(sizeof(f.ids) + i * sizeof(f.c[0])),
			.params_bytes = sizeof(f.c[0])
		};
		f.c[i] = conv;
	}
	for (int i = 0; i < 257; i++)
		f.data[i] = (uint8_t)(3 * i);
	dbp_expect_file((uint8_t *)&f, sizeof(f), 0);
	for (int i = 2; i < 257; i++)
		assert_int_equal(f.data[i], 3);
}

/* A few bytes do not take all memory. */
static void test_bomb(void **state)
{
	struct dbp_coded h = { .magic = DBP_CODED_MAGIC,
			       .major = DBP_CODED_MAJOR,
			       .coded_bytes = sizeof(h),
			       .plain_bytes = 1u << 30 };

	(void)state;
	assert_int_equal(dbrt_expanded_bytes(&h, sizeof(h)), 0);
	assert_int_equal(dbrt_expand(&h, sizeof(h), &h, 1u << 30),
			 DBRT_ERROR_FORMAT);
}

static void test_load(void **state)
{
	struct dbrt_model m;
	struct coded c;

	(void)state;
	make_coded(&c);
	assert_int_equal(dbrt_load(&m, c.file, c.size, NULL, 0),
			 DBRT_ERROR_ARENA);
	assert_int_equal(dbrt_open(&m, c.file, c.size), DBRT_ERROR_CODED);
	free_coded(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads_back),
		cmocka_unit_test(test_not_worth_it),
		cmocka_unit_test(test_map),
		cmocka_unit_test(test_dependent),
		cmocka_unit_test(test_expected),
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_flipped),
		cmocka_unit_test(test_rewritten),
		cmocka_unit_test(test_expected_once),
		cmocka_unit_test(test_bomb),
		cmocka_unit_test(test_load),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
