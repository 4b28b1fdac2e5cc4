/* SPDX-License-Identifier: Apache-2.0 */
#include "quantizer/weights/input_patches.h"

#include <string.h>

#define PATCHES_MAX 8192
#define SAMPLE_PATCHES_MAX 512
#define LENGTH_MAX 2304 /* of a patch */

static bool has_patches(const struct weighted_layer *l)
{
	const struct value *x = l->node->inputs[0];

	if (l->length > LENGTH_MAX || l->node->op == OP_CONV_TRANSPOSE)
		return false;
	return l->node->op == OP_CONV ||
	       x->shape.dim[x->shape.rank - 1] == l->length;
}

static int set_scales(struct input_patches *p, int64_t channels,
		      struct arena *a)
{
	const struct quant *q = p->l->node->inputs[0]->quant;

	p->scale = arena_array(a, (size_t)channels, sizeof(*p->scale));
	for (int64_t c = 0; p->scale && c < channels; c++)
		p->scale[c] =
			q->scale[p->l->node->op == OP_CONV && q->channels > 1 ?
					 c :
					 0];
	return p->scale ? 0 : -1;
}

int input_patches_init(struct input_patches *p, const struct paired_run *run,
		       const struct weighted_layer *l, struct arena *a,
		       struct diag *d)
{
	int64_t channels = l->length;

	*p = (struct input_patches){ .run = run, .l = l, .taps = 1 };
	if (!has_patches(l))
		return 0;
	if (l->node->op == OP_CONV) {
		if (window_of(l->node, &p->window, d))
			return -1;
		p->taps = p->window.kernel[0] * p->window.kernel[1];
		p->places = p->window.out[0] * p->window.out[1];
		channels = p->window.channels;
	} else {
		p->places =
			shape_elements(&l->node->inputs[0]->shape) / l->length;
		/* rows, as pixels of a 1x1 window */
		p->window = (struct window){ .in = { 1, p->places },
					     .out = { 1, p->places },
					     .kernel = { 1, 1 },
					     .stride = { 1, 1 },
					     .dilation = { 1, 1 },
					     .channels = l->length };
	}
	p->per_sample = PATCHES_MAX / run->count;
	if (p->per_sample > SAMPLE_PATCHES_MAX)
		p->per_sample = SAMPLE_PATCHES_MAX;
	if (p->per_sample > p->places)
		p->per_sample = (int)p->places;
	return set_scales(p, channels, a) ? diag_error(d, "out of memory") : 0;
}

/* The patch at place `at`: [tap][channel]. */
static void copy_patch(const struct input_patches *p, const float *x,
		       int64_t at, int64_t first, int64_t channels, float *to)
{
	const struct window *w = &p->window;
	const float *scale = p->scale + first;
	int64_t oy = at / w->out[1], ox = at % w->out[1];

	for (int64_t t = 0; t < p->taps; t++, to += channels) {
		int64_t iy = window_source(w, 0, oy, t / w->kernel[1]);
		int64_t ix = window_source(w, 1, ox, t % w->kernel[1]);
		const float *from;

		if (iy < 0 || ix < 0) {
			memset(to, 0, (size_t)channels * sizeof(*to));
			continue;
		}
		from = x + (iy * w->in[1] + ix) * w->channels + first;
		for (int64_t c = 0; c < channels; c++)
			to[c] = from[c] / scale[c];
	}
}

void input_patches_copy(const struct input_patches *p, int sample,
			int64_t first, int64_t channels, float *x, float *q)
{
	const struct value *v = p->l->node->inputs[0];
	const float *reference = paired_run_reference(p->run, sample, v);
	const float *quantized = paired_run_quantized(p->run, sample, v);
	int64_t length = p->taps * channels;

	for (int64_t i = 0; i < p->per_sample; i++) {
		/* spread over the map, at other places in each sample */
		int64_t at =
			(i * p->places + (int64_t)sample * 7919 % p->places) /
			p->per_sample;

		copy_patch(p, reference, at, first, channels, x + i * length);
		copy_patch(p, quantized, at, first, channels, q + i * length);
	}
}
