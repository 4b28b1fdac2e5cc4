/* SPDX-License-Identifier: Apache-2.0 */
#include "quantizer/weights/keep_trained.h"

#include <math.h>
#include <string.h>

#include "quantizer/weights/grid.h"
#include "quantizer/weights/weight_format.h"

/*
 * Codes with a zero point, which the device does not have. Numbers that do not
 * fit 8 bits are clamped, or all of the channel get a wider step, whichever
 * costs less.
 */
static void center_codes(const struct weighted_layer *l, int64_t c,
			 int32_t zero, struct rounded_layer *out)
{
	double clamped = 0, widened = 0, most = 127, step;

	for (int64_t i = 0; i < l->length; i++) {
		int code = l->trained->codes[layer_at(l, c, i)] - zero;

		most = code > most ? code : -code > most ? -code : most;
	}
	step = most / 127;
	for (int64_t i = 0; i < l->length; i++) {
		int code = l->trained->codes[layer_at(l, c, i)] - zero;
		double over = code > 127  ? code - 127 :
			      code < -128 ? -128 - code :
					    0;
		double rest = code - rint(code / step) * step;

		clamped += over * over;
		widened += rest * rest;
	}
	if (clamped <= widened)
		step = 1;
	out->scale[c] *= (float)step;
	for (int64_t i = 0; i < l->length; i++) {
		int64_t k = layer_at(l, c, i);
		double code = rint((l->trained->codes[k] - zero) / step);

		code = code < -128 ? -128 : code > 127 ? 127 : code;
		out->codes[k] = (int8_t)code;
		out->values[k] = (float)code * out->scale[c];
	}
}

int keep_trained(const struct weighted_layer *l, struct arena *a,
		 struct rounded_layer *out)
{
	const struct quant *q = l->trained;
	struct grid_counts counts = { 0 };
	size_t n = (size_t)(l->channels * l->length);

	out->scale = arena_array(a, (size_t)l->channels, sizeof(*out->scale));
	out->codes = arena_array(a, n, 1);
	out->values = arena_array(a, n, sizeof(*out->values));
	if (!out->scale || !out->codes || !out->values)
		return -1;
	for (int64_t c = 0; c < l->channels; c++)
		out->scale[c] = q->scale[q->channels > 1 ? c : 0];
	memcpy(out->codes, q->codes, n);
	memcpy(out->values, l->data, n * sizeof(*out->values));
	for (int64_t c = 0; c < l->channels; c++) {
		int32_t zero = q->zero_point[q->channels > 1 ? c : 0];

		if (zero)
			center_codes(l, c, zero, out);
	}
	out->bits = layer_tile_bits(l, q->bits);
	out->grid = GRID_UNIFORM;
	grid_count(&counts, false, out->codes, (int64_t)n);
	out->entropy_bits = grid_entropy(&counts);
	return 0;
}
