/* SPDX-License-Identifier: Apache-2.0 */
/* QuantizeLinear and DequantizeLinear (opset 21), and Quant of QONNX. */
#include <math.h>
#include <string.h>

#include "evaluator/eval.h"
#include "evaluator/broadcast.h"
#include "evaluator/element.h"
#include "ir/code_range.h"
#include "ir/tensor.h"

/* The scale of an element: one for all, one for each channel, or one for each
 * block. */
struct quant_scales {
	int64_t outer_step, dim, inner, block, blocks;
	bool single;
};

static struct quant_scales scales_of(const struct eval *e)
{
	const struct shape *x = eval_in(e, 0), *s = eval_in(e, 1);
	struct quant_scales q = { .single = shape_elements(s) == 1 };
	int axis;

	q.block = node_int(e->n, "block_size", 0);
	if (q.single && !q.block)
		return q;
	axis = eval_axis(e, 1, x->rank);
	q.single = false;
	q.dim = x->dim[axis];
	q.inner = shape_inner(x, axis);
	q.blocks = q.block ? s->dim[axis] : 0;
	return q;
}

static int64_t scale_at(const struct quant_scales *q, int64_t i)
{
	int64_t channel;

	if (q->single)
		return 0;
	channel = i / q->inner % q->dim;
	if (!q->block)
		return channel;
	return (i / q->inner / q->dim * q->blocks + channel / q->block) *
		       q->inner +
	       i % q->inner;
}

int eval_quantize(const struct eval *e)
{
	struct quant_scales q = scales_of(e);
	enum dtype from = e->n->inputs[0]->dtype;
	enum dtype to = e->n->outputs[0]->dtype;
	const struct code_range r = quantize_code_range(e->n);
	int64_t n = eval_count(e);

	for (int64_t i = 0; i < n; i++) {
		int64_t s = scale_at(&q, i);
		double x = tensor_element(from, e->in[0], i);
		double y = rint(
			(double)(float)(x /
					(double)((const float *)e->in[1])[s]));

		if (eval_has(e, 2))
			y += (double)eval_index(e, 2, s);
		y = y < r.low ? r.low : y > r.high ? r.high : y;
		element_store_int(to, e->out[0], i, y == y ? (int64_t)y : 0);
	}
	return 0;
}

int eval_dequantize(const struct eval *e)
{
	struct quant_scales q = scales_of(e);
	enum dtype from = e->n->inputs[0]->dtype;
	int64_t n = eval_count(e);
	float *y = e->out[0];

	for (int64_t i = 0; i < n; i++) {
		int64_t s = scale_at(&q, i);
		int64_t zero = eval_has(e, 2) ? eval_index(e, 2, s) : 0;
		int64_t code = element_int(from, e->in[0], i);

		y[i] = (float)((double)(code - zero) *
			       (double)((const float *)e->in[1])[s]);
	}
	return 0;
}

/* The scale that fits the range of x and 0 into 8 bits; 1 where x is 0. */
static float dynamic_scale(const float *x, int64_t n, float *low)
{
	float high = 0;

	*low = 0;
	for (int64_t i = 0; i < n; i++) {
		*low = x[i] < *low ? x[i] : *low;
		high = x[i] > high ? x[i] : high;
	}
	return high > *low ? (high - *low) / 255 : 1;
}

static float clip_to_byte(float x)
{
	return x > 0 ? x < 255 ? x : 255 : 0; /* NaN gives 0 */
}

int eval_dynamic_quantize(const struct eval *e)
{
	const float *x = e->in[0];
	int64_t n = eval_count(e);
	float low, scale = dynamic_scale(x, n, &low);
	float zero = clip_to_byte(rintf(-low / scale));
	uint8_t *y = e->out[0];

	for (int64_t i = 0; i < n; i++)
		y[i] = (uint8_t)clip_to_byte(rintf(x[i] / scale) + zero);
	if (e->n->output_count > 1 && e->out[1])
		*(float *)e->out[1] = scale;
	if (e->n->output_count > 2 && e->out[2])
		*(uint8_t *)e->out[2] = (uint8_t)zero;
	return 0;
}

typedef float rounding_fn(float x);

/* "Up" means away from zero, as in Java's RoundingMode. */
static float half_up(float x)
{
	return copysignf(floorf(fabsf(x) + 0.5f), x);
}

static float half_down(float x)
{
	return copysignf(ceilf(fabsf(x) - 0.5f), x);
}

static float up(float x)
{
	return copysignf(ceilf(fabsf(x)), x);
}

/* NULL if QONNX has no such rounding. */
static rounding_fn *rounding_of(const char *mode)
{
	static const struct {
		const char *name;
		rounding_fn *round;
	} modes[] = {
		{ "ROUND", rintf },
		{ "HALF_EVEN", rintf },
		{ "CEIL", ceilf },
		{ "FLOOR", floorf },
		{ "UP", up },
		{ "DOWN", truncf },
		{ "HALF_UP", half_up },
		{ "HALF_DOWN", half_down },
		{ "ROUND_TO_ZERO", truncf },
	};

	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++)
		if (!strcmp(mode, modes[i].name))
			return modes[i].round;
	return NULL;
}

/* QONNX Quant: (round(clamp(x / scale + zero)) - zero) * scale, in float as in
 * the reference implementation. */
int eval_quant(const struct eval *e)
{
	const struct shape *shapes[3] = { eval_in(e, 0), eval_in(e, 1),
					  eval_in(e, 2) };
	const float *x = e->in[0], *scale = e->in[1], *zero = e->in[2];
	const char *mode = node_string(e->n, "rounding_mode", "ROUND");
	const struct code_range r =
		quant_code_range(e->n, (int)*(const float *)e->in[3]);
	float low = (float)r.low, high = (float)r.high;
	rounding_fn *round = rounding_of(mode);
	float *y = e->out[0];
	struct broadcast w;

	if (!round)
		return node_error(e->d, e->n, "rounding '%s' is not supported",
				  mode);
	broadcast_begin(&w, eval_out(e, 0), shapes, 3);
	while (broadcast_next(&w))
		for (int64_t i = 0; i < w.row; i++) {
			float s = scale[w.at[1] + i * w.step[1]];
			float z = zero[w.at[2] + i * w.step[2]];
			float q = x[w.at[0] + i * w.step[0]] / s + z;

			q = q < low ? low : q > high ? high : q;
			*y++ = (round(q) - z) * s;
		}
	return 0;
}
