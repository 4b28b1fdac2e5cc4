/* SPDX-License-Identifier: Apache-2.0 */
#define REAL double
#define GEMM gemm_f64
#define TILE tile_f64

#include "evaluator/gemm.inc"
