/* SPDX-License-Identifier: Apache-2.0 */
/* Operators that move elements; codes stay codes where possible. */
#include "converter/lower/lower_operators.h"

#include <string.h>

#include "converter/lower/lower_op.h"
#include "converter/lower/lower_refusal.h"
#include "converter/lower/lower_scale.h"
#include "converter/lower/lower_tensor.h"
#include "ir/slice.h"

static int done(struct lower *l, const struct node *n, uint32_t t)
{
	lower_store(l, n->outputs[0], t);
	return 0;
}

static uint32_t input_of(struct lower *l, const struct node *n)
{
	return lower_moved(l, n->inputs[0], n->outputs[0]);
}

int lower_view(struct lower *l, const struct node *n)
{
	return done(l, n, input_of(l, n));
}

/* ---- Order ---- */

int lower_moving_transpose(struct lower *l, const struct node *n)
{
	int rank = n->inputs[0]->shape.rank, at = 0;
	int64_t perm[GRAPH_MAX_RANK], axes[GRAPH_MAX_RANK];
	uint32_t x = input_of(l, n);

	if (rank < 1)
		return done(l, n, x);
	for (int i = 0; i < rank; i++)
		perm[i] = rank - 1 - i;
	node_ints(n, "perm", perm, GRAPH_MAX_RANK);
	/* The dims that the device tensor keeps, in their new order. */
	for (int i = 0; i < rank; i++) {
		int axis = (int)perm[i] - (rank - l->m->tensors[x].rank);

		if (axis >= 0)
			axes[at++] = axis;
	}
	return done(l, n, lower_transpose(l, x, axes));
}

/* Reshape, transpose, and the shape of the output. */
static int reorder(struct lower *l, const struct node *n,
		   const struct shape *split, const int64_t *perm)
{
	uint32_t x = lower_reshape(l, input_of(l, n), split);

	return done(l, n, lower_transpose(l, x, perm));
}

int lower_channel_shuffle(struct lower *l, const struct node *n)
{
	const struct shape *s = &n->inputs[0]->shape;
	int at = n->layout == LAYOUT_NHWC ? s->rank - 1 : 1;
	int64_t groups = node_int(n, "groups", 1), outer = 1, inner = 1;
	struct shape split;

	for (int i = 0; i < at; i++)
		outer *= s->dim[i];
	for (int i = at + 1; i < s->rank; i++)
		inner *= s->dim[i];
	split = shape_4(outer, groups, s->dim[at] / groups, inner);
	return reorder(l, n, &split, (int64_t[]){ 0, 2, 1, 3 });
}

static struct shape shape_6(const int64_t d[6])
{
	return shape_of(6, d);
}

int lower_space_to_depth(struct lower *l, const struct node *n)
{
	const int64_t *d = n->inputs[0]->shape.dim;
	int64_t b = node_int(n, "blocksize", 1);
	struct shape s;

	if (n->layout == LAYOUT_NHWC) {
		s = shape_6(
			(int64_t[]){ d[0], d[1] / b, b, d[2] / b, b, d[3] });
		return reorder(l, n, &s, (int64_t[]){ 0, 1, 3, 2, 4, 5 });
	}
	s = shape_6((int64_t[]){ d[0], d[1], d[2] / b, b, d[3] / b, b });
	return reorder(l, n, &s, (int64_t[]){ 0, 3, 5, 1, 2, 4 });
}

int lower_depth_to_space(struct lower *l, const struct node *n)
{
	const int64_t *d = n->inputs[0]->shape.dim;
	bool crd = !strcmp(node_string(n, "mode", "DCR"), "CRD");
	int64_t b = node_int(n, "blocksize", 1), c;
	struct shape s;

	if (n->layout == LAYOUT_NHWC) {
		c = d[3] / (b * b);
		if (crd) {
			s = shape_6((int64_t[]){ d[0], d[1], d[2], c, b, b });
			return reorder(l, n, &s,
				       (int64_t[]){ 0, 1, 4, 2, 5, 3 });
		}
		s = shape_6((int64_t[]){ d[0], d[1], d[2], b, b, c });
		return reorder(l, n, &s, (int64_t[]){ 0, 1, 3, 2, 4, 5 });
	}
	c = d[1] / (b * b);
	if (crd) {
		s = shape_6((int64_t[]){ d[0], c, b, b, d[2], d[3] });
		return reorder(l, n, &s, (int64_t[]){ 0, 1, 4, 2, 5, 3 });
	}
	s = shape_6((int64_t[]){ d[0], b, b, c, d[2], d[3] });
	return reorder(l, n, &s, (int64_t[]){ 0, 3, 4, 1, 5, 2 });
}

/* ---- Parts ---- */

/* Slices `count` elements of tensor t from `start` on along one axis. */
static uint32_t part(struct lower *l, uint32_t t, int axis, int64_t start,
		     int64_t count)
{
	struct shape s = lower_shape(l, t);
	struct dbp_slice p = { { 0 }, { 0 } };

	for (int i = 0; i < DBP_MAX_RANK; i++)
		p.step[i] = 1;
	if (start == 0 && count == s.dim[axis])
		return t;
	p.start[axis] = (uint32_t)start;
	s.dim[axis] = count;
	return lower_op1(l, DBP_OP_SLICE, t, lower_tensor_like(l, t, &s), &p,
			 sizeof(p));
}

/* Whether inputs 1 and up are constants or absent. */
static bool constant_from(const struct node *n, int slot)
{
	for (; slot < n->input_count; slot++)
		if (n->inputs[slot] && !value_is_const(n->inputs[slot]))
			return false;
	return true;
}

int lower_slice(struct lower *l, const struct node *n)
{
	struct dbp_slice p = { { 0 }, { 0 } };
	uint32_t x = input_of(l, n);
	struct shape out = lower_shape(l, x);
	struct slice s;
	int lost;

	if (!constant_from(n, 1))
		return lower_refuse(l, "computed positions are not supported");
	if (slice_of(n, &s, l->d))
		return lower_refuse(l, "its positions are not supported");
	lost = s.rank - out.rank;
	for (int i = 0; i < DBP_MAX_RANK; i++)
		p.step[i] = 1;
	for (int i = 0; i < out.rank; i++) {
		p.start[i] = (uint32_t)s.start[lost + i];
		p.step[i] = (int32_t)s.step[lost + i];
		out.dim[i] = s.count[lost + i];
	}
	return done(l, n,
		    lower_op1(l, DBP_OP_SLICE, x, lower_tensor_like(l, x, &out),
			      &p, sizeof(p)));
}

int lower_split(struct lower *l, const struct node *n)
{
	int rank = n->inputs[0]->shape.rank;
	int64_t axis = node_int(n, "axis", 0), start = 0;

	axis += axis < 0 ? rank : 0;
	for (int i = 0; i < n->output_count; i++) {
		const struct value *y = n->outputs[i];
		uint32_t x;
		int at;

		if (!y)
			return lower_refuse(
				l, "a missing output is not supported");
		x = lower_moved(l, n->inputs[0], y);
		at = lower_axis(l, x, rank, axis);
		if (at < 0)
			return -1;
		lower_store(l, y, part(l, x, at, start, y->shape.dim[axis]));
		start += y->shape.dim[axis];
	}
	return 0;
}

/* ---- Concatenation ---- */

#define CONCAT_MAX 64 /* inputs of one operator */

/* An input in the type of the output: codes of any scale, or floats. */
static uint32_t concat_input(struct lower *l, const struct value *v,
			     const struct value *y)
{
	int64_t count = shape_elements(&v->shape);
	const struct quant *q = y->quant;
	struct shape s = v->shape;
	int8_t *codes;

	if (!lower_is_s8(y))
		return lower_moved(l, v, y);
	/* few codes are rounded to even, as training does */
	if (lower_is_s8(v))
		return q->trained && v->quant->bits < 8 ?
			       lower_to_s8(l, lower_own(l, v), q) :
			       lower_own(l, v);
	if (!value_is_const(v) || v->dtype != DT_F32) {
		/* first: compilers differ in the order of arguments */
		uint32_t out = lower_tensor(l, DBP_S8, &s, q);

		return lower_op1(l, DBP_OP_QUANTIZE, lower_f32(l, v), out, NULL,
				 0);
	}
	codes = arena_alloc(l->m->arena, (size_t)count);
	if (!codes) {
		l->m->failed = true;
		return 0;
	}
	for (int64_t i = 0; i < count; i++)
		codes[i] = scale_code((double)((const float *)v->data)[i],
				      (double)q->scale[0], q->zero_point[0]);
	return lower_constant_s8(l, &s, codes, q->scale[0], q->zero_point[0]);
}

struct concat {
	struct dbp_concat head;
	struct dbp_rescale scale[CONCAT_MAX];
};
_Static_assert(sizeof(struct concat) == 4 + CONCAT_MAX * 8,
	       "rescales follow the axis");

/* Joins at most CONCAT_MAX tensors into one of the form of y. */
static uint32_t join(struct lower *l, const uint32_t *in, int count, int axis,
		     const struct value *y)
{
	struct concat p = { .head = { (uint32_t)axis } };
	struct shape s = lower_shape(l, in[0]);
	enum dbp_dtype type = l->m->tensors[in[0]].dtype;
	uint32_t out;

	s.dim[axis] = 0;
	for (int i = 0; i < count; i++) {
		const struct dev_tensor *t = &l->m->tensors[in[i]];
		const struct quant *q = y->quant;

		s.dim[axis] += t->dims[axis];
		if (t->dtype != type)
			lower_refuse(l, "integers and floats in one tensor are "
					"not supported");
		/* one scale for each channel: the parts of those of y */
		if (type != DBP_S8 || quant_per_channel(q) ||
		    (t->scale == q->scale[0] &&
		     t->zero_point == q->zero_point[0]))
			continue;
		if (scale_to_multiplier((double)t->scale / (double)q->scale[0],
					1, 62, &p.scale[i].multiplier,
					&p.scale[i].shift))
			lower_refuse(l, "the scales differ too much");
	}
	out = lower_tensor(l, type, &s, y->quant);
	lower_op(l, DBP_OP_CONCAT, in, count, out, &p,
		 sizeof(p.head) + (size_t)count * sizeof(*p.scale));
	return out;
}

int lower_concat(struct lower *l, const struct node *n)
{
	const struct value *y = n->outputs[0];
	uint32_t *in =
		arena_array(l->m->arena, (size_t)n->input_count, sizeof(*in));
	int count = n->input_count, axis;

	if (!in) {
		l->m->failed = true;
		return -1;
	}
	for (int i = 0; i < count; i++)
		in[i] = concat_input(l, n->inputs[i], y);
	axis = lower_axis(l, in[0], y->shape.rank, node_int(n, "axis", 0));
	if (axis < 0)
		return -1;
	/* Too many inputs: joins groups of them first. */
	while (count > CONCAT_MAX) {
		int made = 0;

		for (int i = 0; i < count; i += CONCAT_MAX)
			in[made++] = join(l, in + i,
					  count - i < CONCAT_MAX ? count - i :
								   CONCAT_MAX,
					  axis, y);
		count = made;
	}
	return done(l, n, join(l, in, count, axis, y));
}

/* ---- Padding ---- */

/* Padding of every dim of the input; false if it is not a constant. */
static bool read_pads(const struct node *n, int64_t *begin, int64_t *end)
{
	int64_t axes[GRAPH_MAX_RANK], pads[2 * GRAPH_MAX_RANK];
	int rank = n->inputs[0]->shape.rank;
	int count = node_const_ints(n, 1, pads, 2 * GRAPH_MAX_RANK);
	int listed = rank;

	for (int i = 0; i < GRAPH_MAX_RANK; i++) {
		axes[i] = i;
		begin[i] = end[i] = 0;
	}
	if (node_input(n, 3))
		listed = node_const_ints(n, 3, axes, GRAPH_MAX_RANK);
	if (count < 0 || listed < 0 || count != 2 * listed)
		return false;
	for (int i = 0; i < listed; i++) {
		int64_t axis = axes[i] < 0 ? axes[i] + rank : axes[i];

		if (axis < 0 || axis >= rank)
			return false;
		begin[axis] = pads[i];
		end[axis] = pads[listed + i];
	}
	return true;
}

static int pad_mode(const char *name)
{
	return !strcmp(name, "constant") ? DBP_PAD_CONSTANT :
	       !strcmp(name, "edge")     ? DBP_PAD_EDGE :
	       !strcmp(name, "reflect")  ? DBP_PAD_REFLECT :
					   -1;
}

/* Negative padding removes elements. */
static uint32_t crop(struct lower *l, uint32_t x, int axis, int64_t *begin,
		     int64_t *end)
{
	int64_t first = *begin < 0 ? -*begin : 0;
	int64_t last = l->m->tensors[x].dims[axis] + (*end < 0 ? *end : 0);

	*begin = *begin < 0 ? 0 : *begin;
	*end = *end < 0 ? 0 : *end;
	if (last <= first) {
		lower_refuse(l, "the padding removes all elements");
		return x;
	}
	return part(l, x, axis, first, last - first);
}

int lower_pad(struct lower *l, const struct node *n)
{
	int64_t begin[GRAPH_MAX_RANK], end[GRAPH_MAX_RANK];
	int mode = pad_mode(node_string(n, "mode", "constant")), lost;
	struct dbp_pad p = { .mode = (uint32_t)mode };
	uint32_t x = input_of(l, n);
	struct shape s;

	if (mode < 0)
		return lower_refuse(l, "mode '%s'", node_string(n, "mode", ""));
	if (!read_pads(n, begin, end))
		return lower_refuse(l, "computed padding is not supported");
	if (node_input(n, 2) && !value_const_scalar(n->inputs[2], &p.value))
		return lower_refuse(
			l, "a computed padding value is not supported");
	if (l->m->tensors[x].dtype == DBP_I32)
		return lower_refuse(l, "integers are not supported");
	lost = n->inputs[0]->shape.rank - l->m->tensors[x].rank;
	for (int i = 0; i < l->m->tensors[x].rank; i++)
		x = crop(l, x, i, &begin[lost + i], &end[lost + i]);
	s = lower_shape(l, x);
	for (int i = 0; i < s.rank; i++) {
		p.begin[i] = (uint32_t)begin[lost + i];
		s.dim[i] += begin[lost + i] + end[lost + i];
	}
	if (l->m->tensors[x].dtype == DBP_S8)
		p.code = scale_code((double)p.value,
				    (double)l->m->tensors[x].scale,
				    l->m->tensors[x].zero_point);
	return done(l, n,
		    lower_op1(l, DBP_OP_PAD, x, lower_tensor_like(l, x, &s), &p,
			      sizeof(p)));
}

/* ---- Repetition and choice ---- */

/* The constant indices of a Gather, of any shape, along `size` elements.
 * NULL after lower_refuse(). `is_run`: each is the one before, plus one. */
static uint32_t *read_indices(struct lower *l, const struct value *v,
			      int64_t size, bool *is_run)
{
	int64_t count = shape_elements(&v->shape);
	uint32_t *index =
		arena_array(l->m->arena, (size_t)count, sizeof(*index));

	if (!index) {
		l->m->failed = true;
		return NULL;
	}
	*is_run = true;
	for (int64_t i = 0; i < count; i++) {
		int64_t x = v->dtype == DT_I64 ? ((const int64_t *)v->data)[i] :
						 ((const int32_t *)v->data)[i];

		x += x < 0 ? size : 0;
		if (x < 0 || x >= size) {
			lower_refuse(l, "an index is out of range");
			return NULL;
		}
		index[i] = (uint32_t)x;
		if (i > 0 && index[i] != index[i - 1] + 1)
			*is_run = false;
	}
	return index;
}

int lower_gather(struct lower *l, const struct node *n)
{
	const struct value *list = n->inputs[1];
	int64_t count = shape_elements(&list->shape);
	uint32_t x = input_of(l, n), *index;
	struct dbp_gather p;
	struct shape s = lower_shape(l, x);
	int axis = lower_axis(l, x, n->inputs[0]->shape.rank,
			      node_int(n, "axis", 0));
	bool is_run;

	if (axis < 0)
		return -1;
	if (!value_is_const(list) ||
	    (list->dtype != DT_I64 && list->dtype != DT_I32))
		return lower_refuse(l, "computed indices are not supported");
	index = read_indices(l, list, s.dim[axis], &is_run);
	if (!index)
		return -1;
	if (is_run)
		return done(l, n, part(l, x, axis, index[0], count));
	p = (struct dbp_gather){ (uint32_t)axis,
				 dev_add_data(l->m, index,
					      (size_t)count * sizeof(*index)),
				 (uint32_t)count };
	s.dim[axis] = count;
	return done(l, n,
		    lower_op1(l, DBP_OP_GATHER, x, lower_tensor_like(l, x, &s),
			      &p, sizeof(p)));
}

int lower_expand(struct lower *l, const struct node *n)
{
	uint32_t x = input_of(l, n);
	uint32_t y = lower_tensor_like(l, x, &n->outputs[0]->shape);

	if (dev_same_dims(&l->m->tensors[x], &l->m->tensors[y]))
		return done(l, n, x);
	return done(l, n, lower_op1(l, DBP_OP_EXPAND, x, y, NULL, 0));
}

/* For each axis, [outer, 1, rest] becomes [outer, times, rest]. */
int lower_tile(struct lower *l, const struct node *n)
{
	struct shape s = n->inputs[0]->shape, three;
	int64_t times[GRAPH_MAX_RANK];
	uint32_t x = input_of(l, n);

	if (node_const_ints(n, 1, times, GRAPH_MAX_RANK) != s.rank)
		return lower_refuse(l, "computed repeats are not supported");
	for (int i = 0; i < s.rank; i++) {
		int64_t outer = 1, rest;

		if (times[i] == 1)
			continue;
		for (int k = 0; k < i; k++)
			outer *= s.dim[k];
		rest = shape_elements(&s) / outer;
		three = shape_3(outer, 1, rest);
		x = lower_reshape(l, x, &three);
		three.dim[1] = times[i];
		x = lower_op1(l, DBP_OP_EXPAND, x,
			      lower_tensor_like(l, x, &three), NULL, 0);
		s.dim[i] *= times[i];
	}
	return done(l, n, x);
}
