/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_EVALUATOR_SIMD_H
#define DBC_EVALUATOR_SIMD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/diag.h"

/*
 * Inner loops of the evaluator, one row for each instruction set of the host.
 * All rows are one source (row.inc), in vectors of different widths. Lanes are
 * different outputs: every output is computed by the same operations in the
 * same order, a multiplication and then an addition (no FMA), so that all rows
 * give the same bits (but for the payload of a NaN).
 */

#define TILE_ROWS_MAX 12

/*
 * A tile of a matrix product, rows x columns:
 *   c[r][j] = start[r][j] + sum over t, then p, of
 *             a[t * tile_rows + r][p * a_step] * b[(t * k + p) * b_step + j]
 * one product after another. Strides are in elements. A row of b that is not
 * the last one of its matrix holds whole vectors; see `vectors`.
 */
struct simd_tile {
	const void *const *a;
	int64_t taps, k, a_step;
	const void *b;
	int64_t b_step;
	const void *start; /* may be c */
	int64_t start_step;
	void *c;
	int64_t c_step;
	int rows;    /* 1 to tile_rows */
	int columns; /* 1 to 2 vectors; b is read to the end of a vector */
};

typedef void simd_tile_fn(const struct simd_tile *t);

struct simd_row {
	const char *name;
	int tile_rows;
	int vector_bytes;
	simd_tile_fn *tile_f32, *tile_f64;
};

extern const struct simd_row simd_base, simd_avx2, simd_avx512;

/* The row in use: the widest that the processor has, or the one that the
 * environment variable DBCONVERT_SIMD names. */
const struct simd_row *simd(void);
/* -1 with a diagnostic if that variable names no row, or one that this
 * processor does not have; simd() is simd_base then. */
int simd_check(struct diag *d);
/* The rows that this processor has, the best first; NULL behind the last. */
const struct simd_row *const *simd_rows(void);
/* For tests and measurements, while no other thread computes. */
void simd_use(const struct simd_row *row);

#endif
