/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_PASSES_LAYOUT_H
#define DBC_PASSES_LAYOUT_H

#include "ir/graph.h"

/*
 * Moving Transposes through a graph: the tools of pass_layout_nhwc. A perm is
 * ONNX's: dim i of the output is dim perm[i] of the input. Functions that
 * return a value give NULL, others -1, when memory is exhausted.
 */
struct shape layout_permuted(const struct shape *s, const int64_t *perm);
/* v transposed by a new node before `before`. */
struct value *layout_transpose(struct graph *g, struct value *v,
			       const int64_t *perm, struct node *before);
/* Output y of n is now computed in the order from which `perm` leads back to
 * the old one: a new value takes its place, and a Transpose behind n makes y
 * from it. */
int layout_behind(struct graph *g, struct node *n, struct value *y,
		  const int64_t *perm);
/* A 1-D constant with its entries reordered: entry i is entry perm[i]. */
struct value *layout_permute_entries(struct graph *g, const struct value *v,
				     const int64_t *perm);
/* A constant transposed, of any rank and type. */
struct value *layout_permute_constant(struct graph *g, const struct value *v,
				      const int64_t *perm);
/*
 * Where inputs of n come from Transposes that n can work without, n reads
 * their sources instead and the Transpose goes behind n.
 */
int layout_sink(struct graph *g, struct node *n);

#endif
