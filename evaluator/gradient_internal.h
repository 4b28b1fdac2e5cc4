/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_EVALUATOR_GRADIENT_INTERNAL_H
#define DBC_EVALUATOR_GRADIENT_INTERNAL_H

#include "evaluator/eval.h"
#include "evaluator/gradient.h"

/* One node at work: the arguments of reverse_node(). */
struct reverse {
	const struct node *n;
	const float *const *in, *const *out;
	float *const *dout, *const *din;
	struct diag *d;
};

typedef int reverse_fn(const struct reverse *r);

static inline bool reverse_wants(const struct reverse *r, int i)
{
	return i < r->n->input_count && r->n->inputs[i] && r->din[i];
}

reverse_fn reverse_conv, reverse_gemm;

#endif
