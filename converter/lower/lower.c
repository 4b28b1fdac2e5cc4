/* SPDX-License-Identifier: Apache-2.0 */
/* From a quantized graph to device operators. */
#include "converter/lower/lower.h"

#include <string.h>

#include "converter/lower/lower_op.h"
#include "converter/lower/lower_refusal.h"
#include "converter/lower/lower_table.h"
#include "converter/lower/lower_tensor.h"

int lower_check_operators(const struct graph *g, struct diag *d)
{
	struct device_model m;
	struct lower l = { .g = g, .m = &m, .d = d };
	struct arena a;
	int err = -1;

	arena_init(&a, 0);
	l.last_refusal = &l.refusals;
	if (dev_init(&m, &a, d))
		goto done;
	for (const struct node *n = g->first; n; n = n->next) {
		const struct lower_row *row = lower_row_of(n->op);

		l.node = n;
		if (!row->integer && !row->real)
			lower_refuse(&l, "no kernel on the device");
	}
	if (m.failed)
		diag_error(d, "out of memory");
	else
		err = l.refusal_count ? lower_report_refusals(&l) : 0;
done:
	arena_free(&a);
	return err;
}

/* ---- The walk ---- */

static bool is_lowered(const struct lower *l, const struct node *n)
{
	for (int i = 0; i < n->output_count; i++)
		if (n->outputs[i] && l->own[n->outputs[i]->id] == DBP_NONE)
			return false;
	return true;
}

/* Gives the outputs of a refused node tensors, so that later nodes are checked
 * too. */
static void stand_in(struct lower *l, const struct node *n)
{
	for (int i = 0; i < n->output_count; i++) {
		const struct value *v = n->outputs[i];

		if (v && l->own[v->id] == DBP_NONE)
			l->own[v->id] = lower_tensor(
				l, lower_is_s8(v) ? DBP_S8 : DBP_F32, &v->shape,
				v->quant);
	}
}

static void lower_node(struct lower *l, const struct node *n)
{
	const struct lower_row *row = lower_row_of(n->op);
	int refusals = l->refusal_count;
	int status = LOWER_ELSEWHERE;

	l->node = n;
	if (is_lowered(l, n))
		return;
	if (row->integer)
		status = row->integer(l, n);
	if (status == LOWER_ELSEWHERE && row->real)
		status = row->real(l, n);
	if (status == LOWER_ELSEWHERE)
		lower_refuse(l, "no kernel on the device");
	if (l->refusal_count > refusals || status)
		stand_in(l, n);
}

static void lower_input(struct lower *l, struct value *v)
{
	enum dbp_dtype t = v->quant ? DBP_S8 : DBP_F32;
	uint32_t id;

	if (v->dtype != DT_F32 && !v->quant)
		lower_refuse(l, "input '%s' has type %s; the device needs f32",
			     v->name, dtype_name(v->dtype));
	id = lower_tensor(l, t, &v->shape, v->quant);
	l->m->tensors[id].name = v->name;
	l->m->tensors[id].is_input = true;
	l->own[v->id] = id;
	l->m->inputs[l->m->input_count++] = id;
}

/* Makes graph outputs floats or integers in memory that an operator wrote. */
static void lower_output(struct lower *l, const struct value *v)
{
	uint32_t own = lower_own(l, v);
	uint32_t id = l->m->tensors[own].dtype == DBP_S8 ? lower_f32(l, v) :
							   own;
	struct dev_tensor *t = &l->m->tensors[id];

	if (t->is_input || t->is_constant) {
		struct shape s = lower_shape(l, id);

		id = lower_op1(l, DBP_OP_COPY, id, lower_tensor_like(l, id, &s),
			       NULL, 0);
		t = &l->m->tensors[id];
	}
	t->name = v->name;
	t->is_output = true;
	l->m->outputs[l->m->output_count++] = id;
}

static int lower_init(struct lower *l)
{
	struct device_model *m = l->m;
	size_t count = l->g->value_count;

	l->last_refusal = &l->refusals;
	l->own = arena_array(m->arena, count, sizeof(*l->own));
	l->real = arena_array(m->arena, count, sizeof(*l->real));
	m->inputs = arena_array(m->arena, (size_t)l->g->input_count,
				sizeof(*m->inputs));
	m->outputs = arena_array(m->arena, (size_t)l->g->output_count,
				 sizeof(*m->outputs));
	if (!l->own || !l->real || !m->inputs || !m->outputs)
		return -1;
	memset(l->own, 0xff, count * sizeof(*l->own));
	memset(l->real, 0xff, count * sizeof(*l->real));
	return 0;
}

static int check_limits(const struct graph *g, struct diag *d)
{
	if (g->input_count < 1 || g->output_count < 1)
		return diag_error(d, "the model has no %s left",
				  g->input_count ? "outputs" : "inputs");
	if (g->input_count > DBP_MAX_IO || g->output_count > DBP_MAX_IO)
		return diag_error(d, "has more than %d inputs or outputs",
				  DBP_MAX_IO);
	return 0;
}

int lower_graph(const struct graph *g, const struct config *c,
		struct device_model *m, struct diag *d)
{
	struct lower l = { .g = g, .c = c, .m = m, .d = d };

	if (check_limits(g, d))
		return -1;
	if (lower_init(&l))
		return diag_error(d, "out of memory");
	for (int i = 0; i < g->input_count; i++)
		lower_input(&l, g->inputs[i]);
	for (const struct node *n = g->first; n; n = n->next)
		lower_node(&l, n);
	for (int i = 0; i < g->output_count; i++)
		lower_output(&l, g->outputs[i]);
	if (m->failed)
		return diag_error(d, "out of memory");
	if (m->op_count > DBP_MAX_OPS || m->tensor_count > DBP_MAX_TENSORS)
		return diag_error(
			d, "needs more than %d device operators or tensors",
			DBP_MAX_OPS);
	return l.refusals ? lower_report_refusals(&l) : 0;
}
