/* SPDX-License-Identifier: Apache-2.0 */
#include "evaluator/eval.h"

#include "evaluator/element.h"

int eval_axis(const struct eval *e, int64_t def, int rank)
{
	int64_t axis = node_int(e->n, "axis", def);

	return (int)(axis < 0 ? axis + rank : axis);
}

int64_t eval_index(const struct eval *e, int slot, int64_t i)
{
	return element_int(e->n->inputs[slot]->dtype, e->in[slot], i);
}
