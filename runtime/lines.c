/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/lines.h"

void dbrt_lines_start(struct dbrt_lines *l, const struct dbrt_model *m,
		      const struct dbp_tensor *x, const struct dbp_tensor *y,
		      uint32_t axis)
{
	struct dbrt_view views[2];
	uint32_t xd = dbrt_view_axis(x, axis), yd = dbrt_view_axis(y, axis);

	dbrt_view_of(&views[0], m, y);
	dbrt_view_of(&views[1], m, x);
	l->out_step = views[0].stride[yd];
	l->in_step = views[1].stride[xd];
	l->out_count = views[0].dims[yd];
	l->in_count = views[1].dims[xd];
	dbrt_view_pick(&views[0], yd, 0);
	dbrt_view_pick(&views[1], xd, 0);
	dbrt_walk_start(&l->walk, views, 2);
	l->done = UINT32_MAX;
}

int dbrt_lines_next(struct dbrt_lines *l)
{
	struct dbrt_walk *w = &l->walk;

	l->done++;
	if (l->done == w->n) {
		if (!dbrt_walk_next(w))
			return 0;
		l->done = 0;
	}
	l->out = (float *)(void *)w->at[0] + (ptrdiff_t)l->done * w->inner[0];
	l->in = (const float *)(void *)w->at[1] +
		(ptrdiff_t)l->done * w->inner[1];
	return 1;
}
