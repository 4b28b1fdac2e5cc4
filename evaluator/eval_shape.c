/* SPDX-License-Identifier: Apache-2.0 */
/* Shape (opset 15), Size (13), Range (11), ConstantOfShape (9). */
#include "evaluator/eval.h"
#include "evaluator/element.h"

int eval_shape(const struct eval *e)
{
	const struct shape *x = eval_in(e, 0);
	int64_t start = node_int(e->n, "start", 0), *y = e->out[0];
	int64_t n = eval_count(e);

	start = start < 0 ? start + x->rank : start;
	start = start < 0 ? 0 : start;
	for (int64_t i = 0; i < n; i++)
		y[i] = x->dim[start + i];
	return 0;
}

int eval_size(const struct eval *e)
{
	*(int64_t *)e->out[0] = shape_elements(eval_in(e, 0));
	return 0;
}

int eval_range(const struct eval *e)
{
	enum dtype t = e->n->outputs[0]->dtype;
	int64_t n = eval_count(e);

	for (int64_t i = 0; i < n; i++) {
		if (t == DT_F32)
			((float *)e->out[0])[i] =
				(float)((double)*(const float *)e->in[0] +
					(double)i * (double)*(const float *)
							    e->in[2]);
		else
			element_store_int(t, e->out[0], i,
					  eval_index(e, 0, 0) +
						  i * eval_index(e, 2, 0));
	}
	return 0;
}

int eval_constant_of_shape(const struct eval *e)
{
	enum dtype t = e->n->outputs[0]->dtype;
	float f = node_float(e->n, "value", 0);
	int64_t v = node_int(e->n, "value", element_int(DT_F32, &f, 0));
	int64_t n = eval_count(e);

	for (int64_t i = 0; i < n; i++) {
		if (t == DT_F32)
			((float *)e->out[0])[i] = f;
		else
			element_store_int(t, e->out[0], i, v);
	}
	return 0;
}
