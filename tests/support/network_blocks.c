/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/network_blocks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/network_layers.h"

static bool is_picture(struct network *n, const char *x)
{
	return net_value(n, x)->rank == 4;
}

/* Whether a map `times` as large is small enough. */
static bool small(struct network *n, const char *x, int64_t times)
{
	return ref_count(net_value(n, x)) * times <= NETWORK_MAX_CELLS;
}

static const char *maybe_activation(struct network *n, const char *x,
				    int percent)
{
	return net_chance(n, percent) ? net_activation(n, x) : x;
}

/* A constant for each channel, as exporters shape it. */
static const char *channel_constant(struct network *n, const char *x, float low,
				    float high)
{
	int64_t dim[] = { 1, net_channels(n, x), 1, 1 };
	int rank = net_value(n, x)->rank;

	return net_chance(n, 50) ? net_random(n, rank, dim, low, high) :
				   net_random(n, rank - 1, dim + 1, low, high);
}

/* ---- Layers in a row ---- */

static const char *affine(struct network *n, const char *x)
{
	const char *k;

	switch (net_pick(n, 0, 6)) {
	case 0:
		k = channel_constant(n, x, 0.25f, 2);
		return net_binary(n, "Mul", x, k);
	case 1:
		return net_binary(n, "Add", channel_constant(n, x, -1, 1), x);
	case 2:
		return net_binary(n, "Sub", x, channel_constant(n, x, -1, 1));
	case 3:
		return net_binary(n, "Sub", net_number(n, 1), x);
	case 4:
		k = net_number(n, NET_CHOOSE(n, 0.5, 3, 255));
		return net_binary(n, "Div", x, k);
	case 5:
		k = net_number(n, NET_CHOOSE(n, 0.1, -1, 2));
		return net_binary(n, "Mul", k, x);
	default:
		return net_unary(n, net_chance(n, 50) ? "Neg" : "Identity", x);
	}
}

static const char *conv_block(struct network *n, const char *x)
{
	const char *y = net_random_conv(n, x);

	if (!y)
		return NULL;
	if (net_chance(n, 45))
		y = net_batch_norm(n, y);
	else if (net_chance(n, 15))
		y = affine(n, y);
	return maybe_activation(n, y, 70);
}

static const char *conv_same(struct network *n, const char *x, int64_t cout,
			     int64_t k)
{
	struct net_conv c = net_conv_same(n, cout, k);

	return net_conv(n, x, &c);
}

/* Depthwise and pointwise, as in MobileNet. */
static const char *separable(struct network *n, const char *x)
{
	int64_t channels = net_channels(n, x);
	struct net_conv c = net_conv_same(n, channels, 3);

	c.group = channels;
	x = net_activation(n, net_batch_norm(n, net_conv(n, x, &c)));
	x = conv_same(n, x, net_pick(n, 4, 20), 1);
	return maybe_activation(n, net_batch_norm(n, x), 50);
}

static const char *transposed(struct network *n, const char *x)
{
	const char *y = net_conv_transpose(n, x);

	return y ? maybe_activation(n, y, 50) : NULL;
}

static const char *normalised(struct network *n, const char *x)
{
	int64_t channels = net_channels(n, x);
	const char *gamma, *beta;

	if (net_chance(n, 70) || ref_stride(net_value(n, x), 1) < 16)
		return net_batch_norm(n, x);
	gamma = net_random(n, 1, &channels, 0.5f, 1.5f);
	beta = net_random(n, 1, &channels, -0.5f, 0.5f);
	return net_done(n, net_node(n, "InstanceNormalization", "%s %s %s", x,
				    gamma, beta));
}

/* ---- Several readers ---- */

/* `x` through layers that keep its shape. */
static const char *side_path(struct network *n, const char *x)
{
	const char *y =
		conv_same(n, x, net_channels(n, x), net_chance(n, 60) ? 3 : 1);

	if (net_chance(n, 50))
		y = net_batch_norm(n, y);
	return maybe_activation(n, y, 40);
}

static const char *joined(struct network *n, const char *a, const char *b)
{
	static const char *const ops[] = { "Add", "Add", "Add", "Sub",
					   "Mul", "Max", "Min" };
	const char *op = ops[net_pick(n, 0, 6)];

	return net_chance(n, 50) ? net_binary(n, op, a, b) :
				   net_binary(n, op, b, a);
}

static const char *residual(struct network *n, const char *x)
{
	return maybe_activation(n, joined(n, x, side_path(n, x)), 50);
}

static const char *two_paths(struct network *n, const char *x)
{
	const char *a = side_path(n, x), *b = side_path(n, x);

	return maybe_activation(n, joined(n, a, b), 50);
}

static const char *dense(struct network *n, const char *x)
{
	const char *y;

	if (!small(n, x, 3))
		return NULL;
	y = net_chance(n, 20) ? x : side_path(n, x);
	y = net_chance(n, 50) ? net_concat(n, x, y) : net_concat(n, y, x);
	return maybe_activation(n, y, 30);
}

/* With another map of that shape. */
static const char *with_former(struct network *n, const char *x)
{
	for (int i = 0; i < n->map_count; i++)
		if (n->maps[i] != x && net_same_shape(n, n->maps[i], x))
			return small(n, x, 2) && net_chance(n, 40) ?
				       net_concat(n, n->maps[i], x) :
				       joined(n, n->maps[i], x);
	return NULL;
}

/* Squeeze and excitation. */
static const char *excited(struct network *n, const char *x)
{
	static const int64_t axes[] = { 2, 3, -2, -1 };
	int spatial = net_value(n, x)->rank - 2;
	const char *s = net_chance(n, 50) ?
				net_unary(n, "GlobalAveragePool", x) :
				net_reduce(n, "ReduceMean", x, spatial,
					   net_chance(n, 50) ?
						   axes :
						   axes + 4 - spatial,
					   true);

	s = net_unary(n, "Relu", conv_same(n, s, net_pick(n, 2, 6), 1));
	s = conv_same(n, s, net_channels(n, x), 1);
	s = net_unary(n, net_chance(n, 50) ? "Sigmoid" : "HardSigmoid", s);
	return joined(n, x, s);
}

/* Each place has a separate factor. */
static const char *place_weight(struct network *n, const char *x)
{
	const int64_t axis = 1;
	const char *op = net_chance(n, 70) ? "ReduceMean" : "ReduceMax";
	const char *s = net_reduce(n, op, x, 1, &axis, true);

	return joined(n, x, maybe_activation(n, s, 50));
}

/* Channels as a sum of channels, by what they have in common. */
static const char *attended(struct network *n, const char *x)
{
	static const int64_t perm[] = { 0, 2, 1 };
	const struct ref_tensor *t = net_value(n, x);
	int64_t flat[] = { 1, t->dim[1], -1 };
	const char *rows, *share;

	if (t->dim[1] < 2 || ref_stride(t, 1) > 400)
		return NULL;
	rows = net_reshape(n, x, 3, flat);
	share = net_binary(n, "MatMul", rows, net_transpose(n, rows, perm));
	share = net_binary(n, "Mul", share,
			   net_number(n, 1 / (double)ref_stride(t, 1)));
	share = net_softmax(n, share);
	return net_reshape(n, net_binary(n, "MatMul", share, rows), t->rank,
			   t->dim);
}

/* ---- Moves ---- */

static const char *split(struct network *n, const char *x)
{
	int64_t channels = net_channels(n, x);
	const char *part[2];
	int way = net_pick(n, 0, 3);

	if (channels < 2)
		return NULL;
	net_split(n, x,
		  net_chance(n, 60) ? (channels + 1) / 2 :
				      net_pick(n, 1, (int)channels - 1),
		  part);
	if (way == 0 && net_same_shape(n, part[0], part[1]))
		return net_binary(n, "Mul", part[0],
				  net_unary(n, "Sigmoid", part[1]));
	part[way & 1] = side_path(n, part[way & 1]);
	return way == 3 ? part[1] : net_concat(n, part[0], part[1]);
}

static const char *shuffle(struct network *n, const char *x)
{
	static const int64_t perm[] = { 0, 2, 1, 3, 4 };
	const struct ref_tensor *t = net_value(n, x);
	int64_t groups = net_pick(n, 2, 4), channels = t->dim[1];
	int64_t split_dim[] = { t->dim[0], groups, channels / groups, t->dim[2],
				t->rank > 3 ? t->dim[3] : 0 };
	int64_t dim[REF_MAX_RANK];

	if (channels % groups)
		return NULL;
	memcpy(dim, t->dim, sizeof(dim));
	if (net_chance(n, 50))
		dim[1] = -1;
	x = net_reshape(n, x, t->rank + 1, split_dim);
	return net_reshape(n, net_transpose(n, x, perm), t->rank, dim);
}

/* YOLO's Focus. */
static const char *focus(struct network *n, const char *x)
{
	const struct ref_tensor *t = net_value(n, x);
	const char *part[4];

	if (!is_picture(n, x) || t->dim[2] % 2 || t->dim[3] % 2 ||
	    t->dim[1] > 8)
		return NULL;
	for (int i = 0; i < 4; i++) {
		part[i] = net_slice(n, x, 2, i & 1, INT32_MAX, 2);
		part[i] = net_slice(n, part[i], 3, i >> 1, INT32_MAX, 2);
	}
	x = net_concat(n, net_concat(n, part[0], part[1]),
		       net_concat(n, part[2], part[3]));
	return net_chance(n, 50) ? conv_same(n, x, net_pick(n, 4, 16), 3) : x;
}

static const char *crop(struct network *n, const char *x)
{
	const struct ref_tensor *t = net_value(n, x);
	int axis = net_pick(n, 1, t->rank - 1);
	int64_t size = t->dim[axis];

	if (size < 4)
		return NULL;
	switch (net_pick(n, 0, 4)) {
	case 0:
		return net_slice(n, x, axis, 0, size, 2);
	case 1:
		return net_slice(n, x, axis, -1, INT32_MIN, -1);
	case 2:
		return net_slice(n, x, axis - t->rank, 1, -1, 1);
	case 3:
		return net_slice(n, x, axis, size / 2, size / 2 + 1, 1);
	default:
		return net_slice(n, x, axis, size / 4, INT64_MAX, 1);
	}
}

static const char *chosen_channels(struct network *n, const char *x)
{
	int64_t channels = net_channels(n, x), index[16];
	int count = net_pick(n, 1, 16);
	Onnx__NodeProto *p;

	for (int i = 0; i < count; i++)
		index[i] = net_pick(n, 0, (int)channels - 1);
	p = net_node(n, "Gather", "%s %s", x, net_ints(n, count, index));
	net_set_int(n, p, "axis", 1);
	return net_done(n, p);
}

static const char *turned(struct network *n, const char *x)
{
	static const int64_t swap[] = { 0, 1, 3, 2 };
	static const int64_t last[] = { 0, 2, 3, 1 }, first[] = { 0, 3, 1, 2 };
	int64_t channels = net_channels(n, x);

	if (!is_picture(n, x))
		return NULL;
	if (net_chance(n, 40))
		return net_transpose(n, x, swap);
	x = net_transpose(n, x, last);
	if (net_chance(n, 50))
		x = net_binary(n, "Add", x, net_random(n, 1, &channels, -1, 1));
	return net_transpose(n, net_unary(n, "Relu", x), first);
}

static const char *blocks_of_pixels(struct network *n, const char *x)
{
	const struct ref_tensor *t = net_value(n, x);
	bool deeper = net_chance(n, 50);
	Onnx__NodeProto *p;

	if (!is_picture(n, x) ||
	    (deeper ? t->dim[2] % 2 || t->dim[3] % 2 : t->dim[1] % 4))
		return NULL;
	p = net_node(n, deeper ? "SpaceToDepth" : "DepthToSpace", "%s", x);
	net_set_int(n, p, "blocksize", 2);
	if (!deeper && net_chance(n, 50))
		onnx_build_attr_string(&n->builder, p, "mode", "CRD");
	return net_done(n, p);
}

/* ---- Sizes ---- */

static const char *padded(struct network *n, const char *x)
{
	static const char *const modes[] = { "constant", "constant", "reflect",
					     "edge" };
	const char *mode = modes[net_pick(n, 0, 3)];
	int rank = net_value(n, x)->rank;
	int64_t pads[2 * REF_MAX_RANK] = { 0 };
	Onnx__NodeProto *p;

	if (!small(n, x, 2) || net_value(n, x)->dim[2] < 4 ||
	    net_value(n, x)->dim[rank - 1] < 4)
		return NULL;
	for (int d = 2; d < rank; d++) {
		pads[d] = net_pick(n, 0, 3);
		pads[rank + d] = net_pick(n, 0, 3);
	}
	if (net_chance(n, 30) && mode == modes[0])
		p = net_node(n, "Pad", "%s %s %s", x,
			     net_ints(n, 2 * rank, pads),
			     net_number(n, NET_CHOOSE(n, 0, 1, -0.5)));
	else
		p = net_node(n, "Pad", "%s %s", x, net_ints(n, 2 * rank, pads));
	onnx_build_attr_string(&n->builder, p, "mode", mode);
	x = net_done(n, p);
	return net_chance(n, 50) ? conv_same(n, x, net_pick(n, 4, 12), 3) : x;
}

/* Ties of `nearest` are left out: they hang on the rounding of floats. */
static void set_resize(struct network *n, Onnx__NodeProto *p, bool linear)
{
	static const char *const rules[] = { "half_pixel", "asymmetric",
					     "align_corners",
					     "pytorch_half_pixel" };
	struct onnx_builder *b = &n->builder;
	int rule = net_pick(n, 0, linear ? 3 : 1);

	onnx_build_attr_string(b, p, "mode", linear ? "linear" : "nearest");
	onnx_build_attr_string(b, p, "coordinate_transformation_mode",
			       rules[rule]);
	if (!linear && rule == 1)
		onnx_build_attr_string(b, p, "nearest_mode", "floor");
}

static const char *resized(struct network *n, const char *x)
{
	bool linear = net_chance(n, 50), by_size = net_chance(n, 40);
	const struct ref_tensor *t = net_value(n, x);
	int64_t size[REF_MAX_RANK];
	float scale[REF_MAX_RANK];
	int64_t rank = t->rank;
	Onnx__NodeProto *p;

	if (!small(n, x, 4))
		return NULL;
	for (int d = 0; d < t->rank; d++) {
		scale[d] = d < 2 ? 1 : (float)NET_CHOOSE(n, 1, 2, 2, 3);
		size[d] = t->dim[d] * (int64_t)scale[d];
		if (d >= 2 && linear && by_size)
			size[d] = net_pick(n, 1, 2 * (int)t->dim[d]);
	}
	p = by_size ? net_node(n, "Resize", "%s - - %s", x,
			       net_ints(n, t->rank, size)) :
		      net_node(n, "Resize", "%s - %s", x,
			       net_floats(n, 1, &rank, scale));
	set_resize(n, p, linear);
	return net_done(n, p);
}

/* ---- One of them ---- */

static const struct {
	const char *(*build)(struct network *n, const char *x);
	int weight;
} blocks[] = {
	{ affine, 5 },          { attended, 2 },     { blocks_of_pixels, 3 },
	{ chosen_channels, 2 }, { conv_block, 30 },  { crop, 5 },
	{ dense, 6 },           { excited, 4 },      { focus, 3 },
	{ net_activation, 6 },  { net_pool, 8 },     { normalised, 3 },
	{ padded, 4 },          { place_weight, 2 }, { residual, 8 },
	{ resized, 5 },         { separable, 8 },    { shuffle, 5 },
	{ split, 7 },           { transposed, 6 },   { turned, 4 },
	{ two_paths, 5 },       { with_former, 5 },
};

const char *net_block(struct network *n, const char *x)
{
	int count = (int)(sizeof(blocks) / sizeof(*blocks)), sum = 0, at = 0;

	for (int i = 0; i < count; i++)
		sum += blocks[i].weight;
	sum = net_pick(n, 0, sum - 1);
	while (sum >= blocks[at].weight)
		sum -= blocks[at++].weight;
	return blocks[at].build(n, x);
}
