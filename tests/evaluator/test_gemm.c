/* SPDX-License-Identifier: Apache-2.0 */
/* Matrix products of odd shapes, each row of instructions, against plain loops,
 * bit for bit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "evaluator/gemm.h"
#include "evaluator/simd/simd.h"
#include "tests/support/random.h"

#define ROUNDS 300
#define GUARD 7 /* cells of a row of C that no product may touch */

struct gemm_case {
	uint32_t seed;
	bool trans_a, trans_b;
	int64_t m, n, k, lda, ldb, ldc;
	int alpha, beta; /* in halves */
};

static int64_t draw(struct gemm_case *g, uint32_t below)
{
	return random_bits24(&g->seed) % below;
}

/* Small shapes mostly, now and then one of several blocks. */
static void draw_case(struct gemm_case *g, int round)
{
	bool large = round % 20 == 19;

	g->trans_a = draw(g, 2) != 0;
	g->trans_b = draw(g, 2) != 0;
	g->m = 1 + draw(g, large ? 70 : 30);
	g->n = 1 + draw(g, large ? 700 : 80);
	g->k = 1 + draw(g, large ? 600 : 40);
	g->lda = (g->trans_a ? g->m : g->k) + draw(g, 3);
	g->ldb = (g->trans_b ? g->k : g->n) + draw(g, 3);
	g->ldc = g->n + GUARD;
	g->alpha = draw(g, 2) ? 2 : (int)draw(g, 7) - 3;
	g->beta = draw(g, 2) ? 0 : draw(g, 2) ? 2 : (int)draw(g, 7) - 3;
}

#define REAL float
#define NAME(x) x##_f32
#include "tests/evaluator/gemm_check.inc"
#undef REAL
#undef NAME

#define REAL double
#define NAME(x) x##_f64
#include "tests/evaluator/gemm_check.inc"
#undef REAL
#undef NAME

static void test_f32(void **state)
{
	struct gemm_case g = { .seed = 1 };

	(void)state;
	for (int i = 0; i < ROUNDS; i++)
		check_case_f32(&g, i);
}

static void test_f64(void **state)
{
	struct gemm_case g = { .seed = 2 };

	(void)state;
	for (int i = 0; i < ROUNDS; i++)
		check_case_f64(&g, i);
}

/* ---- Sums in double ---- */

static void reference_exact(const struct gemm_case *g, const float *a,
			    const float *b, float *c)
{
	float alpha = (float)g->alpha / 2, beta = (float)g->beta / 2;

	for (int64_t i = 0; i < g->m; i++)
		for (int64_t j = 0; j < g->n; j++, c++) {
			double sum = 0;

			for (int64_t p = 0; p < g->k; p++)
				sum += (double)a[g->trans_a ? p * g->lda + i :
							      i * g->lda + p] *
				       (double)b[g->trans_b ? j * g->ldb + p :
							      p * g->ldb + j];
			*c = (float)((double)alpha * sum +
				     (g->beta ? (double)beta * (double)*c : 0));
		}
}

static void check_exact(struct gemm_case *g, int round)
{
	float *a, *b, *expected, *got;
	struct diag d;
	size_t bytes;

	diag_init(&d);
	draw_case(g, round);
	g->ldc = g->n;
	bytes = (size_t)(g->m * g->n) * sizeof(*got);
	a = draw_matrix_f32(g, (g->trans_a ? g->k : g->m) * g->lda);
	b = draw_matrix_f32(g, (g->trans_b ? g->n : g->k) * g->ldb);
	got = draw_matrix_f32(g, g->m * g->n);
	expected = malloc(bytes);
	assert_non_null(expected);
	memcpy(expected, got, bytes);
	reference_exact(g, a, b, expected);
	assert_int_equal(gemm_f32_exact(g->trans_a, g->trans_b, g->m, g->n,
					g->k, (float)g->alpha / 2, a, g->lda, b,
					g->ldb, (float)g->beta / 2, got, g->ldc,
					&d),
			 0);
	assert_memory_equal(got, expected, bytes);
	free(a);
	free(b);
	free(got);
	free(expected);
	diag_free(&d);
}

static void test_exact(void **state)
{
	struct gemm_case g = { .seed = 3 };

	(void)state;
	for (int i = 0; i < ROUNDS; i++)
		check_exact(&g, i);
}

/* Without products C is scaled; without cells nothing is read. */
static void test_empty(void **state)
{
	float c[2] = { 3, 5 };
	struct diag d;

	(void)state;
	diag_init(&d);
	assert_int_equal(gemm_f32(false, false, 1, 2, 0, 1, NULL, 0, NULL, 0,
				  0.5f, c, 2, &d),
			 0);
	assert_true(c[0] == 1.5f && c[1] == 2.5f);
	assert_int_equal(gemm_f32_exact(false, false, 1, 2, 0, 1, NULL, 0, NULL,
					0, 2, c, 2, &d),
			 0);
	assert_true(c[0] == 3 && c[1] == 5);
	assert_int_equal(gemm_f32(false, false, 0, 2, 1, 1, NULL, 0, NULL, 0, 0,
				  NULL, 2, &d),
			 0);
	diag_free(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_f32),
		cmocka_unit_test(test_f64),
		cmocka_unit_test(test_exact),
		cmocka_unit_test(test_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
