/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_EVALUATOR_BLAS_H
#define DBC_EVALUATOR_BLAS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/diag.h"

/*
 * C = alpha * op(A) op(B) + beta * C, row-major; op(A) is m x k. blas_gemm()
 * goes through OpenBLAS, see blas.c: equal bytes on every machine;
 * blas_gemm_exact() sums in double.
 */
typedef int gemm_fn(bool trans_a, bool trans_b, int64_t m, int64_t n, int64_t k,
		    float alpha, const float *a, int64_t lda, const float *b,
		    int64_t ldb, float beta, float *c, int64_t ldc,
		    struct diag *d);
gemm_fn blas_gemm, blas_gemm_exact;

/*
 * The inverse of the Cholesky factor: for h, n x n, symmetric and positive
 * definite, L^-1 with h = L L' takes the place of its lower triangle, 0 that
 * of the rest. LAPACK's, in double. -1 with a diagnostic where h is not
 * positive definite.
 */
int blas_inverse_factor(double *h, int n, struct diag *d);

#endif
