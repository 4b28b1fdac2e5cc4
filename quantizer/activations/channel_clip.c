/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MSE clipping per channel, where codes have few bits: the squared error of
 * rounding and clipping over a histogram of each channel.
 */
#include "quantizer/activations/channel_clip.h"

#include "base/finite.h"
#include "base/parallel.h"
#include "base/ranks.h"
#include "quantizer/simulate/runner.h"

#define BINS 256
#define FRACTIONS 40 /* of the extremes: 1 down to about a quarter */

struct channel_clipping {
	const struct graph *g;
	const struct channel_groups *channel_groups;
	const struct samples *samples;
	const struct channel_ranges *ranges; /* by scale group */
	struct runner *runners;              /* by worker */
	uint32_t **counts;                   /* [worker]: [channel][BINS] */
	size_t *first; /* by scale group: its first channel */
	size_t channels;
};

static int count_values(struct channel_clipping *k, int worker,
			const struct value *v, const float *x)
{
	const uint32_t group = k->channel_groups->scale_group[v->id];
	const uint32_t *of = k->channel_groups->of[v->id];
	const struct channel_ranges *r = &k->ranges[group];
	int64_t n = shape_elements(&v->shape), channels = v->shape.dim[3];

	for (int64_t c = 0; c < channels; c++) {
		uint32_t *counts =
			k->counts[worker] + (k->first[group] + of[c]) * BINS;
		float low = r->low[of[c]];
		float width = (r->high[of[c]] - low) / BINS;

		if (!(width > 0))
			continue;
		for (int64_t i = c; i < n; i += channels) {
			float at = (x[i] - low) / width;
			int bin = at > 0 ? (int)(at < BINS ? at : BINS - 1) : 0;

			counts[bin] += float_is_finite(x[i]);
		}
	}
	return 0;
}

struct clip_watch {
	struct channel_clipping *k;
	int worker;
};

static int observe_value(void *ctx, const struct value *v, void *data)
{
	const struct clip_watch *w = ctx;

	return channel_groups_begin(w->k->channel_groups, v) ?
		       count_values(w->k, w->worker, v, data) :
		       0;
}

static int sample_job(void *ctx, int i, int worker, struct diag *d)
{
	struct channel_clipping *k = ctx;
	struct clip_watch w = { k, worker };

	return runner_sample(&k->runners[worker], k->samples, i, observe_value,
			     &w, d);
}

/* Squared error with both extremes times `share`. Values in the bin of 0 have
 * none. */
static double error_at(const uint32_t *counts, double low, double high,
		       double share, int levels)
{
	double width = (high - low) / BINS;
	double step = (high - low) * share / (levels - 1), total = 0;
	double least = low * share, most = high * share;
	int zero = (int)(-low / width);

	for (int i = 0; i < BINS; i++) {
		double x = low + (i + 0.5) * width, y;

		if (!counts[i] || i == zero)
			continue;
		y = x < least ? least : x > most ? most : x;
		y /= step;
		y = step * (double)(int)(y < 0 ? y - 0.5 : y + 0.5);
		total += counts[i] * ((x - y) * (x - y));
	}
	return total;
}

static void clip_channel(struct channel_ranges *r, int c,
			 const uint32_t *counts, int levels)
{
	double low = (double)r->low[c], high = (double)r->high[c];
	double best = -1, best_share = 1;

	if (!(high > low))
		return;
	for (int i = 0; i < FRACTIONS; i++) {
		double share = 1 - 0.75 * i / FRACTIONS;
		double error = error_at(counts, low, high, share, levels);

		if (best < 0 || error < best) {
			best = error;
			best_share = share;
		}
	}
	r->low[c] = (float)(low * best_share);
	r->high[c] = (float)(high * best_share);
}

/* The counts of all threads of rank i, at counts[0] of its rows. */
struct rank_counts {
	uint32_t **of; /* [ranks] */
	size_t bytes;
	struct arena *arena;
};

static int send_counts(void *ctx, int i, struct rank_parcel *p)
{
	struct rank_counts *r = ctx;

	if (rank_parcel_receives(p))
		r->of[i] = arena_array(r->arena, r->bytes, 1);
	if (!r->of[i])
		return -1;
	rank_parcel_add(p, r->of[i], r->bytes);
	return 0;
}

/* Adds up those of the threads, and then those of the ranks. */
static int add_counts(const struct channel_clipping *k, int threads,
		      struct arena *a, int err, struct diag *d)
{
	size_t n = k->channels * BINS;
	struct rank_counts r = { .bytes = n * sizeof(uint32_t), .arena = a };

	for (int i = 1; !err && i < threads; i++)
		for (size_t c = 0; c < n; c++)
			k->counts[0][c] += k->counts[i][c];
	r.of = arena_array(a, (size_t)ranks_count(), sizeof(*r.of));
	if (r.of)
		r.of[ranks_self()] = k->counts[0];
	else if (!err)
		err = diag_error(d, "out of memory");
	if (ranks_share(ranks_count(), send_counts, &r, err, d))
		return -1;
	for (int i = 0; i < ranks_count(); i++)
		for (size_t c = 0; i != ranks_self() && c < n; c++)
			k->counts[0][c] += r.of[i][c];
	return 0;
}

static int count_samples(struct channel_clipping *k, int threads,
			 struct arena *a, struct diag *d)
{
	int err = -1, ready = 0;

	k->runners = arena_array(a, (size_t)threads, sizeof(*k->runners));
	k->counts = arena_array(a, (size_t)threads, sizeof(*k->counts));
	for (int i = 0; k->counts && i < threads; i++) {
		k->counts[i] =
			arena_array(a, k->channels * BINS, sizeof(uint32_t));
		if (!k->counts[i])
			return diag_error(d, "out of memory");
	}
	if (!k->runners || !k->counts)
		return diag_error(d, "out of memory");
	while (ready < threads)
		if (runner_init(&k->runners[ready++], k->g, d))
			goto done;
	err = ranks_parallel(threads, k->samples->count, sample_job, k, NULL,
			     d);
	err = add_counts(k, threads, a, err, d);
done:
	for (int i = 0; i < ready; i++)
		runner_free(&k->runners[i]);
	return err;
}

int channel_clip(const struct graph *g, const struct channel_groups *groups,
		 const struct samples *samples, struct channel_ranges *ranges,
		 const uint8_t *bits, int jobs, struct diag *d)
{
	struct channel_clipping k = { g,    groups, samples, ranges,
				      NULL, NULL,   NULL,    0 };
	struct arena scratch;
	int err = 0;

	arena_init(&scratch, 0);
	k.first = arena_array(&scratch, groups->values, sizeof(*k.first));
	for (uint32_t i = 0; k.first && i < groups->values; i++) {
		k.first[i] = k.channels;
		k.channels += (size_t)ranges[i].channels;
	}
	if (!k.first)
		err = diag_error(d, "out of memory");
	else if (k.channels)
		err = count_samples(&k, parallel_threads(jobs, samples->count),
				    &scratch, d);
	for (uint32_t i = 0; !err && i < groups->values; i++)
		for (int c = 0; bits[i] < 8 && c < ranges[i].channels; c++)
			clip_channel(&ranges[i], c,
				     k.counts[0] +
					     (k.first[i] + (size_t)c) * BINS,
				     1 << bits[i]);
	arena_free(&scratch);
	return err;
}
