/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In blocks, so that matrix products do most of the work (Golub & Van Loan,
 * Matrix Computations, sections 4.2.5 and 3.1.6). A block on the diagonal is
 * inverted as soon as it is factored: no later step reads the factor itself.
 */
#include "evaluator/cholesky.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "evaluator/gemm.h"

#define BLOCK 48

struct blocked {
	double *h;
	int64_t n;
	double *copy; /* [n][BLOCK], or [BLOCK][n] */
	struct diag *d;
};

static int64_t smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* The block on the diagonal, w x w, becomes its factor L. */
static int factor_block(double *a, int64_t w, int64_t stride)
{
	for (int64_t i = 0; i < w; i++)
		for (int64_t j = 0; j <= i; j++) {
			double sum = a[i * stride + j];

			for (int64_t k = 0; k < j; k++)
				sum -= a[i * stride + k] * a[j * stride + k];
			if (i != j) {
				a[i * stride + j] = sum / a[j * stride + j];
				continue;
			}
			if (!(sum > 0) || isinf(sum))
				return -1;
			a[i * stride + i] = sqrt(sum);
		}
	return 0;
}

/* L, lower triangular, becomes L^-1, with zeros above it. */
static void invert_block(double *a, int64_t w, int64_t stride)
{
	for (int64_t i = 0; i < w; i++) {
		double *row = a + i * stride, pivot = 1 / row[i];

		/* row[k] of L is read up to the column that is written */
		for (int64_t j = 0; j < i; j++) {
			double sum = 0;

			for (int64_t k = j; k < i; k++)
				sum += row[k] * a[k * stride + j];
			row[j] = -sum * pivot;
		}
		row[i] = pivot;
		for (int64_t j = i + 1; j < w; j++)
			row[j] = 0;
	}
}

/* Columns [at, at + w) of L, but for the block on the diagonal, that of its
 * inverse. */
static int factor_columns(const struct blocked *b, int64_t at, int64_t w)
{
	int64_t n = b->n, below = n - at - w;
	double *block = b->h + at * n + at, *panel = block + w * n;

	if (gemm_f64(false, true, n - at, w, at, -1, b->h + at * n, n,
		     b->h + at * n, n, 1, block, n, b->d))
		return -1;
	if (factor_block(block, w, n))
		return diag_error(b->d,
				  "a matrix of %d rows has no Cholesky factor",
				  (int)n);
	invert_block(block, w, n);
	for (int64_t i = 0; i < below; i++)
		memcpy(b->copy + i * w, panel + i * n,
		       (size_t)w * sizeof(*panel));
	return gemm_f64(false, true, below, w, w, 1, b->copy, w, block, n, 0,
			panel, n, b->d);
}

/* Rows [at, at + w) of L^-1: -L_ii^-1 times (the row of L times the rows of
 * L^-1 above). */
static int invert_rows(const struct blocked *b, int64_t at, int64_t w)
{
	int64_t n = b->n;
	double *row = b->h + at * n;

	for (int64_t j = 0; j < at; j += BLOCK)
		if (gemm_f64(false, false, w, smaller(BLOCK, at - j), at - j, 1,
			     row + j, n, b->h + j * n + j, n, 0, b->copy + j,
			     at, b->d))
			return -1;
	if (gemm_f64(false, false, w, at, w, -1, row + at, n, b->copy, at, 0,
		     row, n, b->d))
		return -1;
	for (int64_t i = 0; i < w; i++)
		for (int64_t j = at + w; j < n; j++)
			row[i * n + j] = 0;
	return 0;
}

int cholesky_inverse(double *h, int n, struct diag *d)
{
	struct blocked b = { .h = h, .n = n, .d = d };
	int err = 0;

	b.copy = malloc((size_t)n * BLOCK * sizeof(*b.copy) + 1);
	if (!b.copy)
		return diag_error(d, "out of memory");
	for (int64_t i = 0; !err && i < n; i += BLOCK)
		err = factor_columns(&b, i, smaller(BLOCK, n - i));
	for (int64_t i = 0; !err && i < n; i += BLOCK)
		err = invert_rows(&b, i, smaller(BLOCK, n - i));
	free(b.copy);
	return err;
}
