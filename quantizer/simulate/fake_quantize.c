/* SPDX-License-Identifier: Apache-2.0 */
#include "quantizer/simulate/fake_quantize.h"

#include "evaluator/simd/simd.h"

void fake_quantize(const struct quant *q, float *x, int64_t n)
{
	int half = 1 << (q->bits - 1);
	bool one = q->channels == 1;
	const struct simd_grids g = {
		.x = x,
		.pixels = one ? 1 : n / q->channels,
		.channels = one ? n : q->channels,
		.scale = q->scale,
		.step = one ? 0 : 1,
		.low = -half - q->zero_point[0],
		.high = half - 1 - q->zero_point[0],
	};

	simd()->round_to_grids(&g);
}
