/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_ops [-c] [-p] [NAME...]: operators without weights of the device
 * library, on one core. A line an operator: name, elements of the output,
 * nanoseconds, elements a nanosecond. What it writes is compared with what the
 * portable kernels write.
 *
 *	-c    compares only
 *	-t    times only
 *	-p    the portable kernels
 *	-l    changes nothing, as bench_kernels has it
 *	NAME  operators with this in their name
 *
 * Where m5mark.h is at hand, each timed run is a region of the simulator, in
 * the order of the lines. Build it with `make bench-kernels`.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifdef HAVE_MARKS
#include <m5mark.h>
#else
#define MARK_BEGIN(id) (void)(id)
#define MARK_END(id) (void)(id)
#endif

#include "runtime/kernels_portable.h"
#include "tests/support/dbp_run.h"

#define S8 DBP_S8
#define F32 DBP_F32
#define MOST_PARAMS 12

/* Shapes of detectors. Arrays of parameters are in the data section: random
 * numbers at 0, taps of a resize by 2 at TAPS, blended or not at BLENDED. */
#define NUMBERS 4096
#define TAPS NUMBERS
#define BLENDED (TAPS + 1024)

struct shape {
	const char *name;
	int kind, from, to;
	uint32_t inputs, rank;
	uint32_t in[2][DBP_MAX_RANK], out[DBP_MAX_RANK];
	uint32_t params_bytes, params[MOST_PARAMS];
};

#define PAIR(low, high) ((uint32_t)(high) << 16 | (low))
#define CLAMP(shift) (0x7f8000u | (shift))
#define SAME(...)                             \
	{ { __VA_ARGS__ }, { __VA_ARGS__ } }, \
	{                                     \
		__VA_ARGS__                   \
	}
#define POOL(kernel, stride, pad)                                       \
	32,                                                             \
	{                                                               \
		PAIR(kernel, kernel), PAIR(stride, stride), PAIR(1, 1), \
			PAIR(pad, pad), PAIR(1, pad), pad, 40000, 15    \
	}

static const struct shape shapes[] = {
	{ "slice_step2_96_22",
	  DBP_OP_SLICE,
	  S8,
	  S8,
	  1,
	  4,
	  { { 1, 22, 22, 96 } },
	  { 1, 22, 22, 48 },
	  48,
	  { 0, 0, 0, 1, 0, 0, 1, 1, 1, 2, 1, 1 } },
	{ "transpose_shuffle_116_20",
	  DBP_OP_TRANSPOSE,
	  S8,
	  S8,
	  1,
	  3,
	  { { 400, 2, 58 } },
	  { 400, 58, 2 },
	  24,
	  { 0, 2, 1 } },
	{ "transpose_focus_104",
	  DBP_OP_TRANSPOSE,
	  S8,
	  S8,
	  1,
	  6,
	  { { 1, 52, 2, 52, 2, 3 } },
	  { 1, 52, 52, 2, 2, 3 },
	  24,
	  { 0, 1, 3, 4, 2, 5 } },
	{ "transpose_f32_85_22",
	  DBP_OP_TRANSPOSE,
	  F32,
	  F32,
	  1,
	  3,
	  { { 1, 484, 85 } },
	  { 1, 85, 484 },
	  24,
	  { 0, 2, 1 } },
	{ "concat_rescaled_48_22",
	  DBP_OP_CONCAT,
	  S8,
	  S8,
	  2,
	  4,
	  { { 1, 22, 22, 48 }, { 1, 22, 22, 48 } },
	  { 1, 22, 22, 96 },
	  20,
	  { 3, 40000, 15, 50000, 16 } },
	{ "pad_48_22",
	  DBP_OP_PAD,
	  S8,
	  S8,
	  1,
	  4,
	  { { 1, 22, 22, 48 } },
	  { 1, 24, 24, 48 },
	  36,
	  { 0, 1, 1, 0, 0, 0, 0, 0, 3 } },
	{ "max_pool3x3s2_24_44",
	  DBP_OP_MAX_POOL,
	  S8,
	  S8,
	  1,
	  4,
	  { { 1, 44, 44, 24 } },
	  { 1, 22, 22, 24 },
	  POOL(3, 2, 1) },
	{ "max_pool5x5_128_13",
	  DBP_OP_MAX_POOL,
	  S8,
	  S8,
	  1,
	  4,
	  { { 1, 13, 13, 128 } },
	  { 1, 13, 13, 128 },
	  POOL(5, 1, 2) },
	{ "avg_pool3x3s2_48_44",
	  DBP_OP_AVG_POOL,
	  S8,
	  S8,
	  1,
	  4,
	  { { 1, 44, 44, 48 } },
	  { 1, 22, 22, 48 },
	  POOL(3, 2, 1) },
	{ "avg_pool_global_256_7",
	  DBP_OP_AVG_POOL,
	  S8,
	  S8,
	  1,
	  4,
	  { { 1, 7, 7, 256 } },
	  { 1, 1, 1, 256 },
	  POOL(7, 1, 0) },
	{ "add_64_20",
	  DBP_OP_ADD,
	  S8,
	  S8,
	  2,
	  4,
	  SAME(1, 20, 20, 64),
	  12,
	  { 0x3a123456, 0x20654321, CLAMP(30) } },
	{ "add_channels_64_20",
	  DBP_OP_ADD_CHANNELS,
	  S8,
	  S8,
	  2,
	  4,
	  SAME(1, 20, 20, 64),
	  8,
	  { 0, CLAMP(14) } },
	{ "mul_64_20",
	  DBP_OP_MUL,
	  S8,
	  S8,
	  2,
	  4,
	  SAME(1, 20, 20, 64),
	  8,
	  { 40000, CLAMP(22) } },
	{ "mul_gate_64_20",
	  DBP_OP_MUL,
	  S8,
	  S8,
	  2,
	  4,
	  { { 1, 20, 20, 64 }, { 1, 1, 1, 64 } },
	  { 1, 20, 20, 64 },
	  8,
	  { 40000, CLAMP(22) } },
	{ "table_64_20",
	  DBP_OP_TABLE,
	  S8,
	  S8,
	  1,
	  4,
	  SAME(1, 20, 20, 64),
	  4,
	  { 0 } },
	{ "resize_nearest_64_13",
	  DBP_OP_RESIZE,
	  S8,
	  S8,
	  1,
	  4,
	  { { 1, 13, 13, 64 } },
	  { 1, 26, 26, 64 },
	  8,
	  { TAPS, TAPS } },
	{ "resize_bilinear_64_13",
	  DBP_OP_RESIZE,
	  S8,
	  S8,
	  1,
	  4,
	  { { 1, 13, 13, 64 } },
	  { 1, 26, 26, 64 },
	  8,
	  { BLENDED, BLENDED } },
	{ "quantize_3_96",
	  DBP_OP_QUANTIZE,
	  F32,
	  S8,
	  1,
	  4,
	  SAME(1, 96, 96, 3),
	  0,
	  { 0 } },
	{ "dequantize_64_20",
	  DBP_OP_DEQUANTIZE,
	  S8,
	  F32,
	  1,
	  4,
	  SAME(1, 20, 20, 64),
	  0,
	  { 0 } },
	{ "sigmoid_80_20",
	  DBP_OP_UNARY,
	  F32,
	  F32,
	  1,
	  4,
	  SAME(1, 20, 20, 80),
	  12,
	  { DBP_U_SIGMOID } },
	{ "exp_4_40",
	  DBP_OP_UNARY,
	  F32,
	  F32,
	  1,
	  4,
	  SAME(1, 40, 40, 4),
	  12,
	  { DBP_U_EXP } },
	{ "softmax_80_10",
	  DBP_OP_SOFTMAX,
	  F32,
	  F32,
	  1,
	  4,
	  SAME(1, 10, 10, 80),
	  8,
	  { 3 } },
	{ "softmax_2_4420",
	  DBP_OP_SOFTMAX,
	  F32,
	  F32,
	  1,
	  3,
	  SAME(1, 4420, 2),
	  8,
	  { 2 } },
	{ "binary_add_4420",
	  DBP_OP_BINARY,
	  F32,
	  F32,
	  2,
	  3,
	  SAME(1, 4420, 2),
	  4,
	  { DBP_B_ADD } },
	{ "binary_scale_4420",
	  DBP_OP_BINARY,
	  F32,
	  F32,
	  2,
	  3,
	  { { 1, 4420, 2 }, { 1, 1, 1 } },
	  { 1, 4420, 2 },
	  4,
	  { DBP_B_MUL } },
	{ "reduce_mean_64_20",
	  DBP_OP_REDUCE,
	  F32,
	  F32,
	  1,
	  4,
	  { { 1, 20, 20, 64 } },
	  { 1, 1, 1, 64 },
	  8,
	  { DBP_R_MEAN, 6 } },
};

/* The library has its own choice in a file that this program does without. */
static const struct dbrt_kernels *row_now;

const struct dbrt_kernels *dbrt_kernels(void)
{
	return row_now;
}

static const struct dbrt_kernels *best_row(void)
{
#ifdef DBRT_NEON_ROWS
	return &dbrt_kernels_neon;
#else
	return &dbrt_kernels_portable;
#endif
}

static int is_asked_for(const char *name, int argc, char **argv)
{
	if (argc == 0)
		return 1;
	for (int i = 0; i < argc; i++)
		if (strstr(name, argv[i]))
			return 1;
	return 0;
}

/* ---- One operator ---- */

static uint32_t seed = 1;

static void add_arrays(struct dbp_builder *b)
{
	uint8_t data[BLENDED + 1024];
	struct dbp_resize_tap *taps = (void *)(data + TAPS);
	struct dbp_resize_tap *blended = (void *)(data + BLENDED);

	for (uint32_t i = 0; i < NUMBERS; i++)
		data[i] = (uint8_t)dbp_run_random(&seed);
	for (uint16_t i = 0; i < 26; i++) {
		uint16_t first = (uint16_t)(i / 2);

		taps[i] = (struct dbp_resize_tap){ first, first, 0, 0 };
		blended[i] = taps[i];
		if (i % 2 && first < 12)
			blended[i].second++;
		blended[i].weight = i % 2 ? 512 : 1536;
	}
	dbp_add_data(b, data, sizeof(data));
}

static uint32_t add_tensor(struct dbp_builder *b, int dtype, uint32_t rank,
			   const uint32_t *dims)
{
	return dbp_run_tensor(b, dtype, rank, dims, dtype == S8 ? 0.05f : 0,
			      dtype == S8 ? 3 : 0, 0);
}

static void build(struct dbp_run *r, const struct shape *s)
{
	struct dbp_builder b;
	uint32_t x[2], y;

	dbp_builder_init(&b);
	add_arrays(&b);
	for (uint32_t i = 0; i < s->inputs; i++) {
		x[i] = add_tensor(&b, s->from, s->rank, s->in[i]);
		dbp_add_input(&b, x[i]);
	}
	y = add_tensor(&b, s->to, s->rank, s->out);
	dbp_add_output(&b, y);
	dbp_add_op(&b, s->kind, x, s->inputs, &y, 1,
		   s->params_bytes ? s->params : NULL, s->params_bytes, 0);
	if (dbp_run_open(r, &b, 1) != DBRT_OK) {
		fprintf(stderr, "%s: does not open\n", s->name);
		exit(1);
	}
}

static uint32_t bytes_of(const struct dbrt_tensor *t)
{
	uint32_t n = t->dtype == DBRT_S8 ? 1 : 4;

	for (uint32_t i = 0; i < t->rank; i++)
		n *= t->dims[i];
	return n;
}

static void fill(struct dbp_run *r, const struct shape *s)
{
	struct dbrt_tensor t;

	for (uint32_t k = 0; k < s->inputs; k++) {
		uint32_t n;

		dbrt_input(&r->model, k, &t);
		n = bytes_of(&t);
		for (uint32_t i = 0; t.dtype == DBRT_S8 && i < n; i++)
			((int8_t *)t.data)[i] = (int8_t)dbp_run_random(&seed);
		for (uint32_t i = 0; t.dtype != DBRT_S8 && i < n / 4; i++)
			((float *)t.data)[i] = 6 * dbp_run_random_float(&seed);
	}
}

/* ---- Runs ---- */

/* 0: the output is that of the portable row. */
static int compare(struct dbp_run *r, const struct shape *s,
		   const struct dbrt_kernels *row)
{
	struct dbrt_tensor t;
	uint32_t bytes;
	void *want;
	int differs;

	dbrt_output(&r->model, 0, &t);
	bytes = bytes_of(&t);
	want = malloc(bytes);
	if (!want)
		exit(1);
	fill(r, s);
	row_now = &dbrt_kernels_portable;
	dbrt_run(&r->model);
	memcpy(want, t.data, bytes);
	memset(t.data, 0x55, bytes);
	row_now = row;
	dbrt_run(&r->model);
	differs = memcmp(want, t.data, bytes) != 0;
	free(want);
	return differs;
}

static double time_run(struct dbp_run *r, const struct shape *s)
{
	struct timespec begin, end;

	fill(r, s);
	dbrt_run(&r->model);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	MARK_BEGIN(1);
	dbrt_run(&r->model);
	MARK_END(1);
	clock_gettime(CLOCK_MONOTONIC, &end);
	return (double)(end.tv_sec - begin.tv_sec) * 1e9 +
	       (double)(end.tv_nsec - begin.tv_nsec);
}

static int one(const struct shape *s, const char *does,
	       const struct dbrt_kernels *row)
{
	struct dbrt_tensor t;
	struct dbp_run r;
	uint32_t elements;
	double ns = 0;
	int bad = 0;

	build(&r, s);
	dbrt_output(&r.model, 0, &t);
	elements = bytes_of(&t) / (t.dtype == DBRT_S8 ? 1 : 4);
	if (!strchr(does, 't'))
		bad = compare(&r, s, row);
	row_now = row;
	if (!strchr(does, 'c'))
		ns = time_run(&r, s);
	printf("%s\telements\t%u\t%.0f\t%.3f%s\n", s->name, elements, ns,
	       ns > 0 ? elements / ns : 0,
	       bad ? "\tdiffers from the portable kernels" : "");
	fflush(stdout);
	dbp_run_close(&r);
	return bad;
}

int main(int argc, char **argv)
{
	const struct dbrt_kernels *row = best_row();
	char does[8] = "";
	int bad = 0;

	for (; argc > 1 && argv[1][0] == '-'; argc--, argv++) {
		if (argv[1][1] == 'p')
			row = &dbrt_kernels_portable;
		else if (argv[1][1] != 'l' && strlen(does) < sizeof(does) - 1)
			strncat(does, argv[1] + 1, 1);
	}
	for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++)
		if (is_asked_for(shapes[i].name, argc - 1, argv + 1))
			bad |= one(&shapes[i], does, row);
	return bad;
}
