/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/heads/head_dataflow.h"

#include <stdlib.h>
#include <string.h>

#include "converter/heads/head_marks.h"

struct tracer {
	const struct graph *g;
	struct arena *arena;
	struct diag *d;
	uint32_t **marks; /* by value id; malloc'ed */
	bool *needed;
	struct trace *out;
	int64_t numbers;
};

/* Elements keep their places, and their values but for rounding. */
static bool keeps_values(const struct node *n)
{
	switch (n->op) {
	case OP_QUANTIZE_LINEAR:
	case OP_DYNAMIC_QUANTIZE_LINEAR:
	case OP_DEQUANTIZE_LINEAR:
	case OP_QUANT:
		return true;
	default:
		return op_info(n->op)->flags & OPF_S;
	}
}

/* The mean over the bins of DFL may be a convolution, but it is part of the
 * decoding, not of the network. */
static bool is_behind_softmax(const struct value *v)
{
	for (int depth = 0; v && v->producer && depth < 16; depth++) {
		const struct node *n = v->producer;

		if (n->op == OP_SOFTMAX)
			return true;
		if (!keeps_values(n))
			return false;
		v = n->inputs[0];
	}
	return false;
}

/* Whether the trace ends at this value: an input or a map of the network. */
static bool is_source(const struct value *v)
{
	const struct node *n = v->producer;

	if (v->role == VALUE_INPUT)
		return true;
	return n && head_is_network(n) && !is_behind_softmax(n->inputs[0]);
}

static int64_t elements(const struct value *v)
{
	return shape_elements(&v->shape);
}

static uint32_t *new_marks(struct tracer *t, const struct value *v)
{
	uint32_t *m = calloc((size_t)elements(v) + 1, sizeof(*m));

	t->marks[v->id] = m;
	if (!m)
		diag_error(t->d, "out of memory");
	return m;
}

/* ---- Maps ---- */

static void map_shape(struct trace_map *m)
{
	const struct shape *s = &m->value->shape;

	m->channels = s->rank > 1 ? (int)s->dim[1] : 1;
	m->height = s->rank > 2 ? (int)s->dim[2] : 1;
	m->width = 1;
	for (int i = 3; i < s->rank; i++)
		m->width *= (int)s->dim[i];
}

/* A map has a batch of one; other values cannot be traced. */
static bool fits_map(const struct tracer *t, const struct value *v)
{
	return v->shape.rank >= 2 && v->shape.dim[0] == 1 &&
	       t->numbers + elements(v) < MARK_UNKNOWN - 1;
}

static int mark_map(struct tracer *t, const struct value *v)
{
	uint32_t *marks = new_marks(t, v);
	struct trace_map *m = &t->out->maps[t->out->map_count];
	int64_t n = elements(v);

	if (!marks)
		return -1;
	for (int64_t i = 0; i < n; i++)
		marks[i] = fits_map(t, v) ?
				   (uint32_t)(t->numbers + i + 1) :
				   MARK_UNKNOWN | ((uint32_t)TRACE_MIXED
						   << MARK_NUMBER_BITS);
	if (!fits_map(t, v))
		return 0;
	m->value = v;
	map_shape(m);
	t->out->base[t->out->map_count++] = t->numbers;
	t->numbers += n;
	return 0;
}

/* ---- The whole tail ---- */

static int mark_node(struct tracer *t, const struct node *n)
{
	for (int i = 0; i < n->output_count; i++)
		if (n->outputs[i] && !new_marks(t, n->outputs[i]))
			return -1;
	head_mark_node(n, t->marks);
	return 0;
}

static void mark_needed(struct tracer *t, const struct value *v)
{
	if (v)
		t->needed[v->id] = true;
}

/* Not the scales that the model finds while it runs: they would lead through
 * the whole network. */
static void mark_inputs(struct tracer *t, const struct node *n)
{
	const struct value *kept = head_kept(n);

	if (kept) {
		mark_needed(t, kept);
		return;
	}
	for (int i = 0; i < n->input_count; i++)
		mark_needed(t, n->inputs[i]);
}

static void find_needed(struct tracer *t)
{
	for (int i = 0; i < t->g->output_count; i++)
		mark_needed(t, t->g->outputs[i]);
	for (const struct node *n = t->g->last; n; n = n->prev) {
		bool wanted = false;

		for (int i = 0; i < n->output_count; i++)
			wanted |= n->outputs[i] &&
				  t->needed[n->outputs[i]->id] &&
				  !is_source(n->outputs[i]);
		if (wanted)
			mark_inputs(t, n);
	}
}

/* A mark for each element that is needed: with a tail of many large values
 * this is more than the graph's run may take. */
static bool too_large(const struct tracer *t)
{
	int64_t bytes = 0, most = t->g->budget.run_bytes;

	for (size_t i = 0; i < t->g->value_count; i++)
		if (t->needed[i])
			bytes += elements(t->g->values[i]) *
				 (int64_t)sizeof(uint32_t);
	return t->g->budget.open && bytes > most;
}

/* Marks the inputs of the graph and the constants, then the nodes in order. */
static int mark_all(struct tracer *t)
{
	for (size_t i = 0; i < t->g->value_count; i++) {
		const struct value *v = t->g->values[i];

		if (!t->needed[v->id] || v->producer)
			continue;
		if (v->role == VALUE_INPUT ? mark_map(t, v) : !new_marks(t, v))
			return -1;
	}
	for (const struct node *n = t->g->first; n; n = n->next) {
		bool wanted = false;

		for (int i = 0; i < n->output_count; i++)
			wanted |= n->outputs[i] && t->needed[n->outputs[i]->id];
		if (!wanted)
			continue;
		if (is_source(n->outputs[0]) ? mark_map(t, n->outputs[0]) :
					       mark_node(t, n))
			return -1;
	}
	return 0;
}

/* ---- Where the maps went ---- */

/* The last map that begins at the number or before it. */
static int map_of(const struct trace *t, int64_t number)
{
	int low = 0, high = t->map_count;

	while (high - low > 1) {
		int middle = low + (high - low) / 2;

		if (t->base[middle] > number)
			high = middle;
		else
			low = middle;
	}
	return low;
}

static int init_maps(struct tracer *t)
{
	for (int i = 0; i < t->out->map_count; i++) {
		struct trace_map *m = &t->out->maps[i];

		m->channel = arena_array(t->arena, (size_t)m->channels,
					 sizeof(*m->channel));
		if (!m->channel)
			return diag_error(t->d, "out of memory");
		for (int c = 0; c < m->channels; c++)
			m->channel[c].output = -1;
	}
	return 0;
}

/* Records the places of the first and second cell of each channel. */
static void locate_channels(struct tracer *t, int output)
{
	const struct value *v = t->g->outputs[output];
	const uint32_t *marks = t->marks[v->id];
	int64_t n = elements(v);

	for (int64_t i = 0; i < n; i++) {
		uint32_t number = marks[i] & MARK_NUMBER_MASK;
		struct trace_channel *c;
		struct trace_map *m;
		int64_t at;
		int cells;

		if (number == MARK_NONE || number == MARK_UNKNOWN)
			continue;
		m = &t->out->maps[map_of(t->out, number - 1)];
		at = number - 1 - t->out->base[m - t->out->maps];
		cells = m->height * m->width;
		c = &m->channel[at / cells];
		if (at % cells == 0 && c->output < 0)
			*c = (struct trace_channel){
				output, i, 0,
				(uint8_t)(marks[i] >> MARK_NUMBER_BITS)
			};
		if (at % cells == 1 && c->output == output && !c->step)
			c->step = i - c->first;
	}
}

/* Whether every cell is at the place that the first two imply. */
static bool is_regular(const struct tracer *t, const struct trace_map *m,
		       int channel)
{
	const struct trace_channel *c = &m->channel[channel];
	const struct value *v = t->g->outputs[c->output];
	const uint32_t *marks = t->marks[v->id];
	int64_t n = elements(v), base = t->out->base[m - t->out->maps];
	int cells = m->height * m->width;

	for (int i = 0; i < cells; i++) {
		int64_t at = c->first + i * c->step;

		if (at < 0 || at >= n ||
		    (int64_t)(marks[at] & MARK_NUMBER_MASK) !=
			    base + (int64_t)channel * cells + i + 1)
			return false;
	}
	return true;
}

static int find_places(struct tracer *t)
{
	struct trace *out = t->out;

	if (init_maps(t))
		return -1;
	for (int i = 0; i < t->g->output_count; i++) {
		const struct value *v = t->g->outputs[i];
		size_t n = (size_t)elements(v);

		out->marks[i] = arena_array(t->arena, n + 1, sizeof(uint32_t));
		if (!out->marks[i])
			return diag_error(t->d, "out of memory");
		memcpy(out->marks[i], t->marks[v->id], n * sizeof(uint32_t));
		out->output_flags[i] =
			(uint8_t)(out->marks[i][0] >> MARK_NUMBER_BITS);
		locate_channels(t, i);
	}
	for (int i = 0; i < out->map_count; i++)
		for (int c = 0; c < out->maps[i].channels; c++)
			if (out->maps[i].channel[c].output >= 0 &&
			    !is_regular(t, &out->maps[i], c))
				out->maps[i].channel[c].output = -1;
	return 0;
}

static int trace_nothing(const struct tracer *t)
{
	memset(t->out->output_flags, TRACE_MIXED, (size_t)t->g->output_count);
	return 0;
}

struct trace_element trace_element(const struct trace *t, int output, int64_t i)
{
	uint32_t mark = t->marks[output] ? t->marks[output][i] : MARK_UNKNOWN;
	uint32_t number = mark & MARK_NUMBER_MASK;
	struct trace_element e = { .flags = mark >> MARK_NUMBER_BITS };
	int64_t at;
	int cells;

	if (number == MARK_UNKNOWN)
		e.flags |= TRACE_MIXED;
	if (number == MARK_NONE || number == MARK_UNKNOWN)
		return e;
	e.map = &t->maps[map_of(t, number - 1)];
	at = number - 1 - t->base[e.map - t->maps];
	cells = e.map->height * e.map->width;
	e.channel = (int)(at / cells);
	e.cell = (int)(at % cells);
	return e;
}

int trace_outputs(const struct graph *g, struct arena *a, struct trace *out,
		  struct diag *d)
{
	size_t n = g->value_count + 1;
	struct tracer t = { .g = g, .arena = a, .d = d, .out = out };
	int err = -1;

	t.marks = calloc(n, sizeof(*t.marks));
	t.needed = calloc(n, sizeof(*t.needed));
	*out = (struct trace){ .maps = arena_array(a, n, sizeof(*out->maps)),
			       .output_flags = arena_array(
				       a, (size_t)g->output_count, 1),
			       .marks = arena_array(a, (size_t)g->output_count,
						    sizeof(*out->marks)),
			       .base = arena_array(a, n, sizeof(*out->base)) };
	if (!t.marks || !t.needed || !out->base || !out->maps ||
	    !out->output_flags || !out->marks) {
		diag_error(d, "out of memory");
	} else {
		find_needed(&t);
		if (too_large(&t))
			err = trace_nothing(&t);
		else
			err = mark_all(&t) || find_places(&t) ? -1 : 0;
	}
	for (size_t i = 0; t.marks && i < n; i++)
		free(t.marks[i]);
	free(t.marks);
	free(t.needed);
	return err;
}
