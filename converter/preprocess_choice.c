/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/preprocess_choice.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "converter/data/dataset.h"
#include "converter/heads/head.h"
#include "converter/measure/model_runner.h"

#define PHOTOS 8       /* to see whether the model finds anything */
#define TRIED 4        /* of them, for each preprocessing that is tried */
#define MOST_BOXES 100 /* a photo */
#define MOST_USUAL 9   /* about as many are tried */

struct trial {
	const struct config *c;
	struct model_runner *runner;
	struct dataset photos;
	struct progress progress;
	struct diag *d;
};

/* Whether the model finds a box on one of `count` photos, evenly spread. */
static int finds_any(struct trial *t, int count, bool *out)
{
	struct dbrt_detection first;

	*out = false;
	for (int i = 0; i < count && !*out; i++) {
		int at = (int)((int64_t)i * t->photos.count / count);
		const char *path = t->photos.items[at].path;
		struct image photo;
		int err = model_runner_run(t->runner, &path, &photo, t->d);

		image_free(&photo);
		if (err)
			return -1;
		*out = model_runner_detections(t->runner, &first, 1) > 0;
	}
	return 0;
}

/* ---- Which preprocessing finds most ---- */

struct boxes {
	struct dbrt_detection list[MOST_BOXES];
	int count;
};

static int find(struct trial *t, const char *path, const struct image *photo,
		struct boxes *out)
{
	if (model_runner_run_photo(t->runner, path, photo, t->d))
		return -1;
	out->count = model_runner_detections(t->runner, out->list, MOST_BOXES);
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

/*
 * What a model finds on some photos. An input out of its range makes a network
 * sure of boxes that are not there, but seldom of the same ones on the
 * mirrored photo: boxes count by the square of their score, for where they are
 * found again and against where they are not.
 */
struct found {
	int boxes; /* found again */
	double worth;
};

static int look_at(struct trial *t, const char *path, struct found *out)
{
	struct image photo, other = { 0 };
	struct boxes *list = calloc(2, sizeof(*list));
	int err = list ? image_read(path, &photo, t->d) :
			 diag_error(t->d, "out of memory");

	if (err) {
		free(list);
		return -1;
	}
	if (mirror(&photo, &other))
		err = diag_error(t->d, "out of memory");
	err = err || find(t, path, &photo, &list[0]) ||
	      find(t, path, &other, &list[1]);
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

static int look(struct trial *t, const struct usual_preprocess *u,
		struct found *out)
{
	int count = TRIED < t->photos.count ? TRIED : t->photos.count;

	*out = (struct found){ 0 };
	model_runner_set_preprocess(t->runner, u);
	for (int i = 0; i < count; i++) {
		int at = (int)((int64_t)i * t->photos.count / count);

		if (look_at(t, t->photos.items[at].path, out))
			return -1;
	}
	return 0;
}

/* What the tool assumes where nothing is known. */
static const struct usual_preprocess plain = {
	.color = COLOR_RGB,
	.std = { 255, 255, 255 },
	.resize = RESIZE_STRETCH,
};

/* The usual preprocessing of any family that finds most; NULL: all find
 * nothing. */
static int try_all(struct trial *t, const struct usual_preprocess **best,
		   struct found *most)
{
	const struct usual_preprocess *u = &plain;
	const char *family;

	*best = NULL;
	*most = (struct found){ 0 };
	for (int i = 0; u; u = head_preprocess_at(i++, &family)) {
		struct found f;

		if (t->progress.report)
			t->progress.report(t->progress.ctx, "try", i,
					   MOST_USUAL);
		if (look(t, u, &f))
			return -1;
		if (f.boxes && f.worth > most->worth) {
			*most = f;
			*best = u;
		}
	}
	return 0;
}

/* ---- What to say and take ---- */

static int warn_of_nothing(struct trial *t, int photos)
{
	const struct usual_preprocess *best = NULL;
	char text[PREPROCESS_TEXT];
	struct found most;

	if (t->photos.items[0].kind == ITEM_PHOTO && try_all(t, &best, &most))
		return -1;
	diag_alert(t->d,
		   "%s: the float model finds nothing on %d of the photos of "
		   "'%s': the packed model will find nothing either",
		   t->c->model_path, photos, t->c->calib);
	if (best)
		diag_hint(t->d,
			  "it finds %d on %d of them with %s: is that how it "
			  "was trained?",
			  most.boxes,
			  TRIED < t->photos.count ? TRIED : t->photos.count,
			  preprocess_options(best, text));
	else
		diag_hint(t->d, "give the preprocessing that it was trained "
				"with (--color, --mean, --scale, --resize), or "
				"photos with what it detects");
	return 0;
}

static int check(struct trial *t)
{
	int photos = t->photos.count < PHOTOS ? t->photos.count : PHOTOS;
	bool any;

	if (finds_any(t, photos, &any))
		return -1;
	return any ? 0 : warn_of_nothing(t, photos);
}

static int choose(struct trial *t, struct config *c)
{
	const struct usual_preprocess *best;
	char text[PREPROCESS_TEXT];
	struct found most;

	if (try_all(t, &best, &most))
		return -1;
	if (!best) {
		diag_error(t->d,
			   "%s: --preprocess auto: the float model finds "
			   "nothing on the photos of '%s' with any usual "
			   "preprocessing",
			   c->model_path, c->calib);
		diag_hint(t->d, "give the preprocessing that it was trained "
				"with (--color, --mean, --scale, --resize)");
		return -1;
	}
	config_set_preprocess(c, best, PREPROCESS_FOUND);
	diag_alert(t->d,
		   "the preprocessing with which the float model finds most is "
		   "taken: %s",
		   preprocess_options(best, text));
	return 0;
}

static int cannot_choose(const struct config *c, struct diag *d)
{
	diag_error(d,
		   "%s: --preprocess auto needs a detector of color photos "
		   "whose head is known, and photos (--calib)",
		   c->model_path);
	return -1;
}

static int run(struct trial *t, struct config *c, bool search)
{
	const struct preprocess *p = model_runner_preprocess(t->runner);
	bool photos;
	int err;

	if (model_runner_result(t->runner) != MODEL_RUNNER_DETECTIONS ||
	    !p->is_image)
		return search ? cannot_choose(c, t->d) : 0;
	err = dataset_open(&t->photos, c->calib, t->d);
	photos = !err && t->photos.items[0].kind == ITEM_PHOTO;
	if (!err && search)
		err = photos && p->channels == 3 ? choose(t, c) :
						   cannot_choose(c, t->d);
	else if (!err) {
		model_runner_warn_preprocess(t->runner, t->d);
		err = check(t);
	}
	dataset_close(&t->photos);
	return err;
}

int preprocess_choose(struct config *c, const struct progress *progress,
		      struct diag *d)
{
	bool search = c->preprocess == PREPROCESS_AUTO &&
		      !config_has_preprocess(c);
	struct trial t = { .c = c, .progress = *progress, .d = d };
	struct diag unread;
	int err = 0;

	if (!c->calib)
		return search ? cannot_choose(c, d) : 0;
	/* what is wrong with the model is said by the conversion */
	diag_init(&unread);
	t.runner = model_runner_open(c->model_path, c, &unread);
	if (t.runner && model_runner_inputs(t.runner) == 1)
		err = run(&t, c, search);
	model_runner_close(t.runner);
	diag_free(&unread);
	return err;
}
