/* SPDX-License-Identifier: Apache-2.0 */
#include "quantizer/weights/rounded_layer.h"

#include <string.h>

double rounded_layer_weight(const struct rounded_layer *r, int64_t c, int64_t k)
{
	int code = r->codes[k], mask = (1 << r->bits) - 1;

	if (r->levels)
		return (double)r->scale[c] *
		       r->levels[(c << r->bits) + (code & mask)];
	return (double)r->scale[c] * (r->grid == GRID_HALF ? code + 0.5 : code);
}

static bool has_no_zero_points(const struct weighted_layer *l)
{
	for (int c = 0; c < l->trained->channels; c++)
		if (l->trained->zero_point[c])
			return false;
	return true;
}

static struct quant *quant_of(const struct weighted_layer *l,
			      const struct rounded_layer *r, struct arena *a)
{
	struct quant *q = arena_alloc(a, sizeof(*q));
	float *scale = arena_array(a, (size_t)l->channels, sizeof(*scale));
	int32_t *zero = arena_array(a, (size_t)l->channels, sizeof(*zero));
	size_t total = (size_t)(l->channels * l->length);
	size_t book = r->levels ? (size_t)l->channels << r->bits : 0;
	int8_t *codes = arena_array(a, total, 1);
	int8_t *levels = book ? arena_alloc(a, book) : NULL;

	if (!q || !scale || !zero || !codes || (book && !levels))
		return NULL;
	if (book)
		memcpy(levels, r->levels, book);
	memcpy(scale, r->scale, (size_t)l->channels * sizeof(*scale));
	memcpy(codes, r->codes, total);
	*q = (struct quant){ .bits = r->bits,
			     .is_signed = true,
			     .trained = l->trained && has_no_zero_points(l),
			     .grid = r->grid,
			     .axis = l->node->op == OP_CONV_TRANSPOSE ? 1 : 0,
			     .channels = (int)l->channels,
			     .scale = scale,
			     .zero_point = zero,
			     .codes = codes,
			     .levels = levels };
	return q;
}

int rounded_layer_install(struct graph *g, const struct weighted_layer *l,
			  const struct rounded_layer *r, struct diag *d)
{
	/* nodes that share weights get separate views of them */
	struct value *w = graph_constant(g, l->weights->name, DT_F32,
					 &l->weights->shape, l->weights->data);
	struct quant *q = quant_of(l, r, g->arena);

	if (!w || !q)
		return node_error(d, l->node, "out of memory");
	w->quant = q;
	if (graph_set_input(g, l->node, 1, w))
		return node_error(d, l->node, "out of memory");
	if (r->bias) {
		size_t bytes =
			(size_t)shape_elements(&l->bias->shape) * sizeof(float);
		void *data = arena_alloc(g->arena, bytes);
		struct value *b = data ? graph_constant(g, l->bias->name,
							DT_F32, &l->bias->shape,
							data) :
					 NULL;

		if (!b || graph_set_input(g, l->node, 2, b))
			return node_error(d, l->node, "out of memory");
		memcpy(data, r->bias, bytes);
	}
	return 0;
}
