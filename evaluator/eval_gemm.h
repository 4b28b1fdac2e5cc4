/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_EVALUATOR_EVAL_GEMM_H
#define DBC_EVALUATOR_EVAL_GEMM_H

#include "evaluator/gemm.h"
#include "evaluator/eval.h"

/*
 * gemm_f32, or gemm_f32_exact if input 0 comes from a DequantizeLinear or
 * Quant. Such inputs are codes times a scale, and a QuantizeLinear behind the
 * node rounds the sums again: with float sums, the order of summation would
 * decide near ties.
 */
gemm_f32_fn *eval_gemm_for(const struct eval *e);

#endif
