/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_PASSES_LAYOUT_PERMUTE_H
#define DBC_PASSES_LAYOUT_PERMUTE_H

#include "ir/graph.h"

/*
 * Dims in another order, for shapes, constants and values. A perm is ONNX's
 * Transpose attribute: dim i of the output is dim perm[i] of the input.
 * Functions that return a value give NULL, others -1, when memory is
 * exhausted; what they make belongs to the graph.
 */
struct shape layout_permuted(const struct shape *s, const int64_t *perm);
/* out[perm[i]] = i: the perm that leads back. */
void layout_invert(const int64_t *perm, int rank, int64_t *out);
bool layout_is_identity(const int64_t *perm, int rank);
/* The output of a new Transpose of v, placed before `before`. */
struct value *layout_transpose(struct graph *g, struct value *v,
			       const int64_t *perm, struct node *before);
/* Output y of n is computed in another order from now on. n gets a new output
 * value in that order, and a new Transpose with `perm`, right after n, makes
 * y from it. */
int layout_behind(struct graph *g, struct node *n, struct value *y,
		  const int64_t *perm);
/* A 1-D constant with its entries reordered: entry i is entry perm[i]. */
struct value *layout_permute_entries(struct graph *g, const struct value *v,
				     const int64_t *perm);
/* A constant transposed, of any rank and type, with its trained codes. */
struct value *layout_permute_constant(struct graph *g, const struct value *v,
				      const int64_t *perm);

#endif
