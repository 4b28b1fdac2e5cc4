/* SPDX-License-Identifier: Apache-2.0 */
/* The latency model: the work of a layer is the same from the graph as from the
 * packed model, terms add up, and a time says where it comes from. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "converter/latency.h"
#include "quantizer/quantizer.h"
#include "tests/support/fixture.h"
#include "tests/support/lower_and_pack.h"
#include "tests/support/random_input.h"

#define ELEMENTS (10 * 12 * 3)

/* Windows gathered and read in place, groups, depthwise, strides, transposed,
 * and channels that fill no tile. */
static struct graph *build(struct fixture *f)
{
	return fixture_graph(
		f,
		"input %x f32 1x10x12x3\n"
		"const %a f32 18x3x3x3 = random 1\n"
		"const %b f32 16x18x1x1 = random 2\n"
		"const %c f32 20x16x1x1 = random 3\n"
		"const %d f32 20x1x3x3 = random 4\n"
		"const %e f32 24x10x3x3 = random 5\n"
		"const %f f32 24x6x2x2 = random 6\n"
		"const %g f32 5x6x1x1 = random 7\n",
		"%1 = Conv(%x, %a) {pads=[1, 1, 1, 1]} layout=nhwc act=relu "
		": f32 1x10x12x18\n"
		"%2 = Conv(%1, %b) layout=nhwc act=relu : f32 1x10x12x16\n"
		"%3 = Conv(%2, %c) layout=nhwc act=relu : f32 1x10x12x20\n"
		"%4 = Conv(%3, %d) {group=20, pads=[1, 1, 1, 1], strides=[2, "
		"2]} layout=nhwc act=relu : f32 1x5x6x20\n"
		"%5 = Conv(%4, %e) {group=2, pads=[1, 1, 1, 1]} layout=nhwc "
		"act=relu : f32 1x5x6x24\n"
		"%6 = ConvTranspose(%5, %f) {strides=[2, 2]} layout=nhwc "
		"act=relu : f32 1x10x12x6\n",
		"%y = Conv(%6, %g) {strides=[2, 2]} layout=nhwc "
		": f32 1x5x6x5\noutput %y\n");
}

static void pack(struct fixture *f, struct packed *p)
{
	int elements = ELEMENTS;
	const struct samples samples = random_samples(4, &elements);
	struct graph *g = build(f);
	struct config c;

	config_init(&c);
	c.jobs = 1;
	if (quantize_graph(g, &c, &samples, NULL, NULL, &f->d) ||
	    lower_and_pack(g, &c, &f->arena, p, &f->d))
		fail_msg("%s", f->d.entries[f->d.count - 1].text);
}

static void test_same_work(void **state)
{
	struct packed p = { 0 };
	int convs = 0;

	pack(*state, &p);
	for (int i = 0; i < p.layer_count; i++) {
		const struct packed_layer *l = &p.layers[i];
		struct cost_work w = { 0 };
		struct dbp_kernel kernel;
		char name[40];

		if (!l->w_bits)
			continue;
		cost_work_of_conv(&w, l->node);
		assert_int_equal(w.macs, l->steps);
		assert_int_equal(w.outputs, l->outputs);
		assert_int_equal(w.window_rows, l->window_rows);
		kernel = (struct dbp_kernel){ .weight_bits = l->w_bits,
					      .weight_most = 127,
					      .input_most = 128 };
		cost_kernel_of_conv(&kernel, l->node);
		dbp_kernel_name(name, sizeof(name), &kernel);
		assert_string_equal(name, l->kernel);
		convs++;
	}
	assert_int_equal(convs, 7);
}

static const struct cost_kernel kernels[] = {
	{ .pattern = "conv_w8a8",
	  .macs_per_cycle = 4,
	  .efficiency = 0.5,
	  .output_cycles = 3,
	  .window_cycles = 0.5,
	  .setup_cycles = 100,
	  .parallel = true,
	  .source = "simulated on a core" },
	{ .pattern = "*_s8",
	  .bytes_per_cycle = 2,
	  .efficiency = 1,
	  .output_cycles = 1,
	  .source = "measured" },
};
static const struct cost_target target = { .cores = 2,
					   .clock_hz = 1000000,
					   .memory_bytes_per_second = 1e12,
					   .op_overhead_cycles = 10,
					   .kernels = kernels,
					   .kernel_count = 2 };

static void test_terms(void **state)
{
	struct cost_work w = { .kernel = "conv_w8a8",
			       .macs = 2000,
			       .outputs = 40,
			       .window_rows = 60 };

	(void)state;
	/* (2000 / 2 + 40 * 3 + 60 / 2) / 2 cores + 110, at 1 MHz */
	assert_true(fabs(cost_latency_us(&target, &w) - 685) < 1e-9);
	w = (struct cost_work){ .kernel = "max_pool_s8",
				.outputs = 40,
				.memory_bytes = 100 };
	assert_true(fabs(cost_latency_us(&target, &w) - 100) < 1e-9);
	w = (struct cost_work){ .kernel = "unknown", .memory_bytes = 7 };
	assert_true(fabs(cost_latency_us(&target, &w) - 17) < 1e-9);
}

static double time_of(const struct cost_kernel *rows, int count,
		      const char *kernel)
{
	struct cost_target t = target;
	struct cost_work w = { .kernel = kernel,
			       .macs = 1000,
			       .weight_bytes = 30,
			       .memory_bytes = 20 };

	t.cores = 1;
	t.op_overhead_cycles = 0;
	t.kernels = rows;
	t.kernel_count = count;
	return cost_latency_us(&t, &w);
}

/* A row matches the whole name or a part of it before a dot; the first that
 * matches counts. */
static void test_names(void **state)
{
	static const struct cost_kernel rows[] = {
		{ .pattern = "conv_w8a8.1x1.p12",
		  .macs_per_cycle = 10,
		  .efficiency = 1 },
		{ .pattern = "conv_w8a8.1x1",
		  .macs_per_cycle = 5,
		  .efficiency = 1 },
		{ .pattern = "conv_*a8",
		  .macs_per_cycle = 1,
		  .efficiency = 1,
		  .byte_cycles = 2 },
	};

	(void)state;
	assert_true(fabs(time_of(rows, 3, "conv_w8a8.1x1.p12") - 100) < 1e-9);
	assert_true(fabs(time_of(rows, 3, "conv_w8a8.1x1.p11") - 200) < 1e-9);
	assert_true(fabs(time_of(rows, 3, "conv_w8a8.1x1") - 200) < 1e-9);
	/* 1000 and two a byte */
	assert_true(fabs(time_of(rows, 3, "conv_w8a8.short") - 1100) < 1e-9);
	assert_true(fabs(time_of(rows, 3, "conv_w4a8") - 1100) < 1e-9);
	assert_true(fabs(time_of(rows, 2, "conv_w8a81x1") - 1000) < 1e-9);
}

static void check_name(const struct dbp_kernel *k, const char *name)
{
	char out[40];

	dbp_kernel_name(out, sizeof(out), k);
	assert_string_equal(out, name);
}

static void test_forms(void **state)
{
	struct dbp_kernel k = { .kind = "conv",
				.weight_bits = 8,
				.weight_most = 127,
				.input_most = 128,
				.kernel_h = 3,
				.kernel_w = 3,
				.stride_w = 2,
				.columns = 27,
				.pixels = 100 };

	(void)state;
	check_name(&k, "conv_w8a8.short");
	k.columns = 576;
	check_name(&k, "conv_w8a8");
	k.weight_most = 63; /* 63 * 128 < 1 << 13 */
	check_name(&k, "conv_w8a8.p13");
	k.weight_most = 15;
	check_name(&k, "conv_w8a8.p11");
	k.input_most = 8;
	check_name(&k, "conv_w8a4");
	k.pixels = 1;
	check_name(&k, "conv_w8a4.dense");
	k.pixels = 9;
	k.weight_bits = 2;
	k.kernel_h = k.kernel_w = 1;
	check_name(&k, "conv_w2a4.1x1");
	k.kind = "conv_transpose";
	check_name(&k, "conv_transpose_w2a4");
	k.depthwise = 1;
	check_name(&k, "depthwise_w2a8");
	k.kernel_h = k.kernel_w = 3;
	check_name(&k, "depthwise_w2a8.3x3s2");
	k.dilated = 1;
	check_name(&k, "depthwise_w2a8");
}

static void test_sources(void **state)
{
	struct packed p = { 0 };
	double estimated;

	pack(*state, &p);
	estimated = latency_estimated(&target, &p);
	assert_true(estimated > 0.1 &&
		    estimated < 1); /* depthwise has no row */
	assert_string_equal(latency_source(&target, &p), "estimated");
	p.layer_count = 2; /* the first are plain convolutions or quantize */
	while (!p.layers[0].w_bits)
		p.layers++;
	assert_true(latency_estimated(&target, &p) == 0);
	assert_string_equal(latency_source(&target, &p), "simulated");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_same_work, fixture_setup,
						fixture_teardown),
		cmocka_unit_test(test_terms),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_forms),
		cmocka_unit_test_setup_teardown(test_sources, fixture_setup,
						fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
