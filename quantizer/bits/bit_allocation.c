/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mixed-precision bit allocation: one candidate for each layer, and a width for
 * each group of activations. A knapsack has limits on file size and time; a
 * limit on memory is a Lagrangian term of the loss, with a price that is found
 * by bisection. Time has a price too: among choices of about the same loss the
 * faster one is taken. Formats and widths are chosen in turn, each at the time
 * that the other one leaves.
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

double candidates_least_time(const struct layer_candidates *o,
			     const struct input_groups *inputs, int layer)
{
	int widths = input_group_of(inputs, layer) < 0 ? 1 : INPUT_WIDTHS;
	double least = INFINITY;

	for (int c = 0; c < o->count; c++)
		for (int w = 0; w < widths; w++)
			least = fmin(least, o->rows[c].time_us[w]);
	return least;
}

/* The share of the loss that all time which can be saved may cost; with widths
 * to choose, at least this loss. */
#define TIME_WORTH 0.05
#define TIME_WORTH_WIDTHS 0.25
#define LEAST_WORTH 0.004
#define ROUNDS 2 /* of formats and widths */

struct allocation {
	const struct layers *layers;
	const struct layer_candidates *candidates;
	const struct input_groups *inputs; /* NULL: no widths to choose */
	struct knapsack_class *classes;
	struct knapsack_option **rows; /* by layer */
	int *chosen;
	int *widths;                   /* by group */
	double tile_price, time_price; /* loss of a byte and a microsecond */
	double tiles, time, loss;      /* of the chosen; no price in loss */
};

static int allocation_init(struct allocation *k, struct arena *a)
{
	size_t n = (size_t)k->layers->count;
	size_t groups = k->inputs ? (size_t)k->inputs->count : 0;

	k->classes = arena_array(a, n, sizeof(*k->classes));
	k->rows = arena_array(a, n, sizeof(*k->rows));
	k->chosen = arena_array(a, n, sizeof(*k->chosen));
	k->widths = arena_array(a, groups, sizeof(*k->widths));
	if (!k->classes || !k->rows || !k->chosen || !k->widths)
		return -1;
	for (size_t i = 0; i < n; i++) {
		const struct layer_candidates *o = &k->candidates[i];

		k->rows[i] =
			arena_array(a, (size_t)o->count, sizeof(**k->rows));
		if (!k->rows[i])
			return -1;
		k->classes[i] = (struct knapsack_class){ k->rows[i], o->count };
		for (int c = 0; c < o->count; c++)
			k->rows[i][c].size = o->rows[c].bytes;
	}
	return 0;
}

static double layer_time(const struct allocation *k, int i, int candidate)
{
	int width = input_width_of(k->inputs, k->widths, i);

	return k->candidates[i].rows[candidate].time_us[width];
}

static double layer_tile_bytes(const struct allocation *k, int i, int candidate)
{
	return candidate_tile_bytes(&k->layers->rows[i],
				    &k->candidates[i].rows[candidate]);
}

static double loss_of(const struct allocation *k, double loss)
{
	return loss > 0 ? det_pow(loss, k->layers->settings.loss_exponent) : 0;
}

/* Adds up what the choice costs. */
static void add_up(struct allocation *k)
{
	int groups = k->inputs ? k->inputs->count : 0;

	k->tiles = k->time = k->loss = 0;
	for (int i = 0; i < k->layers->count; i++) {
		const struct candidate *o =
			&k->candidates[i].rows[k->chosen[i]];

		k->tiles += layer_tile_bytes(k, i, k->chosen[i]);
		k->time += layer_time(k, i, k->chosen[i]);
		k->loss += loss_of(k, o->loss);
	}
	for (int g = 0; g < groups; g++)
		k->loss += loss_of(k, k->inputs->rows[g].loss[k->widths[g]]);
}

/* Solves the knapsack at the prices of memory and time. */
static int allocate_at_prices(struct allocation *k,
			      const struct bit_limits *limits)
{
	int n = k->layers->count, status;

	for (int i = 0; i < n; i++)
		for (int c = 0; c < k->classes[i].count; c++) {
			const struct candidate *o = &k->candidates[i].rows[c];
			double time = layer_time(k, i, c);

			k->rows[i][c].time = time;
			k->rows[i][c].loss =
				loss_of(k, o->loss) +
				k->tile_price * layer_tile_bytes(k, i, c) +
				k->time_price * time;
		}
	status = knapsack_solve(k->classes, n, limits->bytes, limits->time_us,
				k->chosen);
	if (!status)
		add_up(k);
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

/* ---- Widths ---- */

/* Time of the layers that read group g, at a width. */
static double readers_time(const struct allocation *k, int g, int width)
{
	double sum = 0;

	for (int i = 0; i < k->layers->count; i++)
		if (k->inputs->of_layer[i] == g)
			sum += k->candidates[i]
				       .rows[k->chosen[i]]
				       .time_us[width];
	return sum;
}

/* Chooses the widths at the price of time, within what the chosen formats leave
 * of the limit on it. As allocate_at_prices(). */
static int choose_widths(struct allocation *k, double limit)
{
	int count = k->inputs->count, status = -1;
	struct knapsack_class *classes;
	struct arena scratch;

	arena_init(&scratch, 0);
	classes = arena_array(&scratch, (size_t)count, sizeof(*classes));
	for (int i = 0; i < k->layers->count; i++)
		if (k->inputs->of_layer[i] < 0)
			limit -= k->candidates[i].rows[k->chosen[i]].time_us[0];
	for (int g = 0; classes && g < count; g++) {
		struct knapsack_option *o =
			arena_array(&scratch, INPUT_WIDTHS, sizeof(*o));

		if (!o)
			goto done;
		classes[g] = (struct knapsack_class){ o, INPUT_WIDTHS };
		for (int w = 0; w < INPUT_WIDTHS; w++) {
			double time = readers_time(k, g, w);
			double loss = loss_of(k, k->inputs->rows[g].loss[w]);

			o[w] = (struct knapsack_option){
				0, time, loss + k->time_price * time
			};
		}
	}
	if (classes)
		status = limit > 0 ? knapsack_solve(classes, count, INFINITY,
						    limit, k->widths) :
				     1;
done:
	arena_free(&scratch);
	if (!status)
		add_up(k);
	return status;
}

static void set_widths(struct allocation *k, int width)
{
	for (int g = 0; k->inputs && g < k->inputs->count; g++)
		k->widths[g] = width;
}

/* Formats at the widest inputs, or, where the limits leave no others, at the
 * narrowest. */
static int allocate_formats(struct allocation *k,
			    const struct bit_limits *limits)
{
	int status = allocate_within(k, limits);

	if (status != 1 || !k->inputs)
		return status;
	set_widths(k, INPUT_WIDTHS - 1);
	status = allocate_within(k, limits);
	return status ? status : choose_widths(k, limits->time_us);
}

/* The least time that any choice takes. */
static double least_time(const struct allocation *k)
{
	double sum = 0;

	for (int i = 0; i < k->layers->count; i++)
		sum += candidates_least_time(&k->candidates[i], k->inputs, i);
	return sum;
}

/* What all the time that can be saved is worth. */
static double worth_of_time(const struct allocation *k)
{
	return k->inputs ? fmax(TIME_WORTH_WIDTHS * k->loss,
				loss_of(k, LEAST_WORTH)) :
			   TIME_WORTH * k->loss;
}

/*
 * Among choices of about the same loss, a faster one: a microsecond costs what
 * makes the time that can be saved worth a share of the loss, so that the loss
 * grows by no more than that. k has the choice without a price of time, whose
 * formats stay where the faster ones take more memory than the limit.
 */
static int prefer_faster(struct allocation *k, const struct bit_limits *limits)
{
	double saved = k->time - least_time(k), worth = worth_of_time(k);
	int status = 0;

	if (!(saved > 0) || !(worth > 0))
		return 0;
	k->time_price = worth / saved;
	for (int i = 0; !status && i < (k->inputs ? ROUNDS : 1); i++) {
		if (k->inputs)
			status = choose_widths(k, limits->time_us);
		if (!status)
			status = allocate_at_prices(k, limits);
	}
	if (status || k->tiles <= limits->tile_bytes)
		return status;
	k->time_price = 0;
	return allocate_at_prices(k, limits);
}

int bit_allocation_solve(const struct layers *layers,
			 const struct layer_candidates *candidates,
			 const struct input_groups *inputs,
			 const struct bit_limits *limits, int *chosen,
			 int *widths)
{
	struct allocation k = { .layers = layers,
				.candidates = candidates,
				.inputs = inputs };
	struct arena scratch;
	int status;

	arena_init(&scratch, 0);
	status = allocation_init(&k, &scratch) ? -1 :
						 allocate_formats(&k, limits);
	if (!status)
		status = prefer_faster(&k, limits);
	for (int i = 0; !status && i < layers->count; i++)
		chosen[i] = k.chosen[i];
	for (int g = 0; !status && inputs && g < inputs->count; g++)
		widths[g] = k.widths[g];
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
