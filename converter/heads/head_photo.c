/* SPDX-License-Identifier: Apache-2.0 */
/* Photos that the graph normalises itself. */
#include "converter/heads/head_photo.h"

#include <math.h>
#include <stdlib.h>

#include "ir/slice.h"

#define CHANNELS 3

/* Channel c is gain[c] * channel from[c] of the input + offset[c]. */
struct photo_channels {
	int from[CHANNELS];
	double gain[CHANNELS], offset[CHANNELS];
};

/* A value that is the photo, with some channels of it. */
struct photo_value {
	int count; /* of channels; 0: it is not the photo */
	int axis;  /* of the channels, from the last dim: -1, -2, ... */
	struct photo_channels is;
};

struct finder {
	struct photo_value *values; /* by value id */
	struct photo_value read;    /* where the network begins */
	bool differs;               /* its readers get different photos */
};

static const struct photo_value *photo_at(const struct finder *f,
					  const struct value *v)
{
	return v && f->values[v->id].count ? &f->values[v->id] : NULL;
}

static bool channels_fit(const struct photo_value *p, const struct shape *s)
{
	return s->rank + p->axis >= 0 && s->dim[s->rank + p->axis] == p->count;
}

static bool is_channel_dim(const struct photo_value *p, const struct shape *s,
			   int64_t axis)
{
	return (axis < 0 ? axis : axis - s->rank) == p->axis;
}

static bool is_close(double a, double b)
{
	return fabs(a - b) <= 1e-5 * fmax(fabs(a), fabs(b));
}

static bool is_same(const struct photo_value *a, const struct photo_value *b)
{
	if (a->count != b->count || a->axis != b->axis)
		return false;
	for (int c = 0; c < a->count; c++)
		if (a->is.from[c] != b->is.from[c] ||
		    !is_close(a->is.gain[c], b->is.gain[c]) ||
		    !is_close(a->is.offset[c], b->is.offset[c]))
			return false;
	return true;
}

/* ---- Numbers ---- */

/* A constant of one number, or of one for each channel. */
static bool read_numbers(const struct value *v, const struct photo_value *p,
			 double out[CHANNELS])
{
	int64_t n = v && value_is_const(v) && v->dtype == DT_F32 ?
			    shape_elements(&v->shape) :
			    0;

	if (n != 1 && (n != p->count || !channels_fit(p, &v->shape)))
		return false;
	for (int c = 0; c < p->count; c++)
		out[c] = (double)((const float *)v->data)[n == 1 ? 0 : c];
	return true;
}

static void apply(struct photo_channels *p, int c, double gain, double offset)
{
	p->gain[c] *= gain;
	p->offset[c] = p->offset[c] * gain + offset;
}

static bool pass_arithmetic(const struct finder *f, const struct node *n,
			    struct photo_value *p)
{
	bool second = !photo_at(f, n->inputs[0]); /* constant - photo */
	double k[CHANNELS];

	if (!read_numbers(n->inputs[second ? 0 : 1], p, k))
		return false;
	for (int c = 0; c < p->count; c++) {
		double sign = second && n->op == OP_SUB ? -1 : 1;

		if (n->op == OP_MUL)
			apply(&p->is, c, k[c], 0);
		else if (n->op == OP_DIV && !second && k[c] != 0)
			apply(&p->is, c, 1 / k[c], 0);
		else if (n->op == OP_DIV)
			return false;
		else
			apply(&p->is, c, sign,
			      n->op == OP_SUB ? -sign * k[c] : k[c]);
	}
	return true;
}

static bool pass_batch_norm(const struct node *n, struct photo_value *p)
{
	double k[4][CHANNELS]; /* scale, bias, mean, variance */
	struct photo_value flat = { .count = p->count, .axis = -1 };

	if (!is_channel_dim(p, &n->inputs[0]->shape, 1))
		return false;
	for (int i = 0; i < 4; i++)
		if (!read_numbers(node_input(n, i + 1), &flat, k[i]))
			return false;
	for (int c = 0; c < p->count; c++) {
		double variance =
			k[3][c] + (double)node_float(n, "epsilon", 1e-5f);
		double gain = k[0][c] / sqrt(variance);

		if (!(variance > 0))
			return false;
		apply(&p->is, c, gain, k[1][c] - k[2][c] * gain);
	}
	return true;
}

/* ---- Places ---- */

/* Keeps `count` channels from `first` on. */
static bool pick(struct photo_value *p, int64_t first, int64_t step,
		 int64_t count)
{
	const struct photo_channels all = p->is;

	if (count < 1 || count > CHANNELS || first < 0 || first >= p->count ||
	    first + step * (count - 1) < 0 ||
	    first + step * (count - 1) >= p->count)
		return false;
	for (int64_t c = 0; c < count; c++) {
		int64_t at = first + step * c;

		p->is.from[c] = all.from[at];
		p->is.gain[c] = all.gain[at];
		p->is.offset[c] = all.offset[at];
	}
	p->count = (int)count;
	return true;
}

static bool pass_slice(const struct node *n, struct photo_value *p)
{
	struct slice s;
	int at = n->inputs[0]->shape.rank + p->axis;

	return slice_known(n, &s) &&
	       pick(p, s.start[at], s.step[at], s.count[at]);
}

/* Of channels, or one photo of a batch. */
static bool pass_gather(const struct node *n, struct photo_value *p)
{
	const struct shape *s = &n->inputs[0]->shape;
	const struct photo_channels all = p->is;
	int64_t axis = node_int(n, "axis", 0), at[CHANNELS];
	int count = node_const_ints(n, 1, at, CHANNELS);

	if (!is_channel_dim(p, s, axis))
		return (axis < 0 ? axis + s->rank : axis) < s->rank - CHANNELS;
	if (count < 1 || n->inputs[1]->shape.rank != 1)
		return false;
	for (int i = 0; i < count; i++) {
		int64_t c = at[i] < 0 ? at[i] + p->count : at[i];

		if (c < 0 || c >= p->count)
			return false;
		p->is.from[i] = all.from[c];
		p->is.gain[i] = all.gain[c];
		p->is.offset[i] = all.offset[c];
	}
	p->count = count;
	return true;
}

static bool pass_split(const struct node *n, int output, struct photo_value *p)
{
	const struct shape *s = &n->inputs[0]->shape;
	int64_t first = 0;

	if (!is_channel_dim(p, s, node_int(n, "axis", 0)))
		return true;
	for (int i = 0; i < output; i++)
		first += n->outputs[i]->shape.dim[s->rank + p->axis];
	return pick(p, first, 1,
		    n->outputs[output]->shape.dim[s->rank + p->axis]);
}

static bool pass_concat(const struct finder *f, const struct node *n,
			struct photo_value *p)
{
	bool joins =
		is_channel_dim(p, &n->inputs[0]->shape, node_int(n, "axis", 0));

	for (int i = 1; i < n->input_count; i++) {
		const struct photo_value *q = photo_at(f, n->inputs[i]);

		if (!q || q->axis != p->axis || (!joins && !is_same(p, q)))
			return false;
		for (int c = 0; joins && c < q->count; c++) {
			if (p->count == CHANNELS)
				return false;
			p->is.from[p->count] = q->is.from[c];
			p->is.gain[p->count] = q->is.gain[c];
			p->is.offset[p->count++] = q->is.offset[c];
		}
	}
	return true;
}

static bool pass_transpose(const struct node *n, struct photo_value *p)
{
	int64_t perm[GRAPH_MAX_RANK];
	int rank = n->inputs[0]->shape.rank;
	int count = node_ints(n, "perm", perm, GRAPH_MAX_RANK);

	for (int i = 0; i < rank; i++)
		if ((count ? perm[i] : rank - 1 - i) == rank + p->axis) {
			p->axis = i - rank;
			return true;
		}
	return false;
}

/* Only dims before those of the photo may come and go. */
static bool pass_shape(const struct node *n)
{
	const struct shape *x = &n->inputs[0]->shape;
	const struct shape *y = &n->outputs[0]->shape;

	for (int i = 1; i <= 3; i++)
		if (x->rank < i || y->rank < i ||
		    x->dim[x->rank - i] != y->dim[y->rank - i])
			return false;
	return true;
}

/* ---- The graph ---- */

/* The first input that is the photo; NULL: none. */
static const struct photo_value *photo_input(const struct finder *f,
					     const struct node *n)
{
	const struct photo_value *p = NULL;

	for (int i = 0; !p && i < n->input_count; i++)
		p = photo_at(f, n->inputs[i]);
	return p;
}

/* Whether an output is the photo again; *p is the input's. */
static bool pass(const struct finder *f, const struct node *n, int output,
		 struct photo_value *p)
{
	bool first = photo_at(f, n->inputs[0]);

	switch (n->op) {
	case OP_ADD:
	case OP_SUB:
	case OP_MUL:
	case OP_DIV:
		return pass_arithmetic(f, n, p);
	case OP_BATCH_NORM:
		return output == 0 && pass_batch_norm(n, p);
	case OP_SLICE:
		return pass_slice(n, p);
	case OP_GATHER:
		return pass_gather(n, p);
	case OP_SPLIT:
		return pass_split(n, output, p);
	case OP_CONCAT:
		return first && pass_concat(f, n, p);
	case OP_TRANSPOSE:
		return pass_transpose(n, p);
	case OP_RESHAPE:
	case OP_SQUEEZE:
	case OP_UNSQUEEZE:
		return pass_shape(n);
	case OP_CAST:
	case OP_CLIP:
	case OP_DEQUANTIZE_LINEAR:
	case OP_IDENTITY:
	case OP_PAD:
	case OP_QUANTIZE_LINEAR:
	case OP_RESIZE:
		return true;
	default:
		return false;
	}
}

/* The network reads the photo as it is here. */
static void begin_network(struct finder *f, const struct photo_value *p)
{
	if (p->count != CHANNELS || (f->read.count && !is_same(p, &f->read)))
		f->differs = true;
	f->read = *p;
}

static void follow(struct finder *f, const struct node *n)
{
	const struct photo_value *p = photo_input(f, n);

	if (!p || n->op == OP_SHAPE || n->op == OP_SIZE)
		return;
	for (int i = 0; i < n->output_count; i++) {
		const struct value *y = n->outputs[i];
		struct photo_value q = *p;

		if (!y)
			continue;
		if (pass(f, n, i, &q) && channels_fit(&q, &y->shape)) {
			f->values[y->id] = q;
			continue;
		}
		for (int k = 0; k < n->input_count; k++)
			if (photo_at(f, n->inputs[k]))
				begin_network(f, photo_at(f, n->inputs[k]));
	}
}

static bool takes_photo(const struct graph *g)
{
	const struct shape *s;

	if (g->input_count != 1)
		return false;
	s = &g->inputs[0]->shape;
	return s->rank == 4 && s->dim[0] == 1 &&
	       (s->dim[1] == CHANNELS || s->dim[3] == CHANNELS);
}

/* Whether the network reads the photo, and always the same; `values` are
 * zeros. */
static bool find_photo(const struct graph *g, struct photo_value *values,
		       struct photo_channels *out)
{
	const struct value *x = g->inputs[0];
	struct finder f = { .values = values };

	values[x->id] = (struct photo_value){
		.count = CHANNELS,
		.axis = x->shape.dim[1] == CHANNELS ? -3 : -1,
		.is = { .from = { 0, 1, 2 }, .gain = { 1, 1, 1 } },
	};
	for (const struct node *n = g->first; n; n = n->next)
		follow(&f, n);
	*out = f.read.is;
	return f.read.count && !f.differs;
}

/* ---- What is left to do ---- */

static bool all_within(const double v[CHANNELS], double low, double high)
{
	for (int c = 0; c < CHANNELS; c++)
		if (!(v[c] >= low && v[c] <= high))
			return false;
	return true;
}

/* From the inputs that become 0, and the gains. */
static bool find_range(const double zero[CHANNELS], const double gain[CHANNELS],
		       double *mean, double *std)
{
	*mean = 0;
	if (all_within(zero, .2, .8) && all_within(gain, 1, 1000))
		*std = 255; /* less a mean from 0 to 1 */
	else if (all_within(zero, 60, 190) && all_within(gain, 1e-3, 2))
		*std = 1; /* less a mean from 0 to 255 */
	else if (all_within(zero, -1e-6, 1e-6) && all_within(gain, 1e-3, .05))
		*std = 1;
	else if (all_within(zero, -1e-6, 1e-6) && all_within(gain, 50, 1000))
		*std = 255;
	else if (all_within(zero, -1.05, -.95))
		*mean = *std = 127.5; /* -1 to 1 becomes 0 to 1 or 0 to 255 */
	else
		return false;
	return true;
}

static enum color_order order_of(const double zero[CHANNELS],
				 enum color_order usual)
{
	double least = .005 * fabs(zero[1]);

	if (zero[0] > zero[1] + least && zero[1] > zero[2] + least)
		return COLOR_RGB;
	if (zero[0] < zero[1] - least && zero[1] < zero[2] - least)
		return COLOR_BGR;
	return usual;
}

static void swap_order(struct usual_preprocess *u)
{
	const struct usual_preprocess from = *u;

	u->color = from.color == COLOR_RGB ? COLOR_BGR : COLOR_RGB;
	for (int c = 0; c < CHANNELS; c++) {
		u->mean[c] = from.mean[CHANNELS - 1 - c];
		u->std[c] = from.std[CHANNELS - 1 - c];
	}
}

static bool find_left(const struct photo_channels *p,
		      const struct usual_preprocess *usual,
		      struct usual_preprocess *out)
{
	static const struct usual_preprocess plain = {
		.color = COLOR_RGB, .std = { 255, 255, 255 }
	};
	bool keeps = p->from[0] == 0 && p->from[1] == 1 && p->from[2] == 2;
	bool swaps = p->from[0] == 2 && p->from[1] == 1 && p->from[2] == 0;
	bool normalises = false;
	double zero[CHANNELS], mean, std;

	*out = usual ? *usual : plain;
	out->left_by_graph = true;
	for (int c = 0; c < CHANNELS; c++) {
		if (p->gain[c] == 0)
			return false;
		zero[c] = -p->offset[c] / p->gain[c];
		normalises |= p->gain[c] != 1 || p->offset[c] != 0;
	}
	if ((!keeps && !swaps) || (keeps && !normalises) ||
	    (normalises && !find_range(zero, p->gain, &mean, &std)))
		return false;
	for (int c = 0; normalises && c < CHANNELS; c++) {
		out->mean[c] = mean;
		out->std[c] = std;
	}
	if (normalises)
		out->color = order_of(zero, out->color);
	if (swaps)
		swap_order(out);
	return true;
}

int head_photo_left(const struct graph *g, const struct usual_preprocess *usual,
		    struct arena *a, const struct usual_preprocess **left,
		    struct diag *d)
{
	struct usual_preprocess *u;
	struct photo_value *values;
	struct photo_channels photo;

	*left = NULL;
	if (!takes_photo(g))
		return 0;
	u = arena_alloc(a, sizeof(*u));
	values = calloc(g->value_count, sizeof(*values));
	if (!u || !values) {
		free(values);
		return diag_error(d, "out of memory");
	}
	if (find_photo(g, values, &photo) && find_left(&photo, usual, u))
		*left = u;
	free(values);
	return 0;
}
