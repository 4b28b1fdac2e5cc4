/* SPDX-License-Identifier: Apache-2.0 */
/* Rounds layer after layer, each against what the ones before have left. */
#include "quantizer/graph/weighted_layers.h"

static int round_one(const struct twin *t, const struct layer *l,
		     struct choice c, struct arena *a, struct rounded *out,
		     struct diag *d)
{
	struct statistics s;
	struct arena scratch;
	struct aim aim;
	int err;

	arena_init(&scratch, 0);
	err = statistics_gather(t, l, &scratch, &s, d) ||
	      layer_aim(l, &s, NULL, t->jobs, &scratch, &aim, d) ||
	      layer_round(&aim, c, t->jobs, a, out, d);
	arena_free(&scratch);
	return err ? -1 : 0;
}

int sequence_round(const struct graph *g, const struct layers *layers,
		   const struct choice *choices, struct twin *t,
		   struct arena *a, struct rounded *out,
		   const struct progress *p, struct diag *d)
{
	int done = 0;

	for (const struct node *n = g->first; n; n = n->next) {
		const struct layer *l = &layers->rows[done];
		struct twin_constants real = { NULL, NULL }, coded = real;

		if (n->tail)
			continue;
		if (done < layers->count && l->node == n) {
			struct rounded *r = &out[done];

			if (round_one(t, l, choices[done], a, r, d))
				return -1;
			real.weights = l->weights->data;
			real.bias = l->bias->data;
			coded.weights = r->real;
			coded.bias = r->bias ? r->bias : l->bias->data;
			done++;
			if (p && p->report)
				p->report(p->ctx, p->stage, done,
					  layers->count);
		}
		if (twin_step(t, n, real, coded, d))
			return -1;
	}
	return 0;
}
