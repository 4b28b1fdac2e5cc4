/* SPDX-License-Identifier: Apache-2.0 */
#include "quantizer/activations/channel_means.h"

#include "base/finite.h"

#define MEAN_ONE 4294967296.0 /* 2^32 */
#define MEAN_LIMIT 1e5        /* 20,000 samples do not overflow */

void channel_means_add(struct channel_means *m, const float *x, int64_t n)
{
	int64_t rows = n / m->channels;

	for (int c = 0; c < m->channels; c++) {
		double sum = 0, mean;

		for (int64_t r = 0; r < rows; r++)
			if (float_is_finite(x[r * m->channels + c]))
				sum += (double)x[r * m->channels + c];
		mean = sum / (double)rows;
		if (mean > MEAN_LIMIT)
			mean = MEAN_LIMIT;
		if (!(mean >= -MEAN_LIMIT))
			mean = -MEAN_LIMIT;
		m->sum[c] += (int64_t)(mean * MEAN_ONE);
	}
	m->samples++;
}

void channel_means_merge(struct channel_means *into,
			 const struct channel_means *from)
{
	for (int c = 0; c < into->channels; c++)
		into->sum[c] += from->sum[c];
	into->samples += from->samples;
}

double channel_means_at(const struct channel_means *m, int64_t channel)
{
	return (double)m->sum[channel] / MEAN_ONE / m->samples;
}
