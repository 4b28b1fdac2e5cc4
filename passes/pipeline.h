/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_PASSES_PIPELINE_H
#define DBC_PASSES_PIPELINE_H

#include "base/diag.h"
#include "base/dump.h"
#include "ir/config.h"
#include "ir/graph.h"
#include "passes/passes.h"

/* The pass table, for --dump-after's help and its check. */
int pipeline_pass_count(void);
const char *pipeline_pass_name(int i);
pass_fn *pipeline_pass_fn(int i);

/*
 * Runs the passes in the order of the table and checks the graph after each.
 * Graphs that are asked for go to `dump` (NULL: none). 0, or -1 with a
 * diagnostic.
 *
 * pipeline_begin() runs shape inference and constant folding: the model stays
 * as its author wrote it, for the evaluator and for finding its head.
 * pipeline_finish() runs the rest: the graph that is quantized and packed.
 */
int pipeline_begin(struct graph *g, const struct config *c,
		   const struct dump *dump, struct diag *d);
int pipeline_finish(struct graph *g, const struct config *c,
		    const struct dump *dump, struct diag *d);

#endif
