/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mixed-precision bit allocation: one candidate for each layer. A knapsack has
 * limits on file size and time; a limit on memory is a Lagrangian term of the
 * loss, with a price that is found by bisection.
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

struct allocation {
	const struct layers *layers;
	const struct layer_candidates *candidates;
	struct knapsack_class *classes;
	struct knapsack_option **rows; /* by layer */
	int *chosen;
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

/* Solves the knapsack where a byte of memory costs `price` of loss. */
static int allocate_at_price(struct allocation *k,
			     const struct bit_limits *limits, double price,
			     double *tiles)
{
	int n = k->layers->count, status;

	for (int i = 0; i < n; i++)
		for (int c = 0; c < k->classes[i].count; c++)
			k->rows[i][c].loss =
				det_pow(k->candidates[i].rows[c].loss,
					k->layers->settings.loss_exponent) +
				price * layer_tile_bytes(k, i, c);
	status = knapsack_solve(k->classes, n, limits->bytes, limits->time_us,
				k->chosen);
	*tiles = 0;
	for (int i = 0; !status && i < n; i++)
		*tiles += layer_tile_bytes(k, i, k->chosen[i]);
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
	double low = PRICE_MIN, high = PRICE_MAX, tiles;
	int status = allocate_at_price(k, limits, 0, &tiles);

	if (status || tiles <= limits->tile_bytes)
		return status;
	status = allocate_at_price(k, limits, high, &tiles);
	if (status || tiles > limits->tile_bytes)
		return status ? status : 1;
	for (int i = 0; i < PRICE_STEPS; i++) {
		double middle = sqrt(low * high);

		if (allocate_at_price(k, limits, middle, &tiles) < 0)
			return -1;
		if (tiles > limits->tile_bytes)
			low = middle;
		else
			high = middle;
	}
	return allocate_at_price(k, limits, high, &tiles);
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
