/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_QUANTIZER_WEIGHTS_GRID_H
#define DBC_QUANTIZER_WEIGHTS_GRID_H

#include <stdbool.h>
#include <stdint.h>

#include "ir/graph.h"

/* Codes, what they stand for in steps, and what they cost to write. */
struct grid {
	enum quant_grid kind;
	int low, high;       /* codes */
	bool dependent;      /* levels by schemas/dbp_trellis.h */
	int survivors;       /* of them: paths that are kept a state */
	const double *rates; /* bits by set of levels and code: see
			      * grid_rates(); NULL: do not count */
	double price;        /* squared steps of the output a bit */
};
#define GRID_RATES 512
#define GRID_MOST_SURVIVORS 8

struct grid grid_of(int bits, enum quant_grid kind);

/* Rounds half away from zero, then into the grid's codes. */
static inline int grid_nearest(double x, const struct grid *grid)
{
	if (grid->kind == GRID_HALF)
		x -= 0.5; /* level (2q + 1) / 2 */
	if (x <= grid->low)
		return grid->low;
	if (x >= grid->high)
		return grid->high;
	return (int)(x < 0 ? x - 0.5 : x + 0.5);
}

static inline double grid_level(int code, const struct grid *grid)
{
	return grid->kind == GRID_HALF ? code + 0.5 : code;
}

/* The nearest code, its neighbour on the side of zero, or zero: where an error
 * of one step costs `weight`, and there are rates. */
int grid_code(double x, double weight, const struct grid *grid);

/*
 * How often each code is there. A row of codes is taken in the order that they
 * are written in, and is dependent or is not.
 */
struct grid_counts {
	double count[2][256]; /* by set of levels, and code + 128 */
};
void grid_count(struct grid_counts *k, bool dependent, const int8_t *row,
		int64_t n);
/* Bits of all by their own frequencies. */
double grid_entropy(const struct grid_counts *k);
/* Bits of each by them: 256 times the set, + code, + 128. */
void grid_rates(const struct grid_counts *k, double rates[GRID_RATES]);

#define GRID_BIT_PRICE                                              \
	0.11552453009332421 /* ln 2 / 6: error of a step's width is \
			     * its square over 12, half as wide     \
			     * costs a bit a weight */
/* Of dependent codes: two such steps, less 1 dB. */
#define GRID_DEPENDENT_PRICE (3.2 * GRID_BIT_PRICE)

#endif
