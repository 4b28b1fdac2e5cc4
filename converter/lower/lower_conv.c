/* SPDX-License-Identifier: Apache-2.0 */
/* Convolutions on integers: Conv, ConvTranspose, and Gemm as one of 1x1. */
#include "converter/lower/lower_operators.h"

#include <math.h>

#include "converter/lower/lower_conv.h"
#include "converter/lower/lower_op.h"
#include "converter/lower/lower_refusal.h"
#include "converter/lower/lower_scale.h"
#include "converter/lower/lower_tensor.h"
#include "converter/lower/lower_trained.h"
#include "ir/window.h"

struct quant conv_channel_quant(const struct quant *q, uint32_t channel)
{
	struct quant one = *q;

	if (quant_per_channel(q)) {
		one.channels = 1;
		one.axis = -1;
		one.scale += channel;
		one.zero_point += channel;
	}
	return one;
}

/* ---- What follows the sums ---- */

/* The next node if a table can include it: the only reader of the sums. */
static const struct node *table_behind(const struct node *n)
{
	const struct value *y = n->outputs[0];
	const struct node *r = value_only_reader(y);

	if (!y->quant || y->is_output || !r || r->tail ||
	    scalar_fn_input(r) != y || !lower_is_s8(r->outputs[0]))
		return NULL;
	return r;
}

/* A following PRelu with one slope for each channel: a second multiplier. */
static const struct node *slopes_behind(const struct conv *c)
{
	const struct value *y = c->n->outputs[0], *slope;
	const struct node *r = value_only_reader(y);
	int64_t count;

	if (y->is_output || !r || r->op != OP_PRELU || r->inputs[0] != y ||
	    c->act->kind != ACT_NONE || !lower_is_s8(r->outputs[0]))
		return NULL;
	slope = r->inputs[1];
	if (!value_is_const(slope) || slope->dtype != DT_F32)
		return NULL;
	count = shape_elements(&slope->shape);
	if (count != 1 && (count != c->w.outputs ||
			   slope->shape.dim[slope->shape.rank - 1] != count))
		return NULL;
	for (int64_t i = 0; i < count; i++)
		if (!(((const float *)slope->data)[i] >= 0))
			return NULL;
	return r;
}

/* The table of a channel; it includes the clamp before the look-up. */
static int channel_table(struct lower *l, const struct conv *c,
			 const struct node *r, uint32_t channel, int8_t *out)
{
	struct quant inner =
		conv_channel_quant(c->n->outputs[0]->quant, channel);
	struct quant outer = conv_channel_quant(r->outputs[0]->quant, channel);
	int half = scalar_fn_table_size(&inner) / 2;
	int low = c->p.clamp_min * (half / 128) + half;
	int high = (c->p.clamp_max + 1) * (half / 128) - 1 + half;

	if (scalar_fn_table(l, r, &inner, &outer, out))
		return -1;
	for (int i = 0; i < low; i++)
		out[i] = out[low];
	for (int i = high + 1; i < 2 * half; i++)
		out[i] = out[high];
	return 0;
}

static int fuse_table(struct lower *l, struct conv *c, const struct node *r)
{
	const struct quant *inner = c->n->outputs[0]->quant;
	bool many = quant_per_channel(inner) ||
		    quant_per_channel(r->outputs[0]->quant);
	uint32_t count = many ? c->w.outputs : 1;
	size_t size = (size_t)scalar_fn_table_size(inner);
	int8_t *tables = arena_array(l->m->arena, count, size);

	for (uint32_t i = 0; tables && i < count; i++)
		if (channel_table(l, c, r, i, tables + size * i))
			return -1;
	if (!tables)
		l->m->failed = true;
	c->p.post = many ? DBP_POST_TABLES : DBP_POST_TABLE;
	c->p.inner_extra = size == 1024 ? 2 : 0;
	c->p.inner_zero_point =
		(int8_t)(inner->zero_point[0] / (1 << c->p.inner_extra));
	c->p.table = dev_add_data(l->m, tables, size * count);
	c->result = r->outputs[0];
	return 0;
}

/* Chooses the post-processing and the value that it computes. */
static int choose_post(struct lower *l, struct conv *c)
{
	const struct value *y = c->n->outputs[0];
	const struct node *r;

	c->result = y;
	c->quant = y->quant;
	c->p.clamp_min = -128;
	c->p.clamp_max = 127;
	r = slopes_behind(c);
	if (r) {
		c->result = r->outputs[0];
		c->quant = c->result->quant;
		c->slopes = r->inputs[1]->data;
		c->slope_count = shape_elements(&r->inputs[1]->shape);
	} else if (c->quant && c->act->kind == ACT_LEAKY_RELU &&
		   c->act->a >= 0) {
		c->slopes = &c->act->a;
		c->slope_count = 1;
	}
	c->p.post = c->slopes ? DBP_POST_LEAKY : DBP_POST_CLAMP;
	if (c->slopes) {
		const struct activation none = { ACT_NONE, 0, 0 };

		scale_clamp(&none, c->quant, &c->p.clamp_min, &c->p.clamp_max);
		return 0;
	}
	if (c->quant && c->act->kind <= ACT_CLIP) {
		scale_clamp(c->act, c->quant, &c->p.clamp_min, &c->p.clamp_max);
		r = table_behind(c->n);
		if (c->quant->bits > 8 && (!r || c->act->kind != ACT_NONE))
			return lower_refuse(
				l, "codes of %d bits are not supported",
				c->quant->bits);
		return r ? fuse_table(l, c, r) : 0;
	}
	c->quant = NULL;
	c->p.post = DBP_POST_FLOAT;
	return 0;
}

/* ---- Arrays, a number an output channel ---- */

static void *channel_array(struct lower *l, const struct conv *c, size_t size)
{
	void *a = arena_array(l->m->arena, c->w.outputs, size);

	if (!a)
		l->m->failed = true;
	return a;
}

/* The scale of a sum. A channel with very small weights gets a larger scale, so
 * that its bias fits. */
static double sum_scale(const struct lower *l, const struct conv *c,
			uint32_t output)
{
	const struct quant *x = c->n->inputs[0]->quant;
	double unit = x && quant_per_channel(x) ?
			      (double)x->scale[0] :
			      (double)l->m->tensors[c->x].scale;
	double scale = unit * c->w.scale[output] * c->gain;
	double bias = c->bias ? fabs((double)c->bias[output] * c->bias_gain) :
				0;

	return fmax(scale, bias / (BIAS_MAX / 2));
}

static int64_t sum_of_weights(const struct conv *c, uint32_t output)
{
	int64_t sum = 0;

	for (uint32_t i = 0; i < c->w.k; i++)
		sum += weights_number(&c->w, output,
				      c->w.codes[(size_t)output * c->w.k + i]);
	return sum;
}

/* ---- Biases and multipliers ---- */

/* A bias in units of the sums, rounded to an eighth of an 8-bit step of the
 * output: finer values would only take more bits in the file. */
static double round_bias(double sum, double step)
{
	double grain = 1;

	while (grain * 16 <= step && grain < BIAS_MAX)
		grain *= 2;
	return rint(sum / grain) * grain;
}

static double bias_in_sums(const struct lower *l, const struct conv *c,
			   uint32_t o)
{
	double real = c->bias ? (double)c->bias[o] * c->bias_gain : 0;
	double scale = sum_scale(l, c, o);
	double step = c->quant ?
			      (double)conv_channel_quant(c->quant, o).scale[0] *
				      (1 << c->p.inner_extra) :
			      0;

	if (c->float_bias)
		return 0;
	return c->exact ? (double)c->exact[o].bias :
			  round_bias(real / scale, step / scale);
}

static void add_bias(struct lower *l, struct conv *c)
{
	int32_t *out = channel_array(l, c, sizeof(*out));
	int64_t zero = l->m->tensors[c->x].zero_point;

	for (uint32_t o = 0; out && o < c->w.outputs; o++) {
		double sum = bias_in_sums(l, c, o) -
			     (double)(zero * sum_of_weights(c, o));

		out[o] = (int32_t)fmin(fmax(sum, -BIAS_MAX), BIAS_MAX);
	}
	c->p.bias = dev_add_data(l->m, out, c->w.outputs * sizeof(*out));
}

static int add_multipliers(struct lower *l, struct conv *c, const float *slopes,
			   uint32_t *multiplier, uint32_t *shift)
{
	uint16_t *m = channel_array(l, c, sizeof(*m));
	uint8_t *s = channel_array(l, c, sizeof(*s));

	for (uint32_t o = 0; m && s && o < c->w.outputs; o++) {
		const struct quant y = conv_channel_quant(c->quant, o);
		double ratio = sum_scale(l, c, o) / (double)y.scale[0];
		uint32_t channel_m, channel_s;

		if (slopes)
			ratio *= (double)slopes[c->slope_count > 1 ? o : 0];
		if (c->exact) {
			m[o] = (uint16_t)c->exact[o].multiplier;
			s[o] = (uint8_t)c->exact[o].shift;
			continue;
		}
		if (scale_to_multiplier(ratio, 1, 62, &channel_m, &channel_s))
			return lower_refuse(l, "the weights are too large for "
					       "the scale of the output");
		m[o] = (uint16_t)channel_m;
		s[o] = (uint8_t)channel_s;
	}
	*multiplier = dev_add_data(l->m, m, c->w.outputs * sizeof(*m));
	*shift = dev_add_data(l->m, s, c->w.outputs);
	return 0;
}

static void add_float_scales(struct lower *l, struct conv *c)
{
	float *scale = channel_array(l, c, sizeof(*scale));

	for (uint32_t o = 0; scale && o < c->w.outputs; o++)
		scale[o] = (float)sum_scale(l, c, o);
	c->p.float_scale =
		dev_add_data(l->m, scale, c->w.outputs * sizeof(*scale));
}

static void add_weights(struct lower *l, struct conv *c)
{
	struct arena *a = l->m->arena;
	uint32_t bytes = 0;
	uint8_t *tiles = c->p.depthwise ?
				 weights_depthwise_tiles(a, &c->w, &bytes) :
				 weights_tiles(a, &c->w, &bytes);

	c->p.weights = dev_add_data(l->m, tiles, bytes);
	c->p.weights_bytes = bytes;
	if (c->w.levels)
		c->p.levels = dev_add_data(l->m, c->w.levels,
					   (size_t)c->w.outputs << c->w.bits);
}

/* ---- The operator ---- */

/* A tensor in the form of the file, as far as scratch sizes depend on it. */
static struct dbp_tensor dims_of(const struct lower *l, uint32_t id)
{
	const struct dev_tensor *t = &l->m->tensors[id];
	struct dbp_tensor r = { .rank = (uint8_t)t->rank };

	for (int i = 0; i < DBP_MAX_RANK; i++)
		r.dims[i] = t->dims[i];
	return r;
}

static void add_op(struct lower *l, struct conv *c, uint32_t y,
		   uint32_t weight_bytes)
{
	struct dbp_tensor in = dims_of(l, c->x), out = dims_of(l, y);
	struct dev_op *op;

	op = lower_op(l, c->kind, &c->x, 1, y, &c->p, sizeof(c->p));
	op->scratch_bytes = dbp_conv_scratch_bytes(&c->p, &in, &out);
	op->weight_bits = c->w.bits;
	op->weight_bytes = weight_bytes;
}

static uint32_t add_float_bias(struct lower *l, const struct conv *c,
			       uint32_t y)
{
	struct shape s = shape_1(c->w.outputs);
	float *bias = channel_array(l, c, sizeof(*bias));

	for (uint32_t o = 0; bias && o < c->w.outputs; o++)
		bias[o] = (float)((double)c->bias[o] * c->bias_gain);
	return bias ? lower_binary(l, DBP_B_ADD, y,
				   lower_constant_f32(l, &s, bias)) :
		      y;
}

static int emit_conv(struct lower *l, struct conv *c)
{
	uint32_t before = l->m->data_bytes, y;

	c->p.groups = c->w.groups;
	c->p.weight_bits = (uint8_t)c->w.bits;
	c->p.levels = c->p.multiplier = c->p.shift = DBP_NONE;
	c->p.multiplier2 = c->p.shift2 = DBP_NONE;
	c->p.table = c->p.float_scale = DBP_NONE;
	if (choose_post(l, c) || lower_trained(l, c))
		return -1;
	c->p.grid = (uint8_t)c->w.grid;
	add_weights(l, c);
	add_bias(l, c);
	if (c->quant) {
		if (add_multipliers(l, c, NULL, &c->p.multiplier,
				    &c->p.shift) ||
		    (c->slopes &&
		     add_multipliers(l, c, c->slopes, &c->p.multiplier2,
				     &c->p.shift2)))
			return -1;
	} else {
		add_float_scales(l, c);
	}
	y = lower_tensor(l, c->quant ? DBP_S8 : DBP_F32, &c->out,
			 c->quant ? c->result->quant : NULL);
	add_op(l, c, y, l->m->data_bytes - before);
	if (c->float_bias)
		y = add_float_bias(l, c, y);
	if (!c->quant)
		y = lower_act_f32(l, c->act, y);
	lower_store(l, c->result, y);
	return 0;
}

/* The bias as floats; 0 also where there is none. */
static int read_bias(const struct node *n, struct conv *c)
{
	const struct value *b = node_input(n, 2);
	int64_t count = b ? shape_elements(&b->shape) : 0;

	if (!b)
		return 0;
	if (!value_is_const(b) || b->dtype != DT_F32 || count != c->w.outputs ||
	    b->shape.dim[b->shape.rank - 1] != count)
		return LOWER_ELSEWHERE;
	c->bias = b->data;
	return 0;
}

static void set_window(struct conv *c, const struct window *w)
{
	c->p.kernel_h = (uint16_t)w->kernel[0];
	c->p.kernel_w = (uint16_t)w->kernel[1];
	c->p.stride_h = (uint16_t)w->stride[0];
	c->p.stride_w = (uint16_t)w->stride[1];
	c->p.dilation_h = (uint16_t)w->dilation[0];
	c->p.dilation_w = (uint16_t)w->dilation[1];
	c->p.pad_top = (uint16_t)w->pad_begin[0];
	c->p.pad_left = (uint16_t)w->pad_begin[1];
	c->out = shape_4(w->batch, w->out[0], w->out[1], c->w.outputs);
	c->p.depthwise = c->kind == DBP_OP_CONV && c->w.groups > 1 &&
			 c->w.groups == w->channels &&
			 c->w.groups == c->w.outputs;
}

int lower_conv(struct lower *l, const struct node *n)
{
	struct conv c = { .n = n, .act = &n->act, .gain = 1, .bias_gain = 1 };
	struct window w;
	int status;

	if (!lower_is_s8(n->inputs[0]) || !value_is_const(n->inputs[1]) ||
	    !n->inputs[1]->quant || n->layout != LAYOUT_NHWC)
		return LOWER_ELSEWHERE;
	c.kind = n->op == OP_CONV ? DBP_OP_CONV : DBP_OP_CONV_TRANSPOSE;
	if (window_of(n, &w, l->d))
		return lower_refuse(l, "its window is not supported");
	if (weights_of(l, n, &c.w))
		return -1;
	status = read_bias(n, &c);
	if (status)
		return lower_refuse(l, "a computed bias is not supported");
	set_window(&c, &w);
	c.x = lower_to_nhwc(l, n, lower_own(l, n->inputs[0]));
	return emit_conv(l, &c);
}

int lower_gemm(struct lower *l, const struct node *n)
{
	struct conv c = { .n = n, .act = &n->act, .kind = DBP_OP_CONV };
	const struct shape *x = &n->inputs[0]->shape;
	struct shape in;
	int status;

	if (!lower_is_s8(n->inputs[0]) || !value_is_const(n->inputs[1]) ||
	    !n->inputs[1]->quant || !node_int(n, "transB", 0) ||
	    node_int(n, "transA", 0))
		return LOWER_ELSEWHERE;
	c.gain = (double)node_float(n, "alpha", 1);
	c.bias_gain = (double)node_float(n, "beta", 1);
	if (!(c.gain > 0))
		return LOWER_ELSEWHERE;
	if (weights_of(l, n, &c.w))
		return -1;
	status = read_bias(n, &c);
	if (status)
		return status;
	c.p.kernel_h = c.p.kernel_w = c.p.stride_h = c.p.stride_w = 1;
	c.p.dilation_h = c.p.dilation_w = 1;
	in = shape_4(x->dim[0], 1, 1, x->dim[1]);
	c.out = shape_4(x->dim[0], 1, 1, c.w.outputs);
	c.x = lower_reshape(l, lower_own(l, n->inputs[0]), &in);
	return emit_conv(l, &c);
}
