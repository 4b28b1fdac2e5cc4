/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Detections out of boxes and scores. Greedy suppression needs its candidates
 * best first; instead of sorting them, which takes memory, every pass over
 * them finds the best one that no kept box suppresses.
 */
#include "runtime/fmath.h"
#include "runtime/internal.h"

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

/* To the photo's pixels, inside of it. NaN becomes 0. */
static float to_photo(float x, float scale, float offset, uint32_t size)
{
	x = (x - offset) / scale;
	return x > 0 ? minf(x, (float)size) : 0;
}

static struct dbrt_detection detection_of(const struct dbp_head *head,
					  const struct dbrt_frame *f,
					  const float *box)
{
	float w = head->normalized ? (float)f->input_width : 1;
	float h = head->normalized ? (float)f->input_height : 1;
	float x1 = box[0], y1 = box[1], x2 = box[2], y2 = box[3];
	struct dbrt_detection d;

	if (head->box_form == DBP_BOX_CENTER) {
		x1 = box[0] - box[2] / 2;
		y1 = box[1] - box[3] / 2;
		x2 = box[0] + box[2] / 2;
		y2 = box[1] + box[3] / 2;
	}
	d.x1 = to_photo(x1 * w, f->scale_x, f->left, f->width);
	d.y1 = to_photo(y1 * h, f->scale_y, f->top, f->height);
	d.x2 = to_photo(x2 * w, f->scale_x, f->left, f->width);
	d.y2 = to_photo(y2 * h, f->scale_y, f->top, f->height);
	d.score = 0;
	d.class_id = 0;
	return d;
}

/* Which candidate a kept detection was: passes go on behind it. */
struct place {
	float score;
	uint32_t row, column;
};

static int comes_behind(float score, uint32_t row, uint32_t column,
			const struct place *p)
{
	if (score != p->score)
		return score < p->score;
	return row != p->row ? row > p->row : column > p->column;
}

static int is_suppressed(const struct dbrt_detection *d,
			 const struct dbrt_detection *kept, uint32_t n,
			 float iou)
{
	for (uint32_t i = 0; i < n; i++)
		if (kept[i].class_id == d->class_id &&
		    dbrt_iou(&kept[i], d) > iou)
			return 1;
	return 0;
}

struct selection {
	const struct dbp_head *head;
	const struct dbrt_candidates *c;
	const struct dbrt_frame *frame;
	float threshold, iou;
	struct place last;
};

/* The next detection behind kept[n - 1]; 0: there is none. */
static int next_detection(struct selection *s, struct dbrt_detection *kept,
			  uint32_t n)
{
	struct place best = {s->threshold, 0, 0};
	int found = 0;

	for (uint32_t row = 0; row < s->c->candidates; row++) {
		const float *scores = s->c->scores +
				      (size_t)row * s->c->score_pitch;

		for (uint32_t k = s->head->background; k < s->c->classes;
		     k++) {
			float score = scores[k];
			struct dbrt_detection d;

			/* NaN fails the first comparison */
			if (!(score >= best.score) ||
			    (found && score == best.score) ||
			    !comes_behind(score, row, k, &s->last))
				continue;
			d = detection_of(s->head, s->frame,
					 s->c->boxes + (size_t)row *
							       s->c->box_pitch);
			d.score = score;
			d.class_id = k - s->head->background;
			if (!(d.x2 >= d.x1 && d.y2 >= d.y1) ||
			    is_suppressed(&d, kept, n, s->iou))
				continue;
			best = (struct place){score, row, k};
			kept[n] = d;
			found = 1;
		}
	}
	s->last = best;
	return found;
}

int dbrt_select(const struct dbp_head *head, const struct dbrt_candidates *c,
		const struct dbrt_frame *frame, float score_threshold,
		float nms_iou, struct dbrt_detection *out, uint32_t max)
{
	struct selection s = {head, c, frame, score_threshold, nms_iou,
			      {dbrt_infinity(), 0, 0}};
	uint32_t n = 0;

	/* a score of infinity comes behind nothing: it is no detection */
	while (n < max && next_detection(&s, out, n))
		n++;
	return (int)n;
}

static const struct dbp_tensor *output_row(const struct dbrt_model *m,
					   uint32_t i)
{
	const struct dbp_io *io = dbrt_section(m, DBP_SECTION_IO);

	return dbrt_tensor_row(
		m, ((const uint32_t *)(io + 1))[io->input_count + i]);
}

/* Without a photo: the input's own pixels. */
static struct dbrt_frame frame_of(const struct dbrt_model *m)
{
	struct dbrt_tensor input;
	uint32_t w = 1, h = 1;

	if (m->frame.width)
		return m->frame;
	if (dbrt_input(m, 0, &input) == DBRT_OK && input.rank == 4) {
		h = input.dims[1];
		w = input.dims[2];
	}
	return dbrt_frame_of(w, h, w, h, DBP_STRETCH);
}

int dbrt_detections_at(const struct dbrt_model *m, float score_threshold,
		       float nms_iou, struct dbrt_detection *out, uint32_t max)
{
	const struct dbp_tensor *boxes, *scores;
	const struct dbp_head *head;
	struct dbrt_candidates c;
	struct dbrt_frame frame;

	if (!m || !m->file || (!out && max))
		return DBRT_ERROR_ARGUMENT;
	head = dbrt_section(m, DBP_SECTION_HEAD);
	if (!head || head->kind != DBP_HEAD_BOXES)
		return DBRT_ERROR_NO_HEAD;
	if (!m->arena)
		return DBRT_ERROR_ARENA;
	boxes = output_row(m, head->boxes_output);
	scores = output_row(m, head->scores_output);
	c.boxes = dbrt_data(m, boxes);
	c.scores = dbrt_data(m, scores);
	c.box_pitch = boxes->pitch;
	c.score_pitch = scores->pitch;
	c.candidates = scores->dims[1];
	c.classes = scores->dims[2];
	frame = frame_of(m);
	return dbrt_select(head, &c, &frame, score_threshold, nms_iou, out,
			   max);
}

int dbrt_detections(const struct dbrt_model *m, struct dbrt_detection *out,
		    uint32_t max)
{
	const struct dbp_head *head;

	if (!m || !m->file)
		return DBRT_ERROR_ARGUMENT;
	head = dbrt_section(m, DBP_SECTION_HEAD);
	if (!head)
		return DBRT_ERROR_NO_HEAD;
	return dbrt_detections_at(m, head->score_threshold, head->nms_iou, out,
				  max);
}

const char *dbrt_class_name(const struct dbrt_model *m, uint32_t class_id)
{
	const struct dbp_head *head;

	if (!m || !m->file)
		return "";
	head = dbrt_section(m, DBP_SECTION_HEAD);
	if (!head || class_id >= head->class_count ||
	    class_id + head->background >= head->class_count)
		return "";
	return dbrt_string(m, ((const uint32_t *)(head + 1))
				      [class_id + head->background]);
}
