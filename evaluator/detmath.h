/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_EVALUATOR_DETMATH_H
#define DBC_EVALUATOR_DETMATH_H

/*
 * Elementary functions in double that use only IEEE addition, multiplication,
 * division and square root: the same bits on every machine and with every
 * compiler, which libm does not guarantee. Errors are under 3 ulp of double
 * except where stated. NaN and infinities as in C99 Annex F.
 */
double det_exp(double x);
double det_log(double x);
double det_pow(double x, double y);
double det_tanh(double x);
double det_erf(double x); /* absolute error under 1e-12 */
double det_log1p(double x);
double det_sigmoid(double x); /* 1 / (1 + exp(-x)), no overflow */
double det_sqrt(double x);    /* correctly rounded */

#endif
