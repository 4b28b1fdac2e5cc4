/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inverse Hessian of GPTQ as a triangular factor (Frantar et al. 2022,
 * arXiv 2210.17323, section 3, "Cholesky reformulation"), and the target of
 * asymmetric calibration (Li et al. 2025, GPTAQ, arXiv 2504.02692).
 */
#include "quantizer/weights/gptq_factor.h"

#include <stdlib.h>

#include "evaluator/cholesky.h"
#include "evaluator/gemm.h"

/* More damping where patches are few: times inputs per patch. */
#define DAMPING_PER_PATCH 0.3
#define DAMPING_MIN 1e-6

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

int gptq_factor_new(struct gptq_factor *c, int length, struct arena *a)
{
	size_t n = (size_t)length;

	*c = (struct gptq_factor){ .length = length };
	c->order = arena_array(a, n, sizeof(*c->order));
	c->rows = arena_array(a, n * n, sizeof(*c->rows));
	for (int i = 0; c->order && i < length; i++)
		c->order[i] = i;
	return c->order && c->rows ? 0 : -1;
}

int gptq_factor_sort(struct gptq_factor *c, const double *covariance)
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

int gptq_factor_set(struct gptq_factor *c, const double *covariance,
		    int patches, double damping, bool alone, struct diag *d)
{
	size_t n = (size_t)c->length;
	double *h = malloc((n * n + 1) * sizeof(*h));
	int err = -1;

	damping += DAMPING_PER_PATCH * c->length / patches;
	c->damping =
		damping * mean_variance(covariance, c->length) + DAMPING_MIN;
	if (!h)
		return diag_error(d, "out of memory");
	/* in reverse order h = L L': in order, that is R R' with an upper
	 * triangular R, and u = R^-1 */
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
	if (cholesky_inverse(h, c->length, d))
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

/* y = x with the inputs in c's order, or back. */
static void permute_rows(const struct gptq_factor *c, const double *x,
			 double *y, int count, bool back)
{
	size_t n = (size_t)c->length;

	for (size_t r = 0; r < (size_t)count; r++)
		for (size_t k = 0; k < n; k++) {
			size_t at = r * n + (size_t)c->order[k];

			if (back)
				y[at] = x[r * n + k];
			else
				y[r * n + k] = x[at];
		}
}

/* u holds c's rows in double. y = w error_covariance, then y u' u. */
static int solve_target(const struct gptq_factor *c,
			const double *error_covariance, const double *u,
			const double *w, int count, double *t, double *y,
			struct diag *d)
{
	int64_t n = c->length;

	if (gemm_f64(false, false, count, n, n, 1, w, n, error_covariance, n, 0,
		     y, n, d))
		return -1;
	permute_rows(c, y, t, count, false);
	if (gemm_f64(false, true, count, n, n, 1, t, n, u, n, 0, y, n, d) ||
	    gemm_f64(false, false, count, n, n, 1, y, n, u, n, 0, t, n, d))
		return -1;
	permute_rows(c, t, y, count, true);
	return 0;
}

int gptq_asymmetric_target(const struct gptq_factor *c,
			   const double *error_covariance, double *w, int count,
			   struct diag *d)
{
	size_t n = (size_t)c->length, cells = n * (size_t)count;
	double *u = malloc((n * n + 2 * cells + 1) * sizeof(*u));
	double *t = u ? u + n * n : NULL, *y = u ? t + cells : NULL;
	int err;

	if (!u)
		return diag_error(d, "out of memory");
	for (size_t i = 0; i < n * n; i++)
		u[i] = (double)c->rows[i];
	err = solve_target(c, error_covariance, u, w, count, t, y, d);
	for (size_t i = 0; !err && i < cells; i++)
		w[i] += y[i];
	free(u);
	return err;
}
