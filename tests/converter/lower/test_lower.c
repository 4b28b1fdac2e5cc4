/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each operator from graph to device. testdata/lower/NAME.graph holds cases
 * (tests/support/golden_file.h): a graph and the device model that it is
 * lowered to, as dev_print() prints it. The graph is quantized without data.
 * The device library then runs the device model, each tensor in separate
 * memory, and its outputs are compared with the float evaluator's. Two
 * comments of a case say how:
 *
 *	# error below 0.05    of the outputs: RMS of the error over their RMS
 *	# bits 4              of the weights (8 without it)
 */
#include <dirent.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "converter/lower/device_print.h"
#include "converter/lower/lower.h"
#include "converter/lower/lower_scale.h"
#include "converter/lower/lower_weights.h"
#include "evaluator/evaluator.h"
#include "passes/passes.h"
#include "quantizer/quantizer.h"
#include "runtime/dbrt_internal.h"
#include "tests/support/dbp_builder.h"
#include "tests/support/golden_file.h"

#define FOLDER "testdata/lower"

static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

/* ---- Numbers ---- */

static void test_multiplier_is_nearest(void **state)
{
	uint32_t seed = 1, m, s;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		double mantissa = 1 + next_random(&seed) / 16777216.0;
		double ratio =
			ldexp(mantissa, (int)(next_random(&seed) % 50) - 40);
		double back;

		assert_int_equal(scale_to_multiplier(ratio, 1, 62, &m, &s), 0);
		assert_in_range(m, 32768, 65535);
		assert_in_range(s, 1, 62);
		back = ldexp(m, -(int)s);
		assert_true(fabs(back - ratio) <= ldexp(0.5, -(int)s) ||
			    m == 32768);
		assert_true(fabs(back / ratio - 1) < 1.0 / 65536 + 1e-9);
	}
}

static void test_multiplier_at_the_ends(void **state)
{
	uint32_t m, s;

	(void)state;
	assert_int_equal(scale_to_multiplier(0, 1, 62, &m, &s), 0);
	assert_int_equal(m, 0);
	assert_int_equal(s, 1);
	assert_int_equal(scale_to_multiplier(1e-30, 1, 62, &m, &s), 0);
	assert_int_equal(m, 0);
	assert_int_equal(scale_to_multiplier(65535, 1, 62, &m, &s), -1);
	assert_int_equal(scale_to_multiplier(NAN, 1, 62, &m, &s), -1);
	assert_int_equal(scale_to_multiplier(INFINITY, 1, 62, &m, &s), -1);
	assert_int_equal(scale_to_multiplier(-1, 1, 62, &m, &s), -1);
	/* rounds up into the next power of two */
	assert_int_equal(scale_to_multiplier(1 - 1e-9, 1, 62, &m, &s), 0);
	assert_int_equal(m, 32768);
	assert_int_equal(s, 15);
}

static void test_codes_round_to_even(void **state)
{
	(void)state;
	assert_int_equal(scale_code(0.5, 1, 0), 0);
	assert_int_equal(scale_code(1.5, 1, 0), 2);
	assert_int_equal(scale_code(-2.5, 1, 3), 1);
	assert_int_equal(scale_code(1e9, 1, 0), 127);
	assert_int_equal(scale_code(-INFINITY, 1, 0), -128);
	assert_int_equal(scale_code(NAN, 1, -7), -7);
}

/* ---- Tiles ---- */

static void fill_codes(struct weights *w, int8_t *codes, uint32_t *seed)
{
	int levels = 1 << w->bits;

	for (uint32_t i = 0; i < w->outputs * w->k; i++)
		codes[i] = (int8_t)((int)(next_random(seed) % levels) -
				    levels / 2);
	w->codes = codes;
}

/* The tests' own packing, written apart from the converter's. */
static void check_tiles(uint32_t groups, uint32_t rows, uint32_t k, int bits)
{
	struct weights w = { .bits = bits,
			     .groups = groups,
			     .outputs = groups * rows,
			     .k = k,
			     .taps = k };
	uint32_t seed = k * 7 + rows, bytes = 0;
	struct arena a;
	int8_t codes[4096];
	uint8_t *want, *got;
	size_t want_bytes;

	assert_true(w.outputs * k <= sizeof(codes));
	fill_codes(&w, codes, &seed);
	arena_init(&a, 0);
	want = dbp_pack_conv_weights(codes, groups, rows, k, bits, &want_bytes);
	got = weights_tiles(&a, &w, &bytes);
	assert_int_equal(bytes, want_bytes);
	assert_memory_equal(got, want, bytes);
	free(want);
	if (rows == 1) {
		want = dbp_pack_depthwise_weights(codes, groups, k, bits,
						  &want_bytes);
		got = weights_depthwise_tiles(&a, &w, &bytes);
		assert_int_equal(bytes, want_bytes);
		assert_memory_equal(got, want, bytes);
		free(want);
	}
	arena_free(&a);
}

static void test_tiles(void **state)
{
	(void)state;
	for (int bits = 2; bits <= 8; bits *= 2) {
		check_tiles(1, 5, 33, bits);
		check_tiles(1, 4, 16, bits);
		check_tiles(3, 7, 9, bits);
		check_tiles(19, 1, 9, bits);
		check_tiles(32, 1, 1, bits);
	}
}

/* ---- Graphs ---- */

struct model {
	struct arena arena;
	struct diag d;
	struct graph *real, *g;
	struct device_model m;
	struct config c;
};

static void parse(struct model *t, const char *text, struct graph **g)
{
	*g = graph_parse(&t->arena, text, &t->d);
	/* constants of trained weights keep their codes */
	if (!*g || graph_check(*g, "parsing", &t->d) ||
	    pass_fold_constants(*g, &t->c, &t->d))
		fail_msg("%s", t->d.entries[0].text);
}

/* Lowered; -1 where it is refused. */
static int model_init(struct model *t, const char *text, int bits)
{
	const struct input_range range = { -1, 1 };

	memset(t, 0, sizeof(*t));
	arena_init(&t->arena, 0);
	diag_init(&t->d);
	config_init(&t->c);
	t->c.bits = bits;
	t->c.jobs = 1;
	parse(t, text, &t->real);
	parse(t, text, &t->g);
	if (quantize_graph(t->g, &t->c, NULL, &range, NULL, &t->d))
		fail_msg("%s", t->d.entries[0].text);
	assert_int_equal(dev_init(&t->m, &t->arena, &t->d), 0);
	return lower_graph(t->g, &t->c, &t->m, &t->d);
}

static void model_free(struct model *t)
{
	arena_free(&t->arena);
	diag_free(&t->d);
}

/* ---- Running ---- */

static uint32_t *add_tensors(struct dbp_builder *b,
			     const struct device_model *m)
{
	uint32_t *ids = calloc(m->tensor_count, sizeof(*ids));

	for (uint32_t i = 0; i < m->tensor_count; i++) {
		const struct dev_tensor *t = &m->tensors[i];

		ids[i] = t->is_constant ?
				 dbp_add_constant(b, t->dtype,
						  (uint32_t)t->rank, t->dims,
						  t->scale, t->zero_point,
						  m->data + t->data) :
				 dbp_add_tensor(b, t->dtype, (uint32_t)t->rank,
						t->dims, t->scale,
						t->zero_point);
	}
	return ids;
}

static void add_op(struct dbp_builder *b, const struct dev_op *op,
		   const uint32_t *ids)
{
	uint32_t in[DBRT_MAX_OP_INPUTS], out[DEV_MAX_OUTPUTS];

	assert_in_range(op->input_count, 1, DBRT_MAX_OP_INPUTS);
	for (int i = 0; i < op->input_count; i++)
		in[i] = ids[op->inputs[i]];
	for (int i = 0; i < op->output_count; i++)
		out[i] = ids[op->outputs[i]];
	dbp_add_op(b, op->kind, in, (uint32_t)op->input_count, out,
		   (uint32_t)op->output_count, op->params, op->params_bytes,
		   op->scratch_bytes);
}

static uint8_t *build(const struct device_model *m, size_t *bytes)
{
	struct dbp_builder b;
	uint32_t *ids;
	uint8_t *file;

	dbp_builder_init(&b);
	/* First of all, so that offsets of the parameters hold. */
	if (m->data_bytes)
		assert_int_equal(dbp_add_data(&b, m->data, m->data_bytes), 0);
	ids = add_tensors(&b, m);
	for (uint32_t i = 0; i < m->input_count; i++)
		dbp_add_input(&b, ids[m->inputs[i]]);
	for (uint32_t i = 0; i < m->output_count; i++)
		dbp_add_output(&b, ids[m->outputs[i]]);
	for (uint32_t i = 0; i < m->op_count; i++)
		add_op(&b, &m->ops[i], ids);
	file = dbp_builder_finish(&b, bytes);
	dbp_builder_free(&b);
	free(ids);
	return file;
}

#define MAX_IO 4

struct inputs {
	float *data[MAX_IO];
	int count;
};

static struct inputs random_inputs(const struct graph *g)
{
	struct inputs in = { .count = g->input_count };
	uint32_t seed = 5;

	assert_in_range(in.count, 1, MAX_IO);
	for (int i = 0; i < in.count; i++) {
		int64_t n = shape_elements(&g->inputs[i]->shape);

		in.data[i] = malloc((size_t)n * sizeof(float));
		for (int64_t k = 0; k < n; k++)
			in.data[i][k] =
				(float)next_random(&seed) / 16777216 - 0.5f;
	}
	return in;
}

/* Root mean square of the error, over that of the float output. */
static double relative_error(const float *a, const float *b, int64_t n)
{
	double error = 0, size = 0;

	for (int64_t i = 0; i < n; i++) {
		error += ((double)a[i] - (double)b[i]) *
			 ((double)a[i] - (double)b[i]);
		size += (double)b[i] * (double)b[i];
	}
	return sqrt(error) / (sqrt(size) + 1e-12);
}

/* Integers come as floats. */
static float *floats_of(const struct value *v, const void *data)
{
	int64_t n = shape_elements(&v->shape);
	float *out = malloc((size_t)n * sizeof(*out));

	for (int64_t i = 0; i < n; i++)
		out[i] =
			v->dtype == DT_F32 ? ((const float *)data)[i] :
			v->dtype == DT_I64 ? (float)((const int64_t *)data)[i] :
			v->dtype == DT_I32 ? (float)((const int32_t *)data)[i] :
					     (float)((const uint8_t *)data)[i];
	return out;
}

static double compare_output(const struct model *t, struct evaluator *e,
			     const struct dbrt_model *device, int i)
{
	const struct value *v = t->real->outputs[i];
	int64_t n = shape_elements(&v->shape);
	float *got = malloc((size_t)n * sizeof(*got));
	float *want = floats_of(v, evaluator_output(e, i));
	double error;

	assert_int_equal(dbrt_output_f32(device, (uint32_t)i, got, (size_t)n),
			 0);
	error = relative_error(got, want, n);
	free(got);
	free(want);
	return error;
}

static void run_float(struct model *t, struct evaluator *e,
		      const struct inputs *in)
{
	if (evaluator_run(e, (const void *const *)in->data, NULL, NULL, &t->d))
		fail_msg("%s", t->d.entries[0].text);
}

/* The largest relative error of an output. */
static double run_both(struct model *t)
{
	struct inputs in = random_inputs(t->real);
	struct evaluator *e = evaluator_new(t->real, &t->d);
	struct dbrt_model device;
	size_t bytes, arena_bytes;
	uint8_t *file = build(&t->m, &bytes);
	double worst = 0;
	void *arena;

	assert_non_null(e);
	run_float(t, e, &in);
	assert_int_equal(dbrt_open(&device, file, bytes), 0);
	arena_bytes = dbrt_arena_bytes(&device, 1);
	arena = aligned_alloc(DBP_ALIGN, arena_bytes);
	assert_int_equal(dbrt_bind(&device, arena, arena_bytes), 0);
	for (int i = 0; i < in.count; i++)
		assert_int_equal(
			dbrt_set_input_f32(&device, (uint32_t)i, in.data[i],
					   (size_t)shape_elements(
						   &t->real->inputs[i]->shape)),
			0);
	assert_int_equal(dbrt_run(&device), 0);
	for (int i = 0; i < t->real->output_count; i++)
		worst = fmax(worst, compare_output(t, e, &device, i));
	free(arena);
	free(file);
	evaluator_free(e);
	for (int i = 0; i < in.count; i++)
		free(in.data[i]);
	return worst;
}

/* ---- Cases ---- */

/* The number behind `# key` in a case. */
static double option(const char *text, const char *key, double without)
{
	const char *at = strstr(text, key);

	return at ? strtod(at + strlen(key), NULL) : without;
}

static char *printed(const struct device_model *m)
{
	char *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);

	assert_non_null(out);
	assert_int_equal(dev_print(m, out), 0);
	fclose(out);
	return text;
}

static char *lower_case(const char *title, const char *text, const void *arg)
{
	double limit = option(text, "# error below ", -1), error;
	struct model t;
	char *got;

	(void)arg;
	if (model_init(&t, text, (int)option(text, "# bits ", 8)))
		fail_msg("%s: %s", title, t.d.entries[0].text);
	error = run_both(&t);
	if (!(error <= limit))
		fail_msg("%s: error %g, over %g", title, error, limit);
	got = printed(&t.m);
	model_free(&t);
	return got;
}

static int is_graph(const struct dirent *e)
{
	const char *end = strrchr(e->d_name, '.');

	return end && !strcmp(end, ".graph");
}

static void test_cases(void **state)
{
	struct dirent **files;
	int count = scandir(FOLDER, &files, is_graph, alphasort);

	(void)state;
	assert_true(count > 0);
	for (int i = 0; i < count; i++) {
		char path[512];

		snprintf(path, sizeof(path), FOLDER "/%s", files[i]->d_name);
		golden_file_check(path, lower_case, NULL);
		free(files[i]);
	}
	free(files);
}

/* The names of operators are those of the device library. */
static void test_names(void **state)
{
	(void)state;
	for (int i = 1; i < DBP_OP_COUNT; i++) {
		assert_non_null(dev_op_name((enum dbp_op_kind)i));
		assert_string_equal(dev_op_name((enum dbp_op_kind)i),
				    dbrt_op_table[i]->name);
	}
}

/* ---- Refusals ---- */

static void test_refusals_come_together(void **state)
{
	struct model t;

	(void)state;
	assert_int_equal(
		model_init(&t,
			   "input %x f32 1x8x4x4\n"
			   "%a = LRN(%x) {size=3} \"first\" : f32 1x8x4x4\n"
			   "%y = LRN(%a) {size=3} \"second\" : f32 1x8x4x4\n"
			   "output %y\n",
			   8),
		-1);
	assert_non_null(strstr(t.d.entries[0].text, "'first'"));
	assert_non_null(strstr(t.d.entries[0].text, "'second'"));
	model_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_multiplier_is_nearest),
		cmocka_unit_test(test_multiplier_at_the_ends),
		cmocka_unit_test(test_codes_round_to_even),
		cmocka_unit_test(test_tiles),
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_refusals_come_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
