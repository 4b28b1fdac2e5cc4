/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_EVALUATOR_BLAS_H
#define DBC_EVALUATOR_BLAS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/diag.h"

/*
 * C = alpha * op(A) op(B) + beta * C, row-major, as BLAS sgemm; op(A) is m x
 * k. lda, ldb and ldc are in floats. blas_gemm() uses OpenBLAS, see blas.c:
 * equal bytes on every machine. blas_gemm_exact() sums in double. 0, or -1
 * with a diagnostic.
 */
typedef int gemm_fn(bool trans_a, bool trans_b, int64_t m, int64_t n, int64_t k,
		    float alpha, const float *a, int64_t lda, const float *b,
		    int64_t ldb, float beta, float *c, int64_t ldc,
		    struct diag *d);
gemm_fn blas_gemm, blas_gemm_exact;

/*
 * For h, n x n, symmetric and positive definite, with the Cholesky
 * factorization h = L L': writes L^-1 to the lower triangle of h and 0 above
 * it. LAPACK's dpotrf and dtrtri. -1 with a diagnostic if h is not positive
 * definite.
 */
int blas_inverse_factor(double *h, int n, struct diag *d);

#endif
