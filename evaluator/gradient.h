/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_EVALUATOR_GRADIENT_H
#define DBC_EVALUATOR_GRADIENT_H

#include "base/diag.h"
#include "ir/graph.h"

/*
 * Reverse-mode differentiation of eval_node(), for float values in layout
 * NHWC: from the gradient of a loss with respect to a node's outputs, the
 * gradient with respect to its inputs. As deterministic as the evaluator.
 */

/* The node has a gradient rule. */
bool gradient_supports(const struct node *n);

/*
 * Adds the gradient of input i to din[i], unless din[i] is NULL. `in` and
 * `out` are the buffers of eval_node() after its run; dout[i] is the gradient
 * of output i, never NULL. A fused activation changes dout[0]. All buffers
 * are dense and have the shapes of the node's values. 0, or -1 with a
 * diagnostic.
 */
int gradient_node(const struct node *n, const float *const *in,
		  const float *const *out, float *const *dout,
		  float *const *din, struct diag *d);

#endif
