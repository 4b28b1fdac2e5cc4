/* SPDX-License-Identifier: Apache-2.0 */
/* The float tail on the device against references written over flat arrays
 * and the host's libm in double. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/float_op.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct float_array x, x2, y;

/* ---- Unary ---- */

static double f_clip(double v, double a, double b)
{
	return v < a ? a : v > b ? b : v;
}

static double softplus(double v)
{
	return v > 40 ? v : log1p(exp(v));
}

static double unary(const struct dbp_unary_params *p, double v)
{
	double a = (double)p->a, b = (double)p->b;

	switch (p->kind) {
	case DBP_U_NEG:
		return -v;
	case DBP_U_ABS:
		return fabs(v);
	case DBP_U_EXP:
		return exp(v);
	case DBP_U_LOG:
		return log(v);
	case DBP_U_SQRT:
		return sqrt(v);
	case DBP_U_SIGMOID:
		return 1 / (1 + exp(-v));
	case DBP_U_TANH:
		return tanh(v);
	case DBP_U_ERF:
		return erf(v);
	case DBP_U_FLOOR:
		return floor(v);
	case DBP_U_CEIL:
		return ceil(v);
	case DBP_U_ROUND:
		return rint(v);
	case DBP_U_RECIPROCAL:
		return 1 / v;
	case DBP_U_CLIP:
		return f_clip(v, a, b);
	case DBP_U_LEAKY:
		return v < 0 ? a * v : v;
	case DBP_U_HARD_SIGMOID:
		return f_clip(a * v + b, 0, 1);
	case DBP_U_SILU:
		return v / (1 + exp(-v));
	case DBP_U_HARD_SWISH:
		return v * f_clip(v / 6 + 0.5, 0, 1);
	case DBP_U_GELU:
		return 0.5 * v * (1 + erf(v / sqrt(2)));
	case DBP_U_MISH:
		return v * tanh(softplus(v));
	case DBP_U_ELU:
		return v < 0 ? a * (exp(v) - 1) : v;
	case DBP_U_SOFTPLUS:
		return softplus(v);
	case DBP_U_SIGN:
		return v > 0 ? 1 : v < 0 ? -1 : v;
	case DBP_U_NOT:
		return v == 0;
	default:
		return pow(v, a);
	}
}

static void test_unary(void **state)
{
	static const float special[] = { 0,    -0.0f,    1,         -1,
					 NAN,  INFINITY, -INFINITY, 0.5f,
					 2.5f, -3.5f,    88,        -88 };
	static const float powers[] = { 2, 0.5f, -1.5f, 3 };
	const uint32_t dims[] = { 2, 7, 37 };
	struct dbp_unary_params p = { .b = 0.7f };
	struct float_work w = { .kind = DBP_OP_UNARY,
				.params = &p,
				.params_bytes = sizeof(p),
				.in = { &x },
				.out = { &y } };
	uint32_t seed = 3;
	char what[64];

	(void)state;
	float_shape(&x, 3, dims);
	float_shape(&y, 3, dims);
	for (uint32_t k = 0; k < 4 * (DBP_U_COUNT - 1); k++) {
		p.kind = 1 + k / 4;
		p.a = p.kind == DBP_U_POW ? powers[k % 4] : 0.125f;
		float_randomize(&x, k & 1 ? 9 : 1, &seed);
		if (k % 4 < 2)
			memcpy(x.data, special, sizeof(special));
		float_run(&w);
		for (uint32_t i = 0; i < float_elements(&x); i++) {
			/* these two make inf * 0 of minus infinity */
			if (x.data[i] == -INFINITY &&
			    (p.kind == DBP_U_SILU || p.kind == DBP_U_MISH ||
			     p.kind == DBP_U_GELU ||
			     p.kind == DBP_U_HARD_SWISH))
				continue;
			snprintf(what, sizeof(what), "unary %u of %a", p.kind,
				 (double)x.data[i]);
			float_near(y.data[i], unary(&p, (double)x.data[i]),
				   1e-6, what);
		}
	}
}

static void test_unary_bad(void **state)
{
	const uint32_t dims[] = { 2, 3 }, other[] = { 3, 2 }, flat[] = { 6 };
	struct dbp_unary_params p = { .kind = DBP_U_EXP };
	struct float_work w = { .kind = DBP_OP_UNARY,
				.params = &p,
				.params_bytes = sizeof(p),
				.in = { &x },
				.out = { &y } };

	(void)state;
	float_shape(&x, 2, dims);
	float_shape(&y, 2, other);
	float_refuse(&w);
	float_shape(&y, 1, flat);
	float_refuse(&w);
	float_shape(&y, 2, dims);
	p.kind = 0;
	float_refuse(&w);
	p.kind = DBP_U_COUNT;
	float_refuse(&w);
	p.kind = DBP_U_EXP;
	w.params_bytes = 8;
	float_refuse(&w);
	w.params_bytes = sizeof(p);
	x.dtype = DBP_S8;
	float_refuse(&w);
	x.dtype = DBP_F32;
	y.dtype = DBP_I32;
	float_refuse(&w);
}

/* ---- Binary ---- */

static double binary(uint32_t kind, double a, double b)
{
	switch (kind) {
	case DBP_B_ADD:
		return a + b;
	case DBP_B_SUB:
		return a - b;
	case DBP_B_MUL:
		return a * b;
	case DBP_B_DIV:
		return a / b;
	case DBP_B_MIN:
		return isnan(a) || isnan(b) ? (double)NAN : fmin(a, b);
	case DBP_B_MAX:
		return isnan(a) || isnan(b) ? (double)NAN : fmax(a, b);
	case DBP_B_POW:
		return pow(a, b);
	case DBP_B_MOD:
		return a - b * floor(a / b);
	case DBP_B_LESS:
		return a < b;
	case DBP_B_LESS_EQUAL:
		return a <= b;
	case DBP_B_GREATER:
		return a > b;
	case DBP_B_GREATER_EQUAL:
		return a >= b;
	case DBP_B_EQUAL:
		return a == b;
	case DBP_B_AND:
		return a != 0 && b != 0;
	case DBP_B_OR:
		return a != 0 || b != 0;
	default:
		return a < 0 ? a * b : a;
	}
}

static const struct {
	uint32_t rank, dims[4], rank_a, a[4], rank_b, b[4];
} broadcasts[] = {
	{ 2, { 5, 33 }, 2, { 5, 33 }, 2, { 5, 33 } },
	{ 3, { 2, 3, 20 }, 1, { 20 }, 3, { 2, 3, 1 } },
	{ 4, { 2, 3, 4, 5 }, 4, { 2, 1, 4, 1 }, 3, { 3, 1, 5 } },
	{ 3, { 4, 1, 6 }, 1, { 1 }, 3, { 4, 1, 6 } },
	{ 2, { 3, 4 }, 1, { 1 }, 2, { 1, 1 } },
};

static void check_binary(uint32_t kind, uint32_t *seed)
{
	struct dbp_binary_params p = { kind };
	struct float_work w = { .kind = DBP_OP_BINARY,
				.params = &p,
				.params_bytes = sizeof(p),
				.in = { &x, &x2 },
				.out = { &y } };
	char what[64];

	float_randomize(&x, 3, seed);
	float_randomize(&x2, 3, seed);
	for (uint32_t i = 0; i < float_elements(&x); i++)
		if (i % 3 == 0)
			x.data[i] = (float)(int)x.data[i];
	for (uint32_t i = 0; i < float_elements(&x2); i++)
		if (i % 2 == 0)
			x2.data[i] = (float)(int)x2.data[i];
	if (float_elements(&x) > 40)
		x.data[7] = x2.data[float_elements(&x2) - 1] = NAN;
	float_run(&w);
	for (uint32_t i = 0; i < float_elements(&y); i++) {
		double a = (double)x.data[float_broadcast(&x, &y, i)];
		double b = (double)x2.data[float_broadcast(&x2, &y, i)];

		/* a quotient near an integer may round either way */
		if (kind == DBP_B_MOD && fabs(a / b - rint(a / b)) < 1e-5 &&
		    a != 0)
			continue;
		snprintf(what, sizeof(what), "binary %u of %g, %g", kind, a, b);
		float_near(y.data[i], binary(kind, a, b), 2e-6, what);
	}
}

static void test_binary(void **state)
{
	uint32_t seed = 5;

	(void)state;
	for (uint32_t s = 0; s < COUNT(broadcasts); s++) {
		float_shape(&y, broadcasts[s].rank, broadcasts[s].dims);
		float_shape(&x, broadcasts[s].rank_a, broadcasts[s].a);
		float_shape(&x2, broadcasts[s].rank_b, broadcasts[s].b);
		for (uint32_t kind = 1; kind < DBP_B_COUNT; kind++)
			check_binary(kind, &seed);
	}
}

static void test_binary_bad(void **state)
{
	const uint32_t dims[] = { 2, 3, 4 }, two[] = { 2 },
		       more[] = { 1, 2, 3, 4 };
	struct dbp_binary_params p = { DBP_B_ADD };
	struct float_work w = { .kind = DBP_OP_BINARY,
				.params = &p,
				.params_bytes = sizeof(p),
				.in = { &x, &x2 },
				.out = { &y } };

	(void)state;
	float_shape(&x, 3, dims);
	float_shape(&y, 3, dims);
	float_shape(&x2, 1, two);
	float_refuse(&w);
	float_shape(&x2, 4, more);
	float_refuse(&w);
	float_shape(&x2, 3, dims);
	p.kind = 0;
	float_refuse(&w);
	p.kind = DBP_B_COUNT;
	float_refuse(&w);
	p.kind = DBP_B_ADD;
	x2.dtype = DBP_I32;
	float_refuse(&w);
	x2.dtype = DBP_F32;
	w.in[1] = NULL;
	float_refuse(&w);
}

/* ---- Products of matrices ---- */

static const struct {
	uint32_t rank_a, a[4], rank_b, b[4], rank, y[4];
} products[] = {
	{ 2, { 5, 7 }, 2, { 7, 40 }, 2, { 5, 40 } },
	{ 2, { 1, 64 }, 2, { 64, 1 }, 2, { 1, 1 } },
	{ 3, { 3, 4, 5 }, 2, { 5, 6 }, 3, { 3, 4, 6 } },
	{ 2, { 4, 5 }, 3, { 3, 5, 17 }, 3, { 3, 4, 17 } },
	{ 4, { 2, 1, 3, 4 }, 4, { 1, 3, 4, 16 }, 4, { 2, 3, 3, 16 } },
	{ 4, { 2, 3, 1, 9 }, 4, { 2, 3, 9, 2 }, 4, { 2, 3, 1, 2 } },
	{ 3, { 2, 3, 1 }, 3, { 2, 1, 33 }, 3, { 2, 3, 33 } },
};

/* Element `i` of y: row, column and the matrices before them. */
static double product_at(uint32_t i)
{
	uint32_t k = x.dims[x.rank - 1], n = y.dims[y.rank - 1];
	struct float_array a = x, b = x2;
	uint32_t at_a, at_b;
	double sum = 0;

	/* as if the inner dims were of size 1 */
	a.dims[a.rank - 1] = 1;
	b.dims[b.rank - 1] = 1;
	b.dims[b.rank - 2] = 1;
	at_a = float_broadcast(&a, &y, i) * k;
	at_b = float_broadcast(&b, &y, i) * k * n + i % n;
	for (uint32_t j = 0; j < k; j++)
		sum += (double)x.data[at_a + j] * (double)x2.data[at_b + j * n];
	return sum;
}

static void test_matmul(void **state)
{
	struct float_work w = { .kind = DBP_OP_MATMUL,
				.in = { &x, &x2 },
				.out = { &y } };
	uint32_t seed = 13;

	(void)state;
	for (uint32_t s = 0; s < COUNT(products); s++) {
		float_shape(&x, products[s].rank_a, products[s].a);
		float_shape(&x2, products[s].rank_b, products[s].b);
		float_shape(&y, products[s].rank, products[s].y);
		float_randomize(&x, 1, &seed);
		float_randomize(&x2, 1, &seed);
		float_run(&w);
		for (uint32_t i = 0; i < float_elements(&y); i++)
			float_near(y.data[i], product_at(i), 1e-5, "product");
	}
}

static void test_matmul_bad(void **state)
{
	static const struct {
		uint32_t rank_a, a[3], rank_b, b[3], rank, y[3];
	} bad[] = {
		{ 2, { 2, 3 }, 2, { 4, 5 }, 2, { 2, 5 } },
		{ 2, { 2, 3 }, 2, { 3, 5 }, 2, { 3, 5 } },
		{ 2, { 2, 3 }, 2, { 3, 5 }, 2, { 2, 4 } },
		{ 1, { 3 }, 2, { 3, 5 }, 2, { 1, 5 } },
		{ 2, { 2, 3 }, 1, { 3 }, 2, { 2, 1 } },
		{ 2, { 2, 3 }, 2, { 3, 1 }, 1, { 2 } },
		{ 3, { 2, 2, 3 }, 2, { 3, 5 }, 2, { 2, 5 } },
		{ 3, { 2, 2, 3 }, 2, { 3, 5 }, 3, { 1, 2, 5 } },
		{ 3, { 2, 2, 3 }, 3, { 3, 3, 5 }, 3, { 2, 2, 5 } },
	};
	struct float_work w = { .kind = DBP_OP_MATMUL,
				.in = { &x, &x2 },
				.out = { &y } };

	(void)state;
	for (uint32_t s = 0; s < COUNT(bad); s++) {
		float_shape(&x, bad[s].rank_a, bad[s].a);
		float_shape(&x2, bad[s].rank_b, bad[s].b);
		float_shape(&y, bad[s].rank, bad[s].y);
		float_refuse(&w);
	}
	float_shape(&x, 2, (uint32_t[]){ 2, 3 });
	float_shape(&x2, 2, (uint32_t[]){ 3, 5 });
	float_shape(&y, 2, (uint32_t[]){ 2, 5 });
	x2.dtype = DBP_S8;
	float_refuse(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unary),
		cmocka_unit_test(test_unary_bad),
		cmocka_unit_test(test_binary),
		cmocka_unit_test(test_binary_bad),
		cmocka_unit_test(test_matmul),
		cmocka_unit_test(test_matmul_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
