/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rounding with error compensation (GPTQ, arXiv 2210.17323): weights of a
 * channel are rounded one after another, and what each loses is made up for
 * by those that are still free, as the inputs' covariance says. Means are left
 * out of it: the bias corrects them.
 */
#include <math.h>
#include <stdlib.h>

#include "evaluator/blas.h"
#include "quantizer/weights/gptq.h"

/* More damping where patches are few for so many inputs: times inputs a patch.
 */
#define DAMPING_FEW 0.3

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

int compensation_new(struct compensation *c, int length, struct arena *a)
{
	size_t n = (size_t)length;

	*c = (struct compensation){ .length = length };
	c->order = arena_array(a, n, sizeof(*c->order));
	c->rows = arena_array(a, n * n, sizeof(*c->rows));
	for (int i = 0; c->order && i < length; i++)
		c->order[i] = i;
	return c->order && c->rows ? 0 : -1;
}

int compensation_sort(struct compensation *c, const double *covariance)
{
	size_t n = (size_t)c->length;
	struct by_variance *list = calloc(n, sizeof(*list));

	if (!list)
		return -1;
	for (size_t i = 0; i < n; i++)
		list[i] = (struct by_variance){ covariance[i * n + i], (int)i };
	qsort(list, n, sizeof(*list), larger_first);
	for (size_t i = 0; i < n; i++)
		c->order[i] = list[i].index;
	free(list);
	return 0;
}

static double mean_variance(const double *covariance, int n)
{
	double mean = 0;

	for (int i = 0; i < n; i++)
		mean += covariance[(size_t)i * (size_t)n + (size_t)i] / n;
	return mean;
}

int compensation_set(struct compensation *c, const double *covariance,
		     int patches, double damping, bool alone, struct diag *d)
{
	size_t n = (size_t)c->length;
	double *h = malloc((n * n + 1) * sizeof(*h));
	int err = -1;

	damping += DAMPING_FEW * c->length / patches;
	c->damping = damping * mean_variance(covariance, c->length) + 1e-6;
	if (!h)
		return diag_error(d, "out of memory");
	/* From the last to the first: h = L L' there is R R' with an upper
	 * triangle R in order, and u = R^-1. */
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n; k++)
			h[i * n +
			  k] = (alone && i != k ?
					0 :
					covariance[(size_t)c->order[n - 1 - i] *
							   n +
						   (size_t)c->order[n - 1 -
								    k]]) +
			       (i == k ? c->damping : 0);
	if (blas_inverse_factor(h, c->length, d))
		goto done;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n; k++)
			c->rows[i * n + k] =
				(float)h[(n - 1 - i) * n + n - 1 - k];
	err = 0;
done:
	free(h);
	return err;
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
		const float *u = c->rows + i * n;
		double sum = 0;

		for (size_t k = i; k < n; k++)
			sum += (double)u[k] * t[k];
		y[i] = sum;
	}
	for (size_t k = 0; k < n; k++)
		t[k] = 0;
	for (size_t i = 0; i < n; i++) {
		const float *u = c->rows + i * n;

		for (size_t k = i; k < n; k++)
			t[k] += (double)u[k] * y[i];
	}
	for (size_t k = 0; k < n; k++)
		w[c->order[k]] += t[k];
}

/* Rounds columns [first, end) of one row, and spreads its errors over the rest
 * of them. */
static void round_block(const struct compensation *c, struct compensated *row,
			float *rest, int first, int end,
			const struct grid *grid, float *errors)
{
	for (int j = first; j < end; j++) {
		const float *u = c->rows + (size_t)j * (size_t)c->length;
		double pivot = (double)u[j], error;
		int code =
			grid_code((double)rest[j], 1 / (pivot * pivot), grid);

		row->codes[c->order[j]] = (int8_t)code;
		error = ((double)rest[j] - grid_level(code, grid)) / pivot;
		row->loss += error * error;
		errors[j - first] = (float)error;
		for (int k = j + 1; k < end; k++)
			rest[k] -= (float)error * u[k];
	}
}

int compensate_work_new(struct compensate_work *w, int length, int count,
			struct arena *a)
{
	w->rest = arena_array(a, (size_t)count * (size_t)length, sizeof(float));
	w->errors =
		arena_array(a, (size_t)count * COMPENSATE_BLOCK, sizeof(float));
	w->trellis = trellis_new(a);
	return w->rest && w->errors && w->trellis ? 0 : -1;
}

int compensate(const struct compensation *c, struct compensated *rows,
	       int count, const struct grid *grid,
	       const struct compensate_work *w, struct diag *d)
{
	int n = c->length;

	for (int r = 0; r < count; r++) {
		rows[r].loss = 0;
		rows[r].state = 0;
		for (int j = 0; j < n; j++)
			w->rest[r * n + j] =
				(float)(rows[r].target[c->order[j]] *
					rows[r].inverse);
	}
	for (int first = 0; first < n; first += COMPENSATE_BLOCK) {
		int end = first + COMPENSATE_BLOCK < n ?
				  first + COMPENSATE_BLOCK :
				  n;

		for (int r = 0; r < count; r++) {
			float *rest = w->rest + r * n;
			float *errors = w->errors + r * COMPENSATE_BLOCK;

			if (grid->dependent)
				trellis_block(w->trellis, c, &rows[r], rest,
					      first, end, grid, errors);
			else
				round_block(c, &rows[r], rest, first, end, grid,
					    errors);
		}
		if (end < n &&
		    blas_gemm(false, false, count, n - end, end - first, -1,
			      w->errors, COMPENSATE_BLOCK,
			      c->rows + (size_t)first * (size_t)n + end, n, 1,
			      w->rest + end, n, d))
			return -1;
	}
	return 0;
}
