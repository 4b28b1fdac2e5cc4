/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_EVALUATOR_CHOLESKY_H
#define DBC_EVALUATOR_CHOLESKY_H

#include "base/diag.h"

/*
 * For h, n x n, symmetric and positive definite, with the Cholesky
 * factorization h = L L': writes L^-1 to the lower triangle of h and 0 above
 * it. Only the lower triangle is read. The same bits on every machine. -1 with
 * a diagnostic if h is not positive definite.
 */
int cholesky_inverse(double *h, int n, struct diag *d);

#endif
