/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_EVALUATOR_EVALUATOR_H
#define DBC_EVALUATOR_EVALUATOR_H

#include "base/diag.h"
#include "ir/graph.h"

/*
 * The float evaluator: computes a graph with known shapes on the host, as the
 * reference for calibration, constant folding and comparison.
 *
 * Deterministic: the same bytes on every machine. Inner loops come in vectors
 * of several widths, all with the same order of operations, see
 * evaluator/simd/simd.h. Transcendental functions are in evaluator/detmath.h,
 * in double, without libm. Nothing is contracted or reassociated. Different
 * `struct evaluator` objects may run in different threads at the same time.
 */

/*
 * Computes one node. in[i] and out[i] are dense buffers with the shapes and
 * types of the node's values (in[i] NULL for an absent optional input, out[i]
 * NULL for an absent output); out must not overlap in. Applies n->act and
 * respects n->layout. 0, or -1 with a diagnostic if the operator cannot take
 * the values: an index out of range, a type without a kernel.
 */
int eval_node(const struct node *n, const void *const *in, void *const *out,
	      struct diag *d);

/* The operator has a kernel. */
bool eval_supports(enum op op);

struct evaluator;

/*
 * Called for each graph input and then for each value that a node computed, in
 * order, before any reader sees it. It may read and change `data`, which has
 * the shape and type of the value. A result other than 0 stops the run with
 * -1.
 */
typedef int eval_observer(void *ctx, const struct value *v, void *data);

/* The graph must outlive the evaluator and not change. All shapes must be
 * known. NULL with a diagnostic. */
struct evaluator *evaluator_new(const struct graph *g, struct diag *d);
void evaluator_free(struct evaluator *e);
/*
 * Runs the graph. inputs[i] is the buffer for g->inputs[i]; it is not changed
 * (the observer gets a copy). Buffers of inner values are reused after their
 * last reader. 0, or -1 with a diagnostic.
 */
int evaluator_run(struct evaluator *e, const void *const *inputs,
		  eval_observer *observe, void *ctx, struct diag *d);
/* Graph output i of the last run; valid until the next one. */
const void *evaluator_output(const struct evaluator *e, int i);

#endif
