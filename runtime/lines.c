/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/lines.h"

#define LINE_WORK 8 /* of an element, in copies of one */

struct job {
	struct dbrt_lines lines;
	dbrt_line *line;
	uint32_t views;
};

static void line_row(const void *ctx, struct dbrt_walk *w)
{
	const struct job *j = ctx;
	struct dbrt_lines l = j->lines;
	void *out[2] = { w->at[0], j->views > 2 ? w->at[2] : NULL };
	const float *in = (const void *)w->at[1];
	int32_t n;

	l.in_next = w->inner[1];
	l.out_next = w->inner[0];
	for (l.lines = w->n; l.lines; l.lines -= (uint32_t)n) {
		n = (int32_t)j->line(&l, in, out);
		in += n * l.in_next;
		out[0] = (float *)out[0] + n * l.out_next;
		if (out[1])
			out[1] = (float *)out[1] + w->inner[2];
	}
}

void dbrt_for_lines(const struct dbrt_op_view *v, dbrt_line *line)
{
	const struct dbp_softmax *p = v->params;
	uint32_t d = dbrt_view_axis(dbrt_in(v, 0), p->axis), i;
	struct job j = { .line = line, .views = 1 + v->op->output_count };
	struct dbrt_view views[DBRT_WALK_VIEWS];

	dbrt_view_of(&views[0], v->m, dbrt_out(v, 0));
	dbrt_view_of(&views[1], v->m, dbrt_in(v, 0));
	if (j.views > 2)
		dbrt_view_of(&views[2], v->m, dbrt_out(v, 1));
	j.lines.flags = p->flags;
	j.lines.in_count = views[1].dims[d];
	j.lines.in_step = views[1].stride[d];
	j.lines.out_count = views[0].dims[d];
	j.lines.out_step[0] = views[0].stride[d];
	j.lines.out_step[1] = j.views > 2 ? views[2].stride[d] : 0;
	for (i = 0; i < j.views; i++)
		dbrt_view_pick(&views[i], d, 0);
	dbrt_walk_rows(v->m, views, j.views,
		       LINE_WORK * (uint64_t)j.lines.in_count, line_row, &j);
}
