/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Codes of a layer's weights: one scale an output channel, chosen by squared
 * error over a grid of clipping points, or one step for the whole layer and
 * codes that are cheap to write; errors made up for where the input's
 * statistics are known, and the bias corrected for what rounding does to the
 * mean of the output (Nagel et al., arXiv 1906.04721, section 4.2, from
 * observed means).
 */
#include <string.h>

#include "evaluator/detmath.h"
#include "quantizer/layer.h"

#define CLIP_STEPS 48
#define SCALE_STEPS 3 /* tried to either side of the best without errors made
		       * up for */
#define RATE_ROUNDS 3 /* until codes and their frequencies agree */

struct grid {
	enum quant_grid kind;
	int low, high;       /* codes */
	const double *rates; /* bits by code + 128; NULL: do not count */
	double price;        /* squared steps a bit */
};

/* What the jobs of a layer share, and what each worker has. */
struct worker {
	double *w, *rest;
	int8_t *codes, *best_codes;
	struct arena arena; /* of a group at work */
};

struct rounding {
	const struct layer *l;
	struct choice choice;
	const struct statistics *s;  /* NULL: to the nearest */
	struct compensation *groups; /* by group */
	double *target;              /* [channels][length] */
	struct worker *workers;
	struct grid grid;
	double rates[256];
	double *loss, *signal; /* by channel */
	struct rounded *out;
};

/* ---- One number ---- */

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

/* Between the nearest code, its neighbour on the side of zero, and zero. */
static int cheapest_code(double x, double weight, const struct grid *grid)
{
	int nearest = code_of(x, grid), best = nearest;
	int list[3] = { nearest,
			nearest > 0 ? nearest - 1 :
			nearest < 0 ? nearest + 1 :
				      0,
			0 };
	double least = -1;

	for (int i = 0; i < 3; i++) {
		double e = x - list[i];
		double cost = e * e * weight +
			      grid->price * grid->rates[list[i] + 128];

		if (least < 0 || cost < least) {
			least = cost;
			best = list[i];
		}
	}
	return best;
}

static int round_to(const void *ctx, double x, double weight, double *level)
{
	const struct grid *grid = ctx;
	int code = grid->rates ? cheapest_code(x, weight, grid) :
				 code_of(x, grid);

	*level = level_of(code, grid);
	return code;
}

/* ---- A scale ---- */

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

/* ---- A channel ---- */

static int64_t group_of(const struct layer *l, int64_t channel)
{
	return channel / (l->channels / l->groups);
}

/* Codes of a channel at a scale; what is lost, in the output's own units. */
static double round_channel(const struct rounding *r, struct worker *w,
			    int64_t c, double scale)
{
	const double *target = r->target + c * r->l->length;
	double inverse = 1 / scale, unit = scale * r->l->unit;
	struct grid grid = r->grid;

	for (int64_t i = 0; i < r->l->length; i++)
		w->w[i] = target[i] * inverse;
	if (!r->s) {
		for (int64_t i = 0; i < r->l->length; i++)
			w->codes[i] = (int8_t)code_of(w->w[i], &grid);
		return error_at(target, r->l->length, scale, &grid);
	}
	grid.price = r->choice.price / (unit * unit);
	return unit * unit *
	       compensate(&r->groups[group_of(r->l, c)], w->w, w->rest,
			  round_to, &grid, w->codes);
}

static void keep_codes(struct worker *w)
{
	int8_t *swap = w->codes;

	w->codes = w->best_codes;
	w->best_codes = swap;
}

/*
 * Scales are such that the device's multiplier is one of eight an octave,
 * about 2^(k/8), and has a low byte of 0: next to nothing to store, and no
 * farther from any scale than the search would look.
 */
static const int mantissas[] = { 128, 140, 152, 166, 181, 197, 215, 235 };
#define MANTISSAS ((int)(sizeof(mantissas) / sizeof(*mantissas)))

/* Real value of one step of the output; 1 where it is held in float. */
static double output_unit(const struct layer *l, int64_t c)
{
	const struct quant *q = l->node->outputs[0]->quant;

	return !q ? 1 : (double)q->scale[q->channels > 1 ? c : 0];
}

/* The scale `steps` away from the one nearest to `scale`, below it. */
static double near_scale(const struct layer *l, int64_t c, double scale,
			 int steps)
{
	double unit = output_unit(l, c) / l->unit, ratio = scale / unit;
	double octave = 1.0 / 128;
	int k = 0;

	if (!(ratio > 1e-30) || ratio > 1e30)
		return scale;
	while (ratio < octave * 128)
		octave /= 2;
	while (ratio >= octave * 256)
		octave *= 2;
	while (k + 1 < MANTISSAS && ratio >= octave * mantissas[k + 1])
		k++;
	for (k += steps; k < 0; k += MANTISSAS)
		octave /= 2;
	for (; k >= MANTISSAS; k -= MANTISSAS)
		octave *= 2;
	return (double)(float)(octave * mantissas[k] * unit);
}

/*
 * The scale and the codes of channel c. The scale of least squared error is
 * where the search begins: with compensation, others may lose less.
 */
static double search_scale(const struct rounding *r, struct worker *w,
			   int64_t c, double *lost)
{
	const double *target = r->target + c * r->l->length;
	int reach = r->s ? SCALE_STEPS : 1;
	double error, base, best = 0;

	base = best_scale(target, r->l->length, &r->grid, &error);
	*lost = 0;
	if (!(base > 0)) {
		memset(w->best_codes, 0, (size_t)r->l->length);
		return 0;
	}
	for (int i = 1 - reach; i <= reach; i++) {
		double scale = near_scale(r->l, c, base, i);
		double loss = round_channel(r, w, c, scale);

		if (best > 0 && loss >= *lost)
			continue;
		best = scale;
		*lost = loss;
		keep_codes(w);
	}
	return best;
}

static int channel_job(void *ctx, int i, int worker, struct diag *d)
{
	struct rounding *r = ctx;
	struct worker *w = &r->workers[worker];
	double scale = (double)(float)r->choice.step;

	(void)d;
	if (scale > 0) {
		scale = near_scale(r->l, i, scale, 0);
		r->loss[i] = round_channel(r, w, i, scale);
		keep_codes(w);
	} else {
		scale = search_scale(r, w, i, &r->loss[i]);
	}
	/* A channel of zeros: the half grid has no zero, so the scale is what
	 * vanishes. */
	if (!(scale > 0))
		scale = r->grid.kind == GRID_HALF ? 1e-30 : 1;
	r->out->scale[i] = (float)scale;
	for (int64_t k = 0; k < r->l->length; k++)
		r->out->codes[layer_at(r->l, i, k)] = w->best_codes[k];
	return 0;
}

/* ---- What the weights aim at ---- */

static double variance(const double *w, const double *covariance, size_t n)
{
	double total = 0;

	for (size_t i = 0; i < n; i++) {
		double sum = 0;

		for (size_t k = 0; k < n; k++)
			sum += covariance[i * n + k] * w[k];
		total += w[i] * sum;
	}
	return total;
}

/* A group's compensation, and the targets of its channels. */
static int group_job(void *ctx, int i, int worker, struct diag *d)
{
	struct rounding *r = ctx;
	const struct layer *l = r->l;
	struct worker *w = &r->workers[worker];
	size_t n = (size_t)l->length, at = (size_t)i * n * n;
	int64_t each = l->channels / l->groups;

	if (compensation_init(&r->groups[i], r->s->covariance + at,
			      (int)l->length, &w->arena))
		return diag_error(d, "out of memory");
	for (int64_t c = i * each; c < (i + 1) * each; c++) {
		double *target = r->target + c * l->length;

		r->signal[c] = l->unit * l->unit *
			       variance(target, r->s->covariance + at, n);
		compensation_aim(&r->groups[i], r->s->missing + at, target,
				 w->rest);
	}
	return 0;
}

/* ---- Frequencies ---- */

static void count_codes(const struct rounding *r, double counts[256])
{
	int64_t total = r->l->channels * r->l->length;

	for (int i = 0; i < 256; i++)
		counts[i] = 0;
	for (int64_t i = 0; i < total; i++)
		counts[r->out->codes[i] + 128]++;
}

static double log2_of(double x)
{
	return det_log(x) * 1.4426950408889634;
}

static double entropy(const struct rounding *r)
{
	double counts[256], bits = 0;
	double total = (double)(r->l->channels * r->l->length);

	count_codes(r, counts);
	for (int i = 0; i < 256; i++)
		if (counts[i] > 0)
			bits += counts[i] * log2_of(total / counts[i]);
	return bits;
}

/* Bits by the frequencies of the codes, or a first guess. */
static void set_rates(struct rounding *r, bool known)
{
	double counts[256];
	double total = (double)(r->l->channels * r->l->length);

	count_codes(r, counts);
	for (int i = 0; i < 256; i++) {
		int size = i < 128 ? 128 - i : i - 128;

		r->rates[i] =
			known ? log2_of((total + 8) / (counts[i] + 8.0 / 256)) :
			size  ? 1.5 + size :
				0.7;
	}
}

/* ---- A layer ---- */

static struct grid grid_of(int bits, enum quant_grid kind)
{
	struct grid g = { .kind = kind,
			  .low = -(1 << (bits - 1)),
			  .high = (1 << (bits - 1)) - 1 };

	if (bits == 8)
		g.low = -127;
	return g;
}

static int round_channels(struct rounding *r, int threads, struct diag *d)
{
	return parallel_run(threads, (int)r->l->channels, channel_job, r, NULL,
			    d);
}

static double sum(const double *x, int64_t n)
{
	double total = 0;

	for (int64_t i = 0; i < n; i++)
		total += x[i];
	return total;
}

/* Two bits have four levels: those around zero (-1.5 to 1.5 steps) often
 * serve better than -2 to 1. */
static int round_two_bits(struct rounding *r, int threads, struct diag *d)
{
	double plain, half, error;

	r->grid = grid_of(2, GRID_HALF);
	if (r->s) {
		if (round_channels(r, threads, d))
			return -1;
		half = sum(r->loss, r->l->channels);
		r->grid = grid_of(2, GRID_UNIFORM);
		if (round_channels(r, threads, d))
			return -1;
		plain = sum(r->loss, r->l->channels);
		if (plain <= half)
			return 0;
		r->grid = grid_of(2, GRID_HALF);
		return round_channels(r, threads, d);
	}
	plain = half = 0;
	for (int64_t c = 0; c < r->l->channels; c++) {
		const double *w = r->target + c * r->l->length;

		best_scale(w, r->l->length, &r->grid, &error);
		half += error;
	}
	r->grid = grid_of(2, GRID_UNIFORM);
	for (int64_t c = 0; c < r->l->channels; c++) {
		const double *w = r->target + c * r->l->length;

		best_scale(w, r->l->length, &r->grid, &error);
		plain += error;
	}
	if (half < plain)
		r->grid = grid_of(2, GRID_HALF);
	return round_channels(r, threads, d);
}

static int round_coded(struct rounding *r, int threads, struct diag *d)
{
	r->grid = grid_of(r->choice.bits, GRID_UNIFORM);
	if (!r->s || !(r->choice.price > 0))
		return round_channels(r, threads, d);
	r->grid.rates = r->rates;
	for (int i = 0; i < RATE_ROUNDS; i++) {
		set_rates(r, i > 0);
		if (round_channels(r, threads, d))
			return -1;
	}
	return 0;
}

static int round_layer(struct rounding *r, int threads, struct diag *d)
{
	if (r->choice.step > 0)
		return round_coded(r, threads, d);
	if (r->choice.bits == 2)
		return round_two_bits(r, threads, d);
	r->grid = grid_of(r->choice.bits, GRID_UNIFORM);
	return round_channels(r, threads, d);
}

/* ---- Afterwards ---- */

static void set_real(const struct rounding *r)
{
	const struct layer *l = r->l;

	for (int64_t c = 0; c < l->channels; c++)
		for (int64_t i = 0; i < l->length; i++) {
			int64_t k = layer_at(l, c, i);
			int64_t from = layer_input_channel(l, c, i);
			double level = level_of(r->out->codes[k], &r->grid);

			r->out->real[k] =
				(float)((double)r->out->scale[c] * level /
					layer_channel_ratio(l, from));
		}
}

/* Mean of what number i of channel c multiplies, on a side, in codes. */
struct mean_source {
	const struct layer *l;
	const struct statistics *s;
	const struct channel_means *means;
};

static double mean_of(const struct mean_source *m, int64_t c, int64_t i,
		      bool coded)
{
	const struct layer *l = m->l;
	int64_t from;

	if (m->s) {
		const double *mean = coded ? m->s->mean_coded : m->s->mean;

		return mean[group_of(l, c) * l->length + i];
	}
	from = layer_input_channel(l, c, i);
	return (double)m->means->sum[from] / 4294967296.0 / m->means->samples /
	       layer_channel_ratio(l, from) / l->unit;
}

static int correct_bias(const struct rounding *r,
			const struct channel_means *means, struct arena *a)
{
	const struct layer *l = r->l;
	const struct mean_source source = { l, r->s, means };
	bool known = r->s || (means && means->sum && means->samples);

	if (!known || l->node->op == OP_CONV_TRANSPOSE ||
	    !value_is_const(l->bias) || l->bias->dtype != DT_F32 ||
	    shape_elements(&l->bias->shape) != l->channels)
		return 0;
	r->out->bias = arena_array(a, (size_t)l->channels, sizeof(float));
	if (!r->out->bias)
		return -1;
	for (int64_t c = 0; c < l->channels; c++) {
		double shift = 0;

		for (int64_t i = 0; i < l->length; i++) {
			int64_t k = layer_at(l, c, i);
			double level = level_of(r->out->codes[k], &r->grid);

			shift += (double)r->out->scale[c] * level *
					 mean_of(&source, c, i, true) -
				 (double)l->data[k] *
					 mean_of(&source, c, i, false);
		}
		r->out->bias[c] =
			(float)((double)((const float *)l->bias->data)[c] -
				shift * l->unit);
	}
	return 0;
}

static int allocate(struct rounding *r, int threads, struct arena *a,
		    struct arena *out)
{
	const struct layer *l = r->l;
	size_t channels = (size_t)l->channels, n = (size_t)l->length;

	r->target = arena_array(a, channels * n, sizeof(double));
	r->groups = arena_array(a, (size_t)l->groups, sizeof(*r->groups));
	r->loss = arena_array(a, channels, sizeof(double));
	r->signal = arena_array(a, channels, sizeof(double));
	r->workers = arena_array(a, (size_t)threads, sizeof(*r->workers));
	r->out->scale = arena_array(out, channels, sizeof(float));
	r->out->codes = arena_array(out, channels * n, 1);
	r->out->real = arena_array(out, channels * n, sizeof(float));
	if (!r->target || !r->groups || !r->loss || !r->signal || !r->workers ||
	    !r->out->scale || !r->out->codes || !r->out->real)
		return -1;
	for (int i = 0; i < threads; i++) {
		struct worker *w = &r->workers[i];

		arena_init(&w->arena, 0);
		w->w = arena_array(a, n, sizeof(double));
		w->rest = arena_array(a, 2 * n, sizeof(double));
		w->codes = arena_array(a, n, 1);
		w->best_codes = arena_array(a, n, 1);
		if (!w->w || !w->rest || !w->codes || !w->best_codes)
			return -1;
	}
	for (int64_t c = 0; c < l->channels; c++)
		for (int64_t i = 0; i < l->length; i++)
			r->target[c * l->length + i] =
				(double)l->data[layer_at(l, c, i)];
	return 0;
}

int layer_round(const struct layer *l, struct choice c,
		const struct statistics *s, const struct channel_means *means,
		int jobs, struct arena *a, struct rounded *out, struct diag *d)
{
	struct rounding r = { .l = l, .choice = c, .out = out };
	int threads = parallel_threads(jobs, (int)l->channels), err = -1;
	struct arena scratch;

	if (s && s->length && s->patches)
		r.s = s;
	*out = (struct rounded){ 0 };
	arena_init(&scratch, 0);
	if (allocate(&r, threads, &scratch, a)) {
		diag_error(d, "out of memory");
		goto done;
	}
	if ((r.s && parallel_run(parallel_threads(threads, (int)l->groups),
				 (int)l->groups, group_job, &r, NULL, d)) ||
	    round_layer(&r, threads, d))
		goto done;
	out->bits = c.bits == 3 ? 4 :
				  c.bits; /* they lie in the tiles of four */
	out->grid = r.grid.kind;
	out->loss = sum(r.loss, l->channels);
	out->signal = sum(r.signal, l->channels);
	out->entropy_bits = entropy(&r);
	set_real(&r);
	err = correct_bias(&r, means, a) ? diag_error(d, "out of memory") : 0;
done:
	for (int i = 0; r.workers && i < threads; i++)
		arena_free(&r.workers[i].arena);
	arena_free(&scratch);
	return err;
}
