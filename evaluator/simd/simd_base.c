/* SPDX-License-Identifier: Apache-2.0 */
/* What every processor of the host's kind has: SSE2 on x86-64, NEON on arm64.
 * Compilers make plain code of the vectors where there is neither. */
#define ROW
#define ROW_SYMBOL simd_base
#define VECTOR_BYTES 16

#ifdef __x86_64__
#define ROW_NAME "sse2"
#define TILE_ROWS 4
#elif defined(__aarch64__)
#define ROW_NAME "neon"
#define TILE_ROWS 8
#else
#define ROW_NAME "base"
#define TILE_ROWS 4
#endif

#include "evaluator/simd/row.inc"
