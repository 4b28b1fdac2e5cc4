/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/preprocess_choice.h"

#include "converter/heads/head.h"
#include "converter/preprocess_check.h"
#include "converter/preprocess_trial.h"

#define PHOTOS 8      /* to see whether the model finds anything */
#define TRIED 4       /* of them, for each preprocessing that is tried */
#define MOST_USUAL 20 /* about as many are tried */

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

/* On photos that are evenly spread. */
static int look(struct trial *t, const struct usual_preprocess *u,
		struct trial_found *out)
{
	int count = TRIED < t->photos.count ? TRIED : t->photos.count;
	int places[TRIED];

	for (int i = 0; i < count; i++)
		places[i] = (int)((int64_t)i * t->photos.count / count);
	return trial_look(t, u, places, count, out);
}

/* What the tool assumes where nothing is known. */
static const struct usual_preprocess plain = {
	.color = COLOR_RGB,
	.std = { 255, 255, 255 },
	.resize = RESIZE_STRETCH,
};

/* Whether one before number i is the same. */
static bool is_tried(const struct usual_preprocess *u, int i)
{
	const char *family;

	if (i > 0 && usual_is_equal(u, &plain))
		return true;
	for (int k = 0; k < i - 1; k++)
		if (usual_is_equal(u, head_preprocess_at(k, &family)))
			return true;
	return false;
}

/* The usual preprocessing of any family that finds most; NULL: all find
 * nothing. */
static int try_all(struct trial *t, const struct usual_preprocess **best,
		   struct trial_found *most)
{
	const struct usual_preprocess *u = &plain;
	const char *family;

	*best = NULL;
	*most = (struct trial_found){ 0 };
	for (int i = 0; u; u = head_preprocess_at(i++, &family)) {
		struct trial_found f;

		if (is_tried(u, i))
			continue;
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
	struct trial_found most;

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
	const struct preprocess *p = model_runner_preprocess(t->runner);
	int photos = t->photos.count < PHOTOS ? t->photos.count : PHOTOS;
	bool any;

	if (finds_any(t, photos, &any))
		return -1;
	if (!any)
		return warn_of_nothing(t, photos);
	/* what the user gives is not questioned */
	if (t->photos.items[0].kind != ITEM_PHOTO ||
	    (p->source != PREPROCESS_FAMILY && p->source != PREPROCESS_GRAPH &&
	     p->source != PREPROCESS_ASSUMED))
		return 0;
	return preprocess_check(t);
}

static int choose(struct trial *t, struct config *c)
{
	const struct usual_preprocess *best;
	char text[PREPROCESS_TEXT];
	struct trial_found most;

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
	t->threshold = model_runner_threshold(t->runner);
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
	if (t.runner && c->jobs > 1)
		t.second = model_runner_open(c->model_path, c, &unread);
	if (t.runner && model_runner_inputs(t.runner) == 1)
		err = run(&t, c, search);
	model_runner_close(t.runner);
	model_runner_close(t.second);
	diag_free(&unread);
	return err;
}
