/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "ir/budget.h"
#include "passes/fold_node.h"
#include "passes/passes.h"
#include "passes/shape_infer.h"

#define SHAPE_TEXT 128

static void list_inputs(const struct graph *g, struct diag *d)
{
	char names[512], text[SHAPE_TEXT];
	size_t used = 0;

	names[0] = '\0';
	for (int i = 0; i < g->input_count && used < sizeof(names); i++) {
		shape_print(&g->inputs[i]->shape, text, sizeof(text));
		used += (size_t)snprintf(names + used, sizeof(names) - used,
					 "%s%.64s %s", i ? ", " : "",
					 g->inputs[i]->name, text);
	}
	diag_hint(d, "its inputs are: %s", names);
}

static struct value *named_input(const struct graph *g,
				 const struct config_shape *given,
				 struct diag *d)
{
	if (!given->input && g->input_count == 1)
		return g->inputs[0];
	for (int i = 0; given->input && i < g->input_count; i++) {
		if (strcmp(g->inputs[i]->name, given->input) == 0)
			return g->inputs[i];
	}
	if (given->input)
		diag_error(d,
			   "--shape names '%s', which is no input of the "
			   "model",
			   given->input);
	else
		diag_error(d, "--shape names no input, but the model has %d",
			   g->input_count);
	list_inputs(g, d);
	return NULL;
}

static int apply_shapes(struct graph *g, const struct config *c, struct diag *d)
{
	for (int i = 0; i < c->shape_count; i++) {
		const struct shape *s = &c->shapes[i].shape;
		struct value *v = named_input(g, &c->shapes[i], d);

		if (!v)
			return -1;
		if (v->shape.rank >= 0 && v->shape.rank != s->rank) {
			diag_error(d,
				   "--shape gives input '%s' %d dimensions, "
				   "the model has %d",
				   v->name, s->rank, v->shape.rank);
			list_inputs(g, d);
			return -1;
		}
		v->shape = *s;
	}
	return 0;
}

/* A shape for the hint: batch 1, 3 channels, 320 pixels. */
static struct shape likely_shape(const struct shape *s)
{
	static const int64_t photo[4] = { 1, 3, 320, 320 };
	struct shape t = s->rank < 0 ? shape_of(4, photo) : *s;

	for (int i = 0; i < t.rank; i++) {
		if (t.dim[i] < 0)
			t.dim[i] = t.rank == 4 ? photo[i] : i == 0 ? 1 : 320;
	}
	return t;
}

static int ask_for_shape(const struct value *v, struct diag *d)
{
	struct shape likely = likely_shape(&v->shape);
	char text[SHAPE_TEXT];

	shape_print(&v->shape, text, sizeof(text));
	diag_error(d, "the shape of input '%s' is %s", v->name, text);
	shape_print(&likely, text, sizeof(text));
	diag_hint(d, "use --shape %s=%s", v->name, text);
	return -1;
}

/* Height and width of the metadata `imgsz`, "[480, 640]", where those of the
 * only input are open. */
static bool size_by_metadata(const struct graph *g, struct shape *s)
{
	const char *text = graph_metadata(g, "imgsz");
	long long size[2];
	int n;

	if (!text || g->input_count != 1 || s->rank != 4 ||
	    (s->dim[1] != 3 && s->dim[1] != 1) || shape_known(s))
		return false;
	text += strspn(text, "[( ");
	n = sscanf(text, "%lld , %lld", &size[0], &size[1]);
	if (n == 1)
		size[1] = size[0];
	for (int i = 0; n > 0 && i < 2; i++) {
		if (size[i] <= 0 || size[i] > UINT16_MAX ||
		    (s->dim[2 + i] > 0 && s->dim[2 + i] != size[i]))
			return false;
	}
	if (n > 0 && (s->dim[2] < 0 || s->dim[3] < 0)) {
		s->dim[2] = size[0];
		s->dim[3] = size[1];
		return true;
	}
	return false;
}

/* An unknown batch becomes 1; other dims are in the metadata or asked for. */
static int complete_input(const struct graph *g, struct value *v,
			  struct diag *d)
{
	struct shape s = v->shape;

	if (size_by_metadata(g, &s)) {
		v->shape = s;
		diag_note(d,
			  "the size of input '%s' is open, %lldx%lld is used "
			  "as its metadata say (imgsz)",
			  v->name, (long long)s.dim[2], (long long)s.dim[3]);
	}
	if (shape_known(&s))
		return 0;
	if (s.rank < 1 || s.dim[0] != -1)
		return ask_for_shape(v, d);
	s.dim[0] = 1;
	if (!shape_known(&s))
		return ask_for_shape(v, d);
	v->shape = s;
	diag_note(d, "the batch size of input '%s' is open, 1 is used",
		  v->name);
	return 0;
}

static int check_input(const struct value *v, struct diag *d)
{
	char text[SHAPE_TEXT];

	if (v->dtype == DT_NONE)
		return diag_error(d, "the type of input '%s' is not known",
				  v->name);
	if (shape_elements(&v->shape) >= 0)
		return 0;
	shape_print(&v->shape, text, sizeof(text));
	return diag_error(d, "input '%s' is %s, more than %lld elements",
			  v->name, text, (long long)GRAPH_MAX_ELEMENTS);
}

/* What a selection took nothing from, such as the masks of a model that has
 * none. */
static void drop_empty_outputs(struct graph *g)
{
	int left = 0;

	for (int i = 0; i < g->output_count; i++) {
		struct value *v = g->outputs[i];

		v->is_output = shape_elements(&v->shape) != 0;
		if (v->is_output)
			g->outputs[left++] = v;
	}
	g->output_count = left;
}

int pass_infer_shapes(struct graph *g, const struct config *c, struct diag *d)
{
	struct node *next;

	if (apply_shapes(g, c, d))
		return -1;
	for (int i = 0; i < g->input_count; i++) {
		if (complete_input(g, g->inputs[i], d) ||
		    check_input(g->inputs[i], d))
			return -1;
	}
	graph_budget_open(g);
	for (struct node *n = g->first; n; n = next) {
		next = n->next;
		if (shape_infer_node(g, n, d) || fold_node(g, n, d))
			return -1;
	}
	if (g->cut.op_type)
		drop_empty_outputs(g);
	return 0;
}
