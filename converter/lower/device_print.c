/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/lower/device_print.h"

#include "base/text.h"

/* ---- Parameters ---- */

/* A list in braces that stays away while it is empty. */
struct list {
	FILE *out;
	int count;
};

static void next(struct list *l, const char *key)
{
	fprintf(l->out, "%s%s=", l->count++ ? ", " : " {", key);
}

static void put_int(struct list *l, const char *key, int64_t x)
{
	next(l, key);
	fprintf(l->out, "%lld", (long long)x);
}

static void put_float(struct list *l, const char *key, float x)
{
	next(l, key);
	fprintf(l->out, "%g", (double)x);
}

static void put_text(struct list *l, const char *key, const char *text)
{
	next(l, key);
	fputs(text, l->out);
}

/* "key=HxW", unless both are `usual`. */
static void put_pair(struct list *l, const char *key, int h, int w, int usual)
{
	if (h == usual && w == usual)
		return;
	next(l, key);
	fprintf(l->out, "%dx%d", h, w);
}

static void put_clamp(struct list *l, int low, int high)
{
	if (low == -128 && high == 127)
		return;
	next(l, "clamp");
	fprintf(l->out, "%d..%d", low, high);
}

/* One number a dim. */
static void put_dims(struct list *l, const char *key, const void *x, int rank)
{
	const int32_t *v = x;

	next(l, key);
	for (int i = 0; i < rank; i++)
		fprintf(l->out, "%s%d", i ? "," : "", v[i]);
}

#define NAME_OF(table, i)                                                    \
	((i) < sizeof(table) / sizeof(*(table)) && (table)[i] ? (table)[i] : \
								"?")

static void put_conv(struct list *l, const void *params, int rank)
{
	static const char *const grid[] = { "uniform", "half", "codebook" };
	static const char *const post[] = { "clamp", "leaky", "table", "float",
					    "tables" };
	const struct dbp_conv *c = params;

	(void)rank;
	put_pair(l, "kernel", c->kernel_h, c->kernel_w, 0);
	put_pair(l, "stride", c->stride_h, c->stride_w, 1);
	put_pair(l, "dilation", c->dilation_h, c->dilation_w, 1);
	put_pair(l, "pad", c->pad_top, c->pad_left, 0);
	if (c->groups != 1)
		put_int(l, "groups", c->groups);
	if (c->depthwise)
		put_int(l, "depthwise", c->depthwise);
	put_int(l, "bits", c->weight_bits);
	if (c->grid)
		put_text(l, "grid", NAME_OF(grid, c->grid));
	if (c->post)
		put_text(l, "post", NAME_OF(post, c->post));
	put_clamp(l, c->clamp_min, c->clamp_max);
}

static void put_pool(struct list *l, const void *params, int rank)
{
	const struct dbp_pool *p = params;

	(void)rank;
	put_pair(l, "kernel", p->kernel_h, p->kernel_w, 0);
	put_pair(l, "stride", p->stride_h, p->stride_w, 1);
	put_pair(l, "dilation", p->dilation_h, p->dilation_w, 1);
	put_pair(l, "pad", p->pad_top, p->pad_left, 0);
	if (p->count_include_pad)
		put_int(l, "count_include_pad", 1);
}

static void put_add(struct list *l, const void *params, int rank)
{
	const struct dbp_add *a = params;

	(void)rank;
	put_int(l, "a", a->multiplier_a);
	put_int(l, "b", a->multiplier_b);
	put_int(l, "shift", a->shift);
	put_clamp(l, a->clamp_min, a->clamp_max);
}

static void put_add_channels(struct list *l, const void *params, int rank)
{
	const struct dbp_add_channels *a = params;

	(void)rank;
	put_int(l, "shift", a->shift);
	put_clamp(l, a->clamp_min, a->clamp_max);
}

static void put_mul(struct list *l, const void *params, int rank)
{
	const struct dbp_mul *m = params;

	(void)rank;
	put_int(l, "multiplier", m->multiplier);
	put_int(l, "shift", m->shift);
	put_clamp(l, m->clamp_min, m->clamp_max);
}

static void put_rescale(struct list *l, const void *params, int rank)
{
	const struct dbp_rescale *r = params;

	(void)rank;
	put_int(l, "multiplier", r->multiplier);
	put_int(l, "shift", r->shift);
}

static void put_axis(struct list *l, const void *params, int rank)
{
	(void)rank;
	put_int(l, "axis", *(const uint32_t *)params);
}

static void put_transpose(struct list *l, const void *params, int rank)
{
	put_dims(l, "perm", ((const struct dbp_transpose *)params)->perm, rank);
}

static void put_slice(struct list *l, const void *params, int rank)
{
	const struct dbp_slice *s = params;

	put_dims(l, "start", s->start, rank);
	put_dims(l, "step", s->step, rank);
}

static void put_pad(struct list *l, const void *params, int rank)
{
	static const char *const mode[] = { "constant", "edge", "reflect" };
	const struct dbp_pad *p = params;

	put_dims(l, "begin", p->begin, rank);
	put_text(l, "mode", NAME_OF(mode, p->mode));
	if (p->mode == DBP_PAD_CONSTANT) {
		put_float(l, "value", p->value);
		put_int(l, "code", p->code);
	}
}

static void put_gather(struct list *l, const void *params, int rank)
{
	const struct dbp_gather *g = params;

	(void)rank;
	put_int(l, "axis", g->axis);
	put_int(l, "count", g->count);
}

static void put_unary(struct list *l, const void *params, int rank)
{
	static const char *const kinds[DBP_U_COUNT] = {
		[DBP_U_NEG] = "neg",
		[DBP_U_ABS] = "abs",
		[DBP_U_EXP] = "exp",
		[DBP_U_LOG] = "log",
		[DBP_U_SQRT] = "sqrt",
		[DBP_U_SIGMOID] = "sigmoid",
		[DBP_U_TANH] = "tanh",
		[DBP_U_ERF] = "erf",
		[DBP_U_FLOOR] = "floor",
		[DBP_U_CEIL] = "ceil",
		[DBP_U_ROUND] = "round",
		[DBP_U_RECIPROCAL] = "reciprocal",
		[DBP_U_CLIP] = "clip",
		[DBP_U_LEAKY] = "leaky_relu",
		[DBP_U_HARD_SIGMOID] = "hard_sigmoid",
		[DBP_U_SILU] = "silu",
		[DBP_U_HARD_SWISH] = "hard_swish",
		[DBP_U_GELU] = "gelu",
		[DBP_U_MISH] = "mish",
		[DBP_U_ELU] = "elu",
		[DBP_U_SOFTPLUS] = "softplus",
		[DBP_U_SIGN] = "sign",
		[DBP_U_NOT] = "not",
		[DBP_U_POW] = "pow",
	};
	const struct dbp_unary_params *u = params;

	(void)rank;
	put_text(l, "kind", NAME_OF(kinds, u->kind));
	if (u->a != 0 || u->b != 0) {
		put_float(l, "a", u->a);
		put_float(l, "b", u->b);
	}
}

static void put_binary(struct list *l, const void *params, int rank)
{
	static const char *const kinds[DBP_B_COUNT] = {
		[DBP_B_ADD] = "add",
		[DBP_B_SUB] = "sub",
		[DBP_B_MUL] = "mul",
		[DBP_B_DIV] = "div",
		[DBP_B_MIN] = "min",
		[DBP_B_MAX] = "max",
		[DBP_B_POW] = "pow",
		[DBP_B_MOD] = "mod",
		[DBP_B_LESS] = "less",
		[DBP_B_LESS_EQUAL] = "less_equal",
		[DBP_B_GREATER] = "greater",
		[DBP_B_GREATER_EQUAL] = "greater_equal",
		[DBP_B_EQUAL] = "equal",
		[DBP_B_AND] = "and",
		[DBP_B_OR] = "or",
		[DBP_B_PRELU] = "prelu",
	};
	const struct dbp_binary_params *b = params;

	(void)rank;
	put_text(l, "kind", NAME_OF(kinds, b->kind));
}

static void put_softmax(struct list *l, const void *params, int rank)
{
	const struct dbp_softmax *s = params;

	(void)rank;
	put_int(l, "axis", s->axis);
	if (s->flags)
		put_int(l, "flags", s->flags);
}

static void put_reduce(struct list *l, const void *params, int rank)
{
	static const char *const kinds[DBP_R_COUNT] = {
		[DBP_R_SUM] = "sum",   [DBP_R_MEAN] = "mean",
		[DBP_R_MAX] = "max",   [DBP_R_MIN] = "min",
		[DBP_R_PROD] = "prod", [DBP_R_L1] = "l1",
		[DBP_R_L2] = "l2",     [DBP_R_SUM_SQUARE] = "sum_square",
	};
	const struct dbp_reduce *r = params;
	int axes[DBP_MAX_RANK], count = 0;

	put_text(l, "kind", NAME_OF(kinds, r->kind));
	for (int i = 0; i < rank; i++)
		if (r->axes >> i & 1)
			axes[count++] = i;
	put_dims(l, "axes", axes, count);
}

/* ---- Operators ---- */

/* One row an operator: its name, and what prints its parameters. `rank` is the
 * input's. */
struct print_row {
	const char *name;
	void (*put)(struct list *l, const void *params, int rank);
};

static const struct print_row rows[DBP_OP_COUNT] = {
	[DBP_OP_CONV] = { "conv", put_conv },
	[DBP_OP_CONV_TRANSPOSE] = { "conv_transpose", put_conv },
	[DBP_OP_MAX_POOL] = { "max_pool", put_pool },
	[DBP_OP_AVG_POOL] = { "avg_pool", put_pool },
	[DBP_OP_ADD] = { "add", put_add },
	[DBP_OP_MUL] = { "mul", put_mul },
	[DBP_OP_TABLE] = { "table", NULL },
	[DBP_OP_RESCALE] = { "rescale", put_rescale },
	[DBP_OP_QUANTIZE] = { "quantize", NULL },
	[DBP_OP_DEQUANTIZE] = { "dequantize", NULL },
	[DBP_OP_COPY] = { "copy", NULL },
	[DBP_OP_CONCAT] = { "concat", put_axis },
	[DBP_OP_TRANSPOSE] = { "transpose", put_transpose },
	[DBP_OP_SLICE] = { "slice", put_slice },
	[DBP_OP_PAD] = { "pad", put_pad },
	[DBP_OP_GATHER] = { "gather", put_gather },
	[DBP_OP_RESIZE] = { "resize", NULL },
	[DBP_OP_UNARY] = { "unary", put_unary },
	[DBP_OP_BINARY] = { "binary", put_binary },
	[DBP_OP_SOFTMAX] = { "softmax", put_softmax },
	[DBP_OP_REDUCE] = { "reduce", put_reduce },
	[DBP_OP_MATMUL] = { "matmul", NULL },
	[DBP_OP_EXPAND] = { "expand", NULL },
	[DBP_OP_ARG_MAX] = { "arg_max", put_axis },
	[DBP_OP_TOP_K] = { "top_k", put_softmax },
	[DBP_OP_ADD_CHANNELS] = { "add_channels", put_add_channels },
};

const char *dev_op_name(enum dbp_op_kind kind)
{
	return kind > 0 && kind < DBP_OP_COUNT ? rows[kind].name : NULL;
}

/* ---- Tensors ---- */

/* Type, dims, scale, place and name. */
static void print_type(const struct device_model *m, uint32_t i, FILE *out)
{
	static const char *const types[] = { NULL, "s8", "f32", "i32" };
	const struct dev_tensor *t = &m->tensors[i];

	fprintf(out, "%s ", NAME_OF(types, (unsigned)t->dtype));
	for (int k = 0; k < t->rank; k++)
		fprintf(out, "%s%u", k ? "x" : "", t->dims[k]);
	if (t->dtype == DBP_S8)
		fprintf(out, " scale=%.6g zero_point=%d", (double)t->scale,
			t->zero_point);
	if (t->pitch) {
		fprintf(out, " offset=%u", t->offset);
		if (t->pitch != dev_row(t))
			fprintf(out, " pitch=%u", t->pitch);
	}
	if (t->name && *t->name) {
		fputc(' ', out);
		text_print_quoted(out, t->name);
	}
}

static void print_ids(const uint32_t *ids, int count, FILE *out)
{
	for (int i = 0; i < count; i++)
		fprintf(out, "%s%%%u", i ? ", " : "", ids[i]);
}

static void print_op(const struct device_model *m, const struct dev_op *op,
		     FILE *out)
{
	const char *name = dev_op_name(op->kind);
	struct list l = { out, 0 };

	print_ids(op->outputs, op->output_count, out);
	fprintf(out, " = %s(", name ? name : "?");
	print_ids(op->inputs, op->input_count, out);
	fputc(')', out);
	if (name && rows[op->kind].put && op->params)
		rows[op->kind].put(&l, op->params,
				   m->tensors[op->inputs[0]].rank);
	if (l.count)
		fputc('}', out);
	if (op->dropped)
		fputs(" dropped", out);
	for (int i = 0; i < op->output_count; i++) {
		fputs(i ? ", " : " : ", out);
		print_type(m, op->outputs[i], out);
	}
	if (op->scratch_bytes)
		fprintf(out, " scratch=%u", op->scratch_bytes);
	fputc('\n', out);
}

int dev_print(const struct device_model *m, FILE *out)
{
	for (uint32_t i = 0; i < m->input_count; i++) {
		fprintf(out, "input %%%u ", m->inputs[i]);
		print_type(m, m->inputs[i], out);
		fputc('\n', out);
	}
	for (uint32_t i = 0; i < m->tensor_count; i++) {
		if (!m->tensors[i].is_constant)
			continue;
		fprintf(out, "const %%%u ", i);
		print_type(m, i, out);
		fputc('\n', out);
	}
	for (uint32_t i = 0; i < m->op_count; i++)
		print_op(m, &m->ops[i], out);
	for (uint32_t i = 0; i < m->output_count; i++)
		fprintf(out, "output %%%u\n", m->outputs[i]);
	if (m->arena_bytes)
		fprintf(out, "arena %u bytes, %u for each worker\n",
			m->arena_bytes, m->worker_bytes);
	return ferror(out) ? -1 : 0;
}
