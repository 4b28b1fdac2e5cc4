/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Detections from boxes and scores, with class-wise greedy non-maximum
 * suppression. It needs candidates best first, but there is no memory to sort
 * them all. One pass over the candidates collects the best ones in the free
 * slots of the result; these are sorted and suppressed. If slots are free
 * again, another pass collects the next best.
 */
#include "runtime/decode.h"
#include "runtime/detector.h"
#include "runtime/fmath.h"
#include "runtime/heap.h"

static float minf(float a, float b)
{
	return a < b ? a : b;
}

static float maxf(float a, float b)
{
	return a > b ? a : b;
}

float dbrt_iou(const struct dbrt_detection *a, const struct dbrt_detection *b)
{
	float w = minf(a->x2, b->x2) - maxf(a->x1, b->x1);
	float h = minf(a->y2, b->y2) - maxf(a->y1, b->y1);
	float both = w > 0 && h > 0 ? w * h : 0;
	float sum = (a->x2 - a->x1) * (a->y2 - a->y1) +
		    (b->x2 - b->x1) * (b->y2 - b->y1);

	return sum - both > 0 ? both / (sum - both) : 0;
}

/* Candidates are ordered by score, then row, then column of the scores. */
struct score_place {
	float score;
	uint32_t row, column;
};

static int comes_before(const struct score_place *a,
			const struct score_place *b)
{
	if (a->score != b->score)
		return a->score > b->score;
	return a->row != b->row ? a->row < b->row : a->column < b->column;
}

/* A waiting slot holds a score_place: the row is stored in the bits of x1,
 * where it is below the bits of infinity and so of every NaN. */
static void put_place(struct dbrt_detection *slot, const struct score_place *p)
{
	*slot = (struct dbrt_detection){ .x1 = dbrt_float_of(p->row),
					 .score = p->score,
					 .class_id = p->column };
}

static struct score_place place_in(const struct dbrt_detection *slot)
{
	return (struct score_place){ slot->score, dbrt_float_bits(slot->x1),
				     slot->class_id };
}

struct selection {
	struct dbrt_decoder decoder;
	const struct dbrt_frame *frame;
	float threshold, iou;
	struct dbrt_detection *kept, *waiting; /* waiting = kept + kept_count */
	uint32_t kept_count, waiting_count, room; /* room: for waiting ones */
	struct score_place last; /* all candidates up to it are done */
	int has_last;
};

/* From input to photo pixels; NaN stays NaN. */
static float to_photo(float x, float scale, float offset)
{
	return (x - offset) / scale;
}

/* Not clamped without a photo. */
static float clamp_side(float x, uint32_t size)
{
	if (size == 0)
		return x;
	return x < 0 ? 0 : x > (float)size ? (float)size : x;
}

static void clamp_box(struct dbrt_detection *d, const struct dbrt_frame *f)
{
	d->x1 = clamp_side(d->x1, f->width);
	d->y1 = clamp_side(d->y1, f->height);
	d->x2 = clamp_side(d->x2, f->width);
	d->y2 = clamp_side(d->y2, f->height);
}

/* The whole box, with the part outside of the photo. */
static struct dbrt_detection detection_at(const struct selection *s,
					  const struct score_place *p)
{
	const struct dbrt_frame *f = s->frame;
	struct dbrt_candidate c = dbrt_candidate_at(&s->decoder, p->row);
	float box[4];

	dbrt_box_of(&s->decoder, &c, box);
	return (struct dbrt_detection){
		.x1 = to_photo(box[0], f->scale_x, f->left),
		.y1 = to_photo(box[1], f->scale_y, f->top),
		.x2 = to_photo(box[2], f->scale_x, f->left),
		.y2 = to_photo(box[3], f->scale_y, f->top),
		.score = p->score,
		.class_id = p->column - s->decoder.head->background,
		.candidate = p->row,
	};
}

/* The box has an area in the photo, and no kept box of its class suppresses
 * it. */
static int survives(const struct selection *s, const struct dbrt_detection *d)
{
	struct dbrt_detection inside = *d;
	uint32_t i;

	clamp_box(&inside, s->frame);
	if (!(inside.x2 > inside.x1 && inside.y2 > inside.y1))
		return 0;
	for (i = 0; i < s->kept_count; i++)
		if (s->kept[i].class_id == d->class_id &&
		    dbrt_iou(&s->kept[i], d) > s->iou)
			return 0;
	return 1;
}

static int slot_before(const void *ctx, uint32_t i, uint32_t j)
{
	const struct dbrt_detection *slots = ctx;
	struct score_place a = place_in(&slots[i]), b = place_in(&slots[j]);

	return comes_before(&a, &b);
}

static void slot_swap(void *ctx, uint32_t i, uint32_t j)
{
	struct dbrt_detection *slots = ctx, t = slots[i];

	slots[i] = slots[j];
	slots[j] = t;
}

static struct dbrt_heap heap_of(const struct selection *s)
{
	return (struct dbrt_heap){ slot_before, slot_swap, s->waiting };
}

/* Adds a candidate if it is among the best so far. */
static void add_candidate(struct selection *s, const struct score_place *p)
{
	struct dbrt_heap heap = heap_of(s);
	struct score_place worst;
	struct dbrt_detection d;

	if (s->has_last && !comes_before(&s->last, p))
		return;
	if (s->waiting_count == s->room) {
		worst = place_in(&s->waiting[0]);
		if (!comes_before(p, &worst))
			return;
	}
	d = detection_at(s, p);
	if (!survives(s, &d))
		return;
	if (s->waiting_count < s->room) {
		put_place(&s->waiting[s->waiting_count++], p);
		if (s->waiting_count == s->room)
			dbrt_heap_make(&heap, s->room);
		return;
	}
	put_place(&s->waiting[0], p);
	dbrt_heap_sink(&heap, s->room);
}

static void collect_level(struct selection *s, const struct dbp_head_level *l,
			  uint32_t first)
{
	const struct dbp_head *h = s->decoder.head;
	uint32_t count = dbrt_level_candidates(l);

	for (uint32_t i = 0; i < count; i++) {
		struct dbrt_candidate c =
			dbrt_candidate_at(&s->decoder, first + i);
		struct score_place p = { .row = first + i };
		struct dbrt_scores scores;

		if (!dbrt_scores_of(&s->decoder, &c, s->threshold, &scores))
			continue;
		for (p.column = h->background; p.column < h->class_count;
		     p.column++) {
			p.score = dbrt_class_score(&s->decoder, &c, &scores,
						   p.column);
			/* false for NaN */
			if (p.score >= s->threshold &&
			    (!(h->flags & DBP_HEAD_PEAKS) ||
			     dbrt_is_peak(&s->decoder, &c, p.column)))
				add_candidate(s, &p);
		}
	}
}

static void collect_best(struct selection *s)
{
	const struct dbp_head *h = s->decoder.head;
	const struct dbp_head_level *l = dbrt_head_levels(h);
	uint32_t first = 0;

	for (uint32_t i = 0; i < h->level_count; i++) {
		collect_level(s, &l[i], first);
		first += dbrt_level_candidates(&l[i]);
	}
}

/* Keeps the waiting candidates, best first, unless a kept box suppresses
 * them. */
static void suppress_waiting(struct selection *s)
{
	struct dbrt_heap heap = heap_of(s);
	struct dbrt_detection d;
	uint32_t i;

	dbrt_heap_make(&heap, s->waiting_count);
	dbrt_heap_sort(&heap, s->waiting_count);
	for (i = 0; i < s->waiting_count; i++) {
		s->last = place_in(&s->waiting[i]);
		d = detection_at(s, &s->last);
		if (survives(s, &d))
			s->kept[s->kept_count++] = d;
	}
	s->has_last = 1;
}

/* The best class (the first of equal ones) as a box around the whole photo. */
static int select_class(const struct dbp_head *head,
			const struct dbrt_head_output *o,
			const struct dbrt_frame *frame,
			struct dbrt_detection *out, uint32_t max)
{
	const float *scores = o->data;
	uint32_t best = head->background, i;

	for (i = best; i < head->class_count; i++)
		if (scores[i] > scores[best] || scores[best] != scores[best])
			best = i;
	if (max == 0 || best >= head->class_count ||
	    scores[best] != scores[best])
		return 0;
	*out = (struct dbrt_detection){ .x2 = (float)frame->width,
					.y2 = (float)frame->height,
					.score = scores[best],
					.class_id = best - head->background };
	return 1;
}

/* The best waiting candidate has been compared with all kept boxes, so every
 * round keeps at least one more. */
int dbrt_detector_select(const struct dbp_head *head,
			 const struct dbrt_head_output *outputs,
			 const struct dbrt_frame *frame, float score_threshold,
			 float nms_iou, struct dbrt_detection *out,
			 uint32_t max)
{
	struct selection s = { .decoder = { head, outputs,
					    (float)frame->input_width,
					    (float)frame->input_height },
			       .frame = frame,
			       .threshold = score_threshold,
			       .iou = nms_iou,
			       .kept = out };

	max = max > INT32_MAX ? INT32_MAX : max;
	do {
		s.waiting = out + s.kept_count;
		s.waiting_count = 0;
		s.room = max - s.kept_count;
		if (s.room == 0)
			break;
		collect_best(&s);
		suppress_waiting(&s);
	} while (s.waiting_count == s.room);
	for (uint32_t i = 0; i < s.kept_count; i++)
		clamp_box(&out[i], frame);
	return (int)s.kept_count;
}

const struct dbrt_detector dbrt_detector = { dbrt_detector_fits,
					     dbrt_detector_select };

int dbrt_select(const struct dbp_head *head,
		const struct dbrt_head_output *outputs,
		const struct dbrt_frame *frame, float score_threshold,
		float nms_iou, struct dbrt_detection *out, uint32_t max)
{
	if (head->kind == DBP_HEAD_CLASSIFIER)
		return select_class(head, &outputs[head->scores_output], frame,
				    out, max);
	if (!dbrt_part_detector)
		return DBRT_ERROR_UNSUPPORTED;
	return dbrt_part_detector->select(head, outputs, frame, score_threshold,
					  nms_iou, out, max);
}

/* ---- Key points ---- */

static uint32_t candidates_of(const struct dbp_head *h)
{
	const struct dbp_head_level *l = dbrt_head_levels(h);
	uint32_t n = 0;

	for (uint32_t i = 0; i < h->level_count; i++)
		n += dbrt_level_candidates(&l[i]);
	return n;
}

int dbrt_select_points(const struct dbp_head *head,
		       const struct dbrt_head_output *outputs,
		       const struct dbrt_frame *frame,
		       const struct dbrt_detection *d, float *xy, uint32_t max)
{
	struct dbrt_decoder decoder = { head, outputs,
					(float)frame->input_width,
					(float)frame->input_height };
	struct dbrt_candidate c;
	float box[4];

	if (head->kind == DBP_HEAD_CLASSIFIER)
		return 0;
	if (d->candidate >= candidates_of(head))
		return DBRT_ERROR_ARGUMENT;
	c = dbrt_candidate_at(&decoder, d->candidate);
	dbrt_box_of(&decoder, &c, box);
	for (uint32_t i = 0; i < head->point_count && i < max; i++) {
		float *p = xy + 2 * (size_t)i;

		dbrt_point_of(&decoder, &c, box, i, p);
		p[0] = to_photo(p[0], frame->scale_x, frame->left);
		p[1] = to_photo(p[1], frame->scale_y, frame->top);
	}
	return head->point_count;
}

/* ---- Of a model ---- */

/* Without a photo: the pixels of the input, if it is an image. */
static struct dbrt_frame frame_of(const struct dbrt_model *m)
{
	struct dbrt_tensor input;

	if (m->frame.width)
		return m->frame;
	if (dbrt_input(m, 0, &input) != DBRT_OK || input.rank != 4)
		return (struct dbrt_frame){ .scale_x = 1,
					    .scale_y = 1,
					    .input_width = 1,
					    .input_height = 1 };
	return dbrt_frame_of(input.dims[2], input.dims[1], input.dims[2],
			     input.dims[1], DBP_STRETCH);
}

/* The head of a model that has run, and what it reads. */
struct head_view {
	const struct dbp_head *head;
	struct dbrt_frame frame;
	struct dbrt_head_output outputs[DBP_MAX_IO];
};

static int view_head(const struct dbrt_model *m, struct head_view *v)
{
	const struct dbp_io *io;
	int status = dbrt_open_status(m);

	if (status != DBRT_OK)
		return status;
	v->head = dbrt_section(m, DBP_SECTION_HEAD);
	if (!v->head)
		return DBRT_ERROR_NO_HEAD;
	if (!m->arena)
		return DBRT_ERROR_ARENA;
	io = dbrt_section(m, DBP_SECTION_IO);
	for (uint32_t i = 0; i < io->output_count; i++) {
		const uint32_t *ids = (const uint32_t *)(io + 1);
		const struct dbp_tensor *t =
			dbrt_tensor_row(m, ids[io->input_count + i]);

		v->outputs[i].data = dbrt_data(m, t);
		v->outputs[i].last = t->dims[t->rank - 1];
		v->outputs[i].pitch = t->pitch;
	}
	v->frame = frame_of(m);
	return DBRT_OK;
}

int dbrt_detections_at(const struct dbrt_model *m, float score_threshold,
		       float nms_iou, struct dbrt_detection *out, uint32_t max)
{
	struct head_view v;
	int status;

	if (!out && max)
		return DBRT_ERROR_ARGUMENT;
	status = view_head(m, &v);
	if (status != DBRT_OK)
		return status;
	return dbrt_select(v.head, v.outputs, &v.frame, score_threshold,
			   nms_iou, out, max);
}

uint32_t dbrt_point_count(const struct dbrt_model *m)
{
	const struct dbp_head *head;

	if (dbrt_open_status(m) != DBRT_OK)
		return 0;
	head = dbrt_section(m, DBP_SECTION_HEAD);
	return head ? head->point_count : 0;
}

int dbrt_detection_points(const struct dbrt_model *m,
			  const struct dbrt_detection *d, float *xy,
			  uint32_t max)
{
	struct head_view v;
	int status = view_head(m, &v);

	if (status != DBRT_OK)
		return status;
	if (!d || (!xy && max))
		return DBRT_ERROR_ARGUMENT;
	return dbrt_select_points(v.head, v.outputs, &v.frame, d, xy, max);
}

int dbrt_detections(const struct dbrt_model *m, struct dbrt_detection *out,
		    uint32_t max)
{
	const struct dbp_head *head;

	int status = dbrt_open_status(m);

	if (status != DBRT_OK)
		return status;
	head = dbrt_section(m, DBP_SECTION_HEAD);
	if (!head)
		return DBRT_ERROR_NO_HEAD;
	return dbrt_detections_at(m, head->score_threshold, head->nms_iou, out,
				  max);
}

const char *dbrt_class_name(const struct dbrt_model *m, uint32_t class_id)
{
	const struct dbp_head *head;

	if (dbrt_open_status(m) != DBRT_OK)
		return "";
	head = dbrt_section(m, DBP_SECTION_HEAD);
	if (!head || class_id >= head->class_count ||
	    class_id + head->background >= head->class_count)
		return "";
	return dbrt_string(m,
			   dbrt_head_names(head)[class_id + head->background]);
}
