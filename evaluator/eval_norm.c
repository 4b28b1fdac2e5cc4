/* SPDX-License-Identifier: Apache-2.0 */
/* BatchNormalization (opset 15), InstanceNormalization (22),
 * LayerNormalization (17), LRN (13), Softmax and LogSoftmax (13). Sums are in
 * double, in the order of memory. Softmax subtracts the maximum first. */
#include <math.h>

#include "evaluator/detmath.h"
#include "evaluator/eval.h"
#include "evaluator/broadcast.h"

int eval_batch_norm(const struct eval *e)
{
	const struct shape *s = eval_in(e, 0);
	int axis = s->rank > 1 ? eval_channel_dim(e) : 0;
	int64_t channels = s->rank > 1 ? s->dim[axis] : 1;
	int64_t inner = s->rank > 1 ? shape_inner(s, axis) : shape_elements(s);
	const float *x = e->in[0], *gamma = e->in[1], *beta = e->in[2];
	const float *mean = e->in[3], *variance = e->in[4];
	double epsilon = (double)node_float(e->n, "epsilon", 1e-5f);
	int64_t n = eval_count(e), c = 0;
	float *y = e->out[0];

	for (int64_t run = 0; run < n; run += inner) {
		double slope =
			(double)gamma[c] / sqrt((double)variance[c] + epsilon);

		for (int64_t i = run; i < run + inner; i++)
			y[i] = (float)(((double)x[i] - (double)mean[c]) *
					       slope +
				       (double)beta[c]);
		c = c + 1 == channels ? 0 : c + 1;
	}
	return 0;
}

/* Mean and 1 / sqrt(variance + epsilon) of n numbers `stride` apart. */
static void moments(const float *x, int64_t n, int64_t stride, double epsilon,
		    double *mean, double *inverse)
{
	double sum = 0, squares = 0;

	for (int64_t i = 0; i < n; i++)
		sum += (double)x[i * stride];
	*mean = sum / (double)n;
	for (int64_t i = 0; i < n; i++) {
		double v = (double)x[i * stride] - *mean;

		squares += v * v;
	}
	*inverse = 1 / sqrt(squares / (double)n + epsilon);
}

int eval_instance_norm(const struct eval *e)
{
	const struct shape *s = eval_in(e, 0);
	int axis = eval_channel_dim(e);
	bool last = axis == s->rank - 1;
	int64_t channels = s->dim[axis], pixels = 1;
	const float *gamma = e->in[1], *beta = e->in[2];
	double epsilon = (double)node_float(e->n, "epsilon", 1e-5f);

	for (int i = 1; i < s->rank; i++)
		pixels *= i == axis ? 1 : s->dim[i];
	int64_t stride = last ? channels : 1, step = last ? 1 : pixels;

	for (int64_t b = 0; b < s->dim[0]; b++)
		for (int64_t c = 0; c < channels; c++) {
			int64_t at = b * channels * pixels + c * step;
			const float *x = (const float *)e->in[0] + at;
			float *y = (float *)e->out[0] + at;
			double mean, inverse;

			moments(x, pixels, stride, epsilon, &mean, &inverse);
			for (int64_t i = 0; i < pixels; i++)
				y[i * stride] =
					(float)(((double)x[i * stride] - mean) *
							inverse *
							(double)gamma[c] +
						(double)beta[c]);
		}
	return 0;
}

int eval_layer_norm(const struct eval *e)
{
	const struct shape *s = eval_in(e, 0);
	int axis = eval_axis(e, -1, s->rank);
	struct shape inner = shape_of(s->rank - axis, s->dim + axis);
	int64_t outer = shape_outer(s, axis), n = shape_elements(&inner);
	double epsilon = (double)node_float(e->n, "epsilon", 1e-5f);
	bool has_bias = eval_has(e, 2);
	const struct shape *shapes[2] = { eval_in(e, 1),
					  has_bias ? eval_in(e, 2) :
						     eval_in(e, 1) };

	for (int64_t o = 0; o < outer; o++) {
		const float *x = (const float *)e->in[0] + o * n;
		float *y = (float *)e->out[0] + o * n;
		double mean, inverse;
		struct broadcast w;

		moments(x, n, 1, epsilon, &mean, &inverse);
		broadcast_begin(&w, &inner, shapes, 2);
		while (broadcast_next(&w))
			for (int64_t i = 0; i < w.row; i++) {
				double v = ((double)*x++ - mean) * inverse;

				v *= (double)((const float *)
						      e->in[1])[w.at[0] +
								i * w.step[0]];
				if (has_bias)
					v += (double)((const float *)e->in[2])
						[w.at[1] + i * w.step[1]];
				*y++ = (float)v;
			}
	}
	return 0;
}

int eval_lrn(const struct eval *e)
{
	const struct shape *s = eval_in(e, 0);
	int axis = eval_channel_dim(e);
	int64_t channels = s->dim[axis], inner = shape_inner(s, axis);
	int64_t size = node_int(e->n, "size", 1), n = eval_count(e);
	double alpha = (double)node_float(e->n, "alpha", 1e-4f);
	double beta = (double)node_float(e->n, "beta", 0.75f);
	double bias = (double)node_float(e->n, "bias", 1);
	const float *x = e->in[0];
	float *y = e->out[0];

	for (int64_t i = 0; i < n; i++) {
		int64_t c = i / inner % channels;
		int64_t first = c - (size - 1) / 2, last = c + size / 2;
		double sum = 0;

		first = first < 0 ? 0 : first;
		last = last < channels ? last : channels - 1;
		for (int64_t k = first; k <= last; k++) {
			double v = (double)x[i + (k - c) * inner];

			sum += v * v;
		}
		y[i] = (float)((double)x[i] /
			       det_pow(bias + alpha / (double)size * sum,
				       beta));
	}
	return 0;
}

static void softmax_run(const float *x, float *y, int64_t n, int64_t stride,
			bool logarithm)
{
	double top = -INFINITY, sum = 0;

	for (int64_t i = 0; i < n; i++)
		top = (double)x[i * stride] > top ? (double)x[i * stride] : top;
	for (int64_t i = 0; i < n; i++)
		sum += det_exp((double)x[i * stride] - top);
	for (int64_t i = 0; i < n; i++) {
		double v = (double)x[i * stride] - top;

		y[i * stride] = (float)(logarithm ? v - det_log(sum) :
						    det_exp(v) / sum);
	}
}

int eval_softmax(const struct eval *e)
{
	const struct shape *s = eval_in(e, 0);
	int axis = eval_axis(e, -1, s->rank);
	int64_t outer = shape_outer(s, axis), inner = shape_inner(s, axis);
	int64_t n = s->rank ? s->dim[axis] : 1;

	for (int64_t o = 0; o < outer; o++)
		for (int64_t i = 0; i < inner; i++)
			softmax_run((const float *)e->in[0] + o * n * inner + i,
				    (float *)e->out[0] + o * n * inner + i, n,
				    inner, e->n->op == OP_LOG_SOFTMAX);
	return 0;
}
