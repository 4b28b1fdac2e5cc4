/* SPDX-License-Identifier: Apache-2.0 */
/* The quantizer's order of work: see quantizer.h for what it leaves. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "quantizer/few_bits.h"
#include "quantizer/importance.h"
#include "quantizer/knapsack.h"
#include "quantizer/layer.h"
#include "quantizer/options.h"

#define TWIN_SAMPLES 96
#define TWIN_BYTES ((size_t)640 << 20)

struct quantizer {
	struct graph *g;
	const struct config *c;
	const struct cost_target *target;
	struct noise_samples noise;
	struct samples samples, few; /* all, and some of them, evenly spread */
	bool photos;                 /* samples are real */
	progress_fn *progress;
	void *progress_ctx;
	struct calibration seen;
	struct layers layers;
	struct manner usual;
	const double **importance;     /* by layer; NULL: not found yet */
	struct choice *choices;        /* by layer */
	struct layer_options *options; /* NULL: not tabulated */
	int *chosen;                   /* of the options */
	struct rounded *rounded;       /* the last */
	struct arena arena, results;
};

static struct quant *activation_quant(struct arena *a, struct input_range r,
				      int bits)
{
	struct quant *q = arena_alloc(a, sizeof(*q));
	float *scale = arena_alloc(a, sizeof(*scale));
	int32_t *zero = arena_alloc(a, sizeof(*zero));

	if (!q || !scale || !zero)
		return NULL;
	range_to_scale(r, bits, scale, zero);
	*q = (struct quant){ .bits = bits,
			     .is_signed = true,
			     .axis = -1,
			     .channels = 1,
			     .scale = scale,
			     .zero_point = zero };
	return q;
}

/* A root: scales a channel where that is better, otherwise one. */
static int quantize_root(struct quantizer *q, struct value *v, int bits,
			 const struct input_range *image_range)
{
	const struct channel_ranges *ranges = &q->seen.ranges[v->id];
	struct graph *g = q->g;
	struct input_range r =
		clip_range(q->seen.values[v->id], domain_table_behind(v), bits);

	if (ranges->channels &&
	    channel_quant(v, ranges, q->seen.samples, r, q->c->bits, bits,
			  g->arena, &q->arena, &v->quant))
		return -1;
	if (v->quant)
		return 0;
	if (image_range && g->input_count && g->inputs[0] == v)
		r = *image_range;
	v->quant = activation_quant(g->arena, r, bits);
	return v->quant ? 0 : -1;
}

static int quantize_roots(struct quantizer *q, const uint32_t *root,
			  const bool *few,
			  const struct input_range *image_range)
{
	struct graph *g = q->g;

	for (uint32_t i = 0; i < g->value_count; i++)
		if (root[i] == i) {
			g->values[i]->quant = NULL;
			if (quantize_root(q, g->values[i],
					  few[i] ? q->c->act_bits : 8,
					  image_range))
				return -1;
		}
	for (uint32_t i = 0; i < g->value_count; i++)
		if (root[i] != DOMAIN_FLOAT)
			g->values[i]->quant = g->values[root[i]]->quant;
	return 0;
}

static int copy_ranges(const struct channel_ranges *from, size_t count,
		       struct channel_ranges *to, struct arena *a)
{
	for (size_t i = 0; i < count; i++) {
		size_t n = (size_t)from[i].channels;

		to[i] = from[i];
		if (!n)
			continue;
		to[i].low = arena_array(a, n, sizeof(float));
		to[i].high = arena_array(a, n, sizeof(float));
		if (!to[i].low || !to[i].high)
			return -1;
		memcpy(to[i].low, from[i].low, n * sizeof(float));
		memcpy(to[i].high, from[i].high, n * sizeof(float));
	}
	return 0;
}

/* Fewer bits than 8 where they lose least. */
static int choose_few(struct quantizer *q, const uint32_t *root, bool *few,
		      const struct input_range *image_range, struct diag *d)
{
	const struct progress p = { q->progress, q->progress_ctx,
				    "activations" };
	struct graph *g = q->g;
	struct channel_ranges *wide =
		arena_array(&q->arena, g->value_count, sizeof(*wide));

	if (!wide ||
	    copy_ranges(q->seen.ranges, g->value_count, wide, &q->arena))
		return diag_error(d, "out of memory");
	if (q->c->methods & METHOD_CLIP &&
	    channel_clip(g, &q->few, q->seen.ranges, few, 1 << q->c->act_bits,
			 q->c->jobs, d))
		return -1;
	if (q->c->uniform || !q->photos)
		return 0;
	if (quantize_roots(q, root, few, image_range))
		return diag_error(d, "out of memory");
	if (few_bits_raise(g, &q->few, root, few, q->c->jobs, &p, d))
		return -1;
	for (uint32_t i = 0; i < g->value_count; i++)
		if (!few[i])
			q->seen.ranges[i] = wide[i];
	return 0;
}

static int quantize_activations(struct quantizer *q, const uint32_t *root,
				const struct input_range *image_range,
				struct diag *d)
{
	bool *few = domain_few_bits(q->g, root, &q->arena);

	if (!few)
		return diag_error(d, "out of memory");
	if (q->c->act_bits < 8 && choose_few(q, root, few, image_range, d))
		return -1;
	return quantize_roots(q, root, few, image_range) ?
		       diag_error(d, "out of memory") :
		       0;
}

/* Without photos: to the nearest code, each layer for itself. */
static int round_alone(struct quantizer *q, const struct progress *p,
		       struct diag *d)
{
	const struct layers *l = &q->layers;

	for (int i = 0; i < l->count; i++) {
		uint32_t id = l->rows[i].node->inputs[0]->id;
		const struct channel_means *means =
			id < q->seen.value_count ? &q->seen.means[id] : NULL;
		struct aim aim;

		if (layer_aim(&l->rows[i], NULL, means, q->c->jobs, &q->results,
			      &aim, d) ||
		    layer_round(&aim, q->choices[i], q->c->jobs, &q->results,
				&q->rounded[i], d))
			return -1;
		if (p->report)
			p->report(p->ctx, p->stage, i + 1, l->count);
	}
	return 0;
}

static int round_together(struct quantizer *q, const struct progress *p,
			  double *loss, struct diag *d)
{
	struct twin t;
	int err;

	err = twin_init(&t, q->g, q->c->jobs, &q->samples, TWIN_SAMPLES,
			TWIN_BYTES, d) ||
	      sequence_round(q->g, &q->layers, q->choices, &t, &q->results,
			     q->rounded, p, d);
	if (!err && loss)
		*loss = twin_loss(&t);
	twin_free(&t);
	return err ? -1 : 0;
}

static int install(struct quantizer *q, struct diag *d)
{
	for (int i = 0; i < q->layers.count; i++)
		if (layer_install(q->g, &q->layers.rows[i], &q->rounded[i], d))
			return -1;
	return 0;
}

int quantizer_round(struct quantizer *q, double *loss, struct diag *d)
{
	const struct progress p = { q->progress, q->progress_ctx, "round" };

	arena_free(&q->results);
	q->rounded = arena_array(&q->results, (size_t)q->layers.count,
				 sizeof(*q->rounded));
	if (!q->rounded)
		return diag_error(d, "out of memory");
	if (loss)
		*loss = 0;
	if (q->photos ? round_together(q, &p, loss, d) : round_alone(q, &p, d))
		return -1;
	return install(q, d);
}

/* ---- Variants ---- */

static const struct {
	bool importance;
	double damping, thrift; /* times the usual */
} variants[] = {
	{ true, 1, 1 },   { false, 1, 1 },   { true, 4, 1 },
	{ false, 4, 1 },  { true, 1, 0.7 },  { false, 1, 0.7 },
	{ true, 4, 1.3 }, { false, 1, 1.3 },
};

void quantizer_leave_targets(struct quantizer *q)
{
	q->layers.manner.methods &= ~METHOD_TARGET;
}

int quantizer_variants(void)
{
	return (int)(sizeof(variants) / sizeof(*variants));
}

static int find_importance(struct quantizer *q, struct diag *d)
{
	struct layers *l = &q->layers;

	q->importance = arena_array(&q->arena, (size_t)l->count,
				    sizeof(*q->importance));
	if (!q->importance)
		return diag_error(d, "out of memory");
	if (q->photos && q->c->methods & METHOD_IMPORTANCE &&
	    importance_find(q->g, l, &q->samples, q->c->jobs, &q->arena, d))
		return -1;
	for (int i = 0; i < l->count; i++)
		q->importance[i] = l->rows[i].importance;
	return 0;
}

int quantizer_set_variant(struct quantizer *q, int variant, struct diag *d)
{
	struct layers *l = &q->layers;

	if (!q->importance && find_importance(q, d))
		return -1;
	l->manner.damping = q->usual.damping * variants[variant].damping;
	l->manner.thrift = q->usual.thrift * variants[variant].thrift;
	for (int i = 0; i < l->count; i++)
		l->rows[i].importance =
			variants[variant].importance ? q->importance[i] : NULL;
	return 0;
}

/* ---- Choices ---- */

int quantizer_tabulate(struct quantizer *q, struct diag *d)
{
	q->chosen = arena_array(&q->arena, (size_t)q->layers.count,
				sizeof(*q->chosen));
	if (!q->chosen)
		return diag_error(d, "out of memory");
	return options_list(q->g, &q->layers, q->target, q->c, &q->samples,
			    &q->arena, &q->options, q->progress,
			    q->progress_ctx, d);
}

/* Bytes of a layer's codes in memory. */
static double tile_bytes(const struct quantizer *q, int i, int option)
{
	int bits = q->options[i].rows[option].choice.bits;

	bits = bits == 3 ? 4 : bits;
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
			k->rows[i][c].loss = k->q->options[i].rows[c].loss +
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
		 struct quantizer_sum *sum)
{
	const struct option *o = &q->options[i].rows[option];

	q->chosen[i] = option;
	q->choices[i] = o->choice;
	sum->bytes += o->bytes;
	sum->time_us += o->time_us;
	sum->tile_bytes += tile_bytes(q, i, option);
	sum->loss += o->loss;
}

static void add_least(const struct quantizer *q, int i,
		      struct quantizer_sum *sum)
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

int quantizer_choose(struct quantizer *q, const struct quantizer_limits *limits,
		     struct quantizer_sum *sum, struct diag *d)
{
	struct choosing k;
	struct arena scratch;
	int status;

	*sum = (struct quantizer_sum){ 0 };
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

/* What the options to either side of the chosen one would change: the one with
 * the most loss a byte saved, and the one with most loss saved a byte. */
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
		.why = q->choices[i].bits == q->c->bits ? "as asked for" :
		       l->depthwise                     ? "depthwise" :
		       l->first                         ? "the first layer" :
							  "gives an output",
	};
	if (!q->options)
		return 0;
	out->sensitivity = q->options[i].sensitivity;
	out->loss = q->options[i].rows[q->chosen[i]].loss;
	out->why = trade(&q->options[i], q->chosen[i], a);
	return out->why ? 0 : -1;
}

/* ---- The whole ---- */

/* Sample i of the few. */
static int fill_few(void *ctx, int i, float *const *inputs, struct diag *d)
{
	const struct quantizer *q = ctx;

	return q->samples.fill(
		q->samples.ctx,
		(int)((int64_t)i * q->samples.count / q->few.count), inputs, d);
}

static int prepare(struct quantizer *q, const struct input_range *image_range,
		   struct diag *d)
{
	uint32_t *root;

	if (domain_split_activations(q->g) ||
	    !(root = domain_assign(q->g, &q->arena)))
		return diag_error(d, "out of memory");
	if (calibrate(q->g, q->c, &q->samples, root, &q->arena, &q->seen,
		      q->progress, q->progress_ctx, d))
		return -1;
	if (quantize_activations(q, root, image_range, d))
		return -1;
	if (layers_init(&q->layers, q->g, q->c->methods, &q->arena, d))
		return -1;
	q->usual = q->layers.manner;
	q->choices = arena_array(&q->arena, (size_t)q->layers.count,
				 sizeof(*q->choices));
	if (!q->choices)
		return diag_error(d, "out of memory");
	for (int i = 0; i < q->layers.count; i++)
		q->choices[i].bits =
			layer_default_bits(&q->layers.rows[i], q->c);
	return 0;
}

struct quantizer *quantizer_new(struct graph *g, const struct config *c,
				const struct cost_target *target,
				const struct samples *samples,
				const struct input_range *image_range,
				progress_fn *progress, void *progress_ctx,
				struct diag *d)
{
	struct quantizer *q = calloc(1, sizeof(*q));

	if (!q) {
		diag_error(d, "out of memory");
		return NULL;
	}
	q->g = g;
	q->c = c;
	q->target = target;
	q->progress = progress;
	q->progress_ctx = progress_ctx;
	q->noise = (struct noise_samples){ g, c->seed, { -1, 1 } };
	if (image_range)
		q->noise.range = *image_range;
	q->photos = samples && samples->count;
	q->samples = q->photos ? *samples : noise_samples(&q->noise);
	q->few = (struct samples){ q->samples.count, fill_few, q };
	if (q->few.count > TWIN_SAMPLES)
		q->few.count = TWIN_SAMPLES;
	arena_init(&q->arena, 0);
	arena_init(&q->results, 0);
	if (!prepare(q, image_range, d))
		return q;
	quantizer_free(q);
	return NULL;
}

void quantizer_free(struct quantizer *q)
{
	if (!q)
		return;
	arena_free(&q->results);
	arena_free(&q->arena);
	free(q);
}

int quantize_graph(struct graph *g, const struct config *c,
		   const struct samples *samples,
		   const struct input_range *image_range, progress_fn *progress,
		   void *progress_ctx, struct diag *d)
{
	struct quantizer *q = quantizer_new(g, c, NULL, samples, image_range,
					    progress, progress_ctx, d);
	int err = !q || quantizer_round(q, NULL, d);

	quantizer_free(q);
	return err ? -1 : 0;
}
