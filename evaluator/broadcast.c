/* SPDX-License-Identifier: Apache-2.0 */
/* Elements, axes and broadcasting. */
#include "evaluator/eval.h"

int eval_axis(const struct eval *e, int64_t def, int rank)
{
	int64_t axis = node_int(e->n, "axis", def);

	return (int)(axis < 0 ? axis + rank : axis);
}

int64_t shape_outer(const struct shape *s, int axis)
{
	int64_t n = 1;

	for (int i = 0; i < axis; i++)
		n *= s->dim[i];
	return n;
}

int64_t shape_inner(const struct shape *s, int axis)
{
	int64_t n = 1;

	for (int i = axis + 1; i < s->rank; i++)
		n *= s->dim[i];
	return n;
}

int64_t element_int(enum dtype t, const void *data, int64_t i)
{
	switch (t) {
	case DT_F32: {
		float x = ((const float *)data)[i];

		/* out of range and NaN: the ends, 0; C leaves them open */
		if (!(x > -9.2233720368547758e18f))
			return x != x ? 0 : INT64_MIN;
		return x >= 9.2233720368547758e18f ? INT64_MAX : (int64_t)x;
	}
	case DT_I64:
		return ((const int64_t *)data)[i];
	case DT_I32:
		return ((const int32_t *)data)[i];
	case DT_I8:
		return ((const int8_t *)data)[i];
	default:
		return ((const uint8_t *)data)[i];
	}
}

double element_double(enum dtype t, const void *data, int64_t i)
{
	return t == DT_F32 ? (double)((const float *)data)[i] :
			     (double)element_int(t, data, i);
}

void element_store_int(enum dtype t, void *data, int64_t i, int64_t v)
{
	switch (t) {
	case DT_F32:
		((float *)data)[i] = (float)v;
		break;
	case DT_I64:
		((int64_t *)data)[i] = v;
		break;
	case DT_I32:
		((int32_t *)data)[i] = (int32_t)v;
		break;
	case DT_I8:
		((int8_t *)data)[i] = (int8_t)v;
		break;
	case DT_BOOL:
		((uint8_t *)data)[i] = v != 0;
		break;
	default:
		((uint8_t *)data)[i] = (uint8_t)v;
	}
}

int64_t eval_index(const struct eval *e, int slot, int64_t i)
{
	return element_int(e->n->inputs[slot]->dtype, e->in[slot], i);
}

/* Strides of an operand in the output's dims; 0 where it repeats. */
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
