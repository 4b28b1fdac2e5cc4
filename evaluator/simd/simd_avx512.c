/* SPDX-License-Identifier: Apache-2.0 */
#ifdef __x86_64__

#define ROW __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl")))
#define ROW_SYMBOL simd_avx512
#define ROW_NAME "avx512"
#define VECTOR_BYTES 64
#define TILE_ROWS 12

#include "evaluator/simd/row.inc"

#endif
