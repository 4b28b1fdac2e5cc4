/* SPDX-License-Identifier: Apache-2.0 */
#include "evaluator/evaluator.h"

#include <stdlib.h>
#include <string.h>

#include "base/align.h"
#include "evaluator/eval.h"

/* A model whose values need more memory than this is not for small devices: it
 * is refused before the host runs out of memory. */
#define MOST_BYTES ((size_t)4 << 30)

/*
 * Buffers are planned once. A value gets the smallest free buffer that fits,
 * or a new one; the buffer is free again after the last reader of the value.
 * Graph inputs and outputs have separate buffers.
 */
struct buffer {
	void *data;
	size_t bytes;
	bool busy;
};

struct evaluator {
	const struct graph *g;
	struct buffer *buffers;
	int buffer_count;
	int *of_value; /* buffer by value id, -1: none */
	const void **in;
	void **out;
};

static int new_buffer(struct evaluator *e, size_t bytes)
{
	e->buffers[e->buffer_count] =
		(struct buffer){ .bytes = bytes, .busy = true };
	return e->buffer_count++;
}

static int take_buffer(struct evaluator *e, size_t bytes)
{
	int best = -1, largest = -1;

	for (int i = 0; i < e->buffer_count; i++) {
		struct buffer *b = &e->buffers[i];

		if (b->busy)
			continue;
		if (b->bytes >= bytes &&
		    (best < 0 || b->bytes < e->buffers[best].bytes))
			best = i;
		if (largest < 0 || b->bytes > e->buffers[largest].bytes)
			largest = i;
	}
	if (best < 0 && largest < 0)
		return new_buffer(e, bytes);
	if (best < 0) {
		best = largest;
		e->buffers[best].bytes = bytes;
	}
	e->buffers[best].busy = true;
	return best;
}

static size_t value_bytes(const struct value *v)
{
	return (size_t)shape_elements(&v->shape) * dtype_size(v->dtype);
}

/* Remaining readers by value id; values that must stay have one more. */
static int *count_readers(const struct graph *g)
{
	int *left = calloc(g->value_count + 1, sizeof(*left));

	for (size_t i = 0; left && i < g->value_count; i++)
		left[i] = value_readers(g->values[i]) +
			  (g->values[i]->role == VALUE_INPUT);
	return left;
}

static void release_inputs(struct evaluator *e, const struct node *n, int *left)
{
	for (int i = 0; i < n->input_count; i++) {
		const struct value *v = n->inputs[i];

		if (v && v->role == VALUE_COMPUTED && --left[v->id] == 0)
			e->buffers[e->of_value[v->id]].busy = false;
	}
}

static int plan_node(struct evaluator *e, const struct node *n, int *left,
		     struct diag *d)
{
	if (!eval_supports(n->op))
		return node_error(d, n, "cannot be evaluated");
	for (int i = 0; i < n->input_count; i++) {
		const struct value *v = n->inputs[i];

		if (v && v->role != VALUE_CONSTANT && e->of_value[v->id] < 0)
			return node_error(d, n, "nothing makes its input '%s'",
					  v->name);
	}
	for (int i = 0; i < n->output_count; i++) {
		const struct value *v = n->outputs[i];

		if (!v)
			continue;
		if (shape_elements(&v->shape) < 0 || v->dtype == DT_NONE)
			return node_error(d, n,
					  "the shape of '%s' is not "
					  "known",
					  v->name);
		e->of_value[v->id] = take_buffer(e, value_bytes(v));
	}
	release_inputs(e, n, left);
	for (int i = 0; i < n->output_count; i++)
		if (n->outputs[i] && !left[n->outputs[i]->id])
			e->buffers[e->of_value[n->outputs[i]->id]].busy = false;
	return 0;
}

static int plan(struct evaluator *e, struct diag *d)
{
	int *left = count_readers(e->g);
	int err = left ? 0 : diag_error(d, "out of memory");

	for (int i = 0; !err && i < e->g->input_count; i++) {
		const struct value *v = e->g->inputs[i];

		if (shape_elements(&v->shape) < 0 || v->dtype == DT_NONE)
			err = diag_error(d,
					 "the shape of input '%s' is not "
					 "known",
					 v->name);
		else
			e->of_value[v->id] = new_buffer(e, value_bytes(v));
	}
	for (const struct node *n = e->g->first; !err && n; n = n->next)
		err = plan_node(e, n, left, d);
	free(left);
	return err;
}

static int most_operands(const struct graph *g)
{
	int most = 1;

	for (const struct node *n = g->first; n; n = n->next) {
		most = n->input_count > most ? n->input_count : most;
		most = n->output_count > most ? n->output_count : most;
	}
	return most;
}

static int alloc_lists(struct evaluator *e)
{
	size_t operands = (size_t)most_operands(e->g);

	e->buffers = calloc(e->g->value_count + 1, sizeof(*e->buffers));
	e->of_value = calloc(e->g->value_count + 1, sizeof(*e->of_value));
	e->in = calloc(operands, sizeof(*e->in));
	e->out = calloc(operands, sizeof(*e->out));
	if (!e->buffers || !e->of_value || !e->in || !e->out)
		return -1;
	for (size_t i = 0; i < e->g->value_count; i++)
		e->of_value[i] = -1;
	return 0;
}

static int check_total(const struct evaluator *e, struct diag *d)
{
	size_t total = 0;

	for (int i = 0; i < e->buffer_count; i++) {
		total += e->buffers[i].bytes;
		if (total > MOST_BYTES)
			return diag_error(d,
					  "its values need more than "
					  "%zu GiB in float",
					  MOST_BYTES >> 30);
	}
	return 0;
}

static int alloc_buffers(struct evaluator *e)
{
	for (int i = 0; i < e->buffer_count; i++) {
		struct buffer *b = &e->buffers[i];
		size_t bytes = align_up(b->bytes, 64);

		b->data = aligned_alloc(64, bytes ? bytes : 64);
		if (!b->data)
			return -1;
		memset(b->data, 0, bytes);
	}
	return 0;
}

struct evaluator *evaluator_new(const struct graph *g, struct diag *d)
{
	struct evaluator *e = calloc(1, sizeof(*e));

	if (!e) {
		diag_error(d, "out of memory");
		return NULL;
	}
	e->g = g;
	if (alloc_lists(e)) {
		diag_error(d, "out of memory");
	} else if (!plan(e, d) && !check_total(e, d)) {
		if (!alloc_buffers(e))
			return e;
		diag_error(d, "out of memory for the float model's values");
	}
	evaluator_free(e);
	return NULL;
}

void evaluator_free(struct evaluator *e)
{
	if (!e)
		return;
	for (int i = 0; i < e->buffer_count; i++)
		free(e->buffers[i].data);
	free(e->buffers);
	free(e->of_value);
	free(e->in);
	free(e->out);
	free(e);
}

static void *data_of(const struct evaluator *e, const struct value *v)
{
	return e->buffers[e->of_value[v->id]].data;
}

static const void *source_of(const struct evaluator *e, const struct value *v)
{
	return v->role == VALUE_CONSTANT ? v->data : data_of(e, v);
}

static int run_node(struct evaluator *e, const struct node *n,
		    eval_observer *observe, void *ctx, struct diag *d)
{
	for (int i = 0; i < n->input_count; i++)
		e->in[i] = n->inputs[i] ? source_of(e, n->inputs[i]) : NULL;
	for (int i = 0; i < n->output_count; i++)
		e->out[i] = n->outputs[i] ? data_of(e, n->outputs[i]) : NULL;
	if (eval_node(n, e->in, e->out, d))
		return -1;
	for (int i = 0; observe && i < n->output_count; i++)
		if (n->outputs[i] && observe(ctx, n->outputs[i], e->out[i]))
			return -1;
	return 0;
}

int evaluator_run(struct evaluator *e, const void *const *inputs,
		  eval_observer *observe, void *ctx, struct diag *d)
{
	for (int i = 0; i < e->g->input_count; i++) {
		const struct value *v = e->g->inputs[i];

		memcpy(data_of(e, v), inputs[i], value_bytes(v));
		if (observe && observe(ctx, v, data_of(e, v)))
			return -1;
	}
	for (const struct node *n = e->g->first; n; n = n->next)
		if (run_node(e, n, observe, ctx, d))
			return -1;
	return 0;
}

const void *evaluator_output(const struct evaluator *e, int i)
{
	return source_of(e, e->g->outputs[i]);
}
