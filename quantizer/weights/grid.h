/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_QUANTIZER_WEIGHTS_GRID_H
#define DBC_QUANTIZER_WEIGHTS_GRID_H

#include <stdbool.h>
#include <stdint.h>

#include "ir/graph.h"

/* A set of codes: their levels in steps, and the bits that each costs. */
struct code_grid {
	enum quant_grid kind;
	int low, high;  /* codes */
	bool dependent; /* trellis-coded: levels by schemas/dbp_trellis.h */
	int survivors;  /* paths per state that the trellis search keeps */
	const double *rates; /* bits, by set of levels and code: see
			      * grid_rates(); NULL: bits are free */
	double price;        /* of a bit, in squared steps of the output */
};
#define GRID_RATES 512
#define GRID_MOST_SURVIVORS 8

struct code_grid grid_of(int bits, enum quant_grid kind);

/* Rounds half away from zero, then into the grid's codes. */
static inline int grid_nearest(double x, const struct code_grid *grid)
{
	if (grid->kind == GRID_HALF)
		x -= 0.5; /* level (2q + 1) / 2 */
	if (x <= grid->low)
		return grid->low;
	if (x >= grid->high)
		return grid->high;
	return (int)(x < 0 ? x - 0.5 : x + 0.5);
}

static inline double grid_level(int code, const struct code_grid *grid)
{
	return grid->kind == GRID_HALF ? code + 0.5 : code;
}

/* The code of least cost, weight * error^2 + price * bits, among the nearest
 * code, its neighbour towards zero, and zero. Without rates, the nearest. */
int grid_code(double x, double weight, const struct code_grid *grid);

/* Frequencies of codes. Rows of codes are counted in the order of the file. */
struct grid_counts {
	double count[2][256]; /* by set of levels, and code + 128 */
};
void grid_count(struct grid_counts *k, bool dependent, const int8_t *row,
		int64_t n);
/* Bits of all codes, by their own frequencies (empirical entropy). */
double grid_entropy(const struct grid_counts *k);
/* Bits of each code: rates[256 * set + code + 128]. */
void grid_rates(const struct grid_counts *k, double rates[GRID_RATES]);

/*
 * The price of a bit, in squared steps: ln 2 / 6. At high rate the squared
 * error of a uniform quantizer is D = step^2 / 12, and one bit more halves the
 * step: -dD/dR = 2 ln 2 D (Gish and Pierce 1968; Sullivan 1996).
 */
#define GRID_BIT_PRICE 0.11552453009332421
/* With dependent codes, whose sets of levels have two such steps: four times
 * that, less 1 dB. */
#define GRID_DEPENDENT_PRICE (3.2 * GRID_BIT_PRICE)

#endif
