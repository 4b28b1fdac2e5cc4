/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/measure/accuracy.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Sums over the photos, in their order. */
struct accuracy_run {
	struct photo_results results;
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

/* ---- Sums ---- */

static int add_class(const struct accuracy_run *m, struct accuracy *out,
		     uint32_t id, const struct ap_result *r, int right)
{
	struct accuracy_class *c = &out->classes[out->class_count];
	const char *name = arena_strdup(m->arena, m->results.class_names[id]);

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
	uint32_t classes = m->results.class_count;
	struct ap *ap = ap_new(classes);
	int err = ap ? 0 : -1;

	for (int i = 0; !err && i < m->results.count; i++) {
		const struct photo_result *o = &m->results.photos[i];

		if (o->counts)
			err = ap_add(ap, o->truth, o->truth_count, o->found,
				     o->found_count, PHOTO_MOST_COUNTED);
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
	uint32_t classes = m->results.class_count;
	int *total = calloc(classes + 1u, sizeof(*total));
	int *right = calloc(classes + 1u, sizeof(*right));
	int err = total && right ? 0 : -1, all = 0, hits = 0;

	for (int i = 0; !err && i < m->results.count; i++) {
		const struct photo_result *o = &m->results.photos[i];
		uint32_t id;

		id = o->label_class;
		if (!o->counts || id == PHOTO_NO_CLASS)
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
	out->is_boxes = m->results.is_boxes;
	out->threshold = m->results.threshold;
	out->classes = arena_array(m->arena, m->results.class_count + 1u,
				   sizeof(*out->classes));
	for (int i = 0; i < m->results.count; i++) {
		out->photos += m->results.photos[i].counts;
		out->skipped += !m->results.photos[i].counts;
		out->empty += m->results.photos[i].counts &&
			      !m->results.photos[i].labels;
	}
	if (!out->classes ||
	    (m->results.is_boxes ? sum_boxes(m, out) : sum_classes(m, out)))
		return diag_error(d, "out of memory");
	return 0;
}

int accuracy_measure(const struct measure_set *photos,
		     const struct accuracy_model *model,
		     const struct annotations *labels, struct arena *a,
		     struct accuracy *out, const struct progress *progress,
		     struct diag *d)
{
	struct accuracy_run m = { .arena = a };
	int err = photo_results_run(&m.results, photos, model, labels, false,
				    progress, d);

	*out = (struct accuracy){ 0 };
	if (!err)
		err = sum_up(&m, out, d);
	photo_results_free(&m.results);
	return err;
}
