/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/heads/head_anchors.h"

#include <math.h>

static void to_center(float v[4])
{
	float w = v[2] - v[0], h = v[3] - v[1];

	v[0] += w / 2;
	v[1] += h / 2;
	v[2] = w;
	v[3] = h;
}

bool head_anchors_read(const struct graph *g, const struct value *v,
		       bool corners, bool normalized, bool y_first,
		       struct arena *a, struct head_anchor_list *out)
{
	int64_t n = shape_elements(&v->shape);
	int height, width;
	const float *from = v->data;

	if (!value_is_const(v) || v->dtype != DT_F32 || n < 4 ||
	    v->shape.dim[v->shape.rank - 1] != 4 ||
	    n / 4 > DBP_HEAD_MAX_CANDIDATES ||
	    !head_input_size(g, &height, &width))
		return false;
	out->count = (uint32_t)(n / 4);
	out->numbers = arena_array(a, (size_t)n, sizeof(*out->numbers));
	for (uint32_t i = 0; out->numbers && i < out->count; i++) {
		float *to = out->numbers + 4 * (size_t)i;

		for (int k = 0; k < 4; k++) {
			float size = (float)(k % 2 ? height : width);

			to[k] = from[4 * (size_t)i +
				     (size_t)(y_first ? k ^ 1 : k)];
			to[k] *= normalized ? size : 1;
			if (!isfinite(to[k]))
				return false;
		}
		if (corners)
			to_center(to);
	}
	return out->numbers != NULL;
}
