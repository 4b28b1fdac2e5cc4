/* SPDX-License-Identifier: Apache-2.0 */
/* Resize: the source cells of each row and column are computed here. */
#include "converter/lower/lower_operators.h"

#include <math.h>

#include "converter/lower/lower_op.h"
#include "converter/lower/lower_refusal.h"
#include "converter/lower/lower_tensor.h"
#include "ir/resize.h"

#define TAP_ONE 2048 /* struct dbp_resize_tap's weight of 1 */

/* The taps of one axis, in the data section. */
static uint32_t add_taps(struct lower *l, const struct resize *r, int axis)
{
	int64_t count = r->out[axis];
	struct dbp_resize_tap *out =
		arena_array(l->m->arena, (size_t)count, sizeof(*out));

	for (int64_t o = 0; out && o < count; o++) {
		struct resize_tap taps[4];
		int n = resize_taps(r, axis, o, taps);
		double second = n > 1 ? rint(taps[1].weight * TAP_ONE) : 0;

		if (n < 1)
			continue;
		out[o].first = out[o].second = (uint16_t)taps[0].cell;
		if (second >= TAP_ONE) {
			out[o].first = out[o].second = (uint16_t)taps[1].cell;
		} else if (second > 0) {
			out[o].second = (uint16_t)taps[1].cell;
			out[o].weight = (uint16_t)second;
		}
	}
	return dev_add_data(l->m, out, (size_t)count * sizeof(*out));
}

/* One row of cells, for images of one spatial dim. */
static uint32_t add_single_tap(struct lower *l)
{
	const struct dbp_resize_tap tap = { 0, 0, 0, 0 };

	return dev_add_data(l->m, &tap, sizeof(tap));
}

static int check_resize(struct lower *l, const struct node *n,
			const struct resize *r, const int *spatial, int count)
{
	if (r->rank < 3 || r->rank > 4)
		return lower_refuse(
			l, "an input of %d dimensions is not supported",
			r->rank);
	if (r->mode == RESIZE_CUBIC || r->extrapolates)
		return lower_refuse(l, "%s",
				    r->extrapolates ? "tf_crop_and_resize" :
						      "mode cubic");
	for (int i = 0; i < r->rank; i++) {
		bool moves = i == spatial[0] || (count > 1 && i == spatial[1]);

		if (!moves && (r->in[i] != r->out[i] || r->scale[i] != 1))
			return lower_refuse(l,
					    "resizing other dims than height "
					    "and width is not supported");
		if (moves && (r->in[i] > UINT16_MAX || r->out[i] > UINT16_MAX))
			return lower_refuse(l,
					    "an image of more than 65535 rows "
					    "or columns is not supported");
	}
	return n->act.kind == ACT_NONE ?
		       0 :
		       lower_refuse(l, "a fused activation is not supported");
}

int lower_resize(struct lower *l, const struct node *n)
{
	bool nhwc = n->layout == LAYOUT_NHWC;
	int spatial[2] = { nhwc ? 1 : 2, nhwc ? 2 : 3 }, count;
	struct dbp_resize p;
	struct resize r;
	struct shape s;
	uint32_t x;

	if (resize_of(n, &r, l->d))
		return lower_refuse(l, "its geometry is not supported");
	count = r.rank - 2;
	if (check_resize(l, n, &r, spatial, count))
		return -1;
	x = lower_to_nhwc(l, n, lower_own(l, n->inputs[0]));
	s = lower_shape(l, x);
	s.dim[2] = r.out[spatial[count - 1]];
	p.columns = add_taps(l, &r, spatial[count - 1]);
	if (count == 2) {
		s.dim[1] = r.out[spatial[0]];
		p.rows = add_taps(l, &r, spatial[0]);
	} else {
		p.rows = add_single_tap(l);
	}
	x = lower_op1(l, DBP_OP_RESIZE, x, lower_tensor_like(l, x, &s), &p,
		      sizeof(p));
	lower_store_nhwc(l, n, x);
	return 0;
}
