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

/*
 * Sums over some cells, channels side by side, for pixels of one row:
 *   y[p][c] = (sum over t of x[t][p * x_step + c] * weight[t][c]) + bias[c]
 */
struct simd_taps {
	const float *const *x, *const *weight; /* [taps] */
	int64_t taps, channels;
	int64_t pixels, x_step;
	const float *bias;
	float *y; /* [pixels][channels] */
};

typedef void simd_taps_fn(const struct simd_taps *t);

/* y[c] = the largest x[t][c], or a NaN; or the mean over `cells` in double. */
typedef void simd_pool_fn(const float *const *x, int64_t taps, int64_t channels,
			  int64_t cells, float *y);

/* Functions of one number, in double as those of detmath.h, rounded once. */
enum simd_function {
	SIMD_EXP,
	SIMD_SIGMOID,
	SIMD_SWISH, /* x sigmoid(a x) */
	SIMD_TANH,
	SIMD_ELU,          /* x, or a (exp(x) - 1) below 0 */
	SIMD_HARD_SIGMOID, /* a x + b, clamped to [0, 1] */
	SIMD_HARD_SWISH,   /* x (x / 6 + 0.5), the latter clamped so */
	SIMD_FUNCTIONS
};

/* y[i] = f(x[i]); y may be x. */
typedef void simd_map_fn(const float *x, float *y, int64_t n, double a,
			 double b);

/*
 * Numbers on grids, rounded half up to a code, within the codes [low, high]:
 *   x[p][c] = s (the integer below x[p][c] / s + 0.5), s = scale[c * step]
 * in double, rounded once. NaN becomes the lowest.
 */
struct simd_grids {
	float *x; /* [pixels][channels] */
	int64_t pixels, channels;
	const float *scale;
	int64_t step; /* 1, or 0: one scale for all */
	int low, high;
};

typedef void simd_grids_fn(const struct simd_grids *g);

/*
 * The two branches of each path of a trellis of dependent quantization
 * (schemas/dbp_trellis.h): the code of least cost of each parity, of those
 * around x, the next one towards zero, and zero.
 *   cost = error^2 * weight + price * rates[256 * odd + code + 128]
 */
struct simd_branches {
	const double *x;   /* [n], in steps */
	const double *odd; /* [n]: 1 in an odd state, or 0 */
	int64_t n;         /* a multiple of 8 */
	double low, high;  /* levels */
	double weight, price;
	const double *rates;
	double pivot;     /* errors are over it */
	double *cost[2];  /* [n]; infinite: there is none */
	double *error[2]; /* x less the level */
	double *level[2];
};

typedef void simd_branches_fn(const struct simd_branches *b);

/* y[i] = x[i] - u[i] * by; y may be x. */
typedef void simd_subtract_fn(const float *x, const float *u, float by,
			      int64_t n, float *y);

struct simd_row {
	const char *name;
	int tile_rows;
	int vector_bytes;
	simd_tile_fn *tile_f32, *tile_f64;
	simd_taps_fn *sum_taps;
	simd_pool_fn *pool_max, *pool_mean;
	simd_map_fn *map[SIMD_FUNCTIONS];
	simd_grids_fn *round_to_grids;
	simd_branches_fn *find_branches;
	simd_subtract_fn *subtract_product;
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
