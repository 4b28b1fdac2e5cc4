/* SPDX-License-Identifier: Apache-2.0 */
#include "quantizer/simulate/fake_quantize.h"

void fake_quantize(const struct quant *q, float *x, int64_t n)
{
	int half = 1 << (q->bits - 1);
	int low = -half - q->zero_point[0], high = half - 1 - q->zero_point[0];

	for (int64_t i = 0; i < n; i += q->channels)
		for (int c = 0; c < q->channels; c++) {
			double scale = q->scale[c];
			double r = (double)x[i + c] / scale + 0.5;
			int code;

			code = !(r > low) ? low : r >= high ? high : (int)r;
			code -= code > low && (double)code > r;
			x[i + c] = (float)(scale * code);
		}
}
