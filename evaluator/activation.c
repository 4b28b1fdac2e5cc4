/* SPDX-License-Identifier: Apache-2.0 */
#include "evaluator/activation.h"

#include <assert.h>

#include "evaluator/detmath.h"
#include "evaluator/simd/simd.h"

/* The activations that have no loop in activation_apply_f32(). */
static double activate_double(const struct activation *act, double x)
{
	double y;

	switch (act->kind) {
	case ACT_GELU:
		return x * 0.5 * (1 + det_erf(x * 0.70710678118654752440));
	case ACT_MISH:
		y = x > 30 ? x : det_log1p(det_exp(x));
		return x * det_tanh(y);
	default:
		assert(!"an activation of one number");
		return x;
	}
}

/* Computes on arrays; false: there is none for it. */
static bool activate_array(const struct activation *act, float *y, int64_t n)
{
	static const struct {
		bool has;
		enum simd_function f;
	} functions[] = {
		[ACT_SILU] = { true, SIMD_SWISH },
		[ACT_HARD_SWISH] = { true, SIMD_HARD_SWISH },
		[ACT_SIGMOID] = { true, SIMD_SIGMOID },
		[ACT_HARD_SIGMOID] = { true, SIMD_HARD_SIGMOID },
		[ACT_TANH] = { true, SIMD_TANH },
		[ACT_ELU] = { true, SIMD_ELU },
	};
	double a = act->kind == ACT_SILU ? 1 : (double)act->a;

	if ((size_t)act->kind >= sizeof(functions) / sizeof(*functions) ||
	    !functions[act->kind].has)
		return false;
	simd()->map[functions[act->kind].f](y, y, n, a, (double)act->b);
	return true;
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
		if (activate_array(act, y, n))
			return;
		for (int64_t i = 0; i < n; i++)
			y[i] = (float)activate_double(act, (double)y[i]);
	}
}
