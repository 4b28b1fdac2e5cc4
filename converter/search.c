/* SPDX-License-Identifier: Apache-2.0 */
/* Which widths: see search.h. */
#include "converter/search.h"

#include <math.h>

#include "converter/pack/entropy_encode.h"
#include "converter/pack/coded_sizes.h"
#include "converter/measure/fidelity.h"
#include "converter/pack/packed_file.h"

/* Of N bits a weight, what --bits N asks for, so much goes into codes where
 * they are coded; the rest is for scales, biases and tables. */
#define CODED_SHARE 0.8
#define FIT_TRIES 6
#define FRONT 11 /* steps of size between the least and the most */
#define RAISE_TRIES 6
#define RAISE 1.3 /* more bytes a try, while the model is not good enough */
#define GOOD_ENOUGH 0.9 /* fidelity, where the user asks for none */
#define COMPARED 48     /* photos beside those held out that variants run on */
#define TELLING 0.01    /* less agreement than that is chance */
#define SLACK 0.004     /* of a limit, left after a miss */

struct search {
	const struct config *c;
	const struct cost_target *target; /* own */
	struct cost_target own;
	struct conversion *v;
	struct quantizer *q;
	progress_fn *progress;
	void *ctx;
	struct diag *d;
	double weights;     /* of all layers */
	double other_bytes; /* of the file beside codes, as last seen */
	double other_us;    /* time beside weighted layers */
	double other_ram;   /* memory beside codes */
	/* of what is chosen, by the table */
	double chosen_bytes, chosen_us, chosen_tiles, predicted_loss;
};

double search_layer_us(const struct cost_target *target,
		       const struct packed_layer *l)
{
	const struct cost_work work = { l->kernel, l->macs, l->weight_bytes,
					l->memory_bytes };

	return cost_latency_us(target, &work);
}

double search_latency_us(const struct cost_target *target,
			 const struct packed *p)
{
	double total = 0;

	for (int i = 0; i < p->layer_count; i++)
		total += search_layer_us(target, &p->layers[i]);
	return total;
}

/* ---- One model ---- */

static void add_point(struct search *s, struct search_point p)
{
	struct search_result *r = &s->v->search;

	p.weight_bits = s->chosen_bytes * 8 / s->weights;
	p.predicted_loss = s->predicted_loss;
	p.fidelity = p.sqnr_db = NAN;
	if (r->point_count == SEARCH_POINTS)
		r->point_count--; /* the last gives way */
	r->points[r->point_count++] = p;
}

static void note_point(struct search *s, double loss)
{
	add_point(s, (struct search_point){ .built = true,
					    .dbp_bytes = s->v->packed.file_size,
					    .latency_us = search_latency_us(
						    s->target, &s->v->packed),
					    .ram_bytes = s->v->packed.ram_bytes,
					    .loss = loss });
	s->v->search.result = s->v->search.point_count - 1;
}

/* What each layer takes of the file. */
static int note_layer_bytes(struct packed *p, struct diag *d)
{
	struct coded_map map = { 0 };

	if (p->file != p->bytes &&
	    coded_map_make(&map, p->file, p->file_size, p->size)) {
		coded_map_free(&map);
		return diag_error(d, "out of memory");
	}
	for (int i = 0; i < p->layer_count; i++)
		p->layers[i].file_bytes =
			coded_map_layer_bytes(&map, p->bytes, (uint32_t)i);
	coded_map_free(&map);
	return 0;
}

/* Packs what has been rounded, and looks at what it has come to. */
static int pack(struct search *s, double loss)
{
	struct conversion *v = s->v;
	struct packed *p = &v->packed;

	diag_set_file(s->d, s->c->model_path);
	if (pack_graph(v->graph, &v->preprocess, &v->head, s->c, &v->arena, p,
		       s->d))
		return -1;
	diag_set_file(s->d, NULL);
	p->file = p->bytes;
	p->file_size = p->size;
	p->ram_bytes = p->arena_bytes;
	if (s->target->coded) {
		if (coded_file_make(p->bytes, p->size, &v->arena, &p->file,
				    &p->file_size, s->d))
			return -1;
		if (p->file != p->bytes)
			p->ram_bytes += (p->size + 63) & ~63u;
	}
	if (note_layer_bytes(p, s->d))
		return -1;
	note_point(s, loss);
	return 0;
}

static int build(struct search *s)
{
	double loss;

	diag_set_file(s->d, s->c->model_path);
	if (quantizer_round(s->q, &loss, s->d))
		return -1;
	return pack(s, loss);
}

/* Agreement with the float model, 0 to 1, on the photos from `first` on. */
static int measure_from(struct search *s, int first, struct fidelity *f)
{
	struct conversion *v = s->v;
	struct packed_file file;
	struct arena scratch;
	int err;

	arena_init(&scratch, 0);
	err = packed_file_open(&file, v->packed.bytes, v->packed.size, "",
			       s->d) ||
	      fidelity_measure(s->c, &file, &v->dataset, first,
			       v->dataset.count - first, &scratch, f,
			       s->progress, s->ctx, s->d);
	packed_file_close(&file);
	arena_free(&scratch);
	return err ? -1 : 0;
}

/* On photos held out. */
static int measure(struct search *s, double *fidelity)
{
	struct search_point *p = &s->v->search.points[s->v->search.result];
	struct fidelity f;

	*fidelity = NAN;
	if (s->v->dataset.count <= s->v->calib_count)
		return 0;
	if (measure_from(s, s->v->calib_count, &f))
		return -1;
	p->fidelity = *fidelity = fidelity_value(&f);
	p->sqnr_db = f.sqnr_db;
	return 0;
}

/* ---- Within limits ---- */

static double limit_of(int64_t limit)
{
	return limit > 0 ? (double)limit : INFINITY;
}

static int over(double value, double limit)
{
	return value > limit;
}

/* 0; 1 where limits leave nothing: the sums are then the least there is. */
static int choose(struct search *s, const struct quantizer_limits *limits)
{
	struct quantizer_totals sum;
	int status = quantizer_allocate_bits(s->q, limits, &sum, s->d);

	s->chosen_bytes = sum.bytes;
	s->chosen_us = sum.time_us;
	s->chosen_tiles = sum.tile_bytes;
	s->predicted_loss = sum.loss;
	return status;
}

/*
 * Chooses and builds until the file, the time and the memory are within the
 * limits of the configuration, with at most `bytes` of codes. 0; 1 where
 * there is no way.
 */
static int fit(struct search *s, double bytes)
{
	const struct config *c = s->c;
	double size_limit = limit_of(c->max_size_bytes);
	double time_limit = limit_of(c->max_latency_us);
	double ram_limit = limit_of(c->max_ram_bytes);
	double shrink = 1;

	for (int i = 0; i < FIT_TRIES; i++) {
		double room = (size_limit - s->other_bytes) * shrink;
		struct quantizer_limits limits = {
			.bytes = fmin(bytes, room),
			.time_us = time_limit - s->other_us,
			.tile_bytes = s->target->coded ?
					      ram_limit - s->other_ram :
					      INFINITY,
		};
		const struct packed *p = &s->v->packed;
		double us;
		int status = limits.bytes > 0 && limits.time_us > 0 &&
					     limits.tile_bytes > 0 ?
				     choose(s, &limits) :
				     1;

		if (status)
			return status;
		if (build(s))
			return -1;
		us = search_latency_us(s->target, p);
		s->other_bytes = p->file_size - s->chosen_bytes;
		s->other_us = us - s->chosen_us;
		s->other_ram =
			s->target->coded ? p->ram_bytes - s->chosen_tiles : 0;
		if (!over(p->file_size, size_limit) && !over(us, time_limit) &&
		    !over(p->ram_bytes, ram_limit))
			return 0;
		/* codes are used where they lie: nothing makes it less */
		if (over(p->ram_bytes, ram_limit) && !s->target->coded)
			return 1;
		shrink *= 1 - SLACK;
	}
	return 1;
}

#define LEAST 1.0001 /* times the least there is, so that sums may round */
#define SPARE 0.9    /* of the file's limit: what is built once may be larger */

/* The least that can be had, of what is too much even alone or else of the
 * file, so that what is missing can be said; within the other limits where that
 * is possible. */
static int fit_least(struct search *s)
{
	const struct config *c = s->c;
	double room = limit_of(c->max_size_bytes) - s->other_bytes;
	struct quantizer_limits alone = { 0, 0, 0 }, all = {
		.bytes = SPARE * room,
		.time_us = limit_of(c->max_latency_us) - s->other_us,
		.tile_bytes = limit_of(c->max_ram_bytes) - s->other_ram,
	};
	double bytes, us, tiles;
	int status;

	if (choose(s, &alone) < 0)
		return -1;
	bytes = s->chosen_bytes * LEAST;
	us = s->chosen_us * LEAST;
	tiles = s->chosen_tiles * LEAST;
	alone = (struct quantizer_limits){ INFINITY, INFINITY, INFINITY };
	if (us > all.time_us && !(bytes > room))
		alone.time_us = all.time_us = us;
	else if (tiles > all.tile_bytes && !(bytes > room))
		alone.tile_bytes = all.tile_bytes = tiles;
	else
		alone.bytes = all.bytes = bytes;
	status = choose(s, &all);
	if (status > 0)
		status = choose(s, &alone);
	return status ? -1 : build(s);
}

/* Measured losses are less than the table's sums: layers make up for errors of
 * those before them. Estimates go by what came out. */
static double loss_scale(const struct search_result *r)
{
	const struct search_point *p = &r->points[r->result];

	return p->predicted_loss > 0 ? p->loss / p->predicted_loss : 1;
}

/* Adds what the table says could be had for other sizes. */
static int note_front(struct search *s)
{
	struct quantizer_limits limits = { 0, INFINITY, INFINITY };
	double least, most, scale = loss_scale(&s->v->search);

	if (choose(s, &limits) < 0)
		return -1;
	least = s->chosen_bytes;
	limits.bytes = INFINITY;
	if (choose(s, &limits))
		return -1;
	most = s->chosen_bytes;
	for (int i = 0; i <= FRONT && least > 0; i++) {
		limits.bytes =
			least * pow(most / least, (double)i / FRONT) * 1.0001;
		if (choose(s, &limits))
			return -1;
		add_point(s, (struct search_point){
				     .dbp_bytes = (int64_t)(s->chosen_bytes +
							    s->other_bytes),
				     .latency_us = s->chosen_us + s->other_us,
				     .ram_bytes = s->v->packed.ram_bytes,
				     .loss = s->predicted_loss * scale });
	}
	return 0;
}

/* ---- The search ---- */

/* Bytes of codes that --bits asks for. */
static double bytes_for(const struct search *s, double bits)
{
	return s->weights * bits / 8 * (s->target->coded ? CODED_SHARE : 1);
}

/* A model that is used where it is stored takes no memory but its arena: worth
 * it where nothing else fits, and the least there is where that is too much. */
static bool belongs_in_place(const struct search *s)
{
	const struct config *c = s->c;
	const struct packed *p = &s->v->packed;
	bool ram_alone = !over(p->file_size, limit_of(c->max_size_bytes)) &&
			 !over(search_latency_us(s->target, p),
			       limit_of(c->max_latency_us));

	return s->target->coded &&
	       over(p->ram_bytes, limit_of(c->max_ram_bytes)) &&
	       (ram_alone || p->arena_bytes <= c->max_ram_bytes);
}

/* Every layer takes bits of its own, and more bytes as long as that helps. */
static int search_once(struct search *s)
{
	const struct config *c = s->c;
	bool asked = c->min_fidelity > 0;
	double enough = asked ? (double)c->min_fidelity : GOOD_ENOUGH;
	double bytes = bytes_for(s, c->bits), before = bytes, fidelity;
	double most = asked ? bytes_for(s, 10) : 2 * bytes;

	if (c->bits == 8)
		bytes = most = INFINITY;
	if (quantizer_list_candidates(s->q, s->d))
		return -1;
	for (int i = 0; i < RAISE_TRIES; i++) {
		int status = fit(s, bytes);

		if (status < 0)
			return -1;
		if (status && !i && !fit_least(s) && belongs_in_place(s)) {
			s->own.coded = false;
			s->other_bytes = s->other_us = s->other_ram = 0;
			return search_once(s);
		}
		if (status)
			return i ? fit(s, before) : 0;
		if (measure(s, &fidelity))
			return -1;
		if (!(fidelity < enough) || bytes >= most ||
		    s->chosen_bytes < bytes * 0.8)
			break;
		before = bytes;
		bytes = fmin(bytes * RAISE, most);
	}
	return 0;
}

/* ---- Variants ---- */

/* What one has come to. */
struct outcome {
	struct packed packed;
	struct quantizer_layer *layers;
	int point;
	/* On more photos than those held out; or NAN. */
	double agreement, sqnr_db;
};

struct outcomes {
	struct outcome *list;
	int count;
	double agreement; /* the most, of those within limits; or NAN */
};

static int note_layers(struct search *s, struct quantizer_layer **layers)
{
	int n = quantizer_layer_count(s->q);

	*layers = arena_array(&s->v->arena, (size_t)n, sizeof(**layers));
	for (int i = 0; *layers && i < n; i++)
		if (quantizer_layer_at(s->q, i, &s->v->arena, &(*layers)[i]))
			return diag_error(s->d, "out of memory");
	return *layers ? 0 : diag_error(s->d, "out of memory");
}

static bool within(const struct search *s, const struct search_point *p)
{
	const struct config *c = s->c;

	return !over((double)p->dbp_bytes, limit_of(c->max_size_bytes)) &&
	       !over(p->latency_us, limit_of(c->max_latency_us)) &&
	       !over((double)p->ram_bytes, limit_of(c->max_ram_bytes));
}

/* What keeps the limits, then what was asked for in accuracy with the fewest
 * bytes, then what agrees best with the float model: of what agrees about as
 * well, whose outputs err least. */
static bool is_better(const struct search *s, const struct outcomes *all,
		      const struct outcome *a, const struct outcome *b)
{
	double telling = all->agreement - TELLING;
	const struct search_point *p = &s->v->search.points[a->point];
	const struct search_point *q = &s->v->search.points[b->point];
	double enough = (double)s->c->min_fidelity;

	if (within(s, p) != within(s, q))
		return within(s, p);
	if (isnan(a->agreement) || isnan(b->agreement))
		return p->loss < q->loss;
	if (enough > 0 && p->fidelity >= enough && q->fidelity >= enough)
		return p->dbp_bytes < q->dbp_bytes;
	if ((a->agreement >= telling) != (b->agreement >= telling))
		return a->agreement >= telling;
	return a->sqnr_db > b->sqnr_db;
}

static int variants_for(const struct config *c)
{
	return c->effort == EFFORT_FAST   ? 1 :
	       c->effort == EFFORT_NORMAL ? 2 :
					    quantizer_preset_count();
}

/* Photos held out are few to tell variants apart by: some that were calibrated
 * on, which all of them saw, count as well. */
static int compare(struct search *s, struct outcome *o)
{
	int first = s->v->calib_count - COMPARED, held = s->v->dataset.count;
	struct fidelity f;

	o->agreement = o->sqnr_db = NAN;
	if (held <= s->v->calib_count)
		return 0;
	if (measure_from(s, first > 0 ? first : 0, &f))
		return -1;
	o->agreement = fidelity_value(&f);
	o->sqnr_db = f.sqnr_db;
	return 0;
}

static int try_variant(struct search *s, int variant, struct outcomes *all)
{
	struct search_result *r = &s->v->search;
	struct outcome *now = &all->list[all->count];

	if (quantizer_set_preset(s->q, variant, s->d) || search_once(s) ||
	    note_layers(s, &now->layers))
		return -1;
	now->packed = s->v->packed;
	now->point = r->result;
	if (variants_for(s->c) > 1 && compare(s, now))
		return -1;
	all->count++;
	if (within(s, &r->points[now->point]) &&
	    !(all->agreement >= now->agreement))
		all->agreement = now->agreement;
	return 0;
}

static int search(struct search *s)
{
	struct search_result *r = &s->v->search;
	int count = variants_for(s->c);
	struct outcomes all = {
		.list = arena_array(&s->v->arena, (size_t)count,
				    sizeof(*all.list)),
		.agreement = NAN,
	};
	const struct outcome *best = all.list;

	if (!all.list)
		return diag_error(s->d, "out of memory");
	for (int i = 0; i < count; i++)
		if (try_variant(s, i, &all))
			return -1;
	for (int i = 1; i < count; i++)
		if (is_better(s, &all, &all.list[i], best))
			best = &all.list[i];
	s->v->packed = best->packed;
	r->layers = best->layers;
	r->layer_count = quantizer_layer_count(s->q);
	r->result = best->point;
	return note_front(s);
}

static bool worth_searching(const struct config *c,
			    const struct samples *samples)
{
	return samples && samples->count && !c->uniform &&
	       c->methods & METHOD_SEARCH &&
	       (c->bits < 8 || c->max_size_bytes || c->max_latency_us ||
		c->max_ram_bytes);
}

/* On the photos held out: p agrees more with the float model than q or, where
 * that does not tell, its outputs err less. */
static bool serves_better(const struct search_point *p,
			  const struct search_point *q)
{
	if (fabs(p->fidelity - q->fidelity) > TELLING)
		return p->fidelity > q->fidelity;
	return p->sqnr_db > q->sqnr_db;
}

/* Each layer with the bits that are asked for. At 8 bits two ways are tried. */
static int build_plainly(struct search *s, bool photos)
{
	struct search_result *r = &s->v->search;
	const struct config *c = s->c;
	bool twice = photos && c->bits == 8 && c->act_bits == 8 &&
		     c->effort != EFFORT_FAST &&
		     c->methods & METHOD_ASYMMETRIC &&
		     s->v->dataset.count > s->v->calib_count;
	struct packed first;
	double fidelity;
	int kept;

	if (build(s) || note_layers(s, &r->layers))
		return -1;
	r->layer_count = quantizer_layer_count(s->q);
	if (!twice)
		return 0;
	first = s->v->packed;
	kept = r->result;
	quantizer_set_asymmetric(s->q, false);
	if (measure(s, &fidelity) || build(s) || measure(s, &fidelity))
		return -1;
	if (serves_better(&r->points[r->result], &r->points[kept]))
		return note_layers(s, &r->layers);
	s->v->packed = first;
	r->result = kept;
	return 0;
}

int search_pack(const struct config *c, const struct cost_target *target,
		struct conversion *v, const struct samples *samples,
		const struct input_range *range, progress_fn *progress,
		void *progress_ctx, struct diag *d)
{
	struct search s = { .c = c,
			    .own = *target,
			    .target = &s.own,
			    .v = v,
			    .progress = progress,
			    .ctx = progress_ctx,
			    .d = d };
	int err;

	v->search.points = arena_array(&v->arena, SEARCH_POINTS,
				       sizeof(struct search_point));
	if (!v->search.points)
		return diag_error(d, "out of memory");
	diag_set_file(d, c->model_path);
	s.q = quantizer_new(v->graph, c, &s.own, samples, range, progress,
			    progress_ctx, d);
	if (!s.q)
		return -1;
	for (int i = 0; i < quantizer_layer_count(s.q); i++)
		s.weights += (double)quantizer_layer_weights(s.q, i);
	v->search.searched = worth_searching(c, samples);
	err = v->search.searched ? search(&s) :
				   build_plainly(&s, samples && samples->count);
	diag_set_file(d, NULL);
	quantizer_free(s.q);
	return err;
}
