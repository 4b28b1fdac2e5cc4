/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Codes of a layer's weights, with GPTQ where the input covariance is known.
 * Either each output channel has a scale, of least error near the one of least
 * squared weight error, or the layer has one step, and entropy-constrained
 * quantization (Gish and Pierce 1968; Sullivan 1996) chooses codes of least
 * error + price * bits. The bits come from the frequencies of the codes, so
 * rounding and counting alternate.
 */
#include "quantizer/weights/round_weights.h"

#include <string.h>

#include "base/parallel.h"
#include "base/ranks.h"
#include "evaluator/detmath.h"
#include "quantizer/weights/bias_correction.h"
#include "quantizer/weights/codebook.h"
#include "quantizer/weights/keep_trained.h"
#include "quantizer/weights/weight_scale.h"

/* Scales on each side of the best round-to-nearest scale that are tried. */
#define SCALE_STEPS 3
#define STEP_RATIO_MAX 8.0 /* between a channel's step and the layer's */
#define RATE_ROUNDS 3      /* until codes and their frequencies agree */
/* Scale of a channel of zeros in a grid that has no zero. */
#define ZERO_CHANNEL_SCALE 1e-30

#define PANEL_CHANNELS 8 /* channels that are rounded at once */

struct round_worker {
	struct gptq_row rows[PANEL_CHANNELS];
	struct gptq_work work;
	int8_t *codes, *best_codes; /* [PANEL_CHANNELS][length] */
	double scale[PANEL_CHANNELS], base[PANEL_CHANNELS];
	/* scale and loss of best_codes */
	double best[PANEL_CHANNELS], least[PANEL_CHANNELS];
	struct codebook_work *books; /* NULL without codebooks */
};

struct layer_rounding {
	const struct rounding_target *target;
	const struct weighted_layer *l;
	struct weight_format format;
	struct round_worker *workers;
	struct code_grid grid;
	double rates[GRID_RATES];
	double *loss, *plain_loss; /* by channel, with and without importance */
	struct rounded_layer *out;
};

/* ---- A channel ---- */

/* Channels [first, first + count), of one group. */
struct panel {
	int64_t first;
	int count;
};

/* Codes of the panel's channels at w->scale, and their losses in rows[].loss,
 * in units of the output. A channel of scale 0 is all zeros. */
static int round_panel(const struct layer_rounding *r, struct round_worker *w,
		       struct panel p, struct diag *d)
{
	const struct weighted_layer *l = r->l;
	int64_t group = layer_group(l, p.first), n = l->length;
	struct code_grid grid = r->grid;

	grid.price = l->settings->rate_weight * r->target->error_weight[group] *
		     (grid.dependent ? GRID_DEPENDENT_PRICE : GRID_BIT_PRICE);
	for (int i = 0; i < p.count; i++)
		w->rows[i] = (struct gptq_row){
			.target = r->target->weights + (p.first + i) * n,
			.inverse = w->scale[i] > 0 ? 1 / w->scale[i] : 0,
			.codes = w->codes + i * n
		};
	if (r->target->inputs && gptq_round(&r->target->factors[group], w->rows,
					    p.count, &grid, &w->work, d))
		return -1;
	for (int i = 0; i < p.count; i++) {
		double unit = w->scale[i] * l->unit;

		w->rows[i].loss *= unit * unit;
		if (r->target->inputs)
			continue;
		for (int64_t k = 0; k < n; k++)
			w->rows[i].codes[k] = (int8_t)grid_nearest(
				w->rows[i].target[k] * w->rows[i].inverse,
				&grid);
		if (w->scale[i] > 0)
			w->rows[i].loss = weight_scale_error(
				w->rows[i].target, n, w->scale[i], &grid);
	}
	return 0;
}

static void keep_codes(const struct layer_rounding *r, struct round_worker *w,
		       int i)
{
	size_t n = (size_t)r->l->length;

	w->best[i] = w->scale[i];
	w->least[i] = w->rows[i].loss;
	memcpy(w->best_codes + (size_t)i * n, w->codes + (size_t)i * n, n);
}

/*
 * Scales and codes of a panel. The search begins at the scale of least squared
 * weight error; with GPTQ, others may lose less.
 */
static int search_scales(const struct layer_rounding *r, struct round_worker *w,
			 struct panel p, struct diag *d)
{
	int reach = r->target->inputs ? SCALE_STEPS : 1;
	double error;

	for (int i = 0; i < p.count; i++)
		w->base[i] = weight_scale_best(
			r->target->weights + (p.first + i) * r->l->length,
			r->l->length, &r->grid, &error);
	for (int step = 1 - reach; step <= reach; step++) {
		for (int i = 0; i < p.count; i++)
			w->scale[i] = w->base[i] > 0 ?
					      weight_scale_near(
						      r->l, p.first + i,
						      w->base[i], step, false) :
					      0;
		if (round_panel(r, w, p, d))
			return -1;
		for (int i = 0; i < p.count; i++)
			if (step == 1 - reach || w->rows[i].loss < w->least[i])
				keep_codes(r, w, i);
	}
	return 0;
}

/* The layer's step, finer in channels whose errors cost more. */
static double channel_step(const struct layer_rounding *r, int64_t c)
{
	double importance = r->l->importance ? r->l->importance[c] : 1;
	double finer = det_sqrt(importance);

	finer = finer < 1 / STEP_RATIO_MAX ? 1 / STEP_RATIO_MAX :
		finer > STEP_RATIO_MAX     ? STEP_RATIO_MAX :
					     finer;
	/* each of the two sets of levels is a grid of that step */
	return r->format.step / finer / (r->grid.dependent ? 2 : 1);
}

static int round_with_step(const struct layer_rounding *r,
			   struct round_worker *w, struct panel p,
			   struct diag *d)
{
	for (int i = 0; i < p.count; i++)
		w->scale[i] = weight_scale_near(r->l, p.first + i,
						channel_step(r, p.first + i), 0,
						true);
	if (round_panel(r, w, p, d))
		return -1;
	for (int i = 0; i < p.count; i++)
		keep_codes(r, w, i);
	return 0;
}

static int panels_per_group(const struct weighted_layer *l)
{
	return (int)((l->channels / l->groups + PANEL_CHANNELS - 1) /
		     PANEL_CHANNELS);
}

/* Fits a codebook to the channel, from the codes that are kept. */
static int fit_codebook(const struct layer_rounding *r, struct round_worker *w,
			struct panel p, int i, struct diag *d)
{
	const struct weighted_layer *l = r->l;
	size_t group = (size_t)layer_group(l, p.first), n = (size_t)l->length;
	int64_t c = p.first + i;
	int bits = r->format.bits, half = 1 << (bits - 1);
	double values[CODEBOOK_MOST];
	const struct codebook_problem problem = {
		.covariance = r->target->inputs->covariance + group * n * n,
		.damping = r->target->factors[group].damping,
		.target = r->target->weights + (size_t)c * n,
		.length = (int)n
	};
	struct codebook book = { .bits = bits,
				 .codes = w->best_codes + (size_t)i * n };

	for (int k = -half; k < half; k++)
		values[k & (2 * half - 1)] =
			w->best[i] * grid_level(k, &r->grid);
	if (codebook_find(&problem, values, &book, w->books, d))
		return -1;
	w->best[i] = book.scale;
	w->least[i] = book.loss * l->unit * l->unit;
	memcpy(r->out->levels + (c << bits), book.levels, 2 * (size_t)half);
	return 0;
}

static struct panel panel_of(const struct weighted_layer *l, int job)
{
	int64_t each = l->channels / l->groups;
	int64_t group = job / panels_per_group(l);
	int64_t at = job % panels_per_group(l) * PANEL_CHANNELS;

	return (struct panel){ group * each + at, each - at < PANEL_CHANNELS ?
							  (int)(each - at) :
							  PANEL_CHANNELS };
}

static int panel_job(void *ctx, int job, int worker, struct diag *d)
{
	struct layer_rounding *r = ctx;
	struct round_worker *w = &r->workers[worker];
	struct panel p = panel_of(r->l, job);
	int64_t n = r->l->length;

	if (r->format.step > 0 ? round_with_step(r, w, p, d) :
				 search_scales(r, w, p, d))
		return -1;
	for (int i = 0; i < p.count; i++) {
		double scale;

		if (r->out->levels && fit_codebook(r, w, p, i, d))
			return -1;
		scale = w->best[i];
		/* a channel of zeros; the half grid has no zero, so its scale
		 * vanishes instead */
		if (!(scale > 0))
			scale = r->grid.kind == GRID_HALF ? ZERO_CHANNEL_SCALE :
							    1;
		r->plain_loss[p.first + i] = w->least[i];
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

static int send_panel(void *ctx, int job, struct rank_parcel *parcel)
{
	struct layer_rounding *r = ctx;
	struct panel p = panel_of(r->l, job);
	size_t n = (size_t)r->l->length, count = (size_t)p.count;

	rank_parcel_add(parcel, r->loss + p.first, count * sizeof(double));
	rank_parcel_add(parcel, r->plain_loss + p.first,
			count * sizeof(double));
	rank_parcel_add(parcel, r->out->scale + p.first, count * sizeof(float));
	for (int64_t c = p.first; c < p.first + p.count; c++) {
		int8_t *row = r->workers[0].codes;

		if (r->out->levels)
			rank_parcel_add(parcel,
					r->out->levels + (c << r->format.bits),
					(size_t)1 << r->format.bits);
		for (int64_t k = 0; k < r->l->length; k++)
			row[k] = r->out->codes[layer_at(r->l, c, k)];
		rank_parcel_add(parcel, row, n);
		for (int64_t k = 0; k < r->l->length; k++)
			r->out->codes[layer_at(r->l, c, k)] = row[k];
	}
	return 0;
}

/* ---- Frequencies ---- */

/* Counts rows in the order of the file. It matters where codes are dependent,
 * and is then the order in which they were rounded. */
static void count_codes(const struct layer_rounding *r, struct grid_counts *out)
{
	const struct weighted_layer *l = r->l;
	bool dependent = r->grid.dependent;
	const int *order = dependent ? r->target->factors[0].order : NULL;
	int8_t *row = r->workers[0].codes;

	*out = (struct grid_counts){ 0 };
	for (int64_t c = 0; c < l->channels; c++) {
		for (int64_t i = 0; i < l->length; i++)
			row[i] = r->out->codes[layer_at(l, c,
							order ? order[i] : i)];
		grid_count(out, dependent, row, l->length);
	}
}

/* Bits of each code, before any code is known. */
static void guess_rates(double rates[GRID_RATES])
{
	for (int i = 0; i < GRID_RATES; i++) {
		int size = i % 256 - 128;

		size = size < 0 ? -size : size;
		rates[i] = size ? 1.5 + size : 0.7;
	}
}

/* ---- A layer ---- */

/* Without -8, products of codes of 4 bits are at most 56 in size: kernels add
 * two of them in 8 bits. */
static struct code_grid uniform_grid(const struct layer_rounding *r)
{
	struct code_grid grid = grid_of(r->format.bits, GRID_UNIFORM);
	const struct quant *x = r->l->node->inputs[0]->quant;

	if (r->format.bits == 4 && x && x->bits <= 4)
		grid.low = -grid.high;
	return grid;
}

static int round_channels(struct layer_rounding *r, int threads, struct diag *d)
{
	int jobs = panels_per_group(r->l) * (int)r->l->groups;

	return ranks_run(parallel_threads(threads, jobs), jobs, panel_job,
			 send_panel, r, NULL, d);
}

static double sum_of(const double *x, int64_t n)
{
	double total = 0;

	for (int64_t i = 0; i < n; i++)
		total += x[i];
	return total;
}

/* Two bits have four levels: -1.5 to 1.5 steps are often better than -2 to
 * 1. */
static int round_two_bits(struct layer_rounding *r, int threads, struct diag *d)
{
	double plain, half, error;

	r->grid = grid_of(2, GRID_HALF);
	if (r->target->inputs) {
		if (round_channels(r, threads, d))
			return -1;
		half = sum_of(r->loss, r->l->channels);
		r->grid = grid_of(2, GRID_UNIFORM);
		if (round_channels(r, threads, d))
			return -1;
		plain = sum_of(r->loss, r->l->channels);
		if (plain <= half)
			return 0;
		r->grid = grid_of(2, GRID_HALF);
		return round_channels(r, threads, d);
	}
	plain = half = 0;
	for (int64_t c = 0; c < r->l->channels; c++) {
		const double *w = r->target->weights + c * r->l->length;

		weight_scale_best(w, r->l->length, &r->grid, &error);
		half += error;
	}
	r->grid = grid_of(2, GRID_UNIFORM);
	for (int64_t c = 0; c < r->l->channels; c++) {
		const double *w = r->target->weights + c * r->l->length;

		weight_scale_best(w, r->l->length, &r->grid, &error);
		plain += error;
	}
	if (half < plain)
		r->grid = grid_of(2, GRID_HALF);
	return round_channels(r, threads, d);
}

static int round_coded(struct layer_rounding *r, int threads, struct diag *d)
{
	r->grid = uniform_grid(r);
	if (!r->target->inputs || !(r->l->settings->rate_weight > 0))
		return round_channels(r, threads, d);
	r->grid.rates = r->rates;
	r->grid.dependent = r->l->dependent;
	guess_rates(r->rates);
	for (int i = 0; i < RATE_ROUNDS; i++) {
		r->grid.survivors = i < RATE_ROUNDS - 1 ? 1 :
							  r->format.survivors;
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

static int round_layer(struct layer_rounding *r, int threads, struct diag *d)
{
	if (r->format.step > 0)
		return round_coded(r, threads, d);
	if (r->format.bits == 2)
		return round_two_bits(r, threads, d);
	r->grid = uniform_grid(r);
	return round_channels(r, threads, d);
}

/* ---- Afterwards ---- */

static void set_real(const struct layer_rounding *r)
{
	const struct weighted_layer *l = r->l;

	for (int64_t c = 0; c < l->channels; c++)
		for (int64_t i = 0; i < l->length; i++) {
			int64_t k = layer_at(l, c, i);
			int64_t from = layer_input_channel(l, c, i);

			r->out->values[k] =
				(float)(rounded_layer_weight(r->out, c, k) /
					layer_channel_ratio(l, from));
		}
}

static int allocate_rounding(struct layer_rounding *r, int threads,
			     struct arena *a, struct arena *out)
{
	const struct weighted_layer *l = r->l;
	size_t channels = (size_t)l->channels, n = (size_t)l->length;

	r->loss = arena_array(a, channels, sizeof(double));
	r->plain_loss = arena_array(a, channels, sizeof(double));
	r->workers = arena_array(a, (size_t)threads, sizeof(*r->workers));
	r->out->scale = arena_array(out, channels, sizeof(float));
	r->out->codes = arena_array(out, channels * n, 1);
	r->out->values = arena_array(out, channels * n, sizeof(float));
	if (r->format.codebook)
		r->out->levels =
			arena_array(out, channels, (size_t)1 << r->format.bits);
	if (!r->loss || !r->plain_loss || !r->workers || !r->out->scale ||
	    !r->out->codes || !r->out->values ||
	    (r->format.codebook && !r->out->levels))
		return -1;
	for (int i = 0; i < threads; i++) {
		struct round_worker *w = &r->workers[i];

		w->codes = arena_array(a, PANEL_CHANNELS * n, 1);
		w->best_codes = arena_array(a, PANEL_CHANNELS * n, 1);
		if (r->format.codebook)
			w->books = codebook_work_new((int)n, a);
		if (!w->codes || !w->best_codes ||
		    (r->format.codebook && !w->books) ||
		    gptq_work_new(&w->work, (int)n, PANEL_CHANNELS, a))
			return -1;
	}
	return 0;
}

int layer_round(const struct rounding_target *target, struct weight_format c,
		int jobs, struct arena *a, struct rounded_layer *out,
		struct diag *d)
{
	struct layer_rounding r = {
		.target = target, .l = target->l, .format = c, .out = out
	};
	int threads = parallel_threads(jobs, (int)target->l->channels),
	    err = -1;
	struct grid_counts counts;
	struct arena scratch;

	*out = (struct rounded_layer){ 0 };
	if (target->l->trained)
		return keep_trained(target->l, a, out) ?
			       diag_error(d, "out of memory") :
			       0;
	if (!target->inputs || c.step > 0 || c.bits > 4 ||
	    layer_tile_bits(target->l, c.bits) != c.bits)
		r.format.codebook = false;
	arena_init(&scratch, 0);
	if (allocate_rounding(&r, threads, &scratch, a)) {
		diag_error(d, "out of memory");
		goto done;
	}
	if (round_layer(&r, threads, d))
		goto done;
	out->bits = layer_tile_bits(target->l, c.bits);
	out->grid = out->levels ? GRID_LEVELS : r.grid.kind;
	out->loss = sum_of(r.loss, target->l->channels);
	out->plain_loss = sum_of(r.plain_loss, target->l->channels);
	count_codes(&r, &counts);
	out->entropy_bits = grid_entropy(&counts);
	set_real(&r);
	err = bias_correct(target, c, r.loss, out, a) ?
		      diag_error(d, "out of memory") :
		      0;
done:
	arena_free(&scratch);
	return err;
}
