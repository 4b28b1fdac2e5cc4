/* SPDX-License-Identifier: Apache-2.0 */
#include "quantizer/graph/conv_weights.h"

double conv_weight(const struct node *n, int64_t o, int64_t k, int64_t tap)
{
	const struct shape *s = &n->inputs[1]->shape;
	int64_t taps = s->dim[2] * s->dim[3];

	return (double)((const float *)n->inputs[1]
				->data)[(o * s->dim[1] + k) * taps + tap];
}

struct conv_size conv_size(const struct node *n)
{
	const struct shape *s = &n->inputs[1]->shape;

	return (struct conv_size){ s->dim[0], s->dim[1], s->dim[2] * s->dim[3],
				   s->dim[0] / node_int(n, "group", 1) };
}
