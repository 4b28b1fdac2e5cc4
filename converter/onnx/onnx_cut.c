/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/onnx/onnx_cut.h"

#include <string.h>

#include "converter/onnx/onnx_cut_ops.h"

#define MOST_OUTPUTS 8 /* of a selection, or it is not understood */
#define MOST_ROUNDS 16 /* over nodes that are not in order */

/* What is known of a value of the file. */
enum {
	DATA = 1,     /* computed from an input */
	NETWORK = 2,  /* behind weights */
	SELECTED = 4, /* behind a selection */
	ONWARD = 8,   /* the network goes on behind it */
	LIVE = 16,    /* an output that is left needs it */
};

struct fact {
	const char *name;
	const Onnx__NodeProto *producer;
	unsigned flags;
};

struct cutter {
	struct onnx_reader *r;
	const Onnx__GraphProto *p;
	struct fact *facts; /* a table of names */
	size_t slots;
	bool changed;
	bool gathers;        /* behind a selection */
	const char *op_type; /* of the first selection */
	const char *found[MOST_OUTPUTS];
	size_t found_count;
};

/* ---- Names ---- */

static struct fact *fact_of(const struct cutter *c, const char *name)
{
	size_t i = hash_name(&c->r->key, name) & (c->slots - 1);

	while (c->facts[i].name && strcmp(c->facts[i].name, name))
		i = (i + 1) & (c->slots - 1);
	c->facts[i].name = name;
	return &c->facts[i];
}

/* NULL: the name is not of the graph itself. */
static struct fact *known(const struct cutter *c, const char *name)
{
	size_t i = hash_name(&c->r->key, name) & (c->slots - 1);

	while (c->facts[i].name && strcmp(c->facts[i].name, name))
		i = (i + 1) & (c->slots - 1);
	return c->facts[i].name ? &c->facts[i] : NULL;
}

static int init_facts(struct cutter *c)
{
	const Onnx__GraphProto *p = c->p;
	size_t names = p->n_input + p->n_output + p->n_initializer + 16;

	for (size_t i = 0; i < p->n_node; i++)
		names += p->node[i]->n_input + p->node[i]->n_output;
	for (c->slots = 16; c->slots < 2 * names;)
		c->slots *= 2;
	c->facts = arena_array(c->r->scratch, c->slots, sizeof(*c->facts));
	if (!c->facts)
		return onnx_no_memory(c->r);
	for (size_t i = 0; i < p->n_input; i++)
		if (p->input[i]->name)
			fact_of(c, p->input[i]->name)->flags = DATA;
	/* IR 3 lists initializers as inputs */
	for (size_t i = 0; i < p->n_initializer; i++)
		if (p->initializer[i]->name)
			fact_of(c, p->initializer[i]->name)->flags = 0;
	for (size_t i = 0; i < p->n_node; i++)
		for (size_t k = 0; k < p->node[i]->n_output; k++)
			fact_of(c, p->node[i]->output[k])->producer =
				p->node[i];
	return 0;
}

/* ---- Facts ---- */

static void add_flags(struct cutter *c, const char *name, unsigned flags)
{
	struct fact *f;

	if (!*name)
		return;
	f = fact_of(c, name);
	c->changed |= (f->flags | flags) != f->flags;
	f->flags |= flags;
}

/* What a node and its bodies read of the graph. */
static unsigned inputs_of(const struct cutter *c, const Onnx__NodeProto *n)
{
	unsigned flags = 0;

	for (size_t i = 0; i < n->n_input; i++) {
		const struct fact *f = *n->input[i] ? known(c, n->input[i]) :
						      NULL;

		flags |= f ? f->flags : 0;
	}
	for (size_t i = 0; i < n->n_attribute; i++) {
		const Onnx__GraphProto *body = n->attribute[i]->g;

		for (size_t k = 0; body && k < body->n_node; k++)
			flags |= inputs_of(c, body->node[k]);
	}
	return flags;
}

static unsigned outputs_of(const struct cutter *c, const Onnx__NodeProto *n)
{
	unsigned flags = 0;

	for (size_t i = 0; i < n->n_output; i++)
		if (*n->output[i])
			flags |= fact_of(c, n->output[i])->flags;
	return flags;
}

/* ONWARD goes from users to what they use. */
static void look_back(struct cutter *c)
{
	for (size_t i = c->p->n_node; i-- > 0;) {
		const Onnx__NodeProto *n = c->p->node[i];

		if (!cut_is_network(n) && !(outputs_of(c, n) & ONWARD))
			continue;
		for (size_t k = 0; k < n->n_input; k++)
			add_flags(c, n->input[k], ONWARD);
	}
}

/* All others go on with the data. */
static void look_ahead(struct cutter *c)
{
	for (size_t i = 0; i < c->p->n_node; i++) {
		const Onnx__NodeProto *n = c->p->node[i];
		unsigned flags = inputs_of(c, n) & ~(unsigned)ONWARD;

		if (cut_is_network(n) && (flags & DATA))
			flags |= NETWORK;
		if (cut_is_selection(n) && (flags & NETWORK) &&
		    !(outputs_of(c, n) & ONWARD))
			flags |= SELECTED;
		if (cut_is_shape(n))
			flags &= SELECTED;
		for (size_t k = 0; k < n->n_output; k++)
			add_flags(c, n->output[k], flags);
	}
}

/* False where the nodes are in too much disorder. */
static bool find_facts(struct cutter *c)
{
	void (*const looks[])(struct cutter *) = { look_back, look_ahead };

	for (int i = 0; i < 2; i++) {
		int round = 0;

		do {
			if (round++ == MOST_ROUNDS)
				return false;
			c->changed = false;
			looks[i](c);
		} while (c->changed);
	}
	return true;
}

/* ---- What is selected from ---- */

static bool is_selected(const struct cutter *c, const Onnx__NodeProto *n)
{
	return outputs_of(c, n) & SELECTED;
}

static bool add_output(struct cutter *c, const char *name)
{
	for (size_t i = 0; i < c->found_count; i++)
		if (!strcmp(c->found[i], name))
			return true;
	if (c->found_count == MOST_OUTPUTS)
		return false;
	c->found[c->found_count++] = name;
	return true;
}

/* Whether it comes from an input beside the photo, such as its scale. */
static bool is_beside(const struct cutter *c, const char *name)
{
	unsigned flags = known(c, name) ? known(c, name)->flags : 0;

	return (flags & DATA) && !(flags & (NETWORK | SELECTED));
}

/* Boxes before they are scaled to the photo by another input (Paddle's
 * scale_factor), which the head does from the size of the photo; NULL where
 * `n` is not that. */
static const char *before_scale(const struct cutter *c,
				const Onnx__NodeProto *n)
{
	bool scales = n->op_type && (!strcmp(n->op_type, "Div") ||
				     !strcmp(n->op_type, "Mul"));

	for (size_t i = 0; scales && n->n_input == 2 && i < 2; i++)
		if (fact_of(c, n->input[i])->flags & NETWORK &&
		    is_beside(c, n->input[1 - i]))
			return n->input[i];
	return NULL;
}

/* A criterion of the selection is replaced by the data that it looks at. */
static const char *lift(const struct cutter *c, const char *name)
{
	for (int depth = 0; depth < MOST_ROUNDS; depth++) {
		const Onnx__NodeProto *n = fact_of(c, name)->producer;

		const char *before = n ? before_scale(c, n) : NULL;

		if (n && !before && cut_is_criterion(n) && n->n_input &&
		    fact_of(c, n->input[0])->flags & NETWORK)
			before = n->input[0];
		if (!before)
			break;
		name = before;
	}
	return name;
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
		const struct fact *f = *n->input[i] ? known(c, n->input[i]) :
						      NULL;
		unsigned flags = f ? f->flags : 0;
		/* its third input, a constant, holds the anchors */
		bool wanted = (flags & NETWORK) && !(flags & SELECTED);

		if (wanted && !add_output(c, lift(c, n->input[i])))
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
		const char *name = c->p->output[i]->name;

		if (name && !(fact_of(c, name)->flags & SELECTED) &&
		    !add_output(c, name))
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
	return c->op_type && c->found_count;
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
	const Onnx__NodeProto *n = fact_of(c, name)->producer;

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

		if (!(outputs_of(c, n) & LIVE))
			continue;
		for (size_t k = 0; k < n->n_input; k++)
			add_flags(c, n->input[k], LIVE);
	}
}

static bool find_live(struct cutter *c)
{
	for (size_t i = 0; i < c->found_count; i++)
		add_flags(c, c->found[i], LIVE);
	for (int round = 0; round < MOST_ROUNDS; round++) {
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

		if (fact_of(c, v->name)->flags & LIVE)
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
		if (outputs_of(c, c->p->node[i]) & LIVE)
			out->nodes[out->node_count++] = c->p->node[i];
	memcpy(out->outputs, c->found, c->found_count * sizeof(*c->found));
	out->output_count = c->found_count;
	g->cut.op_type = arena_strdup(g->arena, c->op_type);
	g->cut.iou = iou_of(c);
	if (!g->cut.op_type)
		return onnx_no_memory(c->r);
	drop_inputs(c);
	diag_note(c->r->d,
		  "post-processing is cut off at the end (%.100s, %zu nodes): "
		  "the head does it",
		  c->op_type, c->p->n_node - out->node_count);
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
	if (!any)
		return keep_all(&c, out);
	if (init_facts(&c))
		return -1;
	cut = find_facts(&c) && gather_outputs(&c);
	/* the best classes of a classifier are its result */
	cut = cut && (c.gathers || strcmp(c.op_type, "TopK")) && find_live(&c);
	return cut ? keep_unselected(&c, out) : keep_all(&c, out);
}
