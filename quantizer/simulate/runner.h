/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_QUANTIZER_SIMULATE_RUNNER_H
#define DBC_QUANTIZER_SIMULATE_RUNNER_H

#include "base/arena.h"
#include "evaluator/evaluator.h"
#include "ir/graph.h"
#include "ir/samples.h"

/* The float network of one thread, and memory that lives as long. */
struct runner {
	struct arena arena;
	struct evaluator *evaluator;
	float **inputs; /* by graph input */
};
/* -1 with a diagnostic; the runner must be freed in any case. */
int runner_init(struct runner *r, const struct graph *g, struct diag *d);
void runner_free(struct runner *r);
/* Runs sample `index`; the observer sees every value. */
int runner_sample(struct runner *r, const struct samples *s, int index,
		  eval_observer *observe, void *ctx, struct diag *d);

#endif
