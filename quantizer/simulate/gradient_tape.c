/* SPDX-License-Identifier: Apache-2.0 */
#include "quantizer/simulate/gradient_tape.h"

#include <stdlib.h>

#include "base/finite.h"
#include "evaluator/evaluator.h"
#include "evaluator/gradient.h"
#include "quantizer/graph/integer_nodes.h"

#define MOST_OPERANDS 64

static size_t bytes_of(const struct value *v)
{
	return (size_t)shape_elements(&v->shape) * dtype_size(v->dtype);
}

static bool is_constant(const struct value *v)
{
	return v->role == VALUE_CONSTANT;
}

const struct node *gradient_tape_obstacle(const struct graph *g)
{
	for (const struct node *n = g->first; n; n = n->next)
		if (!n->tail &&
		    (n->input_count > MOST_OPERANDS ||
		     n->output_count > MOST_OPERANDS || !gradient_supports(n)))
			return n;
	return NULL;
}

int gradient_tape_init(struct gradient_tape *t, const struct graph *g,
		       struct diag *d)
{
	*t = (struct gradient_tape){ .g = g };
	t->value = calloc(g->value_count + 1, sizeof(*t->value));
	t->gradient = calloc(g->value_count + 1, sizeof(*t->gradient));
	t->leads = calloc(g->value_count + 1, sizeof(*t->leads));
	if (!t->value || !t->gradient || !t->leads)
		return diag_error(d, "out of memory");
	for (int i = 0; i < g->input_count; i++)
		t->value[g->inputs[i]->id] = malloc(bytes_of(g->inputs[i]) + 1);
	for (const struct node *n = g->first; n; n = n->next)
		for (int i = 0; !n->tail && i < n->output_count; i++)
			if (n->outputs[i])
				t->value[n->outputs[i]->id] = aligned_alloc(
					64, (bytes_of(n->outputs[i]) + 127) /
						    64 * 64);
	for (const struct node *n = g->first; n; n = n->next) {
		bool leads = node_has_weights(n);

		for (int i = 0; i < n->input_count; i++)
			leads = leads ||
				(n->inputs[i] && t->leads[n->inputs[i]->id]);
		for (int i = 0; !n->tail && i < n->output_count; i++) {
			if (!n->outputs[i])
				continue;
			t->leads[n->outputs[i]->id] = leads;
			if (!t->value[n->outputs[i]->id])
				return diag_error(d, "out of memory");
		}
	}
	return 0;
}

void gradient_tape_free(struct gradient_tape *t)
{
	for (size_t i = 0; t->g && t->value && i < t->g->value_count; i++)
		free(t->value[i]);
	for (size_t i = 0; t->g && t->gradient && i < t->g->value_count; i++)
		free(t->gradient[i]);
	free(t->value);
	free(t->gradient);
	free(t->leads);
	*t = (struct gradient_tape){ 0 };
}

/* The data of a node's inputs. */
static void operands_of(const struct gradient_tape *t, const struct node *n,
			const void **in)
{
	for (int i = 0; i < n->input_count; i++) {
		const struct value *v = n->inputs[i];

		in[i] = !v             ? NULL :
			is_constant(v) ? v->data :
					 (const void *)t->value[v->id];
	}
}

int gradient_tape_forward(struct gradient_tape *t, struct diag *d)
{
	for (const struct node *n = t->g->first; n; n = n->next) {
		const void *in[MOST_OPERANDS];
		void *out[MOST_OPERANDS];

		if (n->tail)
			continue;
		operands_of(t, n, in);
		for (int i = 0; i < n->output_count; i++)
			out[i] = n->outputs[i] ? t->value[n->outputs[i]->id] :
						 NULL;
		if (eval_node(n, in, out, d))
			return -1;
	}
	return 0;
}

float *gradient_tape_seed(struct gradient_tape *t, const struct value *head)
{
	free(t->gradient[head->id]);
	t->gradient[head->id] = calloc(1, bytes_of(head) + 1);
	return t->gradient[head->id];
}

static int backward_node(struct gradient_tape *t, const struct node *n,
			 struct diag *d)
{
	const void *in[MOST_OPERANDS];
	const float *out[MOST_OPERANDS];
	float *dout[MOST_OPERANDS], *din[MOST_OPERANDS];
	float *none[MOST_OPERANDS] = { NULL };
	int err = -1;

	operands_of(t, n, in);
	for (int i = 0; i < n->input_count; i++) {
		const struct value *v = n->inputs[i];

		din[i] = NULL;
		if (!v || is_constant(v) || !t->leads[v->id])
			continue;
		if (!t->gradient[v->id])
			gradient_tape_seed(t, v);
		din[i] = t->gradient[v->id];
		if (!din[i])
			return diag_error(d, "out of memory");
	}
	for (int i = 0; i < n->output_count; i++) {
		const struct value *v = n->outputs[i];

		out[i] = v ? t->value[v->id] : NULL;
		dout[i] = v ? t->gradient[v->id] : NULL;
		if (v && !dout[i])
			dout[i] = none[i] = calloc(1, bytes_of(v) + 1);
		if (v && !dout[i]) {
			diag_error(d, "out of memory");
			goto done;
		}
	}
	err = gradient_node(n, (const float *const *)in, out, dout, din, d);
done:
	for (int i = 0; i < n->output_count; i++)
		free(none[i]);
	return err;
}

static bool has_gradient(const struct gradient_tape *t, const struct node *n)
{
	for (int i = 0; i < n->output_count; i++)
		if (n->outputs[i] && t->gradient[n->outputs[i]->id])
			return true;
	return false;
}

/* Where a function has no finite slope, nothing is known. */
static void hold_finite(struct gradient_tape *t, const struct node *n)
{
	for (int i = 0; i < n->output_count; i++) {
		const struct value *v = n->outputs[i];
		float *dy = v ? t->gradient[v->id] : NULL;
		int64_t count = dy ? shape_elements(&v->shape) : 0;

		for (int64_t k = 0; k < count; k++)
			if (!float_is_finite(dy[k]))
				dy[k] = 0;
	}
}

int gradient_tape_backward(struct gradient_tape *t, gradient_visitor *each,
			   void *ctx, struct diag *d)
{
	for (const struct node *n = t->g->last; n; n = n->prev) {
		const struct value *y = n->outputs[0];

		if (n->tail || !has_gradient(t, n))
			continue;
		hold_finite(t, n);
		if (backward_node(t, n, d))
			return -1;
		if (t->gradient[y->id])
			each(ctx, n, t->gradient[y->id]);
		for (int i = 0; i < n->output_count; i++)
			if (n->outputs[i]) {
				free(t->gradient[n->outputs[i]->id]);
				t->gradient[n->outputs[i]->id] = NULL;
			}
	}
	return 0;
}
