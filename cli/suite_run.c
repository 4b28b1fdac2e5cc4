/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/suite_run.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "converter/latency.h"
#include "converter/pack/packed_file.h"
#include "converter/target.h"

struct suite_runner {
	const struct suite *suite;
	const struct suite_photos *photos;
	const struct progress *progress;
	struct slice_counts *baseline; /* of each slice; NULL: none */
	struct arena *arena;
	struct diag *diag;
};

static int no_memory(const struct suite_runner *r)
{
	return diag_error(r->diag, "out of memory");
}

/* ---- A slice for one model ---- */

static bool keeps_box(void *ctx, const struct photo_result *p,
		      const struct ap_truth *t)
{
	const struct suite_view *v = ctx;
	const struct suite_photo *known =
		&v->photos->known[p - v->results->photos];
	uint32_t id = known->labels->boxes[t->label].class_id;
	const char *name = v->photos->labels.class_names[id];

	return (!name || suite_where_class(v->where, name)) &&
	       suite_where_box(v->where, known, t);
}

static bool keeps_size(void *ctx, const struct dbrt_detection *d)
{
	const struct suite_view *v = ctx;

	return suite_where_size(v->where, d);
}

/* A class counts by the model's name for it or by that of the labels. */
static bool counts(const struct suite_view *v, uint32_t id)
{
	const struct annotations *labels = &v->photos->labels;

	if (suite_where_class(v->where, v->results->class_names[id]))
		return true;
	for (uint32_t i = 0; i < labels->class_count; i++)
		if (v->results->class_of[i] == id && labels->class_names[i] &&
		    suite_where_class(v->where, labels->class_names[i]))
			return true;
	return false;
}

static const char *first_class(const struct suite_where *w)
{
	for (int i = 0; i < w->count; i++)
		if (w->list[i].level == SUITE_LEVEL_CLASS &&
		    w->list[i].value_count)
			return w->list[i].values[0];
	return "?";
}

int suite_slice_of(const struct suite *s, int i, struct suite_view *view,
		   const char *model, struct slice *out, struct arena *a,
		   struct diag *d)
{
	const struct suite_slice *from = &s->slices[i];
	uint32_t classes = view->results->class_count, matched = 0;
	bool *wanted = arena_array(a, classes + 1u, sizeof(*wanted));

	if (!wanted)
		return diag_error(d, "out of memory");
	view->where = &from->where;
	for (uint32_t k = 0; k < classes; k++) {
		wanted[k] = counts(view, k);
		matched += wanted[k];
	}
	if (!matched) {
		diag_error(d, "%s: slice '%s': '%s' has no class '%s'", s->path,
			   from->name, model, first_class(&from->where));
		diag_hint(d, "its first class is '%s'",
			  classes ? view->results->class_names[0] : "");
		return -1;
	}
	*out = (struct slice){
		.photos = view->photos->of_slice[i],
		.photo_count = view->photos->slice_counts[i],
		.empty = from->empty,
		.classes = wanted,
		.box = keeps_box,
		.alarm = suite_where_has(&from->where, SUITE_LEVEL_GEOMETRY) ?
				 keeps_size :
				 NULL,
		.ctx = view,
	};
	return 0;
}

/* ---- Photos with the most errors ---- */

struct photo_errors {
	int photo, errors;
};

static int most_errors_first(const void *a, const void *b)
{
	const struct photo_errors *x = a, *y = b;

	if (x->errors != y->errors)
		return x->errors > y->errors ? -1 : 1;
	return x->photo - y->photo;
}

static int name_worst(const struct suite_runner *r,
		      const struct photo_results *results,
		      const struct slice *s, struct suite_outcome *out)
{
	struct photo_errors *list =
		calloc((size_t)s->photo_count + 1, sizeof(*list));
	int err = list ? 0 : -1;

	for (int i = 0; !err && i < s->photo_count; i++) {
		int missed, wrong;

		err = slice_photo_errors(results, s, s->photos[i], &missed,
					 &wrong);
		list[i] = (struct photo_errors){ s->photos[i], missed + wrong };
	}
	if (!err)
		qsort(list, (size_t)s->photo_count, sizeof(*list),
		      most_errors_first);
	for (int i = 0;
	     !err && i < s->photo_count && i < SUITE_WORST && list[i].errors;
	     i++) {
		const char *name = r->photos->dataset.items[list[i].photo].name;

		out->worst[i] = arena_strdup(r->arena, name);
		err = out->worst[i] ? 0 : -1;
		out->worst_count++;
	}
	free(list);
	return err ? no_memory(r) : 0;
}

/* ---- One model ---- */

/* A figure that has no meaning for the model is an error of the suite. */
static int check_metric(const struct suite_runner *r,
			const struct suite_slice *s, enum suite_metric m,
			bool is_boxes)
{
	if (suite_metric_is_of(m, is_boxes))
		return 0;
	return diag_error(r->diag, "%s: slice '%s': '%s' is none of %s",
			  r->suite->path, s->name, suite_metric_name(m),
			  is_boxes ? "a detector" : "a classifier");
}

/* What fails outweighs what cannot be told, and that what passes. */
static enum share_verdict worse(enum share_verdict a, enum share_verdict b)
{
	static const int weight[] = {
		[SHARE_PASSED] = 0, [SHARE_TOO_FEW] = 1, [SHARE_FAILED] = 2
	};

	return weight[a] > weight[b] ? a : b;
}

static int check_slice(const struct suite_runner *r, int i,
		       const struct photo_results *results, const char *model,
		       struct suite_outcome *out)
{
	const struct suite_slice *s = &r->suite->slices[i];
	struct suite_view view = { .photos = r->photos, .results = results };
	struct slice_counts counts;
	struct slice slice;
	int err;

	*out = (struct suite_outcome){ .name = s->name,
				       .check_count = s->expect_count };
	out->checks = arena_array(r->arena, (size_t)s->expect_count + 1,
				  sizeof(*out->checks));
	if (!out->checks)
		return no_memory(r);
	if (suite_slice_of(r->suite, i, &view, model, &slice, r->arena,
			   r->diag))
		return -1;
	err = slice_measure(results, &slice, &counts) ? no_memory(r) : 0;
	for (int k = 0; !err && k < s->expect_count; k++) {
		err = check_metric(r, s, s->expect[k].metric,
				   results->is_boxes);
		out->checks[k] =
			suite_check_of(&s->expect[k], &counts,
				       r->baseline ? &r->baseline[i] : NULL,
				       results->is_boxes, r->suite->margin);
		out->verdict = worse(out->verdict, out->checks[k].verdict);
	}
	out->photos = counts.photos;
	out->truths = results->is_boxes ? counts.truths : counts.labelled;
	slice_counts_free(&counts);
	/* without photos it can never fail otherwise */
	if (!out->photos)
		out->verdict = SHARE_FAILED;
	if (!err && out->verdict == SHARE_FAILED)
		err = name_worst(r, results, &slice, out);
	return err;
}

/* ---- The model's own limits ---- */

int suite_describe_model(const char *path, const char *target,
			 struct suite_result *r, struct arena *a,
			 struct diag *d)
{
	struct cost_target board;
	struct packed_file f;
	int err;

	r->is_packed = packed_file_name(path);
	if (!r->is_packed)
		return 0;
	if (target_load(target, a, &board, d))
		return -1;
	r->target = board.name;
	err = packed_file_read(&f, path, d) ||
	      latency_of_file(&board, &f, &r->latency_us, &r->latency_source,
			      d);
	if (!err) {
		r->size = f.stored_bytes;
		r->ram = packed_file_load_bytes(&f);
	}
	packed_file_close(&f);
	return err ? -1 : 0;
}

static void check_limit(struct suite_outcome *out, const char *name,
			double limit, double value)
{
	if (limit <= 0)
		return;
	out->checks[out->check_count++] = (struct suite_check){
		.metric = name,
		.bound = SUITE_MAX,
		.limit = limit,
		.value = value,
		.baseline = (double)NAN,
		.verdict = value <= limit ? SHARE_PASSED : SHARE_FAILED,
	};
	if (value > limit)
		out->verdict = SHARE_FAILED;
}

static bool has_limits(const struct config *c)
{
	return c->max_size_bytes > 0 || c->max_ram_bytes > 0 ||
	       c->max_latency_us > 0;
}

/* Adds an outcome where there are limits. */
static int check_limits(const struct suite_runner *r, struct suite_result *to)
{
	const struct config *c = &r->suite->command.config;
	struct suite_outcome *out = &to->outcomes[to->outcome_count];

	if (!to->is_packed) {
		if (has_limits(c))
			diag_alert(r->diag,
				   "%s: is not packed: its size, memory and "
				   "latency are not checked",
				   to->model);
		return 0;
	}
	*out = (struct suite_outcome){ .name = "model" };
	out->checks = arena_array(r->arena, 3, sizeof(*out->checks));
	if (!out->checks)
		return no_memory(r);
	check_limit(out, "max-size", (double)c->max_size_bytes,
		    (double)to->size);
	check_limit(out, "max-ram", (double)c->max_ram_bytes, (double)to->ram);
	check_limit(out, "max-latency", (double)c->max_latency_us,
		    to->latency_us);
	to->outcome_count += out->check_count > 0;
	return 0;
}

/* ---- All ---- */

int suite_run_photos(const struct suite *s, const struct suite_photos *photos,
		     const char *model, struct photo_results *results,
		     const struct progress *progress, struct diag *d)
{
	const struct accuracy_model m = { .path = model };
	const struct measure_set set = { .config = &s->command.config,
					 .dataset = &photos->dataset,
					 .count = photos->dataset.count };

	return photo_results_run(results, &set, &m,
				 photos->has_labels ? &photos->labels : NULL,
				 true, progress, d);
}

static int run_model(const struct suite_runner *r, const char *model,
		     struct suite_result *out)
{
	const struct suite *s = r->suite;
	struct photo_results results;
	int err;

	*out = (struct suite_result){ .model = model };
	out->outcomes = arena_array(r->arena, (size_t)s->slice_count + 1,
				    sizeof(*out->outcomes));
	if (!out->outcomes)
		return no_memory(r);
	if (suite_describe_model(model, s->command.config.target, out, r->arena,
				 r->diag) ||
	    check_limits(r, out))
		return -1;
	err = suite_run_photos(r->suite, r->photos, model, &results,
			       r->progress, r->diag);
	out->threshold = results.threshold;
	for (int i = 0; !err && i < s->slice_count; i++)
		err = check_slice(r, i, &results, model,
				  &out->outcomes[out->outcome_count++]);
	photo_results_free(&results);
	for (int i = 0; !err && i < out->outcome_count; i++) {
		enum share_verdict v = out->outcomes[i].verdict;

		out->passed += v == SHARE_PASSED;
		out->failed += v == SHARE_FAILED;
		out->too_few += v == SHARE_TOO_FEW;
	}
	return err;
}

static bool compares(const struct suite *s)
{
	for (int i = 0; i < s->slice_count; i++)
		for (int k = 0; k < s->slices[i].expect_count; k++)
			if (s->slices[i].expect[k].bound == SUITE_DROP)
				return true;
	return false;
}

static int run_baseline(struct suite_runner *r)
{
	const struct suite *s = r->suite;
	const char *model = s->command.baseline;
	struct photo_results results;
	int err;

	if (!compares(s))
		return 0;
	if (!model) {
		diag_error(r->diag, "%s: 'drop' needs a model to compare with",
			   s->path);
		diag_hint(r->diag, "give --baseline, or 'baseline' in the "
				   "suite");
		return -1;
	}
	r->baseline = calloc((size_t)s->slice_count + 1, sizeof(*r->baseline));
	if (!r->baseline)
		return no_memory(r);
	err = suite_run_photos(r->suite, r->photos, model, &results,
			       r->progress, r->diag);
	for (int i = 0; !err && i < s->slice_count; i++) {
		struct suite_view view = { .photos = r->photos,
					   .results = &results };
		struct slice slice;

		err = suite_slice_of(s, i, &view, model, &slice, r->arena,
				     r->diag);
		if (!err && slice_measure(&results, &slice, &r->baseline[i]))
			err = no_memory(r);
	}
	photo_results_free(&results);
	return err;
}

int suite_run(const struct suite *s, const struct suite_photos *photos,
	      const char *const *models, int model_count,
	      struct suite_result *results, struct arena *a,
	      const struct progress *progress, struct diag *d)
{
	struct suite_runner r = { .suite = s,
				  .photos = photos,
				  .progress = progress,
				  .arena = a,
				  .diag = d };
	int err = run_baseline(&r);

	for (int i = 0; !err && i < model_count; i++)
		err = run_model(&r, models[i], &results[i]);
	for (int i = 0; r.baseline && i < s->slice_count; i++)
		slice_counts_free(&r.baseline[i]);
	free(r.baseline);
	return err ? -1 : 0;
}
