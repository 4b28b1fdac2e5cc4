/* SPDX-License-Identifier: Apache-2.0 */
#include "quantizer/weights/grid.h"

#include "evaluator/detmath.h"
#include "schemas/dbp_trellis.h"

struct code_grid grid_of(int bits, enum quant_grid kind)
{
	struct code_grid g = { .kind = kind,
			       .low = -(1 << (bits - 1)),
			       .high = (1 << (bits - 1)) - 1 };

	if (bits == 8)
		g.low = -127;
	return g;
}

int grid_code(double x, double weight, const struct code_grid *grid)
{
	int nearest = grid_nearest(x, grid), best = nearest;
	int list[3] = { nearest,
			nearest > 0 ? nearest - 1 :
			nearest < 0 ? nearest + 1 :
				      0,
			0 };
	double least = -1;

	if (!grid->rates)
		return nearest;
	for (int i = 0; i < 3; i++) {
		double e = x - list[i];
		double cost = e * e * weight +
			      grid->price * grid->rates[list[i] + 128];

		if (least < 0 || cost < least) {
			least = cost;
			best = list[i];
		}
	}
	return best;
}

static double log2_of(double x)
{
	return det_log(x) * 1.4426950408889634;
}

void grid_count(struct grid_counts *k, bool dependent, const int8_t *row,
		int64_t n)
{
	uint32_t state = 0, next = 0;

	for (int64_t i = 0; i < n; i++, state = next) {
		int code = row[i];

		if (dependent) {
			uint32_t size = dbp_trellis_size(
				state, (uint32_t)(code < 0 ? -code : code));

			code = code < 0 ? -(int)size : (int)size;
			next = dbp_trellis_next(state, size);
		}
		k->count[state & 1][code + 128]++;
	}
}

static double count_of(const double counts[256])
{
	double sum = 0;

	for (int i = 0; i < 256; i++)
		sum += counts[i];
	return sum;
}

double grid_entropy(const struct grid_counts *k)
{
	double bits = 0;

	for (int set = 0; set < 2; set++) {
		const double *counts = k->count[set];
		double n = count_of(counts);

		for (int i = 0; i < 256; i++)
			if (counts[i] > 0)
				bits += counts[i] * log2_of(n / counts[i]);
	}
	return bits;
}

void grid_rates(const struct grid_counts *k, double rates[GRID_RATES])
{
	for (int set = 0; set < 2; set++) {
		const double *counts = k->count[set];
		double n = count_of(counts);

		for (int i = 0; i < 256; i++)
			rates[256 * set + i] =
				log2_of((n + 8) / (counts[i] + 8.0 / 256));
	}
}
