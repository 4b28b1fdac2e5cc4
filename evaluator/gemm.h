/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_EVALUATOR_GEMM_H
#define DBC_EVALUATOR_GEMM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/diag.h"

/*
 * C = beta * C + (alpha * op(A)) op(B), row-major, as sgemm of the BLAS; op(A)
 * is m x k. lda, ldb and ldc are in elements. The products of an element of C
 * are added to it one after another, in order of increasing k, each rounded
 * before: the same bits on every machine, see simd/simd.h. gemm_f32_exact()
 * sums in double. 0, or -1 with a diagnostic.
 */
typedef int gemm_f32_fn(bool trans_a, bool trans_b, int64_t m, int64_t n,
			int64_t k, float alpha, const float *a, int64_t lda,
			const float *b, int64_t ldb, float beta, float *c,
			int64_t ldc, struct diag *d);
gemm_f32_fn gemm_f32, gemm_f32_exact;

/* The same in double. */
int gemm_f64(bool trans_a, bool trans_b, int64_t m, int64_t n, int64_t k,
	     double alpha, const double *a, int64_t lda, const double *b,
	     int64_t ldb, double beta, double *c, int64_t ldc, struct diag *d);

#endif
