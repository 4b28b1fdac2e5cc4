/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/measure/float_detections.h"

struct dbrt_frame detect_frame(const struct preprocess *p, uint32_t width,
			       uint32_t height)
{
	return dbrt_frame_of(width, height, (uint32_t)p->width,
			     (uint32_t)p->height, preprocess_fit(p->fit));
}

struct dbrt_frame detect_whole_input(const struct preprocess *p,
				     const struct shape *input)
{
	bool map = input->rank == 4;
	int64_t width = p->width ? p->width : map ? input->dim[2] : 1;
	int64_t height = p->height ? p->height : map ? input->dim[1] : 1;

	return dbrt_frame_of((uint32_t)width, (uint32_t)height, (uint32_t)width,
			     (uint32_t)height, preprocess_fit(p->fit));
}

static void view_output(struct dbrt_head_output *o, const struct value *v,
			const void *data)
{
	o->data = data;
	o->last = o->pitch =
		v->shape.rank ? (uint32_t)v->shape.dim[v->shape.rank - 1] : 1;
}

static void view_outputs(const struct graph *g, const struct evaluator *e,
			 struct dbrt_head_output outputs[DBP_MAX_IO])
{
	for (int i = 0; i < g->output_count; i++)
		view_output(&outputs[i], g->outputs[i], evaluator_output(e, i));
}

int detect_float(const struct dbp_head *head, const struct graph *g,
		 const struct evaluator *e, const struct dbrt_frame *frame,
		 float threshold, struct dbrt_detection *out, int max)
{
	struct dbrt_head_output outputs[DBP_MAX_IO];

	view_outputs(g, e, outputs);
	return dbrt_select(head, outputs, frame, threshold, head->nms_iou, out,
			   (uint32_t)max);
}

int detect_outputs(const struct dbp_head *head, const struct graph *g,
		   float *const *data, const struct dbrt_frame *frame,
		   float threshold, struct dbrt_detection *out, int max)
{
	struct dbrt_head_output outputs[DBP_MAX_IO];

	for (int i = 0; i < g->output_count; i++)
		view_output(&outputs[i], g->outputs[i], data[i]);
	return dbrt_select(head, outputs, frame, threshold, head->nms_iou, out,
			   (uint32_t)max);
}

int detect_float_points(const struct dbp_head *head, const struct graph *g,
			const struct evaluator *e,
			const struct dbrt_frame *frame,
			const struct dbrt_detection *d, float *xy, int max)
{
	struct dbrt_head_output outputs[DBP_MAX_IO];

	view_outputs(g, e, outputs);
	return dbrt_select_points(head, outputs, frame, d, xy, (uint32_t)max);
}
