/* SPDX-License-Identifier: Apache-2.0 */
/* The float network of one thread, run on one sample after another. */
#include "quantizer/simulate/runner.h"

int runner_init(struct runner *r, const struct graph *g, struct diag *d)
{
	arena_init(&r->arena, 0);
	r->inputs = arena_array(&r->arena, (size_t)g->input_count,
				sizeof(*r->inputs));
	if (!r->inputs)
		return diag_error(d, "out of memory");
	for (int i = 0; i < g->input_count; i++) {
		const struct value *v = g->inputs[i];

		r->inputs[i] = arena_array(&r->arena,
					   (size_t)shape_elements(&v->shape),
					   dtype_size(v->dtype));
		if (!r->inputs[i])
			return diag_error(d, "out of memory");
	}
	r->evaluator = evaluator_new(g, d);
	return r->evaluator ? 0 : -1;
}

void runner_free(struct runner *r)
{
	evaluator_free(r->evaluator);
	arena_free(&r->arena);
}

int runner_sample(struct runner *r, const struct samples *s, int index,
		  eval_observer *observe, void *ctx, struct diag *d)
{
	if (s->fill(s->ctx, index, r->inputs, d))
		return -1;
	return evaluator_run(r->evaluator, (const void *const *)r->inputs,
			     observe, ctx, d);
}
