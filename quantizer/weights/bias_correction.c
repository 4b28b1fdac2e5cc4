/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bias correction (Nagel et al. 2019, arXiv 1906.04721, section 4.2): the bias
 * compensates for the shift that quantization causes in the mean of the output,
 * from observed means of the input (their "empirical" variant).
 */
#include "quantizer/weights/bias_correction.h"

#include <math.h>

#define GRAIN_ERROR_MAX 1e30

/* Mean of the input that weight i of channel c multiplies, in codes. */
static double input_mean(const struct rounding_target *m, int64_t c, int64_t i,
			 bool quantized)
{
	const struct weighted_layer *l = m->l;
	int64_t from;

	if (m->inputs) {
		const double *mean = quantized ? m->inputs->mean_quantized :
						 m->inputs->mean;

		return mean[layer_group(l, c) * l->length + i];
	}
	from = layer_input_channel(l, c, i);
	return channel_means_at(m->means, from) / layer_channel_ratio(l, from) /
	       l->unit;
}

/*
 * Rounds a bias to the digits that are worth their bytes. The rounding may cost
 * as much as that of one weight of the channel: the grain is at most
 * sqrt(12 * loss / weights), and the accumulator's unit times a power of two.
 */
struct bias_rounding {
	const struct rounding_target *t;
	struct weight_format f;
	const double *loss;
	const struct rounded_layer *out;
};

static double round_bias(const struct bias_rounding *r, int64_t c, double bias)
{
	const struct weighted_layer *l = r->t->l;
	double grain = (double)r->out->scale[c] * l->unit;
	double importance = l->importance ? l->importance[c] : 1;
	double most = 12 * r->loss[c] / importance / (double)l->length;

	if (!(grain > 0) || !(importance > 0) || !(most < GRAIN_ERROR_MAX) ||
	    !r->t->inputs || (r->f.bits == 8 && !(r->f.step > 0)) ||
	    4 * grain * grain > most)
		return bias;
	while (4 * grain * grain <= most)
		grain *= 2;
	return rint(bias / grain) * grain;
}

static double bias_shift(const struct rounding_target *t,
			 const struct rounded_layer *out, int64_t c)
{
	const struct weighted_layer *l = t->l;
	double shift = 0;

	for (int64_t i = 0; i < l->length; i++) {
		int64_t k = layer_at(l, c, i);

		shift += rounded_layer_weight(out, c, k) *
				 input_mean(t, c, i, true) -
			 (double)l->data[k] * input_mean(t, c, i, false);
	}
	return shift;
}

int bias_correct(const struct rounding_target *t, struct weight_format f,
		 const double *loss, struct rounded_layer *out, struct arena *a)
{
	const struct weighted_layer *l = t->l;
	const struct channel_means *means = t->means;
	const struct bias_rounding r = { t, f, loss, out };
	bool known = t->inputs || (means && means->sum && means->samples);

	if (!known || !(l->settings->methods & METHOD_BIAS) ||
	    l->node->op == OP_CONV_TRANSPOSE || !value_is_const(l->bias) ||
	    l->bias->dtype != DT_F32 ||
	    shape_elements(&l->bias->shape) != l->channels)
		return 0;
	out->bias = arena_array(a, (size_t)l->channels, sizeof(float));
	if (!out->bias)
		return -1;
	for (int64_t c = 0; c < l->channels; c++) {
		double bias = (double)((const float *)l->bias->data)[c];

		out->bias[c] = (float)round_bias(
			&r, c, bias - bias_shift(t, out, c) * l->unit);
	}
	return 0;
}
