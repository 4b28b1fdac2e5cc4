/* SPDX-License-Identifier: Apache-2.0 */
/* Scales of weights: by least squared error, and cheap to write. */
#include "quantizer/weights/weight_scale.h"

#define CLIP_STEPS 48 /* fractions of the largest weight that are tried */
#define SCALE_MIN 1e-35
#define RATIO_MIN 1e-30
#define RATIO_MAX 1e30

double weight_scale_error(const double *w, int64_t n, double scale,
			  const struct code_grid *grid)
{
	double error = 0, inverse = 1 / scale;

	for (int64_t i = 0; i < n; i++) {
		double e =
			w[i] -
			scale * grid_level(grid_nearest(w[i] * inverse, grid),
					   grid);

		error += e * e;
	}
	return error;
}

double weight_scale_best(const double *w, int64_t n,
			 const struct code_grid *grid, double *error)
{
	double top = 0, best = 0, reach = grid_level(grid->high, grid);

	for (int64_t i = 0; i < n; i++) {
		double a = w[i] < 0 ? -w[i] : w[i];

		top = a > top ? a : top;
	}
	*error = 0;
	if (!(top > 0))
		return 0;
	for (int i = CLIP_STEPS; i >= 1; i--) {
		double scale = (double)(float)(top * i / CLIP_STEPS / reach);
		double e;

		if (!(scale > SCALE_MIN))
			break;
		e = weight_scale_error(w, n, scale, grid);
		if (best <= 0 || e < *error) {
			*error = e;
			best = scale;
		}
	}
	return best;
}

/*
 * The multiplier of the device (weight scale times input scale over output
 * scale) is about 2^(k/8), with a low byte of 0. Such multipliers cost next to
 * nothing in a coded file, and are no farther apart than the search looks.
 */
static const int mantissas[] = { 128, 140, 152, 166, 181, 197, 215, 235 };
#define MANTISSAS ((int)(sizeof(mantissas) / sizeof(*mantissas)))

/* Real value of one code of the output; 1 where it is float. */
static double output_unit(const struct weighted_layer *l, int64_t c)
{
	const struct quant *q = l->node->outputs[0]->quant;

	return !q ? 1 : (double)q->scale[q->channels > 1 ? c * l->every : 0];
}

double weight_scale_near(const struct weighted_layer *l, int64_t c,
			 double scale, int steps, bool coarse)
{
	double unit = output_unit(l, c) / l->unit, ratio = scale / unit;
	double octave = 1.0 / 128;
	int k = 0;

	if (!(ratio > RATIO_MIN) || ratio > RATIO_MAX)
		return scale;
	while (ratio < octave * 128)
		octave /= 2;
	while (ratio >= octave * 256)
		octave *= 2;
	while (k + 1 < MANTISSAS && ratio >= octave * mantissas[k + 1])
		k++;
	if (coarse)
		k = (k + MANTISSAS / 4) / (MANTISSAS / 2) * (MANTISSAS / 2);
	for (k += steps; k < 0; k += MANTISSAS)
		octave /= 2;
	for (; k >= MANTISSAS; k -= MANTISSAS)
		octave *= 2;
	return (double)(float)(octave * mantissas[k] * unit);
}
