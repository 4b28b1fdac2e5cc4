/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Codes of a layer's weights: one scale an output channel, chosen by squared
 * error over a grid of clipping points, or one step for the whole layer and
 * codes that are cheap to write; errors made up for where the input's
 * statistics are known, and the bias corrected for what rounding does to the
 * mean of the output (Nagel et al., arXiv 1906.04721, section 4.2, from
 * observed means).
 */
#include <math.h>
#include <string.h>

#include "evaluator/detmath.h"
#include "quantizer/weights/codebook.h"
#include "quantizer/graph/weighted_layers.h"

#define CLIP_STEPS 48
#define SCALE_STEPS                                                            \
	3              /* tried to either side of the best without errors made \
			* up for */
#define MOST_FINER 8.0 /* a channel's step, or coarser, than the layer's */
#define RATE_ROUNDS 3  /* until codes and their frequencies agree */

/* What the jobs of a layer share, and what each worker has. */
#define PANEL 16 /* channels that are rounded at once */

struct worker {
	struct compensated rows[PANEL];
	struct compensate_work work;
	int8_t *codes, *best_codes; /* [PANEL][length] */
	double scale[PANEL], base[PANEL];
	double best[PANEL], least[PANEL]; /* scale 0: none yet */
	struct codebook_work *books;      /* where levels are chosen */
};

struct rounding {
	const struct aim *aim;
	const struct layer *l;
	struct choice choice;
	struct worker *workers;
	struct grid grid;
	double rates[GRID_RATES];
	double *loss; /* by channel */
	struct rounded *out;
};

/* ---- A scale ---- */

static double error_at(const double *w, int64_t n, double scale,
		       const struct grid *grid)
{
	double error = 0, inverse = 1 / scale;

	for (int64_t i = 0; i < n; i++) {
		double e =
			w[i] -
			scale * grid_level(grid_nearest(w[i] * inverse, grid),
					   grid);

		error += e * e;
	}
	return error;
}

/* The scale of one channel; `error` gets its squared error. */
static double best_scale(const double *w, int64_t n, const struct grid *grid,
			 double *error)
{
	double top = 0, best = 0, reach = grid_level(grid->high, grid);

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

/* Channels [first, first + count), of one group. */
struct panel {
	int64_t first;
	int count;
};

/* Codes of the panel's channels at w->scale; what is lost in rows[].loss, in
 * the output's own units. A channel of scale 0 is all zeros. */
static int round_panel(const struct rounding *r, struct worker *w,
		       struct panel p, struct diag *d)
{
	const struct layer *l = r->l;
	int64_t group = group_of(l, p.first), n = l->length;
	struct grid grid = r->grid;

	grid.price = l->manner->thrift * r->aim->weight[group] *
		     (grid.dependent ? GRID_DEPENDENT_PRICE : GRID_BIT_PRICE);
	for (int i = 0; i < p.count; i++)
		w->rows[i] = (struct compensated){
			.target = r->aim->target + (p.first + i) * n,
			.inverse = w->scale[i] > 0 ? 1 / w->scale[i] : 0,
			.codes = w->codes + i * n
		};
	if (r->aim->s && compensate(&r->aim->groups[group], w->rows, p.count,
				    &grid, &w->work, d))
		return -1;
	for (int i = 0; i < p.count; i++) {
		double unit = w->scale[i] * l->unit;

		w->rows[i].loss *= unit * unit;
		if (r->aim->s)
			continue;
		for (int64_t k = 0; k < n; k++)
			w->rows[i].codes[k] = (int8_t)grid_nearest(
				w->rows[i].target[k] * w->rows[i].inverse,
				&grid);
		if (w->scale[i] > 0)
			w->rows[i].loss = error_at(w->rows[i].target, n,
						   w->scale[i], &grid);
	}
	return 0;
}

static void keep_codes(const struct rounding *r, struct worker *w, int i)
{
	size_t n = (size_t)r->l->length;

	w->best[i] = w->scale[i];
	w->least[i] = w->rows[i].loss;
	memcpy(w->best_codes + (size_t)i * n, w->codes + (size_t)i * n, n);
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

/* The scale `steps` away from the one nearest to `scale`, below it; or, of two
 * an octave, the nearest. */
static double near_scale(const struct layer *l, int64_t c, double scale,
			 int steps, bool coarse)
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
	if (coarse)
		k = (k + MANTISSAS / 4) / (MANTISSAS / 2) * (MANTISSAS / 2);
	for (k += steps; k < 0; k += MANTISSAS)
		octave /= 2;
	for (; k >= MANTISSAS; k -= MANTISSAS)
		octave *= 2;
	return (double)(float)(octave * mantissas[k] * unit);
}

/*
 * Scales and codes of a panel. The scale of least squared error is where the
 * search begins: with compensation, others may lose less.
 */
static int search_scales(const struct rounding *r, struct worker *w,
			 struct panel p, struct diag *d)
{
	int reach = r->aim->s ? SCALE_STEPS : 1;
	double error;

	for (int i = 0; i < p.count; i++)
		w->base[i] = best_scale(r->aim->target +
						(p.first + i) * r->l->length,
					r->l->length, &r->grid, &error);
	for (int step = 1 - reach; step <= reach; step++) {
		for (int i = 0; i < p.count; i++)
			w->scale[i] = w->base[i] > 0 ?
					      near_scale(r->l, p.first + i,
							 w->base[i], step,
							 false) :
					      0;
		if (round_panel(r, w, p, d))
			return -1;
		for (int i = 0; i < p.count; i++)
			if (step == 1 - reach || w->rows[i].loss < w->least[i])
				keep_codes(r, w, i);
	}
	return 0;
}

/* The layer's step, finer where errors cost more. */
static double step_of(const struct rounding *r, int64_t c)
{
	double importance = r->l->importance ? r->l->importance[c] : 1;
	double finer = det_sqrt(importance);

	finer = finer < 1 / MOST_FINER ? 1 / MOST_FINER :
		finer > MOST_FINER     ? MOST_FINER :
					 finer;
	/* each set of levels is a grid of that step */
	return r->choice.step / finer / (r->grid.dependent ? 2 : 1);
}

static int use_step(const struct rounding *r, struct worker *w, struct panel p,
		    struct diag *d)
{
	for (int i = 0; i < p.count; i++)
		w->scale[i] = near_scale(r->l, p.first + i,
					 step_of(r, p.first + i), 0, true);
	if (round_panel(r, w, p, d))
		return -1;
	for (int i = 0; i < p.count; i++)
		keep_codes(r, w, i);
	return 0;
}

static int panels_a_group(const struct layer *l)
{
	return (int)((l->channels / l->groups + PANEL - 1) / PANEL);
}

/* Levels of the channel's own, from the codes that are kept. */
static int find_levels(const struct rounding *r, struct worker *w,
		       struct panel p, int i, struct diag *d)
{
	const struct layer *l = r->l;
	size_t group = (size_t)group_of(l, p.first), n = (size_t)l->length;
	int64_t c = p.first + i;
	int bits = r->choice.bits, half = 1 << (bits - 1);
	double values[CODEBOOK_MOST];
	const struct codebook_aim aim = {
		.covariance = r->aim->s->covariance + group * n * n,
		.damping = r->aim->groups[group].damping,
		.target = r->aim->target + (size_t)c * n,
		.length = (int)n
	};
	struct codebook book = { .bits = bits,
				 .codes = w->best_codes + (size_t)i * n };

	for (int k = -half; k < half; k++)
		values[k & (2 * half - 1)] =
			w->best[i] * grid_level(k, &r->grid);
	if (codebook_find(&aim, values, &book, w->books, d))
		return -1;
	w->best[i] = book.scale;
	w->least[i] = book.loss * l->unit * l->unit;
	memcpy(r->out->levels + (c << bits), book.levels, 2 * (size_t)half);
	return 0;
}

static int panel_job(void *ctx, int job, int worker, struct diag *d)
{
	struct rounding *r = ctx;
	struct worker *w = &r->workers[worker];
	int64_t each = r->l->channels / r->l->groups, n = r->l->length;
	int64_t group = job / panels_a_group(r->l);
	int64_t at = job % panels_a_group(r->l) * PANEL;
	struct panel p = { group * each + at,
			   each - at < PANEL ? (int)(each - at) : PANEL };

	if (r->choice.step > 0 ? use_step(r, w, p, d) :
				 search_scales(r, w, p, d))
		return -1;
	for (int i = 0; i < p.count; i++) {
		double scale;

		if (r->out->levels && find_levels(r, w, p, i, d))
			return -1;
		scale = w->best[i];
		/* A channel of zeros: the half grid has no zero, so the scale
		 * is what vanishes. */
		if (!(scale > 0))
			scale = r->grid.kind == GRID_HALF ? 1e-30 : 1;
		r->loss[p.first + i] =
			w->least[i] *
			(r->l->importance ? r->l->importance[p.first + i] : 1);
		r->out->scale[p.first + i] = (float)scale;
		for (int64_t k = 0; k < n; k++)
			r->out->codes[layer_at(r->l, p.first + i, k)] =
				w->best_codes[i * n + k];
	}
	return 0;
}

/* ---- Frequencies ---- */

/* Of rows as they are written; that order matters where codes are dependent,
 * and then it is the one that they were rounded in. */
static void count_codes(const struct rounding *r, struct grid_counts *out)
{
	const struct layer *l = r->l;
	bool dependent = r->grid.dependent;
	const int *order = dependent ? r->aim->groups[0].order : NULL;
	int8_t *row = r->workers[0].codes;

	*out = (struct grid_counts){ 0 };
	for (int64_t c = 0; c < l->channels; c++) {
		for (int64_t i = 0; i < l->length; i++)
			row[i] = r->out->codes[layer_at(l, c,
							order ? order[i] : i)];
		grid_count(out, dependent, row, l->length);
	}
}

/* Bits of the codes before there are any. */
static void guess_rates(double rates[GRID_RATES])
{
	for (int i = 0; i < GRID_RATES; i++) {
		int size = i % 256 - 128;

		size = size < 0 ? -size : size;
		rates[i] = size ? 1.5 + size : 0.7;
	}
}

/* ---- A layer ---- */

static int round_channels(struct rounding *r, int threads, struct diag *d)
{
	int jobs = panels_a_group(r->l) * (int)r->l->groups;

	return parallel_run(parallel_threads(threads, jobs), jobs, panel_job, r,
			    NULL, d);
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
	if (r->aim->s) {
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
		const double *w = r->aim->target + c * r->l->length;

		best_scale(w, r->l->length, &r->grid, &error);
		half += error;
	}
	r->grid = grid_of(2, GRID_UNIFORM);
	for (int64_t c = 0; c < r->l->channels; c++) {
		const double *w = r->aim->target + c * r->l->length;

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
	if (!r->aim->s || !(r->l->manner->thrift > 0))
		return round_channels(r, threads, d);
	r->grid.rates = r->rates;
	r->grid.dependent = r->l->dependent;
	guess_rates(r->rates);
	for (int i = 0; i < RATE_ROUNDS; i++) {
		r->grid.survivors = i < RATE_ROUNDS - 1 ? 1 :
							  r->choice.survivors;
		if (i) {
			struct grid_counts counts;

			count_codes(r, &counts);
			grid_rates(&counts, r->rates);
		}
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

/* Real value of code number k, of channel c. */
static double value_of(const struct rounding *r, int64_t c, int64_t k)
{
	const struct rounded *out = r->out;
	int code = out->codes[k], bits = r->choice.bits;

	return (double)out->scale[c] *
	       (out->levels ?
			out->levels[(c << bits) + (code & ((1 << bits) - 1))] :
			grid_level(code, &r->grid));
}

static void set_real(const struct rounding *r)
{
	const struct layer *l = r->l;

	for (int64_t c = 0; c < l->channels; c++)
		for (int64_t i = 0; i < l->length; i++) {
			int64_t k = layer_at(l, c, i);
			int64_t from = layer_input_channel(l, c, i);

			r->out->real[k] = (float)(value_of(r, c, k) /
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

/*
 * A bias to as many digits as are worth their bytes: rounding it is to cost
 * what rounding one of the channel's weights does, so a grain of
 * sqrt(12 * loss / weights), in powers of two of the units of a sum.
 */
static double round_bias(const struct rounding *r, int64_t c, double bias)
{
	const struct layer *l = r->l;
	double grain = (double)r->out->scale[c] * l->unit;
	double importance = l->importance ? l->importance[c] : 1;
	double most = 12 * r->loss[c] / importance / (double)l->length;

	if (!(importance > 0) || !(most < 1e30) || !r->aim->s ||
	    (r->choice.bits == 8 && !(r->choice.step > 0)) ||
	    4 * grain * grain > most)
		return bias;
	while (4 * grain * grain <= most)
		grain *= 2;
	return rint(bias / grain) * grain;
}

static int correct_bias(const struct rounding *r, struct arena *a)
{
	const struct layer *l = r->l;
	const struct channel_means *means = r->aim->means;
	const struct mean_source source = { l, r->aim->s, means };
	bool known = r->aim->s || (means && means->sum && means->samples);

	if (!known || !(l->manner->methods & METHOD_BIAS) ||
	    l->node->op == OP_CONV_TRANSPOSE || !value_is_const(l->bias) ||
	    l->bias->dtype != DT_F32 ||
	    shape_elements(&l->bias->shape) != l->channels)
		return 0;
	r->out->bias = arena_array(a, (size_t)l->channels, sizeof(float));
	if (!r->out->bias)
		return -1;
	for (int64_t c = 0; c < l->channels; c++) {
		double shift = 0;

		for (int64_t i = 0; i < l->length; i++) {
			int64_t k = layer_at(l, c, i);

			shift += value_of(r, c, k) *
					 mean_of(&source, c, i, true) -
				 (double)l->data[k] *
					 mean_of(&source, c, i, false);
		}
		r->out->bias[c] = (float)round_bias(
			r, c,
			(double)((const float *)l->bias->data)[c] -
				shift * l->unit);
	}
	return 0;
}

static int allocate(struct rounding *r, int threads, struct arena *a,
		    struct arena *out)
{
	const struct layer *l = r->l;
	size_t channels = (size_t)l->channels, n = (size_t)l->length;

	r->loss = arena_array(a, channels, sizeof(double));
	r->workers = arena_array(a, (size_t)threads, sizeof(*r->workers));
	r->out->scale = arena_array(out, channels, sizeof(float));
	r->out->codes = arena_array(out, channels * n, 1);
	r->out->real = arena_array(out, channels * n, sizeof(float));
	if (r->choice.levels)
		r->out->levels =
			arena_array(out, channels, (size_t)1 << r->choice.bits);
	if (!r->loss || !r->workers || !r->out->scale || !r->out->codes ||
	    !r->out->real || (r->choice.levels && !r->out->levels))
		return -1;
	for (int i = 0; i < threads; i++) {
		struct worker *w = &r->workers[i];

		w->codes = arena_array(a, PANEL * n, 1);
		w->best_codes = arena_array(a, PANEL * n, 1);
		if (r->choice.levels)
			w->books = codebook_work_new((int)n, a);
		if (!w->codes || !w->best_codes ||
		    (r->choice.levels && !w->books) ||
		    compensate_work_new(&w->work, (int)n, PANEL, a))
			return -1;
	}
	return 0;
}

/* The model's own codes. */
static int keep_trained(const struct layer *l, struct arena *a,
			struct rounded *out)
{
	const struct quant *q = l->trained;
	struct grid_counts counts = { 0 };
	size_t n = (size_t)(l->channels * l->length);

	out->scale = arena_array(a, (size_t)l->channels, sizeof(*out->scale));
	out->codes = arena_array(a, n, 1);
	out->real = arena_array(a, n, sizeof(*out->real));
	if (!out->scale || !out->codes || !out->real)
		return -1;
	for (int64_t c = 0; c < l->channels; c++)
		out->scale[c] = q->scale[q->channels > 1 ? c : 0];
	memcpy(out->codes, q->codes, n);
	memcpy(out->real, l->data, n * sizeof(*out->real));
	out->bits = layer_tile_bits(l, q->bits);
	out->grid = GRID_UNIFORM;
	grid_count(&counts, false, out->codes, (int64_t)n);
	out->entropy_bits = grid_entropy(&counts);
	return 0;
}

int layer_round(const struct aim *aim, struct choice c, int jobs,
		struct arena *a, struct rounded *out, struct diag *d)
{
	struct rounding r = {
		.aim = aim, .l = aim->l, .choice = c, .out = out
	};
	int threads = parallel_threads(jobs, (int)aim->l->channels), err = -1;
	struct grid_counts counts;
	struct arena scratch;

	*out = (struct rounded){ 0 };
	if (aim->l->trained)
		return keep_trained(aim->l, a, out) ?
			       diag_error(d, "out of memory") :
			       0;
	if (!aim->s || c.step > 0 || c.bits > 4 ||
	    layer_tile_bits(aim->l, c.bits) != c.bits)
		r.choice.levels = false;
	arena_init(&scratch, 0);
	if (allocate(&r, threads, &scratch, a)) {
		diag_error(d, "out of memory");
		goto done;
	}
	if (round_layer(&r, threads, d))
		goto done;
	out->bits = layer_tile_bits(aim->l, c.bits);
	out->grid = out->levels ? GRID_LEVELS : r.grid.kind;
	out->loss = sum(r.loss, aim->l->channels);
	count_codes(&r, &counts);
	out->entropy_bits = grid_entropy(&counts);
	set_real(&r);
	err = correct_bias(&r, a) ? diag_error(d, "out of memory") : 0;
done:
	arena_free(&scratch);
	return err;
}
