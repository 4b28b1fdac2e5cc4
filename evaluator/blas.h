/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_EVALUATOR_BLAS_H
#define DBC_EVALUATOR_BLAS_H

#include "base/diag.h"

/*
 * For h, n x n, symmetric and positive definite, with the Cholesky
 * factorization h = L L': writes L^-1 to the lower triangle of h and 0 above
 * it. LAPACK's dpotrf and dtrtri. -1 with a diagnostic if h is not positive
 * definite.
 */
int blas_inverse_factor(double *h, int n, struct diag *d);

#endif
