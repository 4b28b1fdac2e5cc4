/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Codes of weights: one scale an output channel, chosen by squared error
 * over a grid of clipping points, and the bias corrected for what rounding
 * does to the mean of the output: b - sum (w^ - w) E[x] (bias correction of
 * Nagel et al., arXiv 1906.04721, section 4.2, from observed means).
 */
#include <string.h>

#include "quantizer/internal.h"

#define CLIP_STEPS 48
#define SCALE_STEPS 4 /* to either side, of */
#define SCALE_STEP 0.06

/* A weight tensor as channels of `length` numbers: number i of channel c lies
 * at first(c) + (i / inner) * outer_stride + i % inner. */
struct channel_view {
	int64_t channels, length, inner, outer_stride, channel_stride;
};

static struct channel_view view_of(const struct node *n)
{
	const struct shape *s = &n->inputs[1]->shape;
	int64_t total = shape_elements(s), spatial = 1;

	if (n->op != OP_CONV_TRANSPOSE)
		return (struct channel_view){ s->dim[0], total / s->dim[0],
					      total / s->dim[0], 0,
					      total / s->dim[0] };
	for (int i = 2; i < s->rank; i++)
		spatial *= s->dim[i];
	return (struct channel_view){ s->dim[1], total / s->dim[1], spatial,
				      spatial * s->dim[1], spatial };
}

static int64_t at(const struct channel_view *v, int64_t c, int64_t i)
{
	return c * v->channel_stride + i / v->inner * v->outer_stride +
	       i % v->inner;
}

struct grid {
	enum quant_grid kind;
	int low, high; /* codes */
};

/* Rounds half away from zero, then into the grid's codes. */
static int code_of(double x, const struct grid *grid)
{
	int q;

	if (grid->kind == GRID_HALF)
		x -= 0.5; /* level (2q + 1) / 2 */
	if (x <= grid->low)
		return grid->low;
	if (x >= grid->high)
		return grid->high;
	q = (int)(x < 0 ? x - 0.5 : x + 0.5);
	return q;
}

static double level_of(int code, const struct grid *grid)
{
	return grid->kind == GRID_HALF ? code + 0.5 : code;
}

static double error_at(const double *w, int64_t n, double scale,
		       const struct grid *grid)
{
	double error = 0, inverse = 1 / scale;

	for (int64_t i = 0; i < n; i++) {
		double e =
			w[i] -
			scale * level_of(code_of(w[i] * inverse, grid), grid);

		error += e * e;
	}
	return error;
}

/* The scale of one channel; `error` gets its squared error. */
static double best_scale(const double *w, int64_t n, const struct grid *grid,
			 double *error)
{
	double top = 0, best = 0, reach = level_of(grid->high, grid);

	for (int64_t i = 0; i < n; i++) {
		double a = w[i] < 0 ? -w[i] : w[i];

		top = a > top ? a : top;
	}
	*error = 0;
	if (!(top > 0))
		return 0;
	for (int i = CLIP_STEPS; i >= 1; i--) {
		double scale = (double)(float)(top * i / CLIP_STEPS / reach);
		double e;

		if (!(scale > 1e-35))
			break;
		e = error_at(w, n, scale, grid);
		if (best <= 0 || e < *error) {
			*error = e;
			best = scale;
		}
	}
	return best;
}

static void read_channel(const float *data, const struct channel_view *v,
			 int64_t c, double *w)
{
	for (int64_t i = 0; i < v->length; i++)
		w[i] = (double)data[at(v, c, i)];
}

static double grid_error(const float *data, const struct channel_view *v,
			 const struct grid *grid, double *w)
{
	double total = 0, error;

	for (int64_t c = 0; c < v->channels; c++) {
		read_channel(data, v, c, w);
		best_scale(w, v->length, grid, &error);
		total += error;
	}
	return total;
}

/* Two bits have four levels: those around zero (-1.5 to 1.5 steps) often
 * serve better than -2 to 1. */
static struct grid choose_grid(int bits, const float *data,
			       const struct channel_view *v, double *w)
{
	struct grid plain = { GRID_UNIFORM, -(1 << (bits - 1)),
			      (1 << (bits - 1)) - 1 };
	struct grid half = { GRID_HALF, plain.low, plain.high };

	if (bits == 8)
		plain.low = -127;
	if (bits > 2 ||
	    grid_error(data, v, &plain, w) <= grid_error(data, v, &half, w))
		return plain;
	return half;
}

/* Input channel that number i of an output channel c multiplies. */
static int64_t input_channel(const struct node *n, int64_t c, int64_t i)
{
	const struct shape *s = &n->inputs[1]->shape;
	int64_t groups = node_int(n, "group", 1), spatial = 1;

	for (int k = 2; k < s->rank; k++)
		spatial *= s->dim[k];
	if (n->op != OP_CONV)
		return i / spatial;
	return c / (s->dim[0] / groups) * s->dim[1] + i / spatial;
}

/* Scale of an input channel over the first one's, which is the tensor's. */
static double channel_ratio(const struct node *n, int64_t channel)
{
	const struct quant *x = n->inputs[0]->quant;

	return x && x->channels > 1 ?
		       (double)x->scale[channel] / (double)x->scale[0] :
		       1;
}

/* The weights that multiply codes of equal worth: scales of the input's
 * channels are in them. NULL when memory is exhausted. */
static const float *weights_of_codes(const struct node *n,
				     const struct channel_view *v,
				     struct arena *a)
{
	const struct quant *x = n->inputs[0]->quant;
	const float *data = n->inputs[1]->data;
	float *w;

	if (!x || x->channels == 1)
		return data;
	w = arena_array(a, (size_t)(v->channels * v->length), sizeof(*w));
	for (int64_t c = 0; w && c < v->channels; c++)
		for (int64_t i = 0; i < v->length; i++) {
			int64_t k = at(v, c, i);
			int64_t from = input_channel(n, c, i);

			w[k] = (float)((double)data[k] *
				       channel_ratio(n, from));
		}
	return w;
}

static int correct_bias(struct graph *g, struct node *n, const float *w,
			const struct channel_view *v, const struct quant *q,
			const struct grid *grid,
			const struct channel_means *means)
{
	const struct value *old = node_input(n, 2);
	struct value *bias;
	float *b;

	if (!means || !means->sum || !means->samples ||
	    n->op == OP_CONV_TRANSPOSE || (old && !value_is_const(old)))
		return 0;
	b = arena_array(g->arena, (size_t)v->channels, sizeof(*b));
	bias = b ? graph_constant(g, old ? old->name : n->name, DT_F32,
				  &(struct shape){ 1, { v->channels } }, b) :
		   NULL;
	if (!bias)
		return -1;
	for (int64_t c = 0; c < v->channels; c++) {
		double shift = 0;

		for (int64_t i = 0; i < v->length; i++) {
			int64_t k = at(v, c, i);
			int64_t from = input_channel(n, c, i);
			double mean = (double)means->sum[from] / 4294967296.0 /
				      means->samples / channel_ratio(n, from);

			shift += ((double)q->scale[c] *
					  level_of(q->codes[k], grid) -
				  (double)w[k]) *
				 mean;
		}
		b[c] = (float)((old ? (double)((const float *)old->data)[c] :
				      0) -
			       shift);
	}
	return graph_set_input(g, n, 2, bias);
}

static struct quant *quant_new(struct arena *a, const struct channel_view *v,
			       int bits, const struct grid *grid, int axis,
			       float **scale, int8_t **codes)
{
	struct quant *q = arena_alloc(a, sizeof(*q));

	*scale = arena_array(a, (size_t)v->channels, sizeof(**scale));
	*codes = arena_array(a, (size_t)v->channels, (size_t)v->length);
	if (!q || !*scale || !*codes)
		return NULL;
	/* Three bits lie in the tiles of four. */
	*q = (struct quant){ .bits = bits == 3 ? 4 : bits,
			     .is_signed = true,
			     .grid = grid->kind,
			     .axis = axis,
			     .channels = (int)v->channels,
			     .scale = *scale,
			     .codes = *codes };
	q->zero_point = arena_array(a, (size_t)v->channels, sizeof(int32_t));
	return q->zero_point ? q : NULL;
}

/* Everything that the codes of one tensor are made with. */
struct rounding {
	const float *data;
	struct channel_view view;
	const struct compensation *compensation; /* NULL: to the nearest */
	double *w, *rest;                        /* a channel each */
	int8_t *codes, *best_codes;
};

static int round_to(const void *ctx, double x, double *level)
{
	const struct grid *grid = ctx;
	int code = code_of(x, grid);

	*level = level_of(code, grid);
	return code;
}

/* Codes of w at a scale; what is lost, in the weights' own units. */
static double round_channel(struct rounding *r, const struct grid *grid,
			    double scale, int8_t *codes)
{
	double inverse = 1 / scale;

	for (int64_t i = 0; i < r->view.length; i++)
		r->w[i] *= inverse;
	if (!r->compensation) {
		for (int64_t i = 0; i < r->view.length; i++)
			codes[i] = (int8_t)code_of(r->w[i], grid);
		return 0;
	}
	return scale * scale *
	       compensate(r->compensation, r->w, r->rest, round_to, grid,
			  codes);
}

/*
 * The scale and the codes of channel c. The scale of least squared error is
 * where the search begins: with compensation, others may lose less.
 */
static float quantize_channel(struct rounding *r, const struct grid *grid,
			      int64_t c, double *lost)
{
	double error, base, best = 0, least = 0;
	int8_t *swap;

	read_channel(r->data, &r->view, c, r->w);
	base = best_scale(r->w, r->view.length, grid, &error);
	*lost = 0;
	if (!(base > 0)) {
		memset(r->best_codes, 0, (size_t)r->view.length);
		return 0;
	}
	for (int i = r->compensation ? -SCALE_STEPS : 0;
	     i <= (r->compensation ? SCALE_STEPS : 0); i++) {
		double scale = (double)(float)(base * (1 + SCALE_STEP * i));
		double loss;

		read_channel(r->data, &r->view, c, r->w);
		loss = round_channel(r, grid, scale, r->codes);
		if (best > 0 && loss >= least)
			continue;
		best = scale;
		least = loss;
		swap = r->codes;
		r->codes = r->best_codes;
		r->best_codes = swap;
	}
	*lost = least;
	return (float)best;
}

/* All channels; what is lost. */
static double quantize_channels(struct rounding *r, const struct grid *grid,
				float *scale, int8_t *codes)
{
	const struct channel_view *v = &r->view;
	double total = 0, lost;

	for (int64_t c = 0; c < v->channels; c++) {
		scale[c] = quantize_channel(r, grid, c, &lost);
		total += lost;
		/* A channel of zeros: the half grid has no zero, so the
		 * scale is what vanishes. */
		if (!(scale[c] > 0))
			scale[c] = grid->kind == GRID_HALF ? 1e-30f : 1.0f;
		for (int64_t i = 0; i < v->length; i++)
			codes[at(v, c, i)] = r->best_codes[i];
	}
	return total;
}

static int rounding_init(struct rounding *r, const struct moments *m,
			 struct compensation *c, struct arena *a)
{
	size_t n = (size_t)r->view.length;

	r->w = arena_array(a, n, sizeof(*r->w));
	r->rest = arena_array(a, n, sizeof(*r->rest));
	r->codes = arena_array(a, n, 1);
	r->best_codes = arena_array(a, n, 1);
	if (!r->data || !r->w || !r->rest || !r->codes || !r->best_codes)
		return -1;
	if (!m || !m->length || !m->patches)
		return 0;
	if (compensation_init(c, m, a))
		return -1;
	r->compensation = c;
	return 0;
}

/* With compensation, what is lost at the end decides between grids. */
static struct grid best_grid(struct rounding *r, int bits, float *scale,
			     int8_t *codes)
{
	struct grid grid = choose_grid(bits, r->data, &r->view, r->w);
	struct grid other = grid;
	double lost;

	if (bits > 2 || !r->compensation)
		return grid;
	other.kind = grid.kind == GRID_HALF ? GRID_UNIFORM : GRID_HALF;
	lost = quantize_channels(r, &grid, scale, codes);
	return quantize_channels(r, &other, scale, codes) < lost ? other : grid;
}

int weights_quantize(struct graph *g, struct node *n, int bits,
		     const struct channel_means *means,
		     const struct moments *moments, struct diag *d)
{
	struct rounding r = { .view = view_of(n) };
	struct compensation compensation;
	struct value *copy;
	struct grid grid;
	struct quant *q;
	struct arena scratch;
	float *scale;
	int8_t *codes;
	int status = -1;

	arena_init(&scratch, 0);
	r.data = weights_of_codes(n, &r.view, g->arena);
	if (rounding_init(&r, bits < 8 ? moments : NULL, &compensation,
			  &scratch))
		goto done;
	scale = arena_array(&scratch, (size_t)r.view.channels, sizeof(*scale));
	codes = arena_array(&scratch, (size_t)r.view.channels,
			    (size_t)r.view.length);
	if (!scale || !codes)
		goto done;
	grid = best_grid(&r, bits, scale, codes);
	q = quant_new(g->arena, &r.view, bits, &grid,
		      n->op == OP_CONV_TRANSPOSE ? 1 : 0, &scale, &codes);
	if (!q)
		goto done;
	quantize_channels(&r, &grid, scale, codes);
	/* Weights shared between nodes get a view of their own each. */
	copy = graph_constant(g, n->inputs[1]->name, DT_F32,
			      &n->inputs[1]->shape, n->inputs[1]->data);
	if (!copy)
		goto done;
	copy->quant = q;
	if (correct_bias(g, n, r.data, &r.view, q, &grid, means))
		goto done;
	status = graph_set_input(g, n, 1, copy);
done:
	arena_free(&scratch);
	return status ? node_error(d, n, "out of memory") : 0;
}

int weights_default_bits(const struct node *n, bool first,
			 const struct config *c)
{
	const struct value *x = n->inputs[0];
	int64_t groups = node_int(n, "group", 1);

	if (c->uniform)
		return c->bits;
	if (groups > 1 && groups == x->shape.dim[x->shape.rank - 1])
		return 8;
	/* What the tail or the outside reads in float comes last. */
	return first || !n->outputs[0]->quant ? 8 : c->bits;
}
