/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/suite_init.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/file_write.h"
#include "base/text.h"
#include "cli/suite_draft.h"
#include "cli/suite_run.h"

#define LEAST_CASES 10 /* of a slice: boxes, or photos */
#define SLACK 0.03     /* between what is reached and its limit */

struct suite_writer {
	struct suite suite;
	struct suite_photos photos;
	struct photo_results results;
	const char *model;
	FILE *out;
	struct diag *diag;
	int written;
};

/* ---- Figures ---- */

/* What a slice is asked for; ends with SUITE_METRICS. */
static const enum suite_metric *metrics_of(const struct suite_writer *w,
					   const struct suite_where *where)
{
	static const enum suite_metric
		whole[] = { SUITE_RECALL, SUITE_PRECISION, SUITE_AP50,
			    SUITE_METRICS },
		pair[] = { SUITE_RECALL, SUITE_PRECISION, SUITE_METRICS },
		recall[] = { SUITE_RECALL, SUITE_METRICS },
		empty[] = { SUITE_FALSE_ALARMS, SUITE_METRICS },
		top1[] = { SUITE_ACCURACY, SUITE_METRICS };
	const struct suite_condition *c = where->list;

	if (where->count && c->level == SUITE_LEVEL_CLASS)
		return pair;
	if (!w->results.is_boxes)
		return top1;
	if (!where->count)
		return whole;
	if (c->level == SUITE_LEVEL_PHOTO)
		return empty;
	return c->level == SUITE_LEVEL_PHOTO_ATTRIBUTE ? pair : recall;
}

/* In hundredths, or per 1,000 photos. 0: what is reached is no limit. */
static int limit_of(const struct suite_figure *f, enum suite_metric m)
{
	double least;
	struct share_check c;

	if (m == SUITE_FALSE_ALARMS) {
		c = share_at_most(f->value, f->count, 0, 0);
		least = fmax(f->value + SLACK,
			     c.high - f->value > SHARE_MARGIN ? c.high : 0);
		return least < 1 ? (int)ceil(1000 * least) : 0;
	}
	c = share_at_least(f->value, f->count, 0, 0);
	least = fmin(f->value - SLACK,
		     f->value - c.low > SHARE_MARGIN ? c.low : 1);
	return least > 0 ? (int)floor(100 * least) : 0;
}

/* ---- The file ---- */

static void print_where(FILE *out, const struct suite_condition *c)
{
	fputs("    where: {", out);
	text_print_quoted(out, c->key);
	fputs(": ", out);
	if (c->value_count)
		text_print_quoted(out, c->values[0]);
	else
		fprintf(out, "\"%s %.6g\"",
			c->how == SUITE_LESS ? "<" : ">=", c->number);
	fputs("}\n", out);
}

static void print_slice(struct suite_writer *w, const struct suite_slice *s,
			const struct slice_counts *counts)
{
	const enum suite_metric *m = metrics_of(w, &s->where);
	bool begun = false;

	for (; *m != SUITE_METRICS; m++) {
		struct suite_figure f =
			suite_figure_of(counts, w->results.is_boxes, *m);
		bool alarms = *m == SUITE_FALSE_ALARMS;
		int limit = f.count < LEAST_CASES || isnan(f.value) ?
				    0 :
				    limit_of(&f, *m);

		if (!limit)
			continue;
		if (!begun) {
			fputs("  ", w->out);
			text_print_quoted(w->out, s->name);
			fputs(":\n", w->out);
			if (s->where.count)
				print_where(w->out, s->where.list);
			fputs("    expect:\n", w->out);
		}
		begun = true;
		fprintf(w->out, "      %s: %.*f  # %.*f of %d %s\n",
			suite_metric_name(*m), alarms ? 0 : 2,
			alarms ? limit : limit / 100., alarms ? 0 : 3,
			alarms ? 1000 * f.value : f.value, f.count, f.cases);
	}
	w->written += begun;
}

/* Whether the model has the class that the slice is about. */
static bool is_known(const struct suite_writer *w,
		     const struct suite_where *where)
{
	const struct annotations *labels = &w->photos.labels;

	if (!where->count || where->list->level != SUITE_LEVEL_CLASS)
		return true;
	for (uint32_t i = 0; i < labels->class_count; i++)
		if (labels->class_names[i] &&
		    w->results.class_of[i] != PHOTO_NO_CLASS &&
		    suite_where_class(where, labels->class_names[i]))
			return true;
	return false;
}

static int write_slice(struct suite_writer *w, int i)
{
	struct suite_view view = { .photos = &w->photos,
				   .results = &w->results };
	const struct suite_slice *s = &w->suite.slices[i];
	struct slice_counts counts;
	struct slice slice;
	int err;

	if (!is_known(w, &s->where))
		return 0;
	if (suite_slice_of(&w->suite, i, &view, w->model, &slice,
			   &w->suite.arena, w->diag))
		return -1;
	err = slice_measure(&w->results, &slice, &counts);
	if (err)
		diag_error(w->diag, "out of memory");
	else
		print_slice(w, s, &counts);
	slice_counts_free(&counts);
	return err;
}

/* A path as the suite's folder sees it. */
static void print_path(struct suite_writer *w, const char *key,
		       const char *path)
{
	char real[PATH_MAX];

	if (!path)
		return;
	if (strchr(w->suite.path, '/') && realpath(path, real))
		path = real;
	fprintf(w->out, "%s: ", key);
	text_print_quoted(w->out, path);
	fputs("\n", w->out);
}

static int write_all(struct suite_writer *w)
{
	const struct command *cmd = &w->suite.command;
	int err = 0;

	fprintf(w->out,
		"# Limits are what %s reaches on these photos, less %.2f,\n"
		"# or where the interval of 95 %% is wide, its end.\n",
		TEXT_PRINTABLE(w->model), SLACK);
	print_path(w, "images", cmd->config.images);
	print_path(w, "labels", cmd->config.labels);
	print_path(w, "metadata", cmd->metadata);
	fputs("slices:\n", w->out);
	for (int i = 0; !err && i < w->suite.slice_count; i++)
		err = write_slice(w, i);
	if (!err && !w->written) {
		diag_error(w->diag,
			   "%s: no slice holds %d boxes or photos of which "
			   "'%s' finds some",
			   cmd->config.labels, LEAST_CASES, w->model);
		err = -1;
	}
	return err;
}

/* ---- All ---- */

static int draft(struct suite_writer *w)
{
	const struct command *cmd = &w->suite.command;
	struct annotations labels = { 0 }, metadata = { 0 };
	int err = annotations_read(&labels, cmd->config.labels, w->diag);

	if (!err && cmd->metadata)
		err = annotations_read_photos(&metadata, cmd->metadata,
					      w->diag);
	if (!err && suite_draft_slices(&w->suite, &labels, &metadata))
		err = diag_error(w->diag, "out of memory");
	annotations_free(&labels);
	annotations_free(&metadata);
	return err;
}

static int write_text(struct suite_writer *w)
{
	char *text = NULL;
	size_t bytes = 0;
	int err = -1;

	w->out = open_memstream(&text, &bytes);
	if (w->out) {
		err = write_all(w);
		if (fclose(w->out) && !err)
			err = diag_error(w->diag, "out of memory");
	} else
		diag_error(w->diag, "out of memory");
	if (!err)
		err = file_write_atomic(w->suite.path, text, bytes, w->diag);
	free(text);
	return err;
}

int suite_init_write(const struct command *cmd, const char *model,
		     const char *path, const struct progress *progress,
		     struct diag *d)
{
	struct suite_writer w = { .suite = { .path = path, .command = *cmd },
				  .model = model,
				  .diag = d };
	int err;

	arena_init(&w.suite.arena, 0);
	err = draft(&w);
	if (!err) {
		err = suite_photos_open(&w.photos, &w.suite, d);
		if (!err) {
			err = suite_run_photos(&w.suite, &w.photos, model,
					       &w.results, progress, d) ||
			      write_text(&w);
			photo_results_free(&w.results);
		}
		suite_photos_close(&w.photos);
	}
	arena_free(&w.suite.arena);
	return err ? -1 : 0;
}
