/* SPDX-License-Identifier: Apache-2.0 */
#include "quantizer/grid.h"

#include "evaluator/detmath.h"

struct grid grid_of(int bits, enum quant_grid kind)
{
	struct grid g = { .kind = kind,
			  .low = -(1 << (bits - 1)),
			  .high = (1 << (bits - 1)) - 1 };

	if (bits == 8)
		g.low = -127;
	return g;
}

int grid_code(double x, double weight, const struct grid *grid)
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

static void count_codes(const int8_t *codes, int64_t n, double counts[256])
{
	for (int i = 0; i < 256; i++)
		counts[i] = 0;
	for (int64_t i = 0; i < n; i++)
		counts[codes[i] + 128]++;
}

double grid_entropy(const int8_t *codes, int64_t n)
{
	double counts[256], bits = 0;

	count_codes(codes, n, counts);
	for (int i = 0; i < 256; i++)
		if (counts[i] > 0)
			bits += counts[i] * log2_of((double)n / counts[i]);
	return bits;
}

void grid_rates(const int8_t *codes, int64_t n, double rates[256])
{
	double counts[256];

	count_codes(codes, n, counts);
	for (int i = 0; i < 256; i++)
		rates[i] = log2_of(((double)n + 8) / (counts[i] + 8.0 / 256));
}
