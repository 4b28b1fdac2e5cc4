/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The search with steps of the test's own: a build whose file is a fixed part
 * and the codes of the layers, and a measure that the test decides. What the
 * search asks for, keeps and refuses can be followed without packed models.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "converter/search.h"
#include "tests/support/fixture.h"
#include "tests/support/random_input.h"

#define REST 1000 /* bytes of the file beside codes */
#define ARENA 4096
#define SAMPLES 20
#define CALIBRATED 16

/* Two convolutions, so that one can have more bits than the other. */
#define MODEL                                                         \
	"input %x f32 1x8x8x4\n"                                      \
	"const %w f32 16x4x3x3 = random 1\n"                          \
	"%c = Conv(%x, %w) {pads=[1, 1, 1, 1]} act=relu layout=nhwc " \
	"\"a\" : f32 1x8x8x16\n"                                      \
	"const %v f32 16x16x3x3 = random 2\n"                         \
	"%y = Conv(%c, %v) {pads=[1, 1, 1, 1]} layout=nhwc \"b\" "    \
	": f32 1x8x8x16\n"                                            \
	"output %y\n"

struct trial {
	struct fixture *f;
	struct config c;
	struct cost_target target;
	struct quantizer *q;
	struct packed packed;
	struct search_result result;
	int elements;
	int builds, measures;
	int fail_at;      /* the build that fails; 0: none */
	double agreement; /* of files below enough_bytes */
	int64_t enough_bytes;
	double falls; /* agreement that each byte costs: more is worse */
};

static int build(void *ctx, struct packed *out, double *loss, struct diag *d)
{
	struct trial *t = ctx;
	struct quantizer_layer layer;
	double bits = 0;

	t->builds++;
	if (t->builds == t->fail_at)
		return diag_error(d, "the build fails");
	if (quantizer_round(t->q, loss, d))
		return -1;
	for (int i = 0; i < quantizer_layer_count(t->q); i++) {
		assert_int_equal(
			quantizer_layer_at(t->q, i, &t->f->arena, &layer), 0);
		bits += (double)layer.weights * layer.bits;
	}
	*out = (struct packed){ .size = REST + (uint32_t)(bits / 8),
				.arena_bytes = ARENA };
	out->file_size = out->size;
	out->ram_bytes = out->arena_bytes;
	return 0;
}

static int measure(void *ctx, const struct packed *p, bool all,
		   struct search_score *out, struct diag *d)
{
	struct trial *t = ctx;

	(void)d;
	assert_true(all || !(t->c.min_fidelity > 0));
	t->measures++;
	out->agreement = p->file_size < t->enough_bytes ? t->agreement : 1;
	out->agreement -= t->falls * p->file_size;
	out->low = out->agreement - 0.05;
	out->sqnr_db = 20;
	return 0;
}

static void trial_init(struct trial *t, struct fixture *f)
{
	*t = (struct trial){
		.f = f,
		.target = { .cores = 1,
			    .clock_hz = 1000000,
			    .memory_bytes_per_second = 1e9 },
		.elements = 8 * 8 * 4,
		.agreement = 1,
	};
	config_init(&t->c);
	t->c.bits = 4;
	t->c.jobs = 1;
	t->c.effort = EFFORT_FAST;
}

static int run(struct trial *t)
{
	struct graph *g = graph_parse(&t->f->arena, MODEL, &t->f->d);
	const struct samples samples = random_samples(CALIBRATED, &t->elements);
	const struct search_input in = {
		.c = &t->c,
		.target = &t->target,
		.samples = SAMPLES,
		.calibrated = CALIBRATED,
		.steps = { build, measure, t },
		.arena = &t->f->arena,
	};
	struct search_input with = in;
	int err;

	assert_non_null(g);
	t->q = quantizer_new(g, &t->c, &t->target, &samples, NULL, NULL,
			     &t->f->d);
	assert_non_null(t->q);
	with.q = t->q;
	err = search_run(&with, &t->packed, &t->result, &t->f->d);
	quantizer_free(t->q);
	return err;
}

/* The point of the result says what the packed model is. */
static void expect_chosen(const struct trial *t)
{
	const struct search_point *p = &t->result.points[t->result.chosen];

	assert_true(p->built);
	assert_int_equal(p->dbp_bytes, t->packed.file_size);
	assert_int_equal(t->result.layer_count, 2);
}

static void test_size_limit(void **state)
{
	struct trial all, most;

	trial_init(&all, *state);
	all.c.bits = 8;
	all.c.max_size_bytes = 100000;
	assert_int_equal(run(&all), 0);
	assert_true(all.result.searched);
	expect_chosen(&all);
	/* nothing forces a layer below 8 bits */
	assert_int_equal(all.packed.file_size, REST + 16 * 36 + 16 * 144);

	trial_init(&most, *state);
	most.c.bits = 8;
	most.c.max_size_bytes = REST + 1500;
	assert_int_equal(run(&most), 0);
	expect_chosen(&most);
	assert_true(most.packed.file_size <= REST + 1500);
	assert_true(most.packed.file_size > REST + 700);
}

/* What a file has beside the layers is known after a draft: the first model
 * keeps the limit. The draft is no point of the result. */
static void test_draft(void **state)
{
	struct trial t;
	int built = 0;

	trial_init(&t, *state);
	t.c.max_size_bytes = REST + 800;
	assert_int_equal(run(&t), 0);
	expect_chosen(&t);
	assert_true(t.packed.file_size <= REST + 800);
	for (int i = 0; i < t.result.point_count; i++)
		built += t.result.points[i].built;
	assert_int_equal(built, 1);
	assert_int_equal(t.builds, 2);
}

/* Where no widths fit, the result is the least there is, so that a report can
 * say what is missing. */
static void test_no_fit(void **state)
{
	struct trial t;

	trial_init(&t, *state);
	t.c.max_size_bytes = REST + 10;
	assert_int_equal(run(&t), 0);
	expect_chosen(&t);
	assert_true(t.packed.file_size > REST + 10);
	assert_int_equal(t.packed.file_size, REST + (16 * 36 + 16 * 144) / 4);
}

/* Bytes are raised until the model agrees well enough. */
static void test_raise(void **state)
{
	struct trial plain, raised;

	trial_init(&plain, *state);
	assert_int_equal(run(&plain), 0);
	trial_init(&raised, *state);
	raised.agreement = 0.5;
	raised.enough_bytes = (int64_t)plain.packed.file_size + 200;
	assert_int_equal(run(&raised), 0);
	expect_chosen(&raised);
	assert_true(raised.packed.file_size >= raised.enough_bytes);
	assert_true(raised.builds > plain.builds);
	assert_true(raised.result.points[raised.result.chosen].agreement == 1);
	assert_true(raised.result.raised && !plain.result.raised);
}

/* An agreement that is asked for is that of the interval's lower end. */
static void test_lower_end(void **state)
{
	struct trial met, missed;

	trial_init(&met, *state);
	met.c.min_fidelity = 0.94f;
	assert_int_equal(run(&met), 0);
	assert_int_equal(met.builds, 1);
	assert_false(met.result.raised);

	trial_init(&missed, *state);
	missed.c.min_fidelity = 0.96f;
	assert_int_equal(run(&missed), 0);
	assert_true(missed.builds > 1);
	assert_true(missed.measures > 1);
}

/* Where more bytes are worse, the best model stays: the first. */
static void test_keeps_best(void **state)
{
	struct trial plain, worse;

	trial_init(&plain, *state);
	assert_int_equal(run(&plain), 0);
	trial_init(&worse, *state);
	worse.agreement = 0.8;
	worse.enough_bytes = INT64_MAX;
	worse.falls = 1e-4;
	assert_int_equal(run(&worse), 0);
	expect_chosen(&worse);
	assert_true(worse.builds > 1);
	assert_int_equal(worse.packed.file_size, plain.packed.file_size);
	assert_false(worse.result.raised);
}

/* A limit that leaves fewer bits than --bits asks for makes the same model with
 * any --bits; a larger limit makes none that is worse. */
static void test_limits(void **state)
{
	double before = INFINITY;

	for (int bytes = 800; bytes < 3000; bytes += 200) {
		struct trial eight, four;
		double loss;

		trial_init(&eight, *state);
		eight.c.bits = 8;
		eight.c.max_size_bytes = REST + bytes;
		assert_int_equal(run(&eight), 0);
		loss = eight.result.points[eight.result.chosen].loss;
		assert_true((int)eight.packed.file_size <= REST + bytes);
		assert_true(loss <= before * 1.001);
		before = loss;

		trial_init(&four, *state);
		four.c.max_size_bytes = REST + bytes;
		assert_int_equal(run(&four), 0);
		assert_true((int)four.packed.file_size <= REST + bytes);
		assert_true(four.packed.file_size <= eight.packed.file_size);
		/* both leave less than 6 bits a weight */
		if (bytes <= 1000)
			assert_true(
				four.result.points[four.result.chosen].loss ==
				loss);
	}
}

/* --uniform: no candidates, one build, the bits that are asked for. */
static void test_uniform(void **state)
{
	struct trial t;

	trial_init(&t, *state);
	t.c.uniform = true;
	assert_int_equal(run(&t), 0);
	assert_false(t.result.searched);
	assert_int_equal(t.builds, 1);
	assert_int_equal(t.packed.file_size, REST + (16 * 36 + 16 * 144) / 2);
}

static void test_failures(void **state)
{
	struct fixture *f = *state;
	struct trial t;

	trial_init(&t, f);
	t.fail_at = 1;
	assert_int_equal(run(&t), -1);
	assert_int_equal(f->d.errors, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_size_limit, fixture_setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(test_draft, fixture_setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(test_no_fit, fixture_setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(test_raise, fixture_setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(test_lower_end, fixture_setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(test_keeps_best, fixture_setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(test_limits, fixture_setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(test_uniform, fixture_setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(test_failures, fixture_setup,
						fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
