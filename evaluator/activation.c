/* SPDX-License-Identifier: Apache-2.0 */
#include "evaluator/activation.h"

#include <assert.h>

#include "evaluator/detmath.h"

/* The activations that have no loop in activation_apply_f32(). */
static double activate_double(const struct activation *act, double x)
{
	double a = (double)act->a, b = (double)act->b, y;

	switch (act->kind) {
	case ACT_SILU:
		return x * det_sigmoid(x);
	case ACT_HARD_SWISH:
		y = x / 6 + 0.5;
		return x * (y < 0 ? 0 : y > 1 ? 1 : y);
	case ACT_SIGMOID:
		return det_sigmoid(x);
	case ACT_HARD_SIGMOID:
		y = a * x + b;
		return y < 0 ? 0 : y > 1 ? 1 : y;
	case ACT_TANH:
		return det_tanh(x);
	case ACT_GELU:
		return x * 0.5 * (1 + det_erf(x * 0.70710678118654752440));
	case ACT_MISH:
		y = x > 30 ? x : det_log1p(det_exp(x));
		return x * det_tanh(y);
	case ACT_ELU:
		return x < 0 ? a * (det_exp(x) - 1) : x;
	default:
		assert(!"an activation of one number");
		return x;
	}
}

void activation_apply_f32(const struct activation *act, float *y, int64_t n)
{
	float a = act->a, b = act->b;

	switch (act->kind) {
	case ACT_NONE:
		return;
	case ACT_RELU:
		for (int64_t i = 0; i < n; i++)
			y[i] = y[i] < 0 ? 0 : y[i];
		return;
	case ACT_CLIP:
		for (int64_t i = 0; i < n; i++) {
			float x = y[i] < a ? a : y[i];

			y[i] = x > b ? b : x;
		}
		return;
	case ACT_LEAKY_RELU:
		for (int64_t i = 0; i < n; i++)
			y[i] = y[i] < 0 ? a * y[i] : y[i];
		return;
	default:
		for (int64_t i = 0; i < n; i++)
			y[i] = (float)activate_double(act, (double)y[i]);
	}
}
