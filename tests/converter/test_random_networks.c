/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random networks: each is read, reshaped by all passes and computed in float,
 * against an interpreter that shares no code with the evaluator; then it is
 * quantized to 8 bits, packed and run by the device library.
 *
 * RANDOM_NETWORKS is how many, RANDOM_SEED the first seed. With RANDOM_VERBOSE
 * every network has a line; RANDOM_MODEL names a file for the last one.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file_write.h"
#include "converter/data/tensor_file.h"
#include "converter/heads/head_find.h"
#include "converter/lower/lower.h"
#include "converter/onnx/model_load.h"
#include "converter/pack/packed_file.h"
#include "evaluator/evaluator.h"
#include "passes/pipeline.h"
#include "quantizer/quantizer.h"
#include "runtime/dbrt.h"
#include "tests/support/lower_and_pack.h"
#include "tests/support/random_network.h"
#include "tests/support/temp_folder.h"

#define NETWORKS 30
#define MOST_OUTPUTS 4
#define SAMPLES 16 /* calibrate, and are compared */
#define LEAST_OF_ROUNDED 3.0
#define LEAST_FLOAT 100.0
#define LEAST_PACKED 20.0

struct trial {
	uint32_t seed;
	struct network network;
	struct reference want[SAMPLES];
	struct arena arena;
	struct diag d;
	struct config config;
	char path[TEMP_PATH_MAX];
	struct graph *graph;
	struct head head;
	struct packed packed;
	/* least decibels of an output: as read, behind the passes, packed */
	double read, prepared, device;
	double rounded; /* the reference with 8 bits for each value */
};

static const char *newest(const struct diag *d)
{
	return d->count ? d->entries[d->count - 1].text : "no message";
}

/* ---- Inputs ---- */

/* Input number `seed` as floats of the file's shape. */
static struct tensor input_floats(const struct network *n, uint32_t seed,
				  struct arena *a)
{
	struct tensor t = { .dtype = DT_F32,
			    .shape = shape_of(n->rank, n->dim) };
	size_t count = (size_t)shape_elements(&t.shape);
	double *x = arena_array(a, count, sizeof(*x));
	float *f = arena_array(a, count, sizeof(*f));

	assert_true(x && f);
	random_network_input(n, seed, x);
	for (size_t i = 0; i < count; i++)
		f[i] = (float)x[i];
	t.data = f;
	return t;
}

/* The same for the input of a graph, which may have the channels last. */
static void *graph_input(const struct trial *t, uint32_t seed, struct arena *a)
{
	const struct value *v = t->graph->inputs[0];
	struct tensor floats = input_floats(&t->network, seed, a);
	size_t count = (size_t)shape_elements(&v->shape);
	void *out = arena_array(a, count, sizeof(float));
	struct diag d;

	assert_non_null(out);
	diag_init(&d);
	if (tensor_convert(&floats, "x", v->dtype, &v->shape, LAYOUT_NHWC, out,
			   &d))
		fail_msg("seed %u: %s", t->seed, newest(&d));
	diag_free(&d);
	return out;
}

static int fill(void *ctx, int index, float *const *inputs, struct diag *d)
{
	const struct trial *t = ctx;
	size_t count = (size_t)shape_elements(&t->graph->inputs[0]->shape);
	struct arena scratch;

	(void)d;
	arena_init(&scratch, 0);
	memcpy(inputs[0], graph_input(t, (uint32_t)index, &scratch),
	       count * sizeof(float));
	arena_free(&scratch);
	return 0;
}

/* ---- Comparing ---- */

/* Of one output, in all runs. */
struct comparison {
	double signal, noise;
};

static void compare(struct trial *t, int run, int output, const float *got,
		    struct comparison *c)
{
	const Onnx__GraphProto *g = &t->network.builder.graph;
	const struct ref_tensor *want =
		reference_value(&t->want[run], g->output[output]->name);

	for (int64_t i = 0; i < ref_count(want); i++) {
		double error = want->v[i] - (double)got[i];

		c->signal += want->v[i] * want->v[i];
		c->noise += error * error;
	}
}

/* The least decibels of an output. What is not a number is no match. */
static double decibels(const struct comparison *c, int outputs)
{
	double least = INFINITY;

	for (int i = 0; i < outputs; i++) {
		double db = 10 *
			    log10((c[i].signal + 1e-20) / (c[i].noise + 1e-30));

		least = db < least || db != db ? db : least;
	}
	return least == least ? least : -INFINITY;
}

static size_t output_elements(struct trial *t, int output)
{
	const Onnx__GraphProto *g = &t->network.builder.graph;

	return (size_t)ref_count(
		reference_value(&t->want[0], g->output[output]->name));
}

static double evaluated(struct trial *t)
{
	struct comparison c[MOST_OUTPUTS] = { 0 };
	struct evaluator *e = evaluator_new(t->graph, &t->d);
	int outputs = t->graph->output_count, err = !e;

	for (int run = 0; !err && run < SAMPLES; run++) {
		const void *x = graph_input(t, (uint32_t)run, &t->arena);

		err = evaluator_run(e, &x, NULL, NULL, &t->d);
		for (int i = 0; !err && i < outputs; i++) {
			assert_int_equal(
				shape_elements(&t->graph->outputs[i]->shape),
				output_elements(t, i));
			compare(t, run, i, evaluator_output(e, i), &c[i]);
		}
	}
	evaluator_free(e);
	return err ? -INFINITY : decibels(c, outputs);
}

static void run_file(struct trial *t, struct dbrt_model *m, int run,
		     struct comparison *c)
{
	const float *x = graph_input(t, (uint32_t)run, &t->arena);
	size_t count = (size_t)shape_elements(&t->graph->inputs[0]->shape);

	assert_int_equal(dbrt_set_input_f32(m, 0, x, count), 0);
	assert_int_equal(dbrt_run(m), 0);
	for (int i = 0; i < t->graph->output_count; i++) {
		size_t n = output_elements(t, i);
		float *got = arena_array(&t->arena, n, sizeof(*got));

		assert_non_null(got);
		assert_int_equal(dbrt_output_f32(m, (uint32_t)i, got, n), 0);
		compare(t, run, i, got, &c[i]);
	}
}

static double run_packed(struct trial *t)
{
	struct comparison c[MOST_OUTPUTS] = { 0 };
	struct packed_file file = { 0 };
	int err = packed_file_open(&file, t->packed.bytes, t->packed.size, "",
				   &t->d) ||
		  packed_file_bind(&file, &t->d);

	for (int run = 0; !err && run < SAMPLES; run++)
		run_file(t, &file.model, run, c);
	packed_file_close(&file);
	return err ? -INFINITY : decibels(c, t->graph->output_count);
}

/* ---- A trial ---- */

static void run_reference(const struct trial *t, struct reference *r, int run)
{
	const struct network *n = &t->network;
	struct tensor x = { .shape = shape_of(n->rank, n->dim) };
	size_t count = (size_t)shape_elements(&x.shape);
	double *v = malloc(count * sizeof(*v));

	assert_non_null(v);
	random_network_input(n, (uint32_t)run, v);
	reference_set(r, "x", n->rank, n->dim, v);
	reference_run(r);
	free(v);
}

/* The least decibels where every value is rounded to 8 bits of its range. */
static double rounded(struct trial *t)
{
	const Onnx__GraphProto *g = &t->network.builder.graph;
	struct comparison c[MOST_OUTPUTS] = { 0 };

	for (int run = 0; run < SAMPLES; run++) {
		struct reference r;

		reference_init(&r, &t->network.builder);
		r.levels = 256;
		r.runs = t->want;
		r.run_count = SAMPLES;
		run_reference(t, &r, run);
		for (int i = 0; i < (int)g->n_output; i++) {
			size_t n = output_elements(t, i);
			const double *v =
				reference_value(&r, g->output[i]->name)->v;
			float *f = arena_array(&t->arena, n, sizeof(*f));

			assert_non_null(f);
			for (size_t k = 0; k < n; k++)
				f[k] = (float)v[k];
			compare(t, run, i, f, &c[i]);
		}
		reference_free(&r);
	}
	return decibels(c, (int)g->n_output);
}

static void write_model(struct trial *t)
{
	uint8_t *file;
	size_t bytes = onnx_builder_finish(&t->network.builder, &file);
	const char *copy = getenv("RANDOM_MODEL");

	if (file_write_atomic(t->path, file, bytes, &t->d) ||
	    (copy && file_write_atomic(copy, file, bytes, &t->d)))
		fail_msg("%s", newest(&t->d));
}

static int quantize_and_pack(struct trial *t)
{
	const struct cost_target target = { .coded = t->seed % 2 };
	struct samples samples = { SAMPLES, fill, t };
	struct quantizer *q = quantizer_new(t->graph, &t->config, &target,
					    &samples, NULL, NULL, &t->d);
	int err = !q || quantizer_set_preset(q, 0, &t->d) ||
		  quantizer_round(q, NULL, &t->d) ||
		  lower_and_pack(t->graph, &t->config, &t->arena, &t->packed,
				 &t->d);

	quantizer_free(q);
	return err ? -1 : 0;
}

/* 0, or -1 where a step fails. */
static int convert(struct trial *t)
{
	uint8_t sha256[32];

	t->graph = model_load(&t->config, &t->arena, sha256, NULL, &t->d);
	if (!t->graph)
		return -1;
	t->read = evaluated(t);
	if (head_find(t->graph, &t->config, &t->arena, &t->head, &t->d) ||
	    pipeline_finish(t->graph, &t->config, NULL, &t->d))
		return -1;
	t->prepared = evaluated(t);
	if (lower_check_operators(t->graph, &t->d) || quantize_and_pack(t))
		return -1;
	t->device = run_packed(t);
	return 0;
}

/*
 * At least 20 dB, or no more than 3 dB less than where every value is rounded
 * to 256 levels of its range: 8 bits are too few for some networks, such as
 * those that square a square.
 */
static bool good_device(struct trial *t)
{
	if (t->device >= LEAST_PACKED)
		return true;
	t->rounded = rounded(t);
	return t->device >= t->rounded - LEAST_OF_ROUNDED;
}

static bool run_trial(const struct temp_folder *folder, uint32_t seed,
		      double least[3], long *excused)
{
	struct trial t = { .seed = seed,
			   .read = -INFINITY,
			   .prepared = -INFINITY,
			   .device = -INFINITY };
	bool good;

	arena_init(&t.arena, 0);
	diag_init(&t.d);
	config_init(&t.config);
	temp_path(folder, "random.onnx", t.path);
	t.config.model_path = t.path;
	t.config.jobs = 1;
	t.config.uniform = true;
	random_network_build(&t.network, seed);
	for (int run = 0; run < SAMPLES; run++) {
		reference_init(&t.want[run], &t.network.builder);
		run_reference(&t, &t.want[run], run);
	}
	write_model(&t);
	good = !convert(&t) && t.read >= LEAST_FLOAT &&
	       t.prepared >= LEAST_FLOAT && good_device(&t);
	least[0] = fmin(least[0], t.read);
	least[1] = fmin(least[1], t.prepared);
	least[2] = fmin(least[2], t.device);
	*excused += good && t.device < LEAST_PACKED;
	if (!good || getenv("RANDOM_VERBOSE"))
		printf("RANDOM_SEED=%u: %s%.1f dB as read, %.1f behind the "
		       "passes, %.1f packed, %.1f rounded; %s\n",
		       seed, good ? "" : "WRONG, ", t.read, t.prepared,
		       t.device, t.rounded, newest(&t.d));
	for (int run = 0; run < SAMPLES; run++)
		reference_free(&t.want[run]);
	random_network_free(&t.network);
	arena_free(&t.arena);
	diag_free(&t.d);
	return good;
}

static long number_of(const char *name, long def)
{
	const char *text = getenv(name);

	return text && *text ? strtol(text, NULL, 10) : def;
}

/* What a failed assertion leaves behind. */
struct campaign {
	struct temp_folder folder;
	long seed; /* being tried; -1: none */
};

static void test_networks(void **state)
{
	long count = number_of("RANDOM_NETWORKS", NETWORKS);
	long first = number_of("RANDOM_SEED", 1);
	long wrong = 0, excused = 0;
	double least[3] = { INFINITY, INFINITY, INFINITY };
	struct campaign *c = *state;

	for (c->seed = first; c->seed < first + count; c->seed++)
		wrong += !run_trial(&c->folder, (uint32_t)c->seed, least,
				    &excused);
	c->seed = -1;
	printf("%ld networks: at least %.1f dB as read, %.1f behind the "
	       "passes, %.1f packed; for %ld 8 bits are too few\n",
	       count, least[0], least[1], least[2], excused);
	if (wrong)
		fail_msg("%ld of %ld networks from seed %ld", wrong, count,
			 first);
}

static int setup(void **state)
{
	struct campaign *c = calloc(1, sizeof(*c));

	if (!c)
		return -1;
	c->seed = -1;
	temp_folder_make(&c->folder);
	*state = c;
	return 0;
}

static int teardown(void **state)
{
	struct campaign *c = *state;

	if (c->seed >= 0)
		printf("RANDOM_SEED=%ld: a check failed\n", c->seed);
	temp_folder_remove(&c->folder);
	free(c);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_networks, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
