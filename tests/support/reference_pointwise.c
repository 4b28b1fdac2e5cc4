/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/reference_pointwise.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* ---- Functions of one number, with the attributes alpha and beta ---- */

static double f_abs(double x, double a, double b)
{
	(void)a, (void)b;
	return fabs(x);
}

static double f_elu(double x, double a, double b)
{
	(void)b;
	return x < 0 ? a * (exp(x) - 1) : x;
}

static double f_erf(double x, double a, double b)
{
	(void)a, (void)b;
	return erf(x);
}

static double f_exp(double x, double a, double b)
{
	(void)a, (void)b;
	return exp(x);
}

static double f_gelu(double x, double a, double b)
{
	(void)a, (void)b;
	return 0.5 * x * (1 + erf(x / sqrt(2)));
}

static double f_hard_sigmoid(double x, double a, double b)
{
	return fmax(0, fmin(1, a * x + b));
}

static double f_hard_swish(double x, double a, double b)
{
	(void)a, (void)b;
	return x * fmax(0, fmin(1, x / 6 + 0.5));
}

static double f_leaky_relu(double x, double a, double b)
{
	(void)b;
	return x < 0 ? a * x : x;
}

static double f_log(double x, double a, double b)
{
	(void)a, (void)b;
	return log(x);
}

static double f_mish(double x, double a, double b)
{
	(void)a, (void)b;
	return x * tanh(log1p(exp(x)));
}

static double f_neg(double x, double a, double b)
{
	(void)a, (void)b;
	return -x;
}

static double f_relu(double x, double a, double b)
{
	(void)a, (void)b;
	return fmax(x, 0);
}

static double f_selu(double x, double a, double b)
{
	return b * (x > 0 ? x : a * exp(x) - a);
}

static double f_sigmoid(double x, double a, double b)
{
	(void)a, (void)b;
	return 1 / (1 + exp(-x));
}

static double f_softplus(double x, double a, double b)
{
	(void)a, (void)b;
	return log1p(exp(x));
}

static double f_softsign(double x, double a, double b)
{
	(void)a, (void)b;
	return x / (1 + fabs(x));
}

static double f_sqrt(double x, double a, double b)
{
	(void)a, (void)b;
	return sqrt(x);
}

static double f_tanh(double x, double a, double b)
{
	(void)a, (void)b;
	return tanh(x);
}

static const struct {
	const char *op;
	double (*f)(double x, double alpha, double beta);
	double alpha, beta; /* defaults; beta is Selu's gamma */
} functions[] = {
	{ "Abs", f_abs, 0, 0 },
	{ "Elu", f_elu, 1, 0 },
	{ "Erf", f_erf, 0, 0 },
	{ "Exp", f_exp, 0, 0 },
	{ "Gelu", f_gelu, 0, 0 },
	{ "HardSigmoid", f_hard_sigmoid, 0.2, 0.5 },
	{ "HardSwish", f_hard_swish, 0, 0 },
	{ "LeakyRelu", f_leaky_relu, 0.01, 0 },
	{ "Log", f_log, 0, 0 },
	{ "Mish", f_mish, 0, 0 },
	{ "Neg", f_neg, 0, 0 },
	{ "Relu", f_relu, 0, 0 },
	{ "Selu", f_selu, 1.67326319217681884765625,
	  1.05070102214813232421875 },
	{ "Sigmoid", f_sigmoid, 0, 0 },
	{ "Softplus", f_softplus, 0, 0 },
	{ "Softsign", f_softsign, 0, 0 },
	{ "Sqrt", f_sqrt, 0, 0 },
	{ "Tanh", f_tanh, 0, 0 },
};

bool ref_function(const struct ref_node *n)
{
	size_t k = 0, count = sizeof(functions) / sizeof(*functions);
	struct ref_tensor *y;
	double alpha, beta;

	while (k < count && strcmp(functions[k].op, n->proto->op_type))
		k++;
	if (k == count)
		return false;
	alpha = ref_float(n, "alpha", functions[k].alpha);
	beta = ref_float(n, "beta", functions[k].beta);
	y = ref_like(n);
	for (int64_t i = 0; i < ref_count(y); i++)
		y->v[i] = functions[k].f(n->in[0]->v[i], alpha, beta);
	return true;
}

void ref_clip(const struct ref_node *n)
{
	double low = ref_number(n, "min", 1, -INFINITY);
	double high = ref_number(n, "max", 2, INFINITY);
	struct ref_tensor *y = ref_like(n);

	for (int64_t i = 0; i < ref_count(y); i++)
		y->v[i] = fmin(fmax(n->in[0]->v[i], low), high);
}

/* ---- Broadcasting ---- */

/* The dims of all inputs, aligned at the last one. */
static void broadcast_shape(const struct ref_node *n, struct ref_tensor *y)
{
	int64_t dim[REF_MAX_RANK];
	int rank = 0;

	for (int k = 0; k < n->in_count; k++)
		if (n->in[k]->rank > rank)
			rank = n->in[k]->rank;
	for (int d = 0; d < rank; d++)
		dim[d] = 1;
	for (int k = 0; k < n->in_count; k++)
		for (int d = 0; d < n->in[k]->rank; d++) {
			int64_t *to = &dim[rank - n->in[k]->rank + d];

			assert_true(*to == 1 || n->in[k]->dim[d] == 1 ||
				    *to == n->in[k]->dim[d]);
			if (n->in[k]->dim[d] > *to)
				*to = n->in[k]->dim[d];
		}
	ref_shape(n, y, rank, dim);
}

static double broadcast_at(const struct ref_tensor *t,
			   const struct ref_tensor *y, const int64_t *index)
{
	int64_t own[REF_MAX_RANK];

	for (int d = 0; d < t->rank; d++)
		own[d] = t->dim[d] == 1 ? 0 : index[y->rank - t->rank + d];
	return t->v[ref_offset(t, own)];
}

static void fold(const struct ref_node *n, double (*f)(double, double))
{
	struct ref_tensor *y = n->out[0];
	int64_t index[REF_MAX_RANK];

	broadcast_shape(n, y);
	for (int64_t i = 0; i < ref_count(y); i++) {
		ref_index(y, i, index);
		y->v[i] = broadcast_at(n->in[0], y, index);
		for (int k = 1; k < n->in_count; k++)
			y->v[i] = f(y->v[i], broadcast_at(n->in[k], y, index));
	}
}

static double plus(double a, double b)
{
	return a + b;
}

static double minus(double a, double b)
{
	return a - b;
}

static double times(double a, double b)
{
	return a * b;
}

static double over(double a, double b)
{
	return a / b;
}

static double leak(double x, double slope)
{
	return x < 0 ? slope * x : x;
}

void ref_add(const struct ref_node *n)
{
	fold(n, plus);
}

void ref_sub(const struct ref_node *n)
{
	fold(n, minus);
}

void ref_mul(const struct ref_node *n)
{
	fold(n, times);
}

void ref_div(const struct ref_node *n)
{
	fold(n, over);
}

void ref_pow(const struct ref_node *n)
{
	fold(n, pow);
}

void ref_max(const struct ref_node *n)
{
	fold(n, fmax);
}

void ref_min(const struct ref_node *n)
{
	fold(n, fmin);
}

void ref_prelu(const struct ref_node *n)
{
	fold(n, leak);
}

/* ---- Normalization, by channels ---- */

/* Inputs behind x: scale, bias, mean, variance. */
void ref_batch_norm(const struct ref_node *n)
{
	double epsilon = ref_float(n, "epsilon", 1e-5);
	struct ref_tensor *y = ref_like(n);
	int64_t inner = ref_stride(y, 1);

	for (int64_t i = 0; i < ref_count(y); i++) {
		int64_t c = i / inner % y->dim[1];

		y->v[i] = (n->in[0]->v[i] - n->in[3]->v[c]) /
				  sqrt(n->in[4]->v[c] + epsilon) *
				  n->in[1]->v[c] +
			  n->in[2]->v[c];
	}
}

void ref_instance_norm(const struct ref_node *n)
{
	double epsilon = ref_float(n, "epsilon", 1e-5);
	struct ref_tensor *y = ref_like(n);
	int64_t inner = ref_stride(y, 1);

	for (int64_t p = 0; p < ref_count(y) / inner; p++) {
		const double *x = n->in[0]->v + p * inner;
		double mean = 0, variance = 0;
		int64_t c = p % y->dim[1];

		for (int64_t i = 0; i < inner; i++)
			mean += x[i] / (double)inner;
		for (int64_t i = 0; i < inner; i++)
			variance +=
				(x[i] - mean) * (x[i] - mean) / (double)inner;
		for (int64_t i = 0; i < inner; i++)
			y->v[p * inner + i] = (x[i] - mean) /
						      sqrt(variance + epsilon) *
						      n->in[1]->v[c] +
					      n->in[2]->v[c];
	}
}
