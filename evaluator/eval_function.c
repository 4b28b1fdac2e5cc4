/* SPDX-License-Identifier: Apache-2.0 */
/* Function: its body, a block of elements at a time. Each step rounds to float,
 * as the nodes did that it was made of. */
#include <string.h>

#include "evaluator/eval.h"
#include "ir/function_body.h"

#define BLOCK 256

struct function_stack {
	float rows[FUNCTION_MAX_DEPTH][BLOCK];
	int depth;
};

static void push_number(struct function_stack *s, float number, int64_t count)
{
	float *to = s->rows[s->depth++];

	for (int64_t i = 0; i < count; i++)
		to[i] = number;
}

static void run_step(struct function_stack *s, const struct function_step *step,
		     const float *x, int64_t count)
{
	float *top;

	switch (step->kind) {
	case FUNCTION_X:
		memcpy(s->rows[s->depth++], x, (size_t)count * sizeof(*x));
		break;
	case FUNCTION_NUMBER:
		push_number(s, step->number, count);
		break;
	case FUNCTION_OP:
		top = s->rows[s->depth - step->operands];
		s->depth += 1 - step->operands;
		if (step->operands == 1)
			eval_unary_floats(&step->node, top, top, count);
		else
			eval_binary_floats(step->node.op, top,
					   s->rows[s->depth], top, count);
	}
}

int eval_function(const struct eval *e)
{
	const int64_t total = eval_count(e);
	const float *x = e->in[0];
	float *y = e->out[0];
	struct function_body body;
	struct function_stack s;

	if (function_body_of(e->n, &body))
		return node_error(e->d, e->n, "its body cannot be read");
	for (int64_t at = 0; at < total; at += BLOCK) {
		int64_t count = total - at < BLOCK ? total - at : BLOCK;

		s.depth = 0;
		for (int i = 0; i < body.count; i++)
			run_step(&s, &body.steps[i], x + at, count);
		memcpy(y + at, s.rows[0], (size_t)count * sizeof(*y));
	}
	return 0;
}
