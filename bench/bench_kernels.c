/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_kernels [-c] [-p] [-l] [NAME...]: whole operators of the device
 * library, by shape and bits, on one core. A line an operator: name, shape,
 * bits, multiply-accumulates, nanoseconds, multiply-accumulates a nanosecond.
 * What it writes is compared with the portable kernels' bytes.
 *
 *	-c    compares only
 *	-t    times only
 *	-p    the portable kernels
 *	-l    a fifth of the lines of every image
 *	NAME  operators with this in their name or bits, such as w4a8
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

struct shape {
	const char *name;
	uint32_t in_channels, out_channels, size, kernel, stride;
	int depthwise, table;
	const char *bits; /* pairs of digits: weights, activations */
};

static const struct shape shapes[] = {
	{ "conv3x3_64_64_40", 64, 64, 40, 3, 1, 0, 0, "88864838284424" },
	{ "conv1x1_128_128_20", 128, 128, 20, 1, 1, 0, 0, "88864838284424" },
	{ "conv1x1_96_96_22", 96, 96, 22, 1, 1, 0, 0, "884824" },
	{ "conv1x1_24_96_22", 24, 96, 22, 1, 1, 0, 0, "8848" },
	{ "depthwise3x3_128_20", 128, 128, 20, 3, 1, 1, 0, "8848" },
	{ "depthwise3x3s2_64_40", 64, 64, 40, 3, 2, 1, 0, "8848" },
	{ "depthwise5x5_64_20", 64, 64, 20, 5, 1, 1, 0, "8848" },
	{ "first3x3s2_3_16_320", 3, 16, 320, 3, 2, 0, 0, "8848" },
	{ "first3x3s2_3_24_88", 3, 24, 88, 3, 2, 0, 0, "88" },
	{ "first3x3s2_3_8_96", 3, 8, 96, 3, 2, 0, 0, "8848" },
	{ "conv3x3_16_32_40", 16, 32, 40, 3, 1, 0, 0, "8848" },
	{ "dense_1024_256", 1024, 256, 1, 1, 1, 0, 0, "884824" },
	{ "silu1x1_64_64_26", 64, 64, 26, 1, 1, 0, 1, "8848" },
	{ "first6x6s2_3_32_104", 3, 32, 104, 6, 2, 0, 1, "8848" },
	{ "wide3x3_256_256_13", 256, 256, 13, 3, 1, 0, 0, "884824" },
	{ "wide3x3s2_256_512_26", 256, 512, 26, 3, 2, 0, 0, "884824" },
	{ "wide1x1_512_255_13", 512, 255, 13, 1, 1, 0, 0, "8848" },
};

/* The library has its own choice in a file that this program does without. */
static const struct dbrt_kernels *row_now;

const struct dbrt_kernels *dbrt_kernels(void)
{
	return row_now;
}

static const struct dbrt_kernels *best_row(void)
{
#ifdef DBRT_X86
	for (int i = 0; dbrt_kernels_x86[i]; i++)
		if (dbrt_kernels_x86_runs(dbrt_kernels_x86[i]))
			return dbrt_kernels_x86[i];
#endif
#ifdef DBRT_NEON
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

static int pick(int low, int high)
{
	return low + (int)(dbp_run_random(&seed) % (uint32_t)(high - low + 1));
}

static void *must(void *p)
{
	if (!p) {
		fprintf(stderr, "bench_kernels: out of memory\n");
		exit(1);
	}
	return p;
}

static uint32_t add_bytes(struct dbp_builder *b, uint32_t n, size_t size,
			  int low, int high)
{
	int32_t *v = must(malloc(4 * (size_t)n));
	uint32_t at;

	for (uint32_t i = 0; i < n; i++) {
		int32_t x = pick(low, high);

		if (size == 4)
			v[i] = x;
		else if (size == 2)
			((uint16_t *)(void *)v)[i] = (uint16_t)x;
		else
			((uint8_t *)(void *)v)[i] = (uint8_t)x;
	}
	at = dbp_add_data(b, v, n * size);
	free(v);
	return at;
}

static void add_conv(struct dbp_builder *b, struct dbp_conv p, uint32_t x,
		     uint32_t y, int a_bits)
{
	uint32_t in = dbp_tensor_of(b, x)->dims[3];
	uint32_t out = dbp_tensor_of(b, y)->dims[3];
	uint32_t taps = (uint32_t)p.kernel_h * p.kernel_w;
	uint32_t k = taps * in / p.groups, spread = 0;
	int high = p.weight_bits > 2 ? (1 << (p.weight_bits - 1)) - 1 : 1;
	int8_t *codes = must(malloc(out * (size_t)k));
	uint8_t *packed;
	size_t bytes;

	for (uint32_t i = 0; i < out * k; i++)
		codes[i] = (int8_t)pick(p.weight_bits > 2 ? -high : -2, high);
	packed = p.depthwise ?
			 dbp_pack_depthwise_weights(codes, out, taps,
						    p.weight_bits, &bytes) :
			 dbp_pack_conv_weights(codes, 1, out, k, p.weight_bits,
					       &bytes);
	p.weights = dbp_add_data(b, packed, bytes);
	p.weights_bytes = (uint32_t)bytes;
	free(packed);
	free(codes);
	/* sums as large as those of random products: to codes */
	while (1u << 2 * spread < k)
		spread++;
	spread += p.weight_bits - 2 + (uint32_t)a_bits - 8;
	p.levels = DBP_NONE;
	p.bias = add_bytes(b, out, 4, -100, 100);
	p.multiplier = add_bytes(b, out, 2, 32768, 65535);
	p.shift = add_bytes(b, out, 1, 17 + (int)spread, 18 + (int)spread);
	dbp_add_op(b, DBP_OP_CONV, &x, 1, &y, 1, &p, sizeof(p),
		   dbp_conv_scratch_bytes(&p, dbp_tensor_of(b, x),
					  dbp_tensor_of(b, y)));
}

/* The operator behind a small one that makes its input: the bits of an input
 * are those of its writer's clamp. */
static void build(struct dbp_run *r, const struct shape *s, int w_bits,
		  int a_bits, uint32_t lines)
{
	struct dbp_conv p = { .kernel_h = 1,
			      .kernel_w = 1,
			      .stride_h = 1,
			      .stride_w = 1,
			      .dilation_h = 1,
			      .dilation_w = 1,
			      .groups = s->in_channels,
			      .depthwise = 1,
			      .weight_bits = 8 };
	uint32_t dims[4] = { 1, lines, s->size, s->in_channels }, x, y, z;
	struct dbp_builder b;

	dbp_builder_init(&b);
	x = dbp_run_tensor(&b, DBP_S8, 4, dims, 1, 0, 0);
	y = dbp_run_tensor(&b, DBP_S8, 4, dims, 1, 0, 0);
	dims[1] = (lines + s->stride - 1) / s->stride;
	dims[2] = (s->size + s->stride - 1) / s->stride;
	dims[3] = s->out_channels;
	z = dbp_run_tensor(&b, DBP_S8, 4, dims, 1, 0, 0);
	dbp_add_input(&b, x);
	dbp_add_output(&b, z);
	p.clamp_min = (int8_t) - (1 << (a_bits - 1));
	p.clamp_max = (int8_t)((1 << (a_bits - 1)) - 1);
	add_conv(&b, p, x, y, a_bits);
	p.clamp_min = -128;
	p.clamp_max = 127;
	p.kernel_h = p.kernel_w = (uint16_t)s->kernel;
	p.stride_h = p.stride_w = (uint16_t)s->stride;
	p.pad_top = p.pad_left = (uint16_t)(s->kernel / 2);
	p.depthwise = (uint8_t)s->depthwise;
	p.groups = s->depthwise ? s->in_channels : 1;
	p.weight_bits = (uint8_t)w_bits;
	if (s->table) {
		p.post = DBP_POST_TABLE;
		p.table = add_bytes(&b, 256, 1, -128, 127);
	}
	add_conv(&b, p, y, z, a_bits);
	if (dbp_run_open(r, &b, 1) != DBRT_OK) {
		fprintf(stderr, "%s: does not open\n", s->name);
		exit(1);
	}
}

/* ---- Runs ---- */

static struct timespec begin;
static double took_ns;
static int is_marked;

/* After each operator: the second one is timed. */
static void trace(void *ctx, const struct dbrt_model *m, uint32_t op)
{
	struct timespec end;

	(void)ctx;
	(void)m;
	if (op == 0) {
		clock_gettime(CLOCK_MONOTONIC, &begin);
		if (is_marked)
			MARK_BEGIN(1);
		return;
	}
	if (is_marked)
		MARK_END(1);
	clock_gettime(CLOCK_MONOTONIC, &end);
	took_ns = (double)(end.tv_sec - begin.tv_sec) * 1e9 +
		  (double)(end.tv_nsec - begin.tv_nsec);
}

static void run(struct dbp_run *r)
{
	dbrt_set_trace(&r->model, trace, NULL);
	dbrt_run(&r->model);
}

static void fill(struct dbp_run *r)
{
	struct dbrt_tensor t;
	int8_t *x;

	dbrt_input(&r->model, 0, &t);
	x = t.data;
	for (uint32_t i = 0; i < t.dims[1] * t.dims[2] * t.dims[3]; i++)
		x[i] = (int8_t)pick(-128, 127);
}

/* 0: the output is that of the portable row. */
static int compare(struct dbp_run *r, const struct dbrt_kernels *row)
{
	struct dbrt_tensor t;
	size_t bytes;
	void *want;
	int differs;

	dbrt_output(&r->model, 0, &t);
	bytes = (size_t)t.dims[1] * t.dims[2] * t.dims[3];
	want = must(malloc(bytes));
	fill(r);
	row_now = &dbrt_kernels_portable;
	run(r);
	memcpy(want, t.data, bytes);
	memset(t.data, 0x55, bytes);
	row_now = row;
	run(r);
	differs = memcmp(want, t.data, bytes) != 0;
	free(want);
	return differs;
}

static int one(const struct shape *s, int w_bits, int a_bits, uint32_t lines,
	       const char *does, const struct dbrt_kernels *row)
{
	struct dbp_run r;
	struct dbrt_tensor t;
	uint64_t macs;
	int bad = 0;

	build(&r, s, w_bits, a_bits, lines);
	dbrt_output(&r.model, 0, &t);
	macs = (uint64_t)t.dims[1] * t.dims[2] * t.dims[3] * s->kernel *
	       s->kernel * (s->depthwise ? 1 : s->in_channels);
	if (!strchr(does, 't'))
		bad = compare(&r, row);
	row_now = row;
	if (!strchr(does, 'c')) {
		fill(&r);
		run(&r);
		is_marked = 1;
		run(&r);
		is_marked = 0;
	}
	printf("%s\tw%da%d\t%ux%ux%u\t%llu\t%.0f\t%.2f%s\n", s->name, w_bits,
	       a_bits, t.dims[1], t.dims[2], t.dims[3],
	       (unsigned long long)macs, took_ns, (double)macs / took_ns,
	       bad ? "\tdiffers from the portable kernels" : "");
	fflush(stdout);
	dbp_run_close(&r);
	return bad;
}

int main(int argc, char **argv)
{
	const struct dbrt_kernels *row = best_row();
	char does[8] = "", name[80];
	int bad = 0, fewer = 0;

	for (; argc > 1 && argv[1][0] == '-'; argc--, argv++) {
		if (argv[1][1] == 'p')
			row = &dbrt_kernels_portable;
		else if (argv[1][1] == 'l')
			fewer = 1;
		else if (strlen(does) < sizeof(does) - 1)
			strncat(does, argv[1] + 1, 1);
	}
	for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++) {
		const struct shape *s = &shapes[i];
		uint32_t lines = fewer && s->size > 5 ? s->size / 5 : s->size;

		for (const char *b = s->bits; *b; b += 2) {
			snprintf(name, sizeof(name), "%s_w%ca%c", s->name, b[0],
				 b[1]);
			if (is_asked_for(name, argc - 1, argv + 1))
				bad |= one(s, b[0] - '0', b[1] - '0', lines,
					   does, row);
		}
	}
	return bad;
}
