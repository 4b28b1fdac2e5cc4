/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/measure/accuracy.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/ranks.h"

#define MOST_FOUND 1000  /* a photo */
#define MOST_COUNTED 100 /* for each class and photo, as in COCO */
#define UNUSED UINT32_MAX

/* The result of one photo; results are added in the order of the photos. */
struct photo_outcome {
	const struct annotated_photo *labels;
	bool counts;
	struct ap_truth *truth;
	int truth_count;
	struct dbrt_detection *found;
	int found_count;
	uint32_t class_id; /* classifier */
};

struct accuracy_run {
	const struct measure_set *photos;
	const struct annotations *labels;
	struct model_runner **runners; /* one a thread */
	struct photo_outcome *outcomes;
	uint32_t *class_of; /* class of the model, by class of the labels */
	bool is_boxes;
	struct arena *arena;
};

const char *accuracy_metric(const struct accuracy *a)
{
	return a->is_boxes ? "map50" : "top1";
}

double accuracy_value(const struct accuracy *a)
{
	return a->is_boxes ? a->total.ap50 : a->top1;
}

const char *accuracy_missing(const struct accuracy *a)
{
	if (a->truths)
		return NULL;
	if (a->empty == a->photos)
		return "none of the labels belongs to one of the photos";
	return a->is_boxes ? "the labels of the photos hold no box" :
			     "no photo has a class that the model knows";
}

/* ---- Classes ---- */

static bool has_names(const struct accuracy_run *m)
{
	return m->labels->class_count && m->labels->class_names[0] &&
	       *model_runner_class_name(m->runners[0], 0);
}

static int match_names(struct accuracy_run *m, uint32_t classes, struct diag *d)
{
	const char *left_out = NULL;
	uint32_t matched = 0;

	for (uint32_t i = 0; i < m->labels->class_count; i++) {
		const char *name = m->labels->class_names[i];

		m->class_of[i] = UNUSED;
		for (uint32_t k = 0; name && k < classes; k++)
			if (!strcasecmp(name, model_runner_class_name(
						      m->runners[0], k)))
				m->class_of[i] = k;
		matched += m->class_of[i] != UNUSED;
		if (m->class_of[i] == UNUSED && name && !left_out)
			left_out = name;
	}
	if (matched && left_out)
		diag_warn(d,
			  "%u of %u classes of the labels are unknown to the "
			  "model and ignored, for example '%s'",
			  m->labels->class_count - matched,
			  m->labels->class_count, left_out);
	if (matched)
		return 0;
	diag_error(d,
		   "labels and model have no class in common: the first "
		   "classes are '%s' and '%s'",
		   m->labels->class_names[0],
		   model_runner_class_name(m->runners[0], 0));
	diag_hint(d, "give the names of the model's classes, in its order, "
		     "with --classes");
	return -1;
}

static int map_classes(struct accuracy_run *m, struct diag *d)
{
	uint32_t classes = model_runner_classes(m->runners[0]);
	uint32_t labelled = m->labels->class_count;

	m->class_of =
		arena_array(m->arena, labelled + 1u, sizeof(*m->class_of));
	if (!m->class_of)
		return diag_error(d, "out of memory");
	if (m->is_boxes && classes == 1)
		return 0; /* all zeros: every label has the only class */
	if (has_names(m))
		return match_names(m, classes, d);
	if (labelled > classes)
		return diag_error(
			d, "the labels have %u classes, the model has %u",
			labelled, classes);
	for (uint32_t i = 0; i < labelled; i++)
		m->class_of[i] = i;
	return 0;
}

/* ---- Photos ---- */

static int keep_truth(struct photo_outcome *o, const struct accuracy_run *m,
		      float width, float height)
{
	const struct annotated_photo *p = o->labels;
	float w = m->labels->normalized ? width : 1;
	float h = m->labels->normalized ? height : 1;

	o->truth = calloc(p ? (size_t)p->box_count + 1 : 1, sizeof(*o->truth));
	if (!o->truth)
		return -1;
	for (int i = 0; p && i < p->box_count; i++) {
		const struct annotation_box *b = &p->boxes[i];

		if (m->class_of[b->class_id] == UNUSED)
			continue;
		o->truth[o->truth_count++] = (struct ap_truth){
			.x1 = b->x1 * w,
			.y1 = b->y1 * h,
			.x2 = b->x2 * w,
			.y2 = b->y2 * h,
			.class_id = m->class_of[b->class_id],
			.ignore = b->ignore,
		};
	}
	return 0;
}

static int keep_found(struct photo_outcome *o, const struct model_runner *e)
{
	float least = model_runner_threshold(e) < ACCURACY_LEAST_SCORE ?
			      model_runner_threshold(e) :
			      ACCURACY_LEAST_SCORE;

	o->found = calloc(MOST_FOUND, sizeof(*o->found));
	if (!o->found)
		return -1;
	o->found_count =
		model_runner_detections_at(e, least, o->found, MOST_FOUND);
	return 0;
}

static int measure_photo(void *ctx, int i, int worker, struct diag *d)
{
	struct accuracy_run *m = ctx;
	struct photo_outcome *o = &m->outcomes[i];
	const struct dataset_item *item =
		&m->photos->dataset->items[m->photos->first + i];
	struct model_runner *e = m->runners[worker];
	struct dbrt_detection best;
	struct image photo;
	float width, height;
	int err;

	o->labels = annotations_of(m->labels, item->name);
	o->counts = item->kind == ITEM_PHOTO &&
		    (o->labels || m->labels->missing_is_empty);
	if (!o->counts)
		return 0;
	err = model_runner_run(e, (const char *[]){ item->path }, &photo, d);
	width = (float)photo.width;
	height = (float)photo.height;
	image_free(&photo);
	if (err)
		return -1;
	if (!m->is_boxes) {
		o->class_id = model_runner_detections_at(e, 0, &best, 1) == 1 ?
				      best.class_id :
				      UNUSED;
		return 0;
	}
	if (keep_truth(o, m, width, height) || keep_found(o, e))
		return diag_error(d, "out of memory");
	return 0;
}

static int send_photo(void *ctx, int i, struct rank_parcel *p)
{
	const struct accuracy_run *m = ctx;
	struct photo_outcome *o = &m->outcomes[i];
	const char *name = m->photos->dataset->items[m->photos->first + i].name;

	rank_parcel_add(p, &o->counts, sizeof(o->counts));
	rank_parcel_add(p, &o->class_id, sizeof(o->class_id));
	rank_parcel_add(p, &o->truth_count, sizeof(o->truth_count));
	rank_parcel_add(p, &o->found_count, sizeof(o->found_count));
	if (rank_parcel_receives(p)) {
		o->labels = annotations_of(m->labels, name);
		o->truth =
			calloc((size_t)o->truth_count + 1, sizeof(*o->truth));
		o->found =
			calloc((size_t)o->found_count + 1, sizeof(*o->found));
		if (!o->truth || !o->found)
			return -1;
	}
	rank_parcel_add(p, o->truth,
			(size_t)o->truth_count * sizeof(*o->truth));
	rank_parcel_add(p, o->found,
			(size_t)o->found_count * sizeof(*o->found));
	return 0;
}

/* ---- Sums ---- */

static const char *class_name(const struct accuracy_run *m, uint32_t id)
{
	const char *name = model_runner_class_name(m->runners[0], id);

	for (uint32_t i = 0; !*name && i < m->labels->class_count; i++)
		if (m->class_of[i] == id && m->labels->class_names[i] &&
		    model_runner_classes(m->runners[0]) > 1)
			name = m->labels->class_names[i];
	return *name ? arena_strdup(m->arena, name) :
		       arena_printf(m->arena, "%u", id);
}

static int add_class(const struct accuracy_run *m, struct accuracy *out,
		     uint32_t id, const struct ap_result *r, int right)
{
	struct accuracy_class *c = &out->classes[out->class_count];
	const char *name = class_name(m, id);

	/* names are keys of the JSON: two classes of one name differ */
	for (int i = 0; name && i < out->class_count; i++)
		if (!strcmp(name, out->classes[i].name)) {
			name = arena_printf(m->arena, "%s (%u)", name, id);
			break;
		}
	*c = (struct accuracy_class){ .name = name,
				      .result = *r,
				      .right = right };
	out->class_count++;
	return name ? 0 : -1;
}

static int sum_boxes(const struct accuracy_run *m, struct accuracy *out)
{
	uint32_t classes = model_runner_classes(m->runners[0]);
	struct ap *ap = ap_new(classes);
	int err = ap ? 0 : -1;

	for (int i = 0; !err && i < m->photos->count; i++) {
		const struct photo_outcome *o = &m->outcomes[i];

		if (o->counts)
			err = ap_add(ap, o->truth, o->truth_count, o->found,
				     o->found_count, MOST_COUNTED);
	}
	for (uint32_t i = 0; !err && i < classes; i++) {
		struct ap_result r;

		if (ap_class(ap, i, out->threshold, &r))
			err = add_class(m, out, i, &r, 0);
	}
	if (!err)
		ap_total(ap, out->threshold, &out->total);
	out->truths = out->total.truths;
	ap_free(ap);
	return err;
}

static int sum_classes(const struct accuracy_run *m, struct accuracy *out)
{
	uint32_t classes = model_runner_classes(m->runners[0]);
	int *total = calloc(classes + 1u, sizeof(*total));
	int *right = calloc(classes + 1u, sizeof(*right));
	int err = total && right ? 0 : -1, all = 0, hits = 0;

	for (int i = 0; !err && i < m->photos->count; i++) {
		const struct photo_outcome *o = &m->outcomes[i];
		uint32_t id;

		if (!o->counts || !o->labels || !o->labels->box_count)
			continue;
		id = m->class_of[o->labels->boxes[0].class_id];
		if (id == UNUSED)
			continue;
		total[id]++;
		right[id] += o->class_id == id;
		hits += o->class_id == id;
		all++;
	}
	for (uint32_t i = 0; !err && i < classes; i++) {
		struct ap_result r = { .truths = total[i] };

		if (total[i])
			r.recall = (double)right[i] / total[i];
		if (total[i])
			err = add_class(m, out, i, &r, right[i]);
	}
	out->truths = all;
	out->top1 = all ? (double)hits / all : (double)NAN;
	free(total);
	free(right);
	return err;
}

static int sum_up(const struct accuracy_run *m, struct accuracy *out,
		  struct diag *d)
{
	out->is_boxes = m->is_boxes;
	out->threshold = model_runner_threshold(m->runners[0]);
	out->classes = arena_array(m->arena,
				   model_runner_classes(m->runners[0]) + 1u,
				   sizeof(*out->classes));
	for (int i = 0; i < m->photos->count; i++) {
		out->photos += m->outcomes[i].counts;
		out->skipped += !m->outcomes[i].counts;
		out->empty += m->outcomes[i].counts && !m->outcomes[i].labels;
	}
	if (!out->classes ||
	    (m->is_boxes ? sum_boxes(m, out) : sum_classes(m, out)))
		return diag_error(d, "out of memory");
	return 0;
}

/* ---- Beginning and end ---- */

static int open_engines(struct accuracy_run *m,
			const struct accuracy_model *model, int threads,
			struct diag *d)
{
	for (int i = 0; i < threads; i++) {
		m->runners[i] =
			model->dbp ? model_runner_open_bytes(model->dbp,
							     model->dbp_bytes,
							     model->path, d) :
				     model_runner_open(model->path,
						       m->photos->config, d);
		if (!m->runners[i])
			return -1;
	}
	return 0;
}

static int check_result(struct accuracy_run *m,
			const struct accuracy_model *model, struct diag *d)
{
	enum model_runner_result r = model_runner_result(m->runners[0]);

	m->is_boxes = r == MODEL_RUNNER_DETECTIONS;
	if (model_runner_preprocess(m->runners[0])->source !=
	    PREPROCESS_ASSUMED)
		model_runner_warn_preprocess(m->runners[0], d);
	if (model_runner_inputs(m->runners[0]) != 1)
		return diag_error(d,
				  "%s: has %d inputs; only models with one can "
				  "be measured on photos",
				  model->path,
				  model_runner_inputs(m->runners[0]));
	if (r == MODEL_RUNNER_TENSORS) {
		diag_error(d,
			   "%s: its outputs are neither recognised as boxes "
			   "nor as classes: %s",
			   model->path, model_runner_no_result(m->runners[0]));
		diag_hint(
			d,
			"describe the head in a file and give it with --head");
		return -1;
	}
	if (m->is_boxes == m->labels->is_boxes)
		return 0;
	return diag_error(d, "%s: %s, but the labels (%s) are %s", model->path,
			  m->is_boxes ? "finds boxes" : "is a classifier",
			  m->labels->format,
			  m->labels->is_boxes ? "boxes" : "classes of photos");
}

int accuracy_measure(const struct measure_set *photos,
		     const struct accuracy_model *model,
		     const struct annotations *labels, struct arena *a,
		     struct accuracy *out, const struct progress *progress,
		     struct diag *d)
{
	struct progress p = progress ? *progress : (struct progress){ 0 };
	int count = photos->count;
	int threads = parallel_threads(photos->config->jobs, count), err = -1;
	struct accuracy_run m = { .photos = photos,
				  .labels = labels,
				  .arena = a };

	p.stage = "evaluate";
	*out = (struct accuracy){ 0 };
	m.runners = calloc((size_t)threads + 1, sizeof(struct model_runner *));
	m.outcomes = calloc((size_t)count + 1, sizeof(*m.outcomes));
	if (!m.runners || !m.outcomes)
		diag_error(d, "out of memory");
	else if (!open_engines(&m, model, threads, d) &&
		 !check_result(&m, model, d) && !map_classes(&m, d) &&
		 !ranks_run(threads, count, measure_photo, send_photo, &m, &p,
			    d))
		err = sum_up(&m, out, d);
	for (int i = 0; m.outcomes && i < count; i++) {
		free(m.outcomes[i].truth);
		free(m.outcomes[i].found);
	}
	for (int i = 0; m.runners && i < threads; i++)
		model_runner_close(m.runners[i]);
	free(m.runners);
	free(m.outcomes);
	return err;
}
