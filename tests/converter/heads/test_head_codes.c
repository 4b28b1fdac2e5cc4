/* SPDX-License-Identifier: Apache-2.0 */
/* A detector of pixels whose convolutions are written in parts, or whose
 * outputs are rounded to codes: recognised as the float one is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/support/head_case.h"

#define NUMBERS 16 /* of a box and six points */

/* The convolution %NAME and what follows it. */
typedef void layer_fn(struct head_graph *g, const char *name, int channels,
		      int stride);

static void add_bias(struct head_graph *g, const char *name, const char *from,
		     int channels)
{
	head_graph_add(g,
		       "const %%b_%s f32 1x%dx1x1 = random %d\n"
		       "%%%s = Add(%%%s, %%b_%s)\n",
		       name, channels, g->seed++, name, from, name);
}

static void write_biased(struct head_graph *g, const char *name, int channels,
			 int stride)
{
	char sum[16];

	snprintf(sum, sizeof(sum), "sum_%s", name);
	head_graph_map(g, sum, channels, stride);
	add_bias(g, name, sum, channels);
}

/* Codes by the range of each photo, as quantize_dynamic() writes them. */
static void write_dynamic(struct head_graph *g, const char *name, int channels,
			  int stride)
{
	char real[16];

	snprintf(real, sizeof(real), "real_%s", name);
	head_graph_add(g,
		       "%%q_%s, %%s_%s, %%z_%s = DynamicQuantizeLinear(%%x)\n"
		       "const %%ws_%s f32 scalar = [0.01]\n"
		       "%%k_%s = Mul(%%s_%s, %%ws_%s)\n"
		       "const %%one_%s f32 scalar = [1]\n"
		       "%%d_%s = DequantizeLinear(%%q_%s, %%one_%s, %%z_%s)\n"
		       "const %%w_%s f32 %dx3x1x1 = random %d\n"
		       "%%c_%s = Conv(%%d_%s, %%w_%s) {strides=[%d, %d]}\n"
		       "%%i_%s = Cast(%%c_%s) {to=\"i32\"}\n"
		       "%%f_%s = Cast(%%i_%s) {to=\"f32\"}\n"
		       "%%real_%s = Mul(%%f_%s, %%k_%s)\n",
		       name, name, name, name, name, name, name, name, name,
		       name, name, name, name, channels, g->seed++, name, name,
		       name, stride, stride, name, name, name, name, name, name,
		       name);
	add_bias(g, name, real, channels);
}

static void write_plain(struct head_graph *g, const char *name, int channels,
			int stride)
{
	head_graph_map(g, name, channels, stride);
}

/* Both grids, of 8x8 and 4x4 cells with two and six boxes. `codes`: rounded
 * before they are moved. */
static void write(struct head_graph *g, layer_fn *layer, bool codes)
{
	static const char *const names[] = { "a", "b" };
	static const int boxes[] = { 2, 6 }, numbers[] = { NUMBERS, 1 };

	head_graph_add(g, "const %%step f32 scalar = [0.02]\n"
			  "const %%zero u8 scalar = [128]\n");
	for (int p = 0; p < 2; p++) {
		for (int i = 0; i < 2; i++) {
			char map[8], kept[8], rows[8];

			snprintf(map, sizeof(map), "%s%d", names[p], i);
			snprintf(kept, sizeof(kept), "k%s%d", names[p], i);
			snprintf(rows, sizeof(rows), "r%s%d", names[p], i);
			layer(g, map, boxes[i] * numbers[p], 8 << i);
			if (codes)
				head_graph_add(g,
					       "%%%s = QuantizeLinear(%%%s, "
					       "%%step, %%zero)\n",
					       kept, map);
			head_graph_rows(g, rows, codes ? kept : map,
					numbers[p]);
		}
		head_graph_add(g, "%%j%s = Concat(%%r%s0, %%r%s1) {axis=1}\n",
			       names[p], names[p], names[p]);
		head_graph_add(g,
			       codes ? "%%%s = DequantizeLinear(%%j%s, %%step, "
				       "%%zero)\n" :
				       "%%%s = Identity(%%j%s)\n",
			       names[p], names[p]);
		head_graph_output(g, names[p]);
	}
}

static void write_as_biased(struct head_graph *g)
{
	write(g, write_biased, false);
}

static void write_as_dynamic(struct head_graph *g)
{
	write(g, write_dynamic, false);
}

static void write_as_codes(struct head_graph *g)
{
	write(g, write_plain, true);
}

static void decode(struct head_decoded *d)
{
	for (int i = 0; i < 2; i++) {
		int stride = 8 << i, side = (int)d->width / stride;
		int boxes = i ? 6 : 2;

		for (int n = 0; n < boxes * side * side; n++) {
			const float *v = d->out[0] + NUMBERS * d->count;
			double score = (double)d->out[1][d->count];
			struct head_expected *e = head_case_add(d);
			double x = (n / boxes % side + .5) * stride;
			double y = (n / boxes / side + .5) * stride;

			head_case_center(e, x + (double)v[0], y + (double)v[1],
					 (double)v[2], (double)v[3]);
			e->score = head_case_sigmoid(score);
			for (int k = 4; k < NUMBERS; k++)
				e->points[k - 4] =
					(k % 2 ? y : x) + (double)v[k];
		}
	}
}

/* Other exporters add the bias behind the convolution. */
static void test_biased(void **state)
{
	(void)state;
	head_case_check(&(struct head_case){ "BlazeFace", 64, 64, 6,
					     write_as_biased, decode });
}

static void test_dynamic(void **state)
{
	(void)state;
	head_case_check(&(struct head_case){ "BlazeFace", 64, 64, 6,
					     write_as_dynamic, decode });
}

static void test_codes(void **state)
{
	(void)state;
	head_case_check(&(struct head_case){ "BlazeFace", 64, 64, 6,
					     write_as_codes, decode });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_biased),
		cmocka_unit_test(test_dynamic),
		cmocka_unit_test(test_codes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
