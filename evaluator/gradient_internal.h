/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_EVALUATOR_GRADIENT_INTERNAL_H
#define DBC_EVALUATOR_GRADIENT_INTERNAL_H

#include "evaluator/eval.h"
#include "evaluator/gradient.h"

#define GRADIENT_MAX_OPERANDS 64

/* The arguments of gradient_node(). */
struct gradient_args {
	const struct node *n;
	const float *const *in, *const *out;
	float *const *dout, *const *din;
	struct diag *d;
};

typedef int gradient_fn(const struct gradient_args *r);

/* The caller wants the gradient of input i. */
static inline bool gradient_wants(const struct gradient_args *r, int i)
{
	return i < r->n->input_count && r->n->inputs[i] && r->din[i];
}

#endif
