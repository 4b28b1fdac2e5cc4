/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/onnx/onnx_cut.h"

#include <string.h>

#include "converter/onnx/onnx_cut_facts.h"
#include "converter/onnx/onnx_cut_lift.h"
#include "converter/onnx/onnx_cut_ops.h"

/* ---- What is selected from ---- */

static bool is_selected(const struct cutter *c, const Onnx__NodeProto *n)
{
	return cut_outputs(c, n) & SELECTED;
}

static bool add_output(struct cutter *c, const char *name)
{
	for (size_t i = 0; i < c->found_count; i++)
		if (!strcmp(c->found[i], name))
			return true;
	if (c->found_count == CUT_MOST_OUTPUTS)
		return false;
	c->found[c->found_count++] = name;
	return true;
}

static bool gather_inputs(struct cutter *c, const Onnx__NodeProto *n)
{
	bool anchors = !strcmp(n->op_type ? n->op_type : "",
			       "TFLite_Detection_PostProcess");

	for (size_t i = 0; i < n->n_attribute; i++) {
		const Onnx__GraphProto *body = n->attribute[i]->g;

		for (size_t k = 0; body && k < body->n_node; k++)
			if (!gather_inputs(c, body->node[k]))
				return false;
	}
	for (size_t i = 0; i < n->n_input; i++) {
		const struct fact *f =
			*n->input[i] ? cut_known(c, n->input[i]) : NULL;
		unsigned flags = f ? f->flags : 0;
		/* its third input, a constant, holds the anchors */
		bool wanted = (flags & NETWORK) && !(flags & SELECTED);

		if (wanted && !add_output(c, cut_lift(c, n->input[i])))
			return false;
		if (anchors && i == 2 && !(flags & DATA) &&
		    !add_output(c, n->input[i]))
			return false;
	}
	return true;
}

static bool gather_outputs(struct cutter *c)
{
	for (size_t i = 0; i < c->p->n_output; i++) {
		const char *name = c->p->output[i]->name, *before;

		if (!name || (cut_fact(c, name)->flags & SELECTED))
			continue;
		before = cut_before_scale(c, name);
		c->scaled |= before != NULL;
		if (!add_output(c, before ? before : name))
			return false;
	}
	for (size_t i = 0; i < c->p->n_node; i++) {
		const Onnx__NodeProto *n = c->p->node[i];

		if (!is_selected(c, n))
			continue;
		if (cut_is_selection(n) &&
		    (!c->op_type || !strcmp(c->op_type, "TopK")))
			c->op_type = cut_selection_of(n)->op_type;
		c->gathers |= cut_is_gather(n);
		if (!gather_inputs(c, n))
			return false;
	}
	cut_join_moved(c);
	return (c->op_type || c->scaled) && c->found_count;
}

/* ---- The threshold of the suppression ---- */

static float attribute_of(const Onnx__NodeProto *n, const char *name,
			  float otherwise)
{
	for (size_t i = 0; i < n->n_attribute; i++)
		if (n->attribute[i]->name &&
		    !strcmp(n->attribute[i]->name, name))
			return n->attribute[i]->f;
	return otherwise;
}

/* A constant of one float in the file; -1 where it is none. */
static float scalar_of(const Onnx__TensorProto *t)
{
	float x = -1;

	if (t && t->data_type == ONNX_FLOAT && t->n_float_data == 1)
		x = t->float_data[0];
	else if (t && t->data_type == ONNX_FLOAT && t->raw_data.len == 4)
		memcpy(&x, t->raw_data.data, 4);
	return x >= 0 && x <= 1 ? x : -1;
}

static float constant_of(const struct cutter *c, const char *name)
{
	const Onnx__NodeProto *n = cut_fact(c, name)->producer;

	for (size_t i = 0; i < c->p->n_initializer; i++)
		if (c->p->initializer[i]->name &&
		    !strcmp(c->p->initializer[i]->name, name))
			return scalar_of(c->p->initializer[i]);
	return n && n->n_attribute ? scalar_of(n->attribute[0]->t) : -1;
}

/* TopK alone suppresses nothing. */
static float iou_of(const struct cutter *c)
{
	float iou = strcmp(c->op_type, "TopK") ? -1 : 1;

	for (size_t i = 0; i < c->p->n_node; i++) {
		const Onnx__NodeProto *n = c->p->node[i];

		if (!is_selected(c, n) || !cut_is_selection(n))
			continue;
		if (!strcmp(n->op_type, "NonMaxSuppression"))
			return n->n_input > 3 ? constant_of(c, n->input[3]) : 0;
		iou = attribute_of(n, "nms_iou_threshold",
				   attribute_of(n, "iou_threshold", iou));
	}
	return iou >= 0 && iou <= 1 ? iou : -1;
}

/* ---- The graph that is left ---- */

static int keep_all(struct cutter *c, struct onnx_cut *out)
{
	out->nodes = c->p->node;
	out->node_count = c->p->n_node;
	out->output_count = c->p->n_output;
	out->outputs = arena_array(c->r->scratch, c->p->n_output + 1,
				   sizeof(*out->outputs));
	if (!out->outputs)
		return onnx_no_memory(c->r);
	for (size_t i = 0; i < c->p->n_output; i++)
		out->outputs[i] =
			c->p->output[i]->name ? c->p->output[i]->name : "";
	return 0;
}

/* LIVE goes from the outputs to what they need. */
static void look_live(struct cutter *c)
{
	for (size_t i = c->p->n_node; i-- > 0;) {
		const Onnx__NodeProto *n = c->p->node[i];

		if (!(cut_outputs(c, n) & LIVE))
			continue;
		for (size_t k = 0; k < n->n_input; k++)
			cut_add_flags(c, n->input[k], LIVE);
	}
}

static bool find_live(struct cutter *c)
{
	for (size_t i = 0; i < c->found_count; i++)
		cut_add_flags(c, c->found[i], LIVE);
	for (int round = 0; round < CUT_MOST_ROUNDS; round++) {
		c->changed = false;
		look_live(c);
		if (!c->changed)
			return true;
	}
	return false;
}

/* Inputs that only the post-processing reads. */
static void drop_inputs(struct cutter *c)
{
	struct graph *g = c->r->g;
	int left = 0;

	for (int i = 0; i < g->input_count; i++) {
		struct value *v = g->inputs[i];

		if (cut_fact(c, v->name)->flags & LIVE)
			g->inputs[left++] = v;
		else
			diag_note(c->r->d,
				  "input '%.100s' is left out: only the "
				  "post-processing reads it",
				  v->name);
	}
	g->input_count = left;
}

static int keep_unselected(struct cutter *c, struct onnx_cut *out)
{
	struct graph *g = c->r->g;

	out->nodes = arena_array(c->r->scratch, c->p->n_node + 1,
				 sizeof(*out->nodes));
	out->outputs = arena_array(c->r->scratch, c->found_count,
				   sizeof(*out->outputs));
	if (!out->nodes || !out->outputs)
		return onnx_no_memory(c->r);
	for (size_t i = 0; i < c->p->n_node; i++)
		if (cut_outputs(c, c->p->node[i]) & LIVE)
			out->nodes[out->node_count++] = c->p->node[i];
	memcpy(out->outputs, c->found, c->found_count * sizeof(*c->found));
	out->output_count = c->found_count;
	if (c->op_type) {
		g->cut.op_type = arena_strdup(g->arena, c->op_type);
		g->cut.iou = iou_of(c);
		if (!g->cut.op_type)
			return onnx_no_memory(c->r);
	}
	drop_inputs(c);
	diag_note(c->r->d,
		  "post-processing is cut off at the end (%.100s, %zu nodes): "
		  "the head does it",
		  c->op_type ? c->op_type : "scale of the photo",
		  c->p->n_node - out->node_count);
	return 0;
}

int onnx_cut_selection(struct onnx_reader *r, const Onnx__GraphProto *p,
		       struct onnx_cut *out)
{
	struct cutter c = { .r = r, .p = p };
	bool any = false, cut;

	*out = (struct onnx_cut){ 0 };
	for (size_t i = 0; i < p->n_node; i++)
		any |= cut_is_selection(p->node[i]);
	if (!any && r->g->input_count < 2)
		return keep_all(&c, out);
	if (cut_init_facts(&c))
		return -1;
	cut = cut_find_facts(&c) && gather_outputs(&c);
	/* the best classes of a classifier are its result */
	cut = cut && (!c.op_type || c.gathers || strcmp(c.op_type, "TopK")) &&
	      find_live(&c);
	return cut ? keep_unselected(&c, out) : keep_all(&c, out);
}
