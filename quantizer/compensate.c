/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rounding with error compensation (GPTQ, arXiv 2210.17323): weights of a
 * channel are rounded one after another, and what each loses is made up for
 * by those that are still free, as the inputs' covariance says. Means are left
 * out of it: the bias corrects them.
 */
#include <math.h>
#include <stdlib.h>

#include "evaluator/detmath.h"
#include "quantizer/internal.h"

#define DAMPING 0.01 /* of the mean variance */

struct by_variance {
	double variance;
	int index;
};

static int larger_first(const void *a, const void *b)
{
	const struct by_variance *x = a, *y = b;

	if (x->variance != y->variance)
		return x->variance > y->variance ? -1 : 1;
	return x->index - y->index;
}

/* Inputs that vary most come first. */
static int order_inputs(const double *covariance, int n, int *order,
			double *mean)
{
	struct by_variance *list = calloc((size_t)n, sizeof(*list));

	if (!list)
		return -1;
	*mean = 0;
	for (int i = 0; i < n; i++) {
		list[i].index = i;
		list[i].variance =
			covariance[(size_t)i * (size_t)n + (size_t)i];
		*mean += list[i].variance / n;
	}
	qsort(list, (size_t)n, sizeof(*list), larger_first);
	for (int i = 0; i < n; i++)
		order[i] = list[i].index;
	free(list);
	return 0;
}

/* H = R R^T, R upper triangular, in place. */
static void factor(double *h, int n)
{
	for (int j = n - 1; j >= 0; j--) {
		double *rj = h + (size_t)j * (size_t)n, sum = rj[j];

		for (int k = j + 1; k < n; k++)
			sum -= rj[k] * rj[k];
		rj[j] = det_sqrt(sum > 1e-12 ? sum : 1e-12);
		for (int i = 0; i < j; i++) {
			double *ri = h + (size_t)i * (size_t)n;

			sum = ri[j];
			for (int k = j + 1; k < n; k++)
				sum -= ri[k] * rj[k];
			ri[j] = sum / rj[j];
		}
	}
}

/* U = R^-1, so that H^-1 = U^T U. */
static void invert(const double *r, int n, double *u)
{
	for (int i = n - 1; i >= 0; i--) {
		const double *ri = r + (size_t)i * (size_t)n;
		double *ui = u + (size_t)i * (size_t)n;

		for (int j = i + 1; j < n; j++) {
			const double *uj = u + (size_t)j * (size_t)n;

			for (int k = j; k < n; k++)
				ui[k] -= ri[j] * uj[k];
		}
		for (int k = i + 1; k < n; k++)
			ui[k] /= ri[i];
		ui[i] = 1 / ri[i];
	}
}

int compensation_init(struct compensation *c, const double *covariance,
		      int length, struct arena *a)
{
	size_t n = (size_t)length;
	double *h = arena_array(a, n * n, sizeof(*h)), mean;

	*c = (struct compensation){ .length = length };
	c->order = arena_array(a, n, sizeof(*c->order));
	c->u = arena_array(a, n * n, sizeof(*c->u));
	if (!h || !c->order || !c->u ||
	    order_inputs(covariance, length, c->order, &mean))
		return -1;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n; k++)
			h[i * n + k] = covariance[(size_t)c->order[i] * n +
						  (size_t)c->order[k]] +
				       (i == k ? DAMPING * mean + 1e-6 : 0);
	factor(h, length);
	invert(h, length, c->u);
	return 0;
}

void compensation_aim(const struct compensation *c, const double *missing,
		      double *w, double *rest)
{
	size_t n = (size_t)c->length;
	double *t = rest, *y = rest + n;

	for (size_t k = 0; k < n; k++)
		y[k] = 0;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n; k++)
			y[k] += w[i] * missing[i * n + k];
	for (size_t k = 0; k < n; k++)
		t[k] = y[c->order[k]];
	/* u t, then u' of that */
	for (size_t i = 0; i < n; i++) {
		const double *u = c->u + i * n;
		double sum = 0;

		for (size_t k = i; k < n; k++)
			sum += u[k] * t[k];
		y[i] = sum;
	}
	for (size_t k = 0; k < n; k++)
		t[k] = 0;
	for (size_t i = 0; i < n; i++) {
		const double *u = c->u + i * n;

		for (size_t k = i; k < n; k++)
			t[k] += u[k] * y[i];
	}
	for (size_t k = 0; k < n; k++)
		w[c->order[k]] += t[k];
}

double compensate(const struct compensation *c, const double *w, double *rest,
		  round_fn *round, const void *ctx, int8_t *codes)
{
	double loss = 0;

	for (int j = 0; j < c->length; j++)
		rest[j] = w[c->order[j]];
	for (int j = 0; j < c->length; j++) {
		const double *u = c->u + (size_t)j * (size_t)c->length;
		double weight = 1 / (u[j] * u[j]), level, error;

		codes[c->order[j]] =
			(int8_t)round(ctx, rest[j], weight, &level);
		error = (rest[j] - level) / u[j];
		loss += error * error;
		for (int k = j + 1; k < c->length; k++)
			rest[k] -= error * u[k];
	}
	return loss;
}
