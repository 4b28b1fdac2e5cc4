/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/network_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/random.h"

int net_pick(struct network *n, int low, int high)
{
	uint32_t range = (uint32_t)(high - low + 1);

	return low + (int)(random_bits24(&n->state) % range);
}

bool net_chance(struct network *n, int percent)
{
	return net_pick(n, 0, 99) < percent;
}

double net_choose(struct network *n, const double *list, int count)
{
	return list[net_pick(n, 0, count - 1)];
}

/* ---- Constants ---- */

static const char *new_name(struct network *n, char kind)
{
	char name[32];

	snprintf(name, sizeof(name), "%c%d", kind, n->names++);
	return onnx_build_text(&n->builder, name);
}

static void shape_text(int rank, const int64_t *dim, char text[128])
{
	int used = 0;

	*text = 0;
	for (int d = 0; d < rank; d++)
		used += snprintf(text + used, (size_t)(128 - used), "%s%d",
				 d ? "x" : "", (int)dim[d]);
}

static size_t elements(int rank, const int64_t *dim)
{
	size_t count = 1;

	for (int d = 0; d < rank; d++)
		count *= (size_t)dim[d];
	return count;
}

const char *net_floats(struct network *n, int rank, const int64_t *dim,
		       const float *v)
{
	const char *name = new_name(n, 'c');
	char shape[128];

	shape_text(rank, dim, shape);
	onnx_build_floats(&n->builder, name, shape, v, elements(rank, dim));
	return name;
}

const char *net_number(struct network *n, double v)
{
	float f = (float)v;

	return net_floats(n, 0, NULL, &f);
}

const char *net_random(struct network *n, int rank, const int64_t *dim,
		       float low, float high)
{
	size_t count = elements(rank, dim);
	float *v = arena_array(&n->builder.arena, count, sizeof(*v));

	assert_non_null(v);
	for (size_t i = 0; i < count; i++)
		v[i] = low +
		       (high - low) * (0.5f + 0.5f * random_signed(&n->state));
	return net_floats(n, rank, dim, v);
}

const char *net_ints(struct network *n, int count, const int64_t *v)
{
	const char *name = new_name(n, 'i');

	onnx_build_int64s(&n->builder, name, v, (size_t)count);
	return name;
}

/* ---- Nodes ---- */

Onnx__NodeProto *net_node_of(struct network *n, const char *op, int outputs,
			     const char *inputs)
{
	char name[32], list[256] = "";
	size_t used = 0;

	for (int i = 0; i < outputs; i++)
		used += (size_t)snprintf(list + used, sizeof(list) - used,
					 "%s%s", i ? " " : "",
					 new_name(n, 'v'));
	snprintf(name, sizeof(name), "node_%d", n->names);
	return onnx_build_node(&n->builder, op, name, inputs, list);
}

Onnx__NodeProto *net_node(struct network *n, const char *op, const char *inputs,
			  ...)
{
	char list[512];
	va_list args;

	va_start(args, inputs);
	vsnprintf(list, sizeof(list), inputs, args);
	va_end(args);
	return net_node_of(n, op, 1, list);
}

void net_set_int(struct network *n, Onnx__NodeProto *p, const char *name,
		 int64_t v)
{
	onnx_build_attr_int(&n->builder, p, name, v);
}

const char *net_done(struct network *n, Onnx__NodeProto *p)
{
	reference_node(&n->sample, p);
	return p->output[0];
}

const char *net_unary(struct network *n, const char *op, const char *x)
{
	return net_done(n, net_node(n, op, "%s", x));
}

const char *net_binary(struct network *n, const char *op, const char *a,
		       const char *b)
{
	return net_done(n, net_node(n, op, "%s %s", a, b));
}

const char *net_softmax(struct network *n, const char *x)
{
	Onnx__NodeProto *p = net_node(n, "Softmax", "%s", x);

	net_set_int(n, p, "axis", net_value(n, x)->rank - 1);
	return net_done(n, p);
}

const struct ref_tensor *net_value(struct network *n, const char *name)
{
	return reference_value(&n->sample, name);
}

int64_t net_channels(struct network *n, const char *name)
{
	return net_value(n, name)->dim[1];
}

double net_power(struct network *n, const char *name)
{
	const struct ref_tensor *t = net_value(n, name);
	double sum = 0;

	for (int64_t i = 0; i < ref_count(t); i++)
		sum += t->v[i] * t->v[i];
	return sum / (double)ref_count(t);
}

bool net_same_shape(struct network *n, const char *a, const char *b)
{
	const struct ref_tensor *s = net_value(n, a), *t = net_value(n, b);

	return s->rank == t->rank &&
	       !memcmp(s->dim, t->dim, (size_t)s->rank * sizeof(*s->dim));
}

/* ---- By opset ---- */

const char *net_slice(struct network *n, const char *x, int axis, int64_t start,
		      int64_t end, int64_t step)
{
	int64_t at = axis;
	const char *s = net_ints(n, 1, &start), *e = net_ints(n, 1, &end);
	const char *a = net_ints(n, 1, &at);

	if (step == 1)
		return net_done(
			n, net_node(n, "Slice", "%s %s %s %s", x, s, e, a));
	return net_done(n, net_node(n, "Slice", "%s %s %s %s %s", x, s, e, a,
				    net_ints(n, 1, &step)));
}

void net_split(struct network *n, const char *x, int64_t first,
	       const char *parts[2])
{
	int64_t sizes[] = { first, net_channels(n, x) - first };
	bool as_input = n->builder.opset->version >= 13;
	Onnx__NodeProto *p;
	char inputs[96];

	snprintf(inputs, sizeof(inputs), "%s%s%s", x, as_input ? " " : "",
		 as_input ? net_ints(n, 2, sizes) : "");
	p = net_node_of(n, "Split", 2, inputs);
	net_set_int(n, p, "axis", 1);
	if (!as_input)
		onnx_build_attr_ints(&n->builder, p, "split", sizes, 2);
	net_done(n, p);
	parts[0] = p->output[0];
	parts[1] = p->output[1];
}

/* ReduceSum has had its axes as an input since 13, the others since 18. */
const char *net_reduce(struct network *n, const char *op, const char *x,
		       int count, const int64_t *axes, bool keep)
{
	int64_t since = strcmp(op, "ReduceSum") ? 18 : 13;
	bool as_input = n->builder.opset->version >= since;
	Onnx__NodeProto *p = as_input ? net_node(n, op, "%s %s", x,
						 net_ints(n, count, axes)) :
					net_node(n, op, "%s", x);

	if (!as_input)
		onnx_build_attr_ints(&n->builder, p, "axes", axes,
				     (size_t)count);
	net_set_int(n, p, "keepdims", keep);
	return net_done(n, p);
}

const char *net_squeeze(struct network *n, const char *x, int count,
			const int64_t *axes)
{
	bool as_input = n->builder.opset->version >= 13;
	Onnx__NodeProto *p = as_input ? net_node(n, "Squeeze", "%s %s", x,
						 net_ints(n, count, axes)) :
					net_node(n, "Squeeze", "%s", x);

	if (!as_input)
		onnx_build_attr_ints(&n->builder, p, "axes", axes,
				     (size_t)count);
	return net_done(n, p);
}

const char *net_reshape(struct network *n, const char *x, int rank,
			const int64_t *dim)
{
	return net_binary(n, "Reshape", x, net_ints(n, rank, dim));
}

const char *net_transpose(struct network *n, const char *x, const int64_t *perm)
{
	Onnx__NodeProto *p = net_node(n, "Transpose", "%s", x);

	onnx_build_attr_ints(&n->builder, p, "perm", perm,
			     (size_t)net_value(n, x)->rank);
	return net_done(n, p);
}

const char *net_concat(struct network *n, const char *a, const char *b)
{
	Onnx__NodeProto *p = net_node(n, "Concat", "%s %s", a, b);

	net_set_int(n, p, "axis",
		    net_chance(n, 80) ? 1 : 1 - net_value(n, a)->rank);
	return net_done(n, p);
}
