/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/preprocess_trial.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MOST_BOXES 100 /* a photo */

struct boxes {
	struct dbrt_detection list[MOST_BOXES];
	int count;
};

static int find(const struct trial *t, struct model_runner *runner,
		const char *path, const struct image *photo, struct boxes *out,
		struct diag *d)
{
	if (model_runner_run_photo(runner, path, photo, d))
		return -1;
	out->count = model_runner_detections_at(runner, t->threshold, out->list,
						MOST_BOXES);
	return 0;
}

static int mirror(const struct image *from, struct image *to)
{
	size_t row = (size_t)from->width * 3;

	*to = *from;
	to->pixels = malloc(row * from->height);
	if (!to->pixels)
		return -1;
	for (size_t y = 0; y < from->height; y++)
		for (size_t x = 0; x < from->width; x++)
			memcpy(to->pixels + y * row + 3 * x,
			       from->pixels + (y + 1) * row - 3 * (x + 1), 3);
	return 0;
}

static float overlap(const struct dbrt_detection *a,
		     const struct dbrt_detection *b)
{
	float w = fminf(a->x2, b->x2) - fmaxf(a->x1, b->x1);
	float h = fminf(a->y2, b->y2) - fmaxf(a->y1, b->y1);
	float both = w > 0 && h > 0 ? w * h : 0;
	float all = (a->x2 - a->x1) * (a->y2 - a->y1) +
		    (b->x2 - b->x1) * (b->y2 - b->y1) - both;

	return all > 0 ? both / all : 0;
}

/* Whether the box is also found on the mirrored photo. */
static bool is_mirrored(const struct dbrt_detection *box, float width,
			const struct boxes *mirrored)
{
	struct dbrt_detection there = *box;

	there.x1 = width - box->x2;
	there.x2 = width - box->x1;
	for (int i = 0; i < mirrored->count; i++)
		if (mirrored->list[i].class_id == box->class_id &&
		    overlap(&there, &mirrored->list[i]) > .5f)
			return true;
	return false;
}

/* Where nothing is found, the mirrored photo does not matter. */
static int look_at(const struct trial *t, struct model_runner *runner,
		   const char *path, struct trial_found *out, struct diag *d)
{
	struct image photo, other = { 0 };
	struct boxes *list = calloc(2, sizeof(*list));
	int err = list ? image_read(path, &photo, d) :
			 diag_error(d, "out of memory");

	if (err) {
		free(list);
		return -1;
	}
	err = find(t, runner, path, &photo, &list[0], d);
	if (!err && list[0].count)
		err = mirror(&photo, &other) ?
			      diag_error(d, "out of memory") :
			      find(t, runner, path, &other, &list[1], d);
	for (int i = 0; !err && i < list[0].count; i++) {
		const struct dbrt_detection *b = &list[0].list[i];
		double worth = (double)b->score * (double)b->score;
		bool again = is_mirrored(b, (float)photo.width, &list[1]);

		out->boxes += again;
		out->worth += again ? worth : -worth;
	}
	image_free(&photo);
	image_free(&other);
	free(list);
	return err ? -1 : 0;
}

/* Photos of a set, shared by threads with a runner each. */
struct looking {
	const struct trial *t;
	const int *places;
	struct trial_found *found; /* by photo */
};

static int look_job(void *ctx, int i, int worker, struct diag *d)
{
	const struct looking *l = ctx;

	return look_at(l->t, worker ? l->t->second : l->t->runner,
		       l->t->photos.items[l->places[i]].path, &l->found[i], d);
}

int trial_look(struct trial *t, const struct usual_preprocess *u,
	       const int *places, int count, struct trial_found *out)
{
	struct looking l = { .t = t, .places = places };
	int err;

	*out = (struct trial_found){ 0 };
	l.found = calloc((size_t)count + 1, sizeof(*l.found));
	if (!l.found)
		return diag_error(t->d, "out of memory");
	model_runner_set_preprocess(t->runner, u);
	if (t->second)
		model_runner_set_preprocess(t->second, u);
	err = parallel_run(t->second ? 2 : 1, count, look_job, &l, NULL, t->d);
	for (int i = 0; i < count; i++) {
		out->boxes += l.found[i].boxes;
		out->worth += l.found[i].worth;
	}
	free(l.found);
	return err;
}

/* ---- Agreement of two ---- */

/* Adds the products of the scores of equal boxes, and the squares of all. */
static void add_agreement(const struct boxes *a, const struct boxes *b,
			  double *both, double *all)
{
	bool taken[MOST_BOXES] = { false };

	for (int k = 0; k < b->count; k++)
		*all += (double)b->list[k].score * (double)b->list[k].score;
	for (int i = 0; i < a->count; i++) {
		float best = .5f;
		int at = -1;

		*all += (double)a->list[i].score * (double)a->list[i].score;
		for (int k = 0; k < b->count; k++) {
			float o = overlap(&a->list[i], &b->list[k]);

			if (taken[k] || o <= best ||
			    a->list[i].class_id != b->list[k].class_id)
				continue;
			best = o;
			at = k;
		}
		if (at < 0)
			continue;
		taken[at] = true;
		*both += 2 * (double)a->list[i].score *
			 (double)b->list[at].score;
	}
}

static int look_twice(struct trial *t, const char *path,
		      const struct usual_preprocess *const u[2], double *both,
		      double *all)
{
	struct boxes *list = calloc(2, sizeof(*list));
	struct image photo;
	int err = list ? image_read(path, &photo, t->d) :
			 diag_error(t->d, "out of memory");

	if (err) {
		free(list);
		return -1;
	}
	for (int i = 0; !err && i < 2; i++) {
		model_runner_set_preprocess(t->runner, u[i]);
		err = find(t, t->runner, path, &photo, &list[i], t->d);
	}
	if (!err)
		add_agreement(&list[0], &list[1], both, all);
	image_free(&photo);
	free(list);
	return err ? -1 : 0;
}

int trial_agreement(struct trial *t, const struct usual_preprocess *a,
		    const struct usual_preprocess *b, const int *places,
		    int count, double *out)
{
	const struct usual_preprocess *const u[] = { a, b };
	double both = 0, all = 0;

	for (int i = 0; i < count; i++)
		if (look_twice(t, t->photos.items[places[i]].path, u, &both,
			       &all))
			return -1;
	*out = all > 0 ? both / all : 1;
	return 0;
}

bool usual_is_equal(const struct usual_preprocess *a,
		    const struct usual_preprocess *b)
{
	for (int i = 0; i < 3; i++)
		if (a->mean[i] != b->mean[i] || a->std[i] != b->std[i])
			return false;
	return a->color == b->color && a->resize == b->resize &&
	       (a->resize == RESIZE_STRETCH || a->pad_value == b->pad_value);
}
