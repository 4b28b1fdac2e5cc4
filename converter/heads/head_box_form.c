/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/heads/head_box_form.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "evaluator/evaluator.h"

#define LARGEST_SHARE 8.0f /* boxes may extend beyond the image */
#define MOST_ANCHORS 24    /* of a cell */

static float *noise_for(const struct value *v)
{
	int64_t n = shape_elements(&v->shape);
	float *x = malloc((size_t)n * sizeof(*x));
	uint32_t seed = 1;

	for (int64_t i = 0; x && i < n; i++) {
		seed = seed * 1664525u + 1013904223u;
		x[i] = (float)(seed >> 24) / 256;
	}
	return x;
}

/* ---- Boxes of flat maps ---- */

/* How often a far corner goes along with the near one, and how often a size
 * stays, from one cell to the next. */
struct votes {
	uint32_t along, stays;
};

static void compare_boxes(const float *a, const float *b, uint32_t field,
			  struct votes *v)
{
	for (uint32_t k = 0; k < 2; k++) {
		float near = b[k * field] - a[k * field];
		float far = b[(k + 2) * field] - a[(k + 2) * field];
		float few = fabsf(near) / 16;

		v->along += few > 0 && fabsf(far - near) < few;
		v->stays += few > 0 && fabsf(far) < few;
	}
}

/* The next cell's box is the next one, or behind the others of the cell; boxes
 * with other anchors are seldom alike. */
static struct votes compare_cells(const struct dbp_head_level *l,
				  const float *boxes)
{
	struct votes v = { 0 };

	for (uint32_t step = 1; step <= MOST_ANCHORS; step++)
		for (uint32_t i = step; i < l->columns; i++) {
			const float *b =
				boxes + l->box.first + (size_t)i * l->box.cell;

			compare_boxes(b - (size_t)step * l->box.cell, b,
				      l->box.field, &v);
		}
	return v;
}

static float largest_of(const struct dbp_head_level *l, const float *boxes)
{
	float largest = 0;

	for (uint32_t i = 0; i < l->columns; i++)
		for (uint32_t k = 0; k < 4; k++)
			largest = fmaxf(largest,
					fabsf(boxes[l->box.first +
						    (size_t)i * l->box.cell +
						    (size_t)k * l->box.field]));
	return largest;
}

/* Where all cells of a level have the same numbers, only the place of the cell
 * differs: a far corner goes along with the near one, a size stays. */
static bool judge_flat(const struct dbp_head_level *l, const float *boxes,
		       struct dbp_head *h)
{
	struct votes v = compare_cells(l, boxes);

	if (v.along == v.stays)
		return false;
	h->normalized = largest_of(l, boxes) <= LARGEST_SHARE;
	h->box_form = v.along > v.stays ? DBP_BOX_CORNERS : DBP_BOX_CENTER;
	return true;
}

static int flatten(void *ctx, const struct value *v, void *data)
{
	const struct trace *t = ctx;

	for (int i = 0; v->dtype == DT_F32 && i < t->map_count; i++)
		if (t->maps[i].value == v)
			memset(data, 0,
			       (size_t)shape_elements(&v->shape) *
				       sizeof(float));
	return 0;
}

/* ---- Boxes of a noisy photo: those whose cells have no places ---- */

/* Corners are in order in (almost) every box; centers at the far side of the
 * image are larger than the size of their box. */
static bool judge_noise(const struct dbp_head_level *l, const float *boxes,
			struct dbp_head *h)
{
	uint32_t ordered = 0, positive = 0;

	for (uint32_t i = 0; i < l->columns; i++) {
		const float *b = boxes + l->box.first + (size_t)i * l->box.cell;
		uint32_t s = l->box.field;

		ordered += b[2 * s] >= b[0] && b[3 * s] >= b[s];
		positive += b[2 * s] >= 0 && b[3 * s] >= 0;
	}
	h->normalized = largest_of(l, boxes) <= LARGEST_SHARE;
	if (ordered >= l->columns - l->columns / 100)
		h->box_form = DBP_BOX_CORNERS;
	else if (positive >= l->columns - l->columns / 100)
		h->box_form = DBP_BOX_CENTER;
	else
		return false;
	return true;
}

bool head_probe_boxes(const struct graph *g, struct trace *t, struct head *h)
{
	const struct dbp_head_level *l = head_levels(h->data);
	int output = (int)l->box.output;
	struct evaluator *e = NULL;
	const void *inputs[1];
	struct diag quiet;
	float *noise = NULL;
	bool done = false;

	if (g->input_count != 1 || g->inputs[0]->dtype != DT_F32)
		return false;
	diag_init(&quiet);
	inputs[0] = noise = noise_for(g->inputs[0]);
	if (noise)
		e = evaluator_new(g, &quiet);
	if (e && !evaluator_run(e, inputs, flatten, t, &quiet))
		done = judge_flat(l, evaluator_output(e, output), h->data);
	if (e && !done && !evaluator_run(e, inputs, NULL, NULL, &quiet))
		done = judge_noise(l, evaluator_output(e, output), h->data);
	evaluator_free(e);
	free(noise);
	diag_free(&quiet);
	return done;
}
