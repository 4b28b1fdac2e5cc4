/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/network_layers.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static int spatial_dims(struct network *n, const char *x)
{
	return net_value(n, x)->rank - 2;
}

/* ---- Batch norm ---- */

/* Mean, and variance about it, of a channel of the sample. */
static void statistics(const struct ref_tensor *t, int64_t c, float *mean,
		       float *variance)
{
	int64_t count = ref_stride(t, 1);
	const double *v = t->v + c * count;
	double sum = 0, squares = 0;

	for (int64_t i = 0; i < count; i++)
		sum += v[i];
	sum /= (double)count;
	for (int64_t i = 0; i < count; i++)
		squares += (v[i] - sum) * (v[i] - sum);
	*mean = (float)sum;
	*variance = (float)(squares / (double)count);
}

const char *net_batch_norm(struct network *n, const char *x)
{
	const struct ref_tensor *t = net_value(n, x);
	int64_t channels = t->dim[1];
	float *mean = arena_array(&n->builder.arena, (size_t)channels, 4);
	float *variance = arena_array(&n->builder.arena, (size_t)channels, 4);
	const char *gamma, *beta;
	Onnx__NodeProto *p;

	assert_true(mean && variance);
	for (int64_t c = 0; c < channels; c++) {
		statistics(t, c, &mean[c], &variance[c]);
		variance[c] += 0.05f;
	}
	gamma = net_random(n, 1, &channels, 0.5f, 1.5f);
	beta = net_random(n, 1, &channels, -0.5f, 0.5f);
	p = net_node(n, "BatchNormalization", "%s %s %s %s %s", x, gamma, beta,
		     net_floats(n, 1, &channels, mean),
		     net_floats(n, 1, &channels, variance));
	if (net_chance(n, 30))
		onnx_build_attr_float(&n->builder, p, "epsilon", 1e-3f);
	return net_done(n, p);
}

/* ---- Activations ---- */

static const char *with_alpha(struct network *n, const char *op, const char *x,
			      double alpha)
{
	Onnx__NodeProto *p = net_node(n, op, "%s", x);

	onnx_build_attr_float(&n->builder, p, "alpha", (float)alpha);
	return net_done(n, p);
}

static const char *clip(struct network *n, const char *x, double low,
			double high)
{
	return net_done(n, net_node(n, "Clip", "%s %s %s", x,
				    net_number(n, low), net_number(n, high)));
}

static const char *clipped(struct network *n, const char *x)
{
	double k = NET_CHOOSE(n, 1, 3, 6);

	switch (net_pick(n, 0, 4)) {
	case 0:
		return clip(n, x, -k, k);
	case 1:
		return net_done(
			n, net_node(n, "Clip", "%s - %s", x, net_number(n, k)));
	case 2:
		return net_done(n, net_node(n, "Clip", "%s %s", x,
					    net_number(n, -k / 4)));
	case 3:
		x = net_binary(n, "Max", x, net_number(n, 0));
		return net_binary(n, "Min", x, net_number(n, 6));
	default:
		return clip(n, x, 0, k);
	}
}

static const char *leaky(struct network *n, const char *x)
{
	int spatial = spatial_dims(n, x);
	int64_t dim[] = { 1, net_channels(n, x), 1, 1 };
	double slope = NET_CHOOSE(n, 0.01, 0.1, 0.125, 0.2, 0.25, 0.5);

	switch (net_pick(n, 0, 4)) {
	case 0:
		return net_binary(
			n, "PRelu", x,
			net_random(n, 1 + spatial, dim + 1, -0.3f, 0.8f));
	case 1:
		return net_binary(n, "PRelu", x,
				  net_random(n, 2 + spatial, dim, 0, 0.5f));
	case 2:
		dim[0] = 1;
		return net_binary(n, "PRelu", x, net_random(n, 1, dim, 0, 1));
	case 3:
		return net_binary(
			n, "Max", x,
			net_binary(n, "Mul", x, net_number(n, slope)));
	default:
		return with_alpha(n, "LeakyRelu", x, slope);
	}
}

static const char *sigmoid_of(struct network *n, const char *x)
{
	const char *one;

	if (net_chance(n, 80))
		return net_unary(n, "Sigmoid", x);
	one = net_number(n, 1);
	x = net_unary(n, "Exp", net_unary(n, "Neg", x));
	return net_binary(n, "Div", one, net_binary(n, "Add", x, one));
}

static const char *hard_sigmoid(struct network *n, const char *x)
{
	if (net_chance(n, 40))
		return net_unary(n, "HardSigmoid", x);
	if (net_chance(n, 50))
		return with_alpha(n, "HardSigmoid", x, 1.0 / 6);
	x = clip(n, net_binary(n, "Add", x, net_number(n, 3)), 0, 6);
	return net_binary(n, "Div", x, net_number(n, 6));
}

static const char *times_self(struct network *n, const char *x,
			      const char *gate)
{
	return net_chance(n, 50) ? net_binary(n, "Mul", x, gate) :
				   net_binary(n, "Mul", gate, x);
}

static const char *gelu(struct network *n, const char *x)
{
	const char *e = net_unary(
		n, "Erf", net_binary(n, "Div", x, net_number(n, sqrt(2))));

	e = net_binary(n, "Mul", x, net_binary(n, "Add", e, net_number(n, 1)));
	return net_binary(n, "Mul", e, net_number(n, 0.5));
}

static const char *smooth(struct network *n, const char *x)
{
	int64_t opset = n->builder.opset->version;

	switch (net_pick(n, 0, 8)) {
	case 0:
		return net_unary(n, "Tanh", x);
	case 1:
		return with_alpha(n, "Elu", x, NET_CHOOSE(n, 0.5, 1));
	case 2:
		return net_unary(n, "Selu", x);
	case 3:
		return net_unary(n, "Softplus", x);
	case 4:
		return net_unary(n, "Softsign", x);
	case 5:
		return opset >= 18 && net_chance(n, 50) ?
			       net_unary(n, "Mish", x) :
			       times_self(
				       n, x,
				       net_unary(n, "Tanh",
						 net_unary(n, "Softplus", x)));
	case 6:
		return opset >= 20 && net_chance(n, 50) ?
			       net_unary(n, "Gelu", x) :
			       gelu(n, x);
	case 7:
		return net_unary(n, "Abs", x);
	default:
		return net_binary(n, "Pow", x, net_number(n, 2));
	}
}

const char *net_activation(struct network *n, const char *x)
{
	switch (net_pick(n, 0, 9)) {
	case 0:
		return clipped(n, x);
	case 1:
		return leaky(n, x);
	case 2:
		return sigmoid_of(n, x);
	case 3:
		return times_self(n, x, sigmoid_of(n, x));
	case 4:
		return hard_sigmoid(n, x);
	case 5:
		return n->builder.opset->version >= 14 && net_chance(n, 50) ?
			       net_unary(n, "HardSwish", x) :
			       times_self(n, x, hard_sigmoid(n, x));
	case 6:
		return smooth(n, x);
	default:
		return net_unary(n, "Relu", x);
	}
}

/* ---- Convolutions ---- */

struct net_conv net_conv_same(struct network *n, int64_t cout, int64_t k)
{
	return (struct net_conv){ .cout = cout,
				  .group = 1,
				  .kernel = { k, k },
				  .stride = { 1, 1 },
				  .dilation = { 1, 1 },
				  .pads = { k / 2, k / 2, k / 2, k / 2 },
				  .bias = net_chance(n, 50) };
}

/* Attributes that convolutions and pools share. */
static void set_window(struct network *n, Onnx__NodeProto *p,
		       const struct net_conv *c, int spatial)
{
	struct onnx_builder *b = &n->builder;
	size_t s = (size_t)spatial;

	onnx_build_attr_ints(b, p, "kernel_shape", c->kernel, s);
	onnx_build_attr_ints(b, p, "strides", c->stride, s);
	if (c->dilation[0] * c->dilation[1] > 1)
		onnx_build_attr_ints(b, p, "dilations", c->dilation, s);
	if (c->auto_pad)
		onnx_build_attr_string(b, p, "auto_pad", c->auto_pad);
	else
		onnx_build_attr_ints(b, p, "pads", c->pads, 2 * s);
}

/* A weight that keeps the power of its input, and a bias. */
static Onnx__NodeProto *weighted_node(struct network *n, const char *op,
				      const char *x, const int64_t *dim,
				      double fan_in, const struct net_conv *c)
{
	int spatial = spatial_dims(n, x);
	float limit = (float)sqrt(4 / fan_in);
	const char *w = net_random(n, 2 + spatial, dim, -limit, limit);

	if (!c->bias)
		return net_node(n, op, "%s %s", x, w);
	return net_node(n, op, "%s %s %s", x, w,
			net_random(n, 1, &c->cout, -0.5f, 0.5f));
}

const char *net_conv(struct network *n, const char *x, const struct net_conv *c)
{
	int spatial = spatial_dims(n, x);
	int64_t dim[] = { c->cout, net_channels(n, x) / c->group, c->kernel[0],
			  c->kernel[1] };
	int64_t taps = dim[1] * dim[2] * (spatial > 1 ? dim[3] : 1);
	Onnx__NodeProto *p = weighted_node(n, "Conv", x, dim, (double)taps, c);

	set_window(n, p, c, spatial);
	net_set_int(n, p, "group", c->group);
	return net_done(n, p);
}

static int64_t pick_group(struct network *n, int64_t channels)
{
	int64_t some = net_pick(n, 2, 4);

	if (net_chance(n, 55))
		return 1;
	return net_chance(n, 60) || channels % some ? channels : some;
}

/* Whether a window lies in the padded input. */
static bool fits(struct network *n, const char *x, const struct net_conv *c)
{
	const struct ref_tensor *t = net_value(n, x);
	int spatial = t->rank - 2;

	for (int i = 0; i < spatial; i++) {
		int64_t pads = c->auto_pad ? 0 :
					     c->pads[i] + c->pads[spatial + i];

		if (t->dim[2 + i] + pads <
		    c->dilation[i] * (c->kernel[i] - 1) + 1)
			return false;
	}
	return true;
}

static const char *pick_auto_pad(struct network *n)
{
	static const char *const kinds[] = { "SAME_UPPER", "SAME_LOWER",
					     "VALID" };

	return net_chance(n, 12) ? kinds[net_pick(n, 0, 2)] : NULL;
}

const char *net_random_conv(struct network *n, const char *x)
{
	int64_t channels = net_channels(n, x);
	int spatial = spatial_dims(n, x);
	struct net_conv c = net_conv_same(n, net_pick(n, 1, 24), 1);

	for (int i = 0; i < 2; i++) {
		c.kernel[i] = i && net_chance(n, 75) ?
				      c.kernel[0] :
				      (int)NET_CHOOSE(n, 1, 1, 2, 3, 3, 3, 5);
		c.dilation[i] = net_chance(n, 80) ? 1 : net_pick(n, 2, 3);
		c.stride[i] = i && net_chance(n, 80) ?
				      c.stride[0] :
				      (int)NET_CHOOSE(n, 1, 1, 1, 2, 2, 3);
	}
	for (int i = 0; i < 4; i++)
		c.pads[i] = net_chance(n, 70) ?
				    c.kernel[i % spatial] / 2 *
					    c.dilation[i % spatial] :
				    net_pick(n, 0, 3);
	c.group = pick_group(n, channels);
	if (c.group == channels)
		c.cout = channels * (net_chance(n, 80) ? 1 : 2);
	else
		c.cout = (c.cout + c.group - 1) / c.group * c.group;
	c.auto_pad = pick_auto_pad(n);
	if (!fits(n, x, &c) ||
	    c.cout * ref_count(net_value(n, x)) / channels > NETWORK_MAX_CELLS)
		return NULL;
	return net_conv(n, x, &c);
}

const char *net_conv_transpose(struct network *n, const char *x)
{
	int64_t channels = net_channels(n, x), more[2] = { 0, 0 };
	int spatial = spatial_dims(n, x);
	struct net_conv c = net_conv_same(n, net_pick(n, 1, 12), 1);
	double taps = (double)channels;
	Onnx__NodeProto *p;

	for (int i = 0; i < 2; i++) {
		c.kernel[i] = net_pick(n, 1, 4);
		c.stride[i] = net_pick(n, 1, 3);
		c.dilation[i] = net_chance(n, 90) ? 1 : 2;
		if (net_chance(n, 30))
			more[i] = net_pick(n, 0, (int)c.stride[i] - 1);
		if (i < spatial)
			taps *= (double)c.kernel[i] / (double)c.stride[i];
	}
	for (int i = 0; i < 4; i++)
		c.pads[i] = net_pick(n, 0, (int)(c.kernel[i % spatial] / 2));
	c.group = net_chance(n, 75)                 ? 1 :
		  channels % 2 || net_chance(n, 50) ? channels :
						      2;
	c.cout = c.group * ((c.cout + c.group - 1) / c.group);
	if (c.cout / channels * ref_count(net_value(n, x)) * 6 >
		    NETWORK_MAX_CELLS ||
	    net_value(n, x)->dim[2] < 3 ||
	    net_value(n, x)->dim[spatial + 1] < 3)
		return NULL;
	p = weighted_node(n, "ConvTranspose", x,
			  (int64_t[]){ channels, c.cout / c.group, c.kernel[0],
				       c.kernel[1] },
			  fmax(1, taps / (double)c.group), &c);
	set_window(n, p, &c, spatial);
	net_set_int(n, p, "group", c.group);
	if (more[0] + (spatial > 1 ? more[1] : 0) > 0)
		onnx_build_attr_ints(&n->builder, p, "output_padding", more,
				     (size_t)spatial);
	return net_done(n, p);
}

/* ---- Pools ---- */

const char *net_pool(struct network *n, const char *x)
{
	int spatial = spatial_dims(n, x);
	bool average = net_chance(n, 45);
	struct net_conv c = net_conv_same(n, 0, 1);
	Onnx__NodeProto *p;

	for (int i = 0; i < 2; i++) {
		c.kernel[i] = i && net_chance(n, 80) ?
				      c.kernel[0] :
				      (int)NET_CHOOSE(n, 1, 2, 2, 3, 3, 5);
		c.stride[i] = i && net_chance(n, 80) ? c.stride[0] :
						       net_pick(n, 1, 3);
		c.dilation[i] = average || net_chance(n, 95) ? 1 : 2;
	}
	for (int i = 0; i < 4; i++)
		c.pads[i] =
			net_chance(n, 40) ?
				0 :
				net_pick(n, 0, (int)c.kernel[i % spatial] / 2);
	c.auto_pad = pick_auto_pad(n);
	if (!fits(n, x, &c))
		return NULL;
	p = net_node(n, average ? "AveragePool" : "MaxPool", "%s", x);
	set_window(n, p, &c, spatial);
	if (average && net_chance(n, 40))
		net_set_int(n, p, "count_include_pad", 1);
	if (!c.auto_pad && net_chance(n, 25))
		net_set_int(n, p, "ceil_mode", 1);
	return net_done(n, p);
}
