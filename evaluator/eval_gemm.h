/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_EVALUATOR_EVAL_GEMM_H
#define DBC_EVALUATOR_EVAL_GEMM_H

#include "evaluator/blas.h"
#include "evaluator/eval.h"

/*
 * blas_gemm, or blas_gemm_exact if input 0 comes from a DequantizeLinear.
 * Such inputs are codes times a scale, and a QuantizeLinear behind the node
 * rounds the sums again: with float sums, the order of summation would decide
 * near ties.
 */
gemm_fn *eval_gemm_for(const struct eval *e);

#endif
