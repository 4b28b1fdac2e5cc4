/* SPDX-License-Identifier: Apache-2.0 */
/* From a quantized graph to device operators. */
#include "converter/lower/lower.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * How each operator is lowered: on integers where its output is held in 8
 * bits and the integer form takes it; else in float, with conversions around.
 * Operators without a row have no kernel on the device.
 */
struct lower_row {
	lower_fn *integer, *real;
};

static const struct lower_row rows[OP_COUNT] = {
	[OP_CONV] = { lower_conv, lower_conv_f32 },
	[OP_CONV_TRANSPOSE] = { lower_conv, NULL },
	[OP_GEMM] = { lower_gemm, lower_gemm_f32 },
	[OP_MAT_MUL] = { NULL, lower_matmul },
	[OP_ADD] = { lower_add_s8, lower_elementwise_f32 },
	[OP_SUB] = { lower_add_s8, lower_elementwise_f32 },
	[OP_MUL] = { lower_mul_s8, lower_elementwise_f32 },
	[OP_DIV] = { lower_table_s8, lower_elementwise_f32 },
	[OP_POW] = { lower_table_s8, lower_elementwise_f32 },
	[OP_MOD] = { NULL, lower_elementwise_f32 },
	[OP_PRELU] = { lower_table_s8, lower_elementwise_f32 },
	[OP_AND] = { NULL, lower_elementwise_f32 },
	[OP_OR] = { NULL, lower_elementwise_f32 },
	[OP_XOR] = { NULL, lower_elementwise_f32 },
	[OP_EQUAL] = { NULL, lower_elementwise_f32 },
	[OP_GREATER] = { NULL, lower_elementwise_f32 },
	[OP_GREATER_OR_EQUAL] = { NULL, lower_elementwise_f32 },
	[OP_LESS] = { NULL, lower_elementwise_f32 },
	[OP_LESS_OR_EQUAL] = { NULL, lower_elementwise_f32 },
	[OP_ABS] = { lower_table_s8, lower_elementwise_f32 },
	[OP_CEIL] = { lower_table_s8, lower_elementwise_f32 },
	[OP_CELU] = { lower_table_s8, lower_elementwise_f32 },
	[OP_CLIP] = { lower_table_s8, lower_elementwise_f32 },
	[OP_ELU] = { lower_table_s8, lower_elementwise_f32 },
	[OP_ERF] = { lower_table_s8, lower_elementwise_f32 },
	[OP_EXP] = { lower_table_s8, lower_elementwise_f32 },
	[OP_FLOOR] = { lower_table_s8, lower_elementwise_f32 },
	[OP_GELU] = { lower_table_s8, lower_elementwise_f32 },
	[OP_HARD_SIGMOID] = { lower_table_s8, lower_elementwise_f32 },
	[OP_HARD_SWISH] = { lower_table_s8, lower_elementwise_f32 },
	[OP_LEAKY_RELU] = { lower_table_s8, lower_elementwise_f32 },
	[OP_LOG] = { lower_table_s8, lower_elementwise_f32 },
	[OP_MISH] = { lower_table_s8, lower_elementwise_f32 },
	[OP_NEG] = { lower_table_s8, lower_elementwise_f32 },
	[OP_NOT] = { NULL, lower_elementwise_f32 },
	[OP_RECIPROCAL] = { lower_table_s8, lower_elementwise_f32 },
	[OP_RELU] = { lower_table_s8, lower_elementwise_f32 },
	[OP_ROUND] = { lower_table_s8, lower_elementwise_f32 },
	[OP_SELU] = { lower_table_s8, lower_elementwise_f32 },
	[OP_SIGMOID] = { lower_table_s8, lower_elementwise_f32 },
	[OP_SIGN] = { lower_table_s8, lower_elementwise_f32 },
	[OP_SOFTPLUS] = { lower_table_s8, lower_elementwise_f32 },
	[OP_SOFTSIGN] = { lower_table_s8, lower_elementwise_f32 },
	[OP_SQRT] = { lower_table_s8, lower_elementwise_f32 },
	[OP_SWISH] = { lower_table_s8, lower_elementwise_f32 },
	[OP_TANH] = { lower_table_s8, lower_elementwise_f32 },
	[OP_THRESHOLDED_RELU] = { lower_table_s8, lower_elementwise_f32 },
	[OP_MAX] = { lower_table_s8, lower_variadic_f32 },
	[OP_MIN] = { lower_table_s8, lower_variadic_f32 },
	[OP_SUM] = { lower_add_s8, lower_variadic_f32 },
	[OP_MEAN] = { NULL, lower_variadic_f32 },
	[OP_WHERE] = { NULL, lower_where },
	[OP_CAST] = { NULL, lower_cast },
	[OP_MAX_POOL] = { NULL, lower_max_pool },
	[OP_GLOBAL_MAX_POOL] = { NULL, lower_max_pool },
	[OP_AVERAGE_POOL] = { NULL, lower_average_pool },
	[OP_GLOBAL_AVERAGE_POOL] = { NULL, lower_average_pool },
	[OP_REDUCE_MAX] = { lower_reduce_s8, lower_reduce_f32 },
	[OP_REDUCE_MEAN] = { lower_reduce_s8, lower_reduce_f32 },
	[OP_REDUCE_L1] = { NULL, lower_reduce_f32 },
	[OP_REDUCE_L2] = { NULL, lower_reduce_f32 },
	[OP_REDUCE_MIN] = { NULL, lower_reduce_f32 },
	[OP_REDUCE_PROD] = { NULL, lower_reduce_f32 },
	[OP_REDUCE_SUM] = { NULL, lower_reduce_f32 },
	[OP_REDUCE_SUM_SQUARE] = { NULL, lower_reduce_f32 },
	[OP_SOFTMAX] = { NULL, lower_softmax },
	[OP_LOG_SOFTMAX] = { NULL, lower_softmax },
	[OP_ARG_MAX] = { NULL, lower_arg_max },
	[OP_ARG_MIN] = { NULL, lower_arg_max },
	[OP_TOP_K] = { NULL, lower_top_k },
	[OP_LAYER_NORM] = { NULL, lower_layer_norm },
	[OP_INSTANCE_NORM] = { NULL, lower_instance_norm },
	[OP_QUANTIZE_LINEAR] = { NULL, lower_quantize_linear },
	[OP_DEQUANTIZE_LINEAR] = { NULL, lower_dequantize_linear },
	[OP_QUANT] = { lower_quant_s8, lower_quant },
	[OP_IDENTITY] = { NULL, lower_view },
	[OP_RESHAPE] = { NULL, lower_view },
	[OP_FLATTEN] = { NULL, lower_view },
	[OP_SQUEEZE] = { NULL, lower_view },
	[OP_UNSQUEEZE] = { NULL, lower_view },
	[OP_TRANSPOSE] = { NULL, lower_moving_transpose },
	[OP_SLICE] = { NULL, lower_slice },
	[OP_SPLIT] = { NULL, lower_split },
	[OP_CONCAT] = { NULL, lower_concat },
	[OP_PAD] = { NULL, lower_pad },
	[OP_GATHER] = { NULL, lower_gather },
	[OP_EXPAND] = { NULL, lower_expand },
	[OP_TILE] = { NULL, lower_tile },
	[OP_CHANNEL_SHUFFLE] = { NULL, lower_channel_shuffle },
	[OP_SPACE_TO_DEPTH] = { NULL, lower_space_to_depth },
	[OP_DEPTH_TO_SPACE] = { NULL, lower_depth_to_space },
	[OP_RESIZE] = { NULL, lower_resize },
};

/* ---- What the device cannot do ---- */

struct refusal {
	const struct node *node;
	const char *why;
	struct refusal *next;
};

int lower_refuse(struct lower *l, const char *fmt, ...)
{
	struct refusal *r = arena_alloc(l->m->arena, sizeof(*r));
	char text[160];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (!r || !(r->why = arena_strdup(l->m->arena, text))) {
		l->m->failed = true;
		return -1;
	}
	r->node = l->node;
	*l->last_refusal = r;
	l->last_refusal = &r->next;
	l->refusal_count++;
	return -1;
}

/* One diagnostic for all of them. */
static int report_refusals(const struct lower *l)
{
	const struct refusal *r = l->refusals;
	char *text = NULL;
	size_t bytes;
	FILE *out;

	if (l->refusal_count == 1)
		return r->node ? node_error(l->d, r->node, "%s", r->why) :
				 diag_error(l->d, "%s", r->why);
	out = open_memstream(&text, &bytes);
	if (!out)
		return diag_error(l->d, "out of memory");
	for (; r; r = r->next)
		if (r->node)
			fprintf(out, "%s'%s' (%s: %s)",
				r == l->refusals ? "" : ", ", r->node->name,
				op_info(r->node->op)->name, r->why);
		else
			fprintf(out, "%s%s", r == l->refusals ? "" : ", ",
				r->why);
	fclose(out);
	diag_error(l->d, "the device cannot run %d parts of the model: %s",
		   l->refusal_count, text ? text : "");
	free(text);
	return -1;
}

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
		l.node = n;
		if (!rows[n->op].integer && !rows[n->op].real)
			lower_refuse(&l, "no kernel on the device");
	}
	if (m.failed)
		diag_error(d, "out of memory");
	else
		err = l.refusal_count ? report_refusals(&l) : 0;
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

/* What is behind a refused node is looked at all the same. */
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
	const struct lower_row *row = &rows[n->op];
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
		lower_refuse(l,
			     "input '%s' is of type %s, the device takes "
			     "f32",
			     v->name, dtype_name(v->dtype));
	id = lower_tensor(l, t, &v->shape, v->quant);
	l->m->tensors[id].name = v->name;
	l->m->tensors[id].is_input = true;
	l->own[v->id] = id;
	l->m->inputs[l->m->input_count++] = id;
}

/* Graph outputs are floats or integers, in memory that an operator wrote. */
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
		return diag_error(d, "over %d inputs or outputs", DBP_MAX_IO);
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
		return diag_error(d, "over %d device operators or tensors",
				  DBP_MAX_OPS);
	return l.refusals ? report_refusals(&l) : 0;
}
