/* SPDX-License-Identifier: Apache-2.0 */
#define REAL float
#define GEMM gemm_f32
#define TILE tile_f32

#include "evaluator/gemm.inc"
