/* SPDX-License-Identifier: Apache-2.0 */
#include "evaluator/broadcast.h"

/* Strides of an operand in the output's dims; 0 in a dim where it repeats. */
static void operand_strides(const struct shape *out, const struct shape *in,
			    int64_t *stride)
{
	int64_t step = 1;

	for (int i = out->rank - 1; i >= 0; i--) {
		int k = i - (out->rank - in->rank);

		stride[i] = k >= 0 && in->dim[k] != 1 ? step : 0;
		if (k >= 0)
			step *= in->dim[k];
	}
}

void broadcast_begin(struct broadcast *b, const struct shape *out,
		     const struct shape *const *in, int operands)
{
	static const struct shape one = { .rank = 1, .dim = { 1 } };

	if (out->rank == 0)
		out = &one;
	*b = (struct broadcast){ .rank = out->rank, .operands = operands };
	b->row = out->dim[out->rank - 1];
	b->rows_left = 1;
	for (int i = 0; i < out->rank; i++) {
		b->dim[i] = out->dim[i];
		if (i + 1 < out->rank)
			b->rows_left *= out->dim[i];
	}
	if (!b->row)
		b->rows_left = 0;
	for (int k = 0; k < operands; k++) {
		operand_strides(out, in[k], b->stride[k]);
		b->step[k] = b->stride[k][out->rank - 1];
	}
	b->index[out->rank - 1] = -1;
}

bool broadcast_next(struct broadcast *b)
{
	int i = b->rank - 2;

	if (b->rows_left-- <= 0)
		return false;
	if (b->index[b->rank - 1] < 0) { /* the first row */
		b->index[b->rank - 1] = 0;
		return true;
	}
	for (; i >= 0; i--) {
		for (int k = 0; k < b->operands; k++)
			b->at[k] += b->stride[k][i];
		if (++b->index[i] < b->dim[i])
			break;
		for (int k = 0; k < b->operands; k++)
			b->at[k] -= b->stride[k][i] * b->dim[i];
		b->index[i] = 0;
	}
	return true;
}
