/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gradients of operators that only move numbers, without a rule for each: the
 * operator runs on the positions of the numbers, counted from 1, and the
 * result shows where each number came from. 0 is padding.
 */
#include "evaluator/gradient_move.h"

#include <stdlib.h>

#define MAX_PLACES (1 << 24) /* integers that a float holds exactly */

struct move {
	const struct gradient_args *r;
	int64_t first[GRADIENT_MAX_OPERANDS +
		      1]; /* first position of each input */
	float *places;
	const void *in[GRADIENT_MAX_OPERANDS];
	void *out[GRADIENT_MAX_OPERANDS]; /* positions in each output */
};

static bool is_moved(const struct value *v)
{
	return v && v->role != VALUE_CONSTANT;
}

/* Gives positions to the moved inputs; the others keep their data. */
static int number_inputs(struct move *m)
{
	const struct node *n = m->r->n;
	int64_t *first = m->first;

	for (int i = 0; i < n->input_count; i++)
		first[i + 1] = first[i] +
			       (is_moved(n->inputs[i]) ?
					shape_elements(&n->inputs[i]->shape) :
					0);
	m->places = malloc(((size_t)first[n->input_count] + 1) *
			   sizeof(*m->places));
	if (!m->places)
		return diag_error(m->r->d, "out of memory");
	for (int64_t i = 0; i < first[n->input_count]; i++)
		m->places[i] = (float)(i + 1);
	for (int i = 0; i < n->input_count; i++) {
		const struct value *v = n->inputs[i];

		if (first[i + 1] > first[i])
			m->in[i] = m->places + first[i];
		else
			m->in[i] = v && !is_moved(v) ? v->data : NULL;
	}
	return 0;
}

static int64_t output_count(const struct node *n, int o)
{
	return n->outputs[o] ? shape_elements(&n->outputs[o]->shape) : 0;
}

static int move_places(struct move *m)
{
	const struct node *n = m->r->n;

	for (int o = 0; o < n->output_count; o++) {
		size_t count = (size_t)output_count(n, o);

		m->out[o] = count ? malloc(count * sizeof(float)) : NULL;
		if (count && !m->out[o])
			return diag_error(m->r->d, "out of memory");
	}
	return eval_node(n, m->in, m->out, m->r->d);
}

/* Adds the gradient of output o to the inputs, at the positions in it. */
static void add_gradient(const struct move *m, int o)
{
	const struct gradient_args *r = m->r;
	const float *places = m->out[o];
	int64_t count = places ? output_count(r->n, o) : 0;

	for (int64_t e = 0, i = 0; e < count; e++) {
		int64_t place = (int64_t)places[e] - 1;

		if (place < 0)
			continue;
		while (place >= m->first[i + 1])
			i++;
		while (place < m->first[i])
			i--;
		if (r->din[i])
			r->din[i][place - m->first[i]] += r->dout[o][e];
	}
}

int gradient_move(const struct gradient_args *r)
{
	struct move m = { .r = r };
	int err = number_inputs(&m) || move_places(&m) ? -1 : 0;

	for (int o = 0; !err && o < r->n->output_count; o++)
		add_gradient(&m, o);
	free(m.places);
	for (int o = 0; o < r->n->output_count; o++)
		free(m.out[o]);
	return err;
}

bool gradient_can_move(const struct node *n)
{
	int64_t total = 0;

	if (n->input_count > GRADIENT_MAX_OPERANDS ||
	    n->output_count > GRADIENT_MAX_OPERANDS)
		return false;
	for (int i = 0; i < n->input_count; i++) {
		const struct value *v = n->inputs[i];

		if (!v || v->role == VALUE_CONSTANT)
			continue;
		if (v->dtype != DT_F32)
			return false;
		total += shape_elements(&v->shape);
	}
	if (n->op == OP_PAD) {
		const struct value *v = node_input(n, 2);

		if (v && (!value_is_const(v) || *(const float *)v->data != 0))
			return false;
	}
	/* the numbers of a constant would be taken for positions */
	if (n->op == OP_CONCAT)
		for (int i = 0; i < n->input_count; i++)
			if (n->inputs[i]->role == VALUE_CONSTANT)
				return false;
	return total < MAX_PLACES;
}
