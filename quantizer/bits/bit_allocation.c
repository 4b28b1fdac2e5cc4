/* SPDX-License-Identifier: Apache-2.0 */
/* Options of all layers, within limits, and why each was chosen. */
#include <math.h>
#include <stdlib.h>

#include "evaluator/detmath.h"
#include "quantizer/bits/knapsack.h"
#include "quantizer/quantizer_state.h"

int quantizer_list_candidates(struct quantizer *q, struct diag *d)
{
	q->chosen = arena_array(&q->arena, (size_t)q->layers.count,
				sizeof(*q->chosen));
	if (!q->chosen)
		return diag_error(d, "out of memory");
	for (int i = 0; i < q->layers.count; i++) {
		struct layer *l = &q->layers.rows[i];

		l->dependent =
			q->target->coded && (q->c->methods & METHOD_TRELLIS) &&
			(q->c->methods & METHOD_RATE) && layer_has_rows(l);
	}
	return options_list(q->g, &q->layers, q->target, q->c, &q->samples,
			    &q->arena, &q->options, q->progress,
			    q->progress_ctx, d);
}

/* Bytes of a layer's codes in memory. */
static double tile_bytes(const struct quantizer *q, int i, int option)
{
	int bits = layer_tile_bits(&q->layers.rows[i],
				   q->options[i].rows[option].choice.bits);

	return (double)quantizer_layer_weights(q, i) * bits / 8;
}

/* A knapsack over all options; a byte of memory counts like `price` of loss. */
struct choosing {
	const struct quantizer *q;
	struct knapsack_class *classes;
	struct knapsack_option **rows; /* by layer */
	int *chosen;
};

static int choosing_init(struct choosing *k, const struct quantizer *q,
			 struct arena *a)
{
	size_t n = (size_t)q->layers.count;

	k->q = q;
	k->classes = arena_array(a, n, sizeof(*k->classes));
	k->rows = arena_array(a, n, sizeof(*k->rows));
	k->chosen = arena_array(a, n, sizeof(*k->chosen));
	if (!k->classes || !k->rows || !k->chosen)
		return -1;
	for (size_t i = 0; i < n; i++) {
		const struct layer_options *o = &q->options[i];

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

static int choose_at(struct choosing *k, const struct quantizer_limits *limits,
		     double price, double *tiles)
{
	int n = k->q->layers.count, status;

	for (int i = 0; i < n; i++)
		for (int c = 0; c < k->classes[i].count; c++)
			k->rows[i][c].loss =
				det_pow(k->q->options[i].rows[c].loss,
					k->q->layers.manner.evenness) +
				price * tile_bytes(k->q, i, c);
	status = knapsack_solve(k->classes, n, limits->bytes, limits->time_us,
				k->chosen);
	*tiles = 0;
	for (int i = 0; !status && i < n; i++)
		*tiles += tile_bytes(k->q, i, k->chosen[i]);
	return status;
}

#define PRICE_LEAST 1e-12 /* of a byte of memory */
#define PRICE_MOST 1e3
#define PRICE_STEPS 12

/* The least price at which the memory suffices, by halves of its logarithm. */
static int choose_within(struct choosing *k,
			 const struct quantizer_limits *limits)
{
	double low = PRICE_LEAST, high = PRICE_MOST, tiles;
	int status = choose_at(k, limits, 0, &tiles);

	if (status || tiles <= limits->tile_bytes)
		return status;
	status = choose_at(k, limits, high, &tiles);
	if (status || tiles > limits->tile_bytes)
		return status ? status : 1;
	for (int i = 0; i < PRICE_STEPS; i++) {
		double middle = sqrt(low * high);

		if (choose_at(k, limits, middle, &tiles) < 0)
			return -1;
		if (tiles > limits->tile_bytes)
			low = middle;
		else
			high = middle;
	}
	return choose_at(k, limits, high, &tiles);
}

static void take(struct quantizer *q, int i, int option,
		 struct quantizer_totals *sum)
{
	const struct option *o = &q->options[i].rows[option];

	q->chosen[i] = option;
	q->choices[i] = o->choice;
	q->choices[i].survivors = GRID_MOST_SURVIVORS;
	sum->bytes += o->bytes;
	sum->time_us += o->time_us;
	sum->tile_bytes += tile_bytes(q, i, option);
	sum->loss += o->loss;
}

static void add_least(const struct quantizer *q, int i,
		      struct quantizer_totals *sum)
{
	const struct layer_options *o = &q->options[i];
	double bytes = INFINITY, time = INFINITY, tiles = INFINITY;

	for (int k = 0; k < o->count; k++) {
		bytes = fmin(bytes, o->rows[k].bytes);
		time = fmin(time, o->rows[k].time_us);
		tiles = fmin(tiles, tile_bytes(q, i, k));
	}
	sum->bytes += bytes;
	sum->time_us += time;
	sum->tile_bytes += tiles;
}

int quantizer_allocate_bits(struct quantizer *q,
			    const struct quantizer_limits *limits,
			    struct quantizer_totals *sum, struct diag *d)
{
	struct choosing k;
	struct arena scratch;
	int status;

	*sum = (struct quantizer_totals){ 0 };
	arena_init(&scratch, 0);
	status = choosing_init(&k, q, &scratch) ? -1 :
						  choose_within(&k, limits);
	for (int i = 0; !status && i < q->layers.count; i++)
		take(q, i, k.chosen[i], sum);
	for (int i = 0; status == 1 && i < q->layers.count; i++)
		add_least(q, i, sum);
	arena_free(&scratch);
	return status < 0 ? diag_error(d, "out of memory") : status;
}

int quantizer_layer_count(const struct quantizer *q)
{
	return q->layers.count;
}

int64_t quantizer_layer_weights(const struct quantizer *q, int i)
{
	return q->layers.rows[i].channels * q->layers.rows[i].length;
}

/* What the next smaller option would lose, and what the next larger one that is
 * better would save. */
static const char *trade(const struct layer_options *o, int chosen,
			 struct arena *a)
{
	const struct option *at = &o->rows[chosen], *less = NULL, *more = NULL;
	const char *down = "nothing smaller", *up = "nothing better";

	for (int k = 0; k < o->count; k++) {
		const struct option *x = &o->rows[k];

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

int quantizer_layer_at(const struct quantizer *q, int i, struct arena *a,
		       struct quantizer_layer *out)
{
	const struct layer *l = &q->layers.rows[i];
	const struct rounded *r = &q->rounded[i];

	*out = (struct quantizer_layer){
		.node = l->node,
		.weights = l->channels * l->length,
		.bits = r->bits,
		.entropy_bits =
			r->entropy_bits / (double)(l->channels * l->length),
		.why = l->trained                       ? "the model's own" :
		       q->choices[i].bits == q->c->bits ? "as asked for" :
		       l->depthwise                     ? "depthwise" :
		       l->first                         ? "the first layer" :
							  "gives an output",
	};
	if (!q->options || l->trained)
		return 0;
	out->sensitivity = q->options[i].sensitivity;
	out->loss = q->options[i].rows[q->chosen[i]].loss;
	out->why = trade(&q->options[i], q->chosen[i], a);
	return out->why ? 0 : -1;
}
