/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mixed-precision bit allocation: one candidate for each layer. A knapsack has
 * limits on file size and time; a limit on memory is a Lagrangian term of the
 * loss, with a price that is found by bisection. Time has a price too, a low
 * one: among choices of about the same loss the faster one is taken.
 */
#include "quantizer/bits/bit_allocation.h"

#include <math.h>

#include "evaluator/detmath.h"
#include "quantizer/bits/knapsack.h"

double candidate_tile_bytes(const struct weighted_layer *l,
			    const struct candidate *c)
{
	int64_t weights = l->channels * l->length;

	return (double)weights * layer_tile_bits(l, c->format.bits) / 8;
}

/* The share of the loss that all time which can be saved may cost. */
#define TIME_WORTH 0.05

struct allocation {
	const struct layers *layers;
	const struct layer_candidates *candidates;
	struct knapsack_class *classes;
	struct knapsack_option **rows; /* by layer */
	int *chosen;
	double tile_price, time_price; /* loss of a byte and a microsecond */
	double tiles, time, loss;      /* of the chosen; no price in loss */
};

static int allocation_init(struct allocation *k, struct arena *a)
{
	size_t n = (size_t)k->layers->count;

	k->classes = arena_array(a, n, sizeof(*k->classes));
	k->rows = arena_array(a, n, sizeof(*k->rows));
	k->chosen = arena_array(a, n, sizeof(*k->chosen));
	if (!k->classes || !k->rows || !k->chosen)
		return -1;
	for (size_t i = 0; i < n; i++) {
		const struct layer_candidates *o = &k->candidates[i];

		k->rows[i] =
			arena_array(a, (size_t)o->count, sizeof(**k->rows));
		if (!k->rows[i])
			return -1;
		k->classes[i] = (struct knapsack_class){ k->rows[i], o->count };
		for (int c = 0; c < o->count; c++)
			k->rows[i][c] = (struct knapsack_option){
				o->rows[c].bytes, o->rows[c].time_us, 0
			};
	}
	return 0;
}

static double layer_tile_bytes(const struct allocation *k, int i, int candidate)
{
	return candidate_tile_bytes(&k->layers->rows[i],
				    &k->candidates[i].rows[candidate]);
}

static double layer_loss(const struct allocation *k, int i, int candidate)
{
	return det_pow(k->candidates[i].rows[candidate].loss,
		       k->layers->settings.loss_exponent);
}

/* Solves the knapsack at the prices of memory and time. */
static int allocate_at_prices(struct allocation *k,
			      const struct bit_limits *limits)
{
	int n = k->layers->count, status;

	for (int i = 0; i < n; i++)
		for (int c = 0; c < k->classes[i].count; c++)
			k->rows[i][c].loss =
				layer_loss(k, i, c) +
				k->tile_price * layer_tile_bytes(k, i, c) +
				k->time_price * k->rows[i][c].time;
	status = knapsack_solve(k->classes, n, limits->bytes, limits->time_us,
				k->chosen);
	k->tiles = k->time = k->loss = 0;
	for (int i = 0; !status && i < n; i++) {
		k->tiles += layer_tile_bytes(k, i, k->chosen[i]);
		k->time += k->rows[i][k->chosen[i]].time;
		k->loss += layer_loss(k, i, k->chosen[i]);
	}
	return status;
}

/* Loss per byte of memory. */
#define PRICE_MIN 1e-12
#define PRICE_MAX 1e3
#define PRICE_STEPS 12

/* The lowest price at which the limit on memory holds, by bisection of its
 * logarithm. */
static int allocate_within(struct allocation *k,
			   const struct bit_limits *limits)
{
	double low = PRICE_MIN, high = PRICE_MAX;
	int status = allocate_at_prices(k, limits);

	if (status || k->tiles <= limits->tile_bytes)
		return status;
	k->tile_price = high;
	status = allocate_at_prices(k, limits);
	if (status || k->tiles > limits->tile_bytes)
		return status ? status : 1;
	for (int i = 0; i < PRICE_STEPS; i++) {
		k->tile_price = sqrt(low * high);
		if (allocate_at_prices(k, limits) < 0)
			return -1;
		if (k->tiles > limits->tile_bytes)
			low = k->tile_price;
		else
			high = k->tile_price;
	}
	k->tile_price = high;
	return allocate_at_prices(k, limits);
}

/* The least time that any choice takes. */
static double least_time(const struct allocation *k)
{
	double sum = 0;

	for (int i = 0; i < k->layers->count; i++) {
		double least = INFINITY;

		for (int c = 0; c < k->classes[i].count; c++)
			least = fmin(least, k->rows[i][c].time);
		sum += least;
	}
	return sum;
}

/*
 * Among choices of about the same loss, a faster one: a microsecond costs what
 * makes the time that can be saved worth TIME_WORTH of the loss, so that the
 * loss grows by no more than that. k has the choice without a price of time,
 * which stays where the faster one takes more memory than the limit.
 */
static int prefer_faster(struct allocation *k, const struct bit_limits *limits)
{
	double saved = k->time - least_time(k), loss = k->loss;
	int status;

	if (!(saved > 0) || !(loss > 0))
		return 0;
	k->time_price = TIME_WORTH * loss / saved;
	status = allocate_at_prices(k, limits);
	if (status || k->tiles <= limits->tile_bytes)
		return status;
	k->time_price = 0;
	return allocate_at_prices(k, limits);
}

int bit_allocation_solve(const struct layers *layers,
			 const struct layer_candidates *candidates,
			 const struct bit_limits *limits, int *chosen)
{
	struct allocation k = { .layers = layers, .candidates = candidates };
	struct arena scratch;
	int status;

	arena_init(&scratch, 0);
	status = allocation_init(&k, &scratch) ? -1 :
						 allocate_within(&k, limits);
	if (!status)
		status = prefer_faster(&k, limits);
	for (int i = 0; !status && i < layers->count; i++)
		chosen[i] = k.chosen[i];
	arena_free(&scratch);
	return status;
}

const char *bit_allocation_explain(const struct layer_candidates *o, int chosen,
				   struct arena *a)
{
	const struct candidate *at = &o->rows[chosen], *less = NULL,
			       *more = NULL;
	const char *down = "nothing smaller", *up = "nothing better";

	for (int k = 0; k < o->count; k++) {
		const struct candidate *x = &o->rows[k];

		if (x->bytes < at->bytes && (!less || x->bytes > less->bytes))
			less = x;
		if (x->loss < at->loss && x->bytes > at->bytes &&
		    (!more || x->bytes < more->bytes))
			more = x;
	}
	if (less)
		down = arena_printf(a, "%.0f bytes less lose %.2g more",
				    at->bytes - less->bytes,
				    less->loss - at->loss);
	if (more)
		up = arena_printf(a, "%.0f more save %.2g",
				  more->bytes - at->bytes,
				  at->loss - more->loss);
	return down && up ? arena_printf(a, "%s, %s", down, up) : NULL;
}
