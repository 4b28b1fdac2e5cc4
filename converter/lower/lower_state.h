/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_LOWER_LOWER_STATE_H
#define DBC_CONVERTER_LOWER_LOWER_STATE_H

#include "base/diag.h"
#include "converter/lower/device_model.h"
#include "ir/config.h"
#include "ir/graph.h"

/* The state of lower_graph(). A graph value has up to two tensors: its own (S8
 * if it has a quant, I32 for integers, else F32), and an F32 copy of an S8 one,
 * which the first float operator that reads it adds. */
struct lower {
	const struct graph *g;
	const struct config *c;
	struct device_model *m;
	struct diag *d;
	uint32_t *own, *real;    /* by value id: a tensor, or DBP_NONE */
	const struct node *node; /* at work */
	struct refusal *refusals, **last_refusal;
	int refusal_count;
};

/* Lowers one node. 0, -1 after lower_refuse(), or LOWER_ELSEWHERE: this form
 * does not apply, another one may. */
typedef int lower_fn(struct lower *l, const struct node *n);
enum { LOWER_ELSEWHERE = 1 };

#endif
