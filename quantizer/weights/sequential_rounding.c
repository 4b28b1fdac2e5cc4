/* SPDX-License-Identifier: Apache-2.0 */
/* Rounds layer after layer, each with the input that the layers before leave.
 */
#include "quantizer/weights/sequential_rounding.h"

#include "quantizer/simulate/paired_run.h"
#include "quantizer/weights/round_weights.h"

static int round_one(const struct paired_run *run,
		     const struct weighted_layer *l, struct weight_format c,
		     struct arena *a, struct rounded_layer *out, struct diag *d)
{
	struct input_covariance s;
	struct arena scratch;
	struct rounding_target target;
	int err;

	arena_init(&scratch, 0);
	err = input_covariance_gather(run, l, &scratch, &s, d) ||
	      rounding_target_prepare(l, &s, NULL, run->jobs, &scratch, &target,
				      d) ||
	      layer_round(&target, c, run->jobs, a, out, d);
	arena_free(&scratch);
	return err ? -1 : 0;
}

int sequential_rounding(const struct graph *g, const struct layers *layers,
			const struct weight_format *formats,
			struct paired_run *run, struct arena *a,
			struct rounded_layer *out, const struct progress *p,
			struct diag *d)
{
	int done = 0;

	for (const struct node *n = g->first; n; n = n->next) {
		const struct weighted_layer *l = &layers->rows[done];
		struct paired_run_constants reference = { NULL, NULL },
					    quantized = reference;

		if (n->tail)
			continue;
		if (done < layers->count && l->node == n) {
			struct rounded_layer *r = &out[done];

			if (round_one(run, l, formats[done], a, r, d))
				return -1;
			reference.weights = l->weights->data;
			reference.bias = l->bias->data;
			quantized.weights = r->values;
			quantized.bias = r->bias ? r->bias : l->bias->data;
			done++;
			if (p && p->report)
				p->report(p->ctx, p->stage, done,
					  layers->count);
		}
		if (paired_run_step(run, n, reference, quantized, d))
			return -1;
	}
	return 0;
}
