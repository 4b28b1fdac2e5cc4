/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_EVALUATOR_GRADIENT_CONV_H
#define DBC_EVALUATOR_GRADIENT_CONV_H

#include "evaluator/gradient_internal.h"

/* Conv in layout NHWC with batch 1. */
gradient_fn gradient_conv;
/* Gemm with transB = 1 and transA = 0: y = x w' + b. */
gradient_fn gradient_gemm;

#endif
