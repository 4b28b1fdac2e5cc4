/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_EVALUATOR_GRADIENT_H
#define DBC_EVALUATOR_GRADIENT_H

#include "base/diag.h"
#include "ir/graph.h"

/*
 * Reverse mode of eval_node(), for float values in layout NHWC: what a loss
 * gains by each number that goes into a node, from what it gains by those that
 * come out. As deterministic as the evaluator.
 */

/* There is a rule for the node. */
bool reverse_supports(const struct node *n);

/*
 * Adds to din[i] the gradient of input i, where din[i] is not NULL; `in` and
 * `out` are what eval_node() was given and gave, dout[i] the gradients of its
 * outputs (not NULL; that of a node with a fused activation is changed). All
 * buffers are dense, of the values' shapes. 0, or -1 with a diagnostic.
 */
int reverse_node(const struct node *n, const float *const *in,
		 const float *const *out, float *const *dout, float *const *din,
		 struct diag *d);

#endif
