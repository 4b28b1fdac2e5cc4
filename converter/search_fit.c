/* SPDX-License-Identifier: Apache-2.0 */
/* Builds models of the search within limits. */
#include "converter/search_fit.h"

#include "converter/latency.h"

#define FIT_TRIES 6
#define FRONT 11     /* steps of size between the smallest and the largest */
#define SLACK 0.004  /* share of a limit that is given up after a miss */
#define FAR 2        /* times what the layers take, a limit is far */
#define LEAST 1.0001 /* times the least there is: room for rounded sums */
#define SPARE 0.9    /* share of the size limit for a model built only once */

static void add_point(struct search *s, struct search_point p)
{
	struct search_result *r = s->result;

	p.weight_bits = s->chosen.bytes * 8 / s->weights;
	p.predicted_loss = s->chosen.loss;
	p.agreement = p.agreement_low = p.sqnr_db = NAN;
	if (r->point_count == SEARCH_POINTS)
		r->point_count--; /* overwrite the last */
	r->points[r->point_count++] = p;
}

/* The layers of the last built model, in the arena. */
static int note_layers(struct search *s)
{
	int n = quantizer_layer_count(s->q);
	struct quantizer_layer *list =
		arena_array(s->in->arena, (size_t)n, sizeof(*list));

	for (int i = 0; list && i < n; i++)
		if (quantizer_layer_at(s->q, i, s->in->arena, &list[i]))
			return diag_error(s->d, "out of memory");
	s->model.layers = list;
	return list ? 0 : diag_error(s->d, "out of memory");
}

int search_build(struct search *s)
{
	struct packed *p = &s->model.packed;
	double loss;

	if (s->in->steps.build(s->in->steps.ctx, p, &loss, s->d))
		return -1;
	add_point(s, (struct search_point){
			     .built = true,
			     .dbp_bytes = p->file_size,
			     .latency_us = latency_of_model(s->target, p),
			     .ram_bytes = p->ram_bytes,
			     .loss = loss });
	s->model.point = s->result->chosen = s->result->point_count - 1;
	s->model.raised = false;
	return note_layers(s);
}

/* 0; 1 where limits leave nothing: the totals are then the least there is. */
static int choose_bits(struct search *s, const struct quantizer_limits *limits)
{
	return quantizer_allocate_bits(s->q, limits, &s->chosen, s->d);
}

/* What the limits of the configuration leave for weighted layers. */
static struct quantizer_limits room_for_layers(const struct search *s)
{
	const struct config *c = s->c;

	return (struct quantizer_limits){
		.bytes = search_limit(c->max_size_bytes) - s->other_bytes,
		.time_us = search_limit(c->max_latency_us) - s->other_us,
		.tile_bytes = search_limit(c->max_ram_bytes) - s->other_ram,
	};
}

/* Learns from a model with the chosen widths what lies beside the weighted
 * layers. */
static void note_rest(struct search *s, const struct packed *p)
{
	s->other_bytes = p->file_size - s->chosen.bytes;
	s->other_us = latency_of_model(s->target, p) - s->chosen.time_us;
	s->other_ram = s->target->coded ? p->ram_bytes - s->chosen.tile_bytes :
					  0;
	s->rest_known = true;
}

/* Limits on the layers, with the bytes that they may have and the share of
 * their room that is used. */
static struct quantizer_limits layer_limits(const struct search *s,
					    double bytes, double share)
{
	struct quantizer_limits limits = room_for_layers(s);

	limits.bytes = fmin(bytes, limits.bytes * share);
	if (!s->target->coded)
		limits.tile_bytes = INFINITY;
	return limits;
}

/* The chosen widths take so little of each limit that what lies beside the
 * layers does not matter. */
static bool far_from_limits(const struct search *s)
{
	const struct config *c = s->c;
	const struct quantizer_totals *t = &s->chosen;

	return t->bytes * FAR < search_limit(c->max_size_bytes) &&
	       t->time_us * FAR < search_limit(c->max_latency_us) &&
	       t->tile_bytes * FAR < search_limit(c->max_ram_bytes);
}

/* Where limits are near, what lies beside the layers is learnt from a draft,
 * whose sizes are not exact: *share of their room is then used. As
 * choose_bits(). */
static int draft_rest(struct search *s, double bytes, double *share)
{
	const struct quantizer_limits limits = layer_limits(s, bytes, 1);
	struct packed draft;
	double loss;
	int status;

	if (s->rest_known)
		return 0;
	quantizer_set_draft(s->q, true);
	status = choose_bits(s, &limits);
	if (!status && !far_from_limits(s)) {
		status = s->in->steps.build(s->in->steps.ctx, &draft, &loss,
					    s->d);
		if (!status)
			note_rest(s, &draft);
		*share = 1 - SLACK / 2;
	}
	quantizer_set_draft(s->q, false);
	return status;
}

int search_fit(struct search *s, double bytes)
{
	double shrink = 1;
	int status = draft_rest(s, bytes, &shrink);

	if (status)
		return status;
	for (int i = 0; i < FIT_TRIES; i++) {
		const struct quantizer_limits limits =
			layer_limits(s, bytes, shrink);

		if (!(limits.bytes > 0 && limits.time_us > 0 &&
		      limits.tile_bytes > 0))
			return 1;
		status = choose_bits(s, &limits);
		if (status)
			return status;
		if (search_build(s))
			return -1;
		note_rest(s, &s->model.packed);
		if (search_within(s->c, search_last(s)))
			return 0;
		/* codes are used where they lie: no width saves memory */
		if (!s->target->coded &&
		    s->model.packed.ram_bytes >
			    search_limit(s->c->max_ram_bytes))
			return 1;
		shrink *= 1 - SLACK;
	}
	return 1;
}

int search_fit_least(struct search *s)
{
	struct quantizer_limits room = room_for_layers(s), all = room;
	struct quantizer_limits alone = { 0, 0, 0 };
	struct quantizer_totals least;
	int status;

	all.bytes *= SPARE;
	if (choose_bits(s, &alone) < 0)
		return -1;
	least.bytes = s->chosen.bytes * LEAST;
	least.time_us = s->chosen.time_us * LEAST;
	least.tile_bytes = s->chosen.tile_bytes * LEAST;
	alone = (struct quantizer_limits){ INFINITY, INFINITY, INFINITY };
	if (least.time_us > room.time_us && !(least.bytes > room.bytes))
		alone.time_us = all.time_us = least.time_us;
	else if (least.tile_bytes > room.tile_bytes &&
		 !(least.bytes > room.bytes))
		alone.tile_bytes = all.tile_bytes = least.tile_bytes;
	else
		alone.bytes = all.bytes = least.bytes;
	status = choose_bits(s, &all);
	if (status > 0)
		status = choose_bits(s, &alone);
	return status ? -1 : search_build(s);
}

/* The candidates overestimate the loss, because later layers compensate for
 * earlier ones: estimates are scaled by measured over predicted. */
static double loss_scale(const struct search_point *p)
{
	return p->predicted_loss > 0 ? p->loss / p->predicted_loss : 1;
}

int search_note_front(struct search *s)
{
	struct quantizer_limits limits = { 0, INFINITY, INFINITY };
	double least, most, scale = loss_scale(search_last(s));

	if (choose_bits(s, &limits) < 0)
		return -1;
	least = s->chosen.bytes;
	limits.bytes = INFINITY;
	if (choose_bits(s, &limits))
		return -1;
	most = s->chosen.bytes;
	for (int i = 0; i <= FRONT && least > 0; i++) {
		limits.bytes =
			least * pow(most / least, (double)i / FRONT) * LEAST;
		if (choose_bits(s, &limits))
			return -1;
		add_point(s,
			  (struct search_point){
				  .dbp_bytes = (int64_t)(s->chosen.bytes +
							 s->other_bytes),
				  .latency_us = s->chosen.time_us + s->other_us,
				  .ram_bytes = s->model.packed.ram_bytes,
				  .loss = s->chosen.loss * scale });
	}
	return 0;
}
