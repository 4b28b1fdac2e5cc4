/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "evaluator/gemm.h"

/* One row at a time; each sum in order of increasing k. */
int gemm_f32_exact(bool trans_a, bool trans_b, int64_t m, int64_t n, int64_t k,
		   float alpha, const float *a, int64_t lda, const float *b,
		   int64_t ldb, float beta, float *c, int64_t ldc,
		   struct diag *d)
{
	int64_t a_row = trans_a ? 1 : lda, a_step = trans_a ? lda : 1;
	int64_t b_row = trans_b ? 1 : ldb, b_step = trans_b ? ldb : 1;
	double *sum = malloc((size_t)n * sizeof(*sum) + 1);

	if (!sum)
		return diag_error(d, "out of memory");
	for (int64_t i = 0; i < m; i++) {
		for (int64_t j = 0; j < n; j++)
			sum[j] = 0;
		for (int64_t p = 0; p < k; p++) {
			double v = (double)a[i * a_row + p * a_step];
			const float *row = b + p * b_row;

			for (int64_t j = 0; j < n; j++)
				sum[j] += v * (double)row[j * b_step];
		}
		for (int64_t j = 0; j < n; j++) {
			float *to = &c[i * ldc + j];
			double old = beta != 0 ? (double)beta * (double)*to : 0;

			*to = (float)((double)alpha * sum[j] + old);
		}
	}
	free(sum);
	return 0;
}
