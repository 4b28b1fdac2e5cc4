/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/measure/photo_results.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/ranks.h"

#define MOST_FOUND 1000 /* a photo */

struct photo_run {
	const struct measure_set *photos;
	const struct annotations *labels;
	struct model_runner **runners; /* one a thread */
	int threads;
	bool all;
	struct photo_results *out;
};

static const struct annotations no_labels;

/* ---- Classes ---- */

static bool has_names(const struct photo_run *m)
{
	return m->labels->class_count && m->labels->class_names[0] &&
	       *model_runner_class_name(m->runners[0], 0);
}

static int match_names(struct photo_run *m, uint32_t classes, struct diag *d)
{
	const char *left_out = NULL;
	uint32_t matched = 0;

	for (uint32_t i = 0; i < m->labels->class_count; i++) {
		const char *name = m->labels->class_names[i];

		m->out->class_of[i] = PHOTO_NO_CLASS;
		for (uint32_t k = 0; name && k < classes; k++)
			if (!strcasecmp(name, model_runner_class_name(
						      m->runners[0], k)))
				m->out->class_of[i] = k;
		matched += m->out->class_of[i] != PHOTO_NO_CLASS;
		if (m->out->class_of[i] == PHOTO_NO_CLASS && name && !left_out)
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

static const char *class_name(const struct photo_run *m, uint32_t id)
{
	const char *name = model_runner_class_name(m->runners[0], id);

	for (uint32_t i = 0; !*name && i < m->labels->class_count; i++)
		if (m->out->class_of[i] == id && m->labels->class_names[i] &&
		    m->out->class_count > 1)
			name = m->labels->class_names[i];
	return *name ? arena_strdup(&m->out->arena, name) :
		       arena_printf(&m->out->arena, "%u", id);
}

static int name_classes(const struct photo_run *m, struct diag *d)
{
	struct photo_results *r = m->out;

	r->class_names = arena_array(&r->arena, r->class_count + 1u,
				     sizeof(*r->class_names));
	for (uint32_t i = 0; r->class_names && i < r->class_count; i++) {
		r->class_names[i] = class_name(m, i);
		if (!r->class_names[i])
			return diag_error(d, "out of memory");
	}
	return r->class_names ? 0 : diag_error(d, "out of memory");
}

static int map_classes(struct photo_run *m, struct diag *d)
{
	uint32_t classes = model_runner_classes(m->runners[0]);
	uint32_t labelled = m->labels->class_count;

	m->out->class_of = arena_array(&m->out->arena, labelled + 1u,
				       sizeof(*m->out->class_of));
	if (!m->out->class_of)
		return diag_error(d, "out of memory");
	if (m->out->is_boxes && classes == 1)
		return 0; /* all zeros: every label has the only class */
	if (has_names(m))
		return match_names(m, classes, d);
	if (labelled > classes)
		return diag_error(
			d, "the labels have %u classes, the model has %u",
			labelled, classes);
	for (uint32_t i = 0; i < labelled; i++)
		m->out->class_of[i] = i;
	return 0;
}

/* ---- Photos ---- */

static int keep_truth(struct photo_result *o, const struct photo_run *m,
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

		if (m->out->class_of[b->class_id] == PHOTO_NO_CLASS)
			continue;
		o->truth[o->truth_count++] = (struct ap_truth){
			.x1 = b->x1 * w,
			.y1 = b->y1 * h,
			.x2 = b->x2 * w,
			.y2 = b->y2 * h,
			.class_id = m->out->class_of[b->class_id],
			.ignore = b->ignore,
			.label = (uint32_t)i,
		};
	}
	return 0;
}

static int keep_found(struct photo_result *o, const struct model_runner *e)
{
	float least = model_runner_threshold(e) < PHOTO_LEAST_SCORE ?
			      model_runner_threshold(e) :
			      PHOTO_LEAST_SCORE;

	o->found = calloc(MOST_FOUND, sizeof(*o->found));
	if (!o->found)
		return -1;
	o->found_count =
		model_runner_detections_at(e, least, o->found, MOST_FOUND);
	return 0;
}

static void keep_class(struct photo_result *o, const struct photo_run *m,
		       const struct model_runner *e)
{
	struct dbrt_detection best;

	o->label_class = o->class_id = PHOTO_NO_CLASS;
	if (o->labels && o->labels->box_count)
		o->label_class = m->out->class_of[o->labels->boxes->class_id];
	if (model_runner_detections_at(e, 0, &best, 1) == 1) {
		o->class_id = best.class_id;
		o->score = best.score;
	}
}

static int run_photo(void *ctx, int i, int worker, struct diag *d)
{
	const struct photo_run *m = ctx;
	struct photo_result *o = &m->out->photos[i];
	const struct dataset_item *item =
		&m->photos->dataset->items[m->photos->first + i];
	struct model_runner *e = m->runners[worker];
	struct image photo;
	float width, height;
	int err;

	o->labels = annotations_of(m->labels, item->name);
	o->counts = item->kind == ITEM_PHOTO &&
		    (o->labels || m->labels->missing_is_empty || m->all);
	if (!o->counts)
		return 0;
	err = model_runner_run(e, (const char *[]){ item->path }, &photo, d);
	width = (float)photo.width;
	height = (float)photo.height;
	image_free(&photo);
	if (err)
		return -1;
	if (!m->out->is_boxes)
		keep_class(o, m, e);
	else if (keep_truth(o, m, width, height) || keep_found(o, e))
		return diag_error(d, "out of memory");
	return 0;
}

static int send_photo(void *ctx, int i, struct rank_parcel *p)
{
	const struct photo_run *m = ctx;
	struct photo_result *o = &m->out->photos[i];
	const char *name = m->photos->dataset->items[m->photos->first + i].name;

	rank_parcel_add(p, &o->counts, sizeof(o->counts));
	rank_parcel_add(p, &o->label_class, sizeof(o->label_class));
	rank_parcel_add(p, &o->class_id, sizeof(o->class_id));
	rank_parcel_add(p, &o->score, sizeof(o->score));
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

/* ---- Beginning and end ---- */

static int open_engines(struct photo_run *m, const struct accuracy_model *model,
			struct diag *d)
{
	for (int i = 0; i < m->threads; i++) {
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

static int check_result(struct photo_run *m, const struct accuracy_model *model,
			struct diag *d)
{
	enum model_runner_result r = model_runner_result(m->runners[0]);

	m->out->class_count = model_runner_classes(m->runners[0]);
	m->out->threshold = model_runner_threshold(m->runners[0]);
	m->out->is_boxes = r == MODEL_RUNNER_DETECTIONS;
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
	if (m->labels == &no_labels || m->out->is_boxes == m->labels->is_boxes)
		return 0;
	return diag_error(d, "%s: %s, but the labels (%s) are %s", model->path,
			  m->out->is_boxes ? "finds boxes" : "is a classifier",
			  m->labels->format,
			  m->labels->is_boxes ? "boxes" : "classes of photos");
}

static int run_all(struct photo_run *m, const struct accuracy_model *model,
		   const struct progress *p, struct diag *d)
{
	return open_engines(m, model, d) || check_result(m, model, d) ||
			       map_classes(m, d) || name_classes(m, d) ||
			       ranks_run(m->threads, m->out->count, run_photo,
					 send_photo, m, p, d) ?
		       -1 :
		       0;
}

int photo_results_run(struct photo_results *r, const struct measure_set *photos,
		      const struct accuracy_model *model,
		      const struct annotations *labels, bool all,
		      const struct progress *progress, struct diag *d)
{
	struct progress p = progress ? *progress : (struct progress){ 0 };
	struct photo_run m = { .photos = photos,
			       .labels = labels ? labels : &no_labels,
			       .threads = parallel_threads(photos->config->jobs,
							   photos->count),
			       .all = all,
			       .out = r };
	int err = -1;

	p.stage = "evaluate";
	*r = (struct photo_results){ 0 };
	arena_init(&r->arena, 0);
	m.runners =
		calloc((size_t)m.threads + 1, sizeof(struct model_runner *));
	r->photos = calloc((size_t)photos->count + 1, sizeof(*r->photos));
	if (r->photos)
		r->count = photos->count;
	if (!m.runners || !r->photos)
		diag_error(d, "out of memory");
	else
		err = run_all(&m, model, &p, d);
	for (int i = 0; m.runners && i < m.threads; i++)
		model_runner_close(m.runners[i]);
	free(m.runners);
	return err;
}

void photo_results_free(struct photo_results *r)
{
	for (int i = 0; i < r->count; i++) {
		free(r->photos[i].truth);
		free(r->photos[i].found);
	}
	free(r->photos);
	arena_free(&r->arena);
	*r = (struct photo_results){ 0 };
}
