/* SPDX-License-Identifier: Apache-2.0 */
#ifdef __x86_64__

#define ROW __attribute__((target("avx2")))
#define ROW_SYMBOL simd_avx2
#define ROW_NAME "avx2"
#define VECTOR_BYTES 32
#define TILE_ROWS 6

#include "evaluator/simd/row.inc"

#endif
