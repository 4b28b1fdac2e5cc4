/* SPDX-License-Identifier: Apache-2.0 */
/* Rounding to codes and back, as trained models carry it. */
#include <math.h>
#include <string.h>

#include "evaluator/internal.h"

/* Which scale element i has: one for all, one a channel, one a block. */
struct scales {
	int64_t outer_step, dim, inner, block, blocks;
	bool single;
};

static struct scales scales_of(const struct eval *e)
{
	const struct shape *x = eval_in(e, 0), *s = eval_in(e, 1);
	struct scales q = { .single = shape_elements(s) == 1 };
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

static int64_t scale_at(const struct scales *q, int64_t i)
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
	struct scales q = scales_of(e);
	enum dtype from = e->n->inputs[0]->dtype;
	enum dtype to = e->n->outputs[0]->dtype;
	double low = to == DT_I8 ? -128 : 0, high = to == DT_I8 ? 127 : 255;
	int64_t bits = node_int(e->n, "bits", 8), n = eval_count(e);

	if (bits < 8) {
		low = to == DT_I8 ? -(double)(1 << (bits - 1)) : 0;
		high = to == DT_I8 ? (double)(1 << (bits - 1)) - 1 :
				     (double)(1 << bits) - 1;
	}
	for (int64_t i = 0; i < n; i++) {
		int64_t s = scale_at(&q, i);
		double x = element_double(from, e->in[0], i);
		double y = rint((double)(float)(x / (double)((const float *)
							e->in[1])[s]));

		if (eval_has(e, 2))
			y += (double)eval_index(e, 2, s);
		y = y < low ? low : y > high ? high : y;
		element_store_int(to, e->out[0], i, y == y ? (int64_t)y : 0);
	}
	return 0;
}

int eval_dequantize(const struct eval *e)
{
	struct scales q = scales_of(e);
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

static double round_by(const char *mode, double x)
{
	if (!strcmp(mode, "FLOOR"))
		return floor(x);
	if (!strcmp(mode, "CEIL"))
		return ceil(x);
	if (!strcmp(mode, "ROUND_TO_ZERO"))
		return trunc(x);
	return rint(x);
}

/* QONNX Quant: (clamp(round(x / scale + zero)) - zero) * scale. */
int eval_quant(const struct eval *e)
{
	const struct shape *shapes[3] = { eval_in(e, 0), eval_in(e, 1),
					  eval_in(e, 2) };
	const char *mode = node_string(e->n, "rounding_mode", "ROUND");
	bool is_signed = node_int(e->n, "signed", 1) != 0;
	bool narrow = node_int(e->n, "narrow", 0) != 0;
	double levels = 1, low, high;
	float *y = e->out[0];
	struct broadcast w;

	for (int i = 0; i < (int)*(const float *)e->in[3]; i++)
		levels *= 2;
	low = is_signed ? -levels / 2 + narrow : 0;
	high = is_signed ? levels / 2 - 1 : levels - 1 - narrow;
	broadcast_begin(&w, eval_out(e, 0), shapes, 3);
	while (broadcast_next(&w))
		for (int64_t i = 0; i < w.row; i++) {
			double v[3], q;

			for (int k = 0; k < 3; k++)
				v[k] = (double)((const float *)
						e->in[k])[w.at[k] +
							  i * w.step[k]];
			q = v[0] / v[1] + v[2];
			q = q < low ? low : q > high ? high : q;
			*y++ = (float)((round_by(mode, q) - v[2]) * v[1]);
		}
	return 0;
}
