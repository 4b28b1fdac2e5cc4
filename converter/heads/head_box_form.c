/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/heads/head_box_form.h"

#include <math.h>
#include <stdlib.h>

#include "evaluator/evaluator.h"

#define LARGEST_SHARE 8.0f /* boxes may extend beyond the image */

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

/* Corners are in order in (almost) every box; centers at the far side of the
 * image are larger than the size of their box. */
static bool judge_boxes(const struct dbp_head_level *l, const float *boxes,
			struct dbp_head *h)
{
	uint32_t ordered = 0, positive = 0;
	float largest = 0;

	for (uint32_t i = 0; i < l->columns; i++) {
		const float *b = boxes + l->box.first + (size_t)i * l->box.cell;
		uint32_t s = l->box.field;

		ordered += b[2 * s] >= b[0] && b[3 * s] >= b[s];
		positive += b[2 * s] >= 0 && b[3 * s] >= 0;
		for (uint32_t k = 0; k < 4; k++)
			largest = fmaxf(largest, fabsf(b[k * s]));
	}
	h->normalized = largest <= LARGEST_SHARE;
	if (ordered >= l->columns - l->columns / 100)
		h->box_form = DBP_BOX_CORNERS;
	else if (positive >= l->columns - l->columns / 100)
		h->box_form = DBP_BOX_CENTER;
	else
		return false;
	return true;
}

bool head_probe_boxes(const struct graph *g, struct head *h)
{
	const struct dbp_head_level *l = head_levels(h->data);
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
	if (e && !evaluator_run(e, inputs, NULL, NULL, &quiet))
		done = judge_boxes(l, evaluator_output(e, (int)l->box.output),
				   h->data);
	evaluator_free(e);
	free(noise);
	diag_free(&quiet);
	return done;
}
