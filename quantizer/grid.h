/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_QUANTIZER_GRID_H
#define DBC_QUANTIZER_GRID_H

#include <stdint.h>

#include "ir/graph.h"

/* Codes, what they stand for in steps, and what they cost to write. */
struct grid {
	enum quant_grid kind;
	int low, high;       /* codes */
	const double *rates; /* bits by code + 128; NULL: do not count */
	double price;        /* squared steps of the output a bit */
};

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

/* Bits of all codes by their own frequencies. */
double grid_entropy(const int8_t *codes, int64_t n);
/* Bits of each code by the frequencies among n of them, by code + 128. */
void grid_rates(const int8_t *codes, int64_t n, double rates[256]);

#define GRID_BIT_PRICE                                              \
	0.11552453009332421 /* ln 2 / 6: error of a step's width is \
			     * its square over 12, half as wide     \
			     * costs a bit a weight */

#endif
