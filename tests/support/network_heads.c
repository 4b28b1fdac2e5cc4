/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/network_heads.h"

#include <math.h>

#include "tests/support/network_layers.h"

static const char *flat(struct network *n, const char *x)
{
	static const int64_t rows[] = { 1, -1 }, kept[] = { 0, -1 };

	if (net_chance(n, 40))
		return net_unary(n, "Flatten", x);
	return net_reshape(n, x, 2, net_chance(n, 50) ? rows : kept);
}

/* The mean or the largest of each channel, without rows and columns. */
static const char *pooled(struct network *n, const char *x)
{
	static const int64_t axes[] = { 2, 3 };
	int spatial = net_value(n, x)->rank - 2;

	switch (net_pick(n, 0, 3)) {
	case 0:
		return net_reduce(n, "ReduceMean", x, spatial, axes, false);
	case 1:
		return net_squeeze(n, net_unary(n, "GlobalMaxPool", x), spatial,
				   axes);
	default:
		return flat(n, net_unary(n, "GlobalAveragePool", x));
	}
}

static const char *layer(struct network *n, const char *x, int64_t outputs)
{
	const struct ref_tensor *t = net_value(n, x);
	bool transposed = net_chance(n, 60);
	int64_t inputs = t->dim[1];
	int64_t dim[] = { transposed ? outputs : inputs,
			  transposed ? inputs : outputs };
	float limit = (float)sqrt(3 / (double)inputs);
	const char *w = net_random(n, 2, dim, -limit, limit);
	const char *bias = net_random(n, 1, &outputs, -0.5f, 0.5f);
	Onnx__NodeProto *p;

	if (!transposed && net_chance(n, 50))
		return net_binary(n, "Add", net_binary(n, "MatMul", x, w),
				  bias);
	p = net_node(n, "Gemm", "%s %s %s", x, w, bias);
	net_set_int(n, p, "transB", transposed);
	if (net_chance(n, 15))
		onnx_build_attr_float(&n->builder, p, "alpha", 0.5f);
	if (net_chance(n, 15))
		onnx_build_attr_float(&n->builder, p, "beta", 2);
	return net_done(n, p);
}

/* Where these are numbers of a trained network: the softmax of hundreds is
 * the choice of one, which hangs on the last bit. */
static const char *scores(struct network *n, const char *x)
{
	if (net_power(n, x) > 16)
		return x;
	return net_chance(n, 35) ? net_softmax(n, x) :
	       net_chance(n, 40) ? net_unary(n, "Sigmoid", x) :
				   x;
}

static const char *classes(struct network *n, const char *x)
{
	x = ref_count(net_value(n, x)) < 600 && net_chance(n, 40) ?
		    flat(n, x) :
		    pooled(n, x);
	if (net_chance(n, 30))
		x = net_activation(n, layer(n, x, net_pick(n, 4, 16)));
	return scores(n, layer(n, x, net_pick(n, 2, 10)));
}

/* N,C,H,W to N,cells,C or N,C,cells. */
static const char *cells(struct network *n, const char *x)
{
	static const int64_t last[] = { 0, 2, 3, 1 }, swap[] = { 0, 2, 1 };
	struct net_conv c = net_conv_same(n, net_pick(n, 2, 8), 1);
	int64_t flat_last[] = { 1, -1, c.cout };
	int64_t flat_first[] = { 1, c.cout, -1 };

	x = net_conv(n, x, &c);
	if (net_value(n, x)->rank == 4 && net_chance(n, 50))
		x = net_reshape(n, net_transpose(n, x, last), 3, flat_last);
	else
		x = net_transpose(n, net_reshape(n, x, 3, flat_first), swap);
	return scores(n, x);
}

const char *net_head(struct network *n, const char *x)
{
	switch (net_pick(n, 0, 3)) {
	case 0:
		return x;
	case 1:
		return cells(n, x);
	default:
		return classes(n, x);
	}
}
