/* SPDX-License-Identifier: Apache-2.0 */
/* Products of floats, summed in double: by blocks of columns through
 * gemm_f64(), which adds them in order of increasing k. */
#include <stdlib.h>

#include "evaluator/gemm.h"

#define COLUMNS 512 /* of a block */

/* op(A) or columns of op(B) as doubles, row by row. */
static void widen(const float *from, int64_t row_step, int64_t step,
		  int64_t rows, int64_t columns, double *to)
{
	for (int64_t i = 0; i < rows; i++)
		for (int64_t j = 0; j < columns; j++)
			*to++ = (double)from[i * row_step + j * step];
}

static void narrow(const double *sums, int64_t rows, int64_t columns,
		   float alpha, float beta, float *c, int64_t ldc)
{
	for (int64_t i = 0; i < rows; i++, c += ldc)
		for (int64_t j = 0; j < columns; j++) {
			double old = beta != 0 ? (double)beta * (double)c[j] :
						 0;

			c[j] = (float)((double)alpha * *sums++ + old);
		}
}

int gemm_f32_exact(bool trans_a, bool trans_b, int64_t m, int64_t n, int64_t k,
		   float alpha, const float *a, int64_t lda, const float *b,
		   int64_t ldb, float beta, float *c, int64_t ldc,
		   struct diag *d)
{
	int64_t b_row = trans_b ? 1 : ldb, b_step = trans_b ? ldb : 1;
	int64_t block = n < COLUMNS ? n : COLUMNS;
	double *wide =
		calloc((size_t)(m * k + (k + m) * block) + 1, sizeof(*wide));
	double *wide_b = wide + m * k, *sums = wide_b + k * block;
	int err = 0;

	if (!wide)
		return diag_error(d, "out of memory");
	widen(a, trans_a ? 1 : lda, trans_a ? lda : 1, m, k, wide);
	for (int64_t j = 0; j < n && !err; j += block) {
		int64_t columns = n - j < block ? n - j : block;

		widen(b + j * b_step, b_row, b_step, k, columns, wide_b);
		err = gemm_f64(false, false, m, columns, k, 1, wide, k, wide_b,
			       columns, 0, sums, columns, d);
		narrow(sums, m, columns, alpha, beta, c + j, ldc);
	}
	free(wide);
	return err;
}
