/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/preprocess_check.h"

#include <math.h>

#define SCANNED 12  /* photos */
#define COMPARED 4  /* of them, those where the model finds most */
#define TRIALS 9    /* about as many */
#define UNSURE .25f /* boxes of less do not count */
/* The worth of what is found must differ so much, by more than chance. */
#define CLEARLY 1.25
#define LEAST 1.0
/* Of two orders of colors, the other one is possible where what it finds has
 * this share of the worth. It matters where the boxes agree by less than that.
 */
#define POSSIBLE .5
#define DIFFERENT .75

struct comparison {
	struct trial *t;
	int places[COMPARED], count;
	struct usual_preprocess taken, best;
	struct trial_found of_taken, of_best;
	struct usual_preprocess other; /* order of colors */
	struct trial_found of_other;
	int done; /* trials */
};

/* ---- Photos with something on them ---- */

static int best_score(struct trial *t, int place, float *out)
{
	struct dbrt_detection first;
	struct image photo;
	const char *path = t->photos.items[place].path;
	int err = model_runner_run(t->runner, &path, &photo, t->d);

	image_free(&photo);
	if (err)
		return -1;
	*out = model_runner_detections_at(t->runner, .05f, &first, 1) > 0 ?
		       first.score :
		       0;
	return 0;
}

/* Those with the surest detections, in the order of the photos. */
static int choose_photos(struct comparison *c)
{
	int count = c->t->photos.count < SCANNED ? c->t->photos.count : SCANNED;
	float scores[SCANNED];

	for (int i = 0; i < count; i++)
		if (best_score(c->t,
			       (int)((int64_t)i * c->t->photos.count / count),
			       &scores[i]))
			return -1;
	for (int i = 0; i < count; i++) {
		int better = 0;

		for (int k = 0; k < count; k++)
			better += scores[k] > scores[i] ||
				  (scores[k] == scores[i] && k < i);
		if (better < COMPARED)
			c->places[c->count++] =
				(int)((int64_t)i * c->t->photos.count / count);
	}
	return 0;
}

/* ---- Others ---- */

static int look(struct comparison *c, const struct usual_preprocess *u,
		struct trial_found *out)
{
	if (c->t->progress.report)
		c->t->progress.report(c->t->progress.ctx, "check", c->done++,
				      TRIALS);
	return trial_look(c->t, u, c->places, c->count, out);
}

static int consider(struct comparison *c, const struct usual_preprocess *u,
		    struct trial_found *found)
{
	*found = (struct trial_found){ 0 };
	if (usual_is_equal(u, &c->taken) || usual_is_equal(u, &c->best))
		return 0;
	if (look(c, u, found))
		return -1;
	if (found->boxes && found->worth > c->of_best.worth * CLEARLY &&
	    found->worth > c->of_best.worth + LEAST) {
		c->of_best = *found;
		c->best = *u;
	}
	return 0;
}

/* A model that is fed in a wrong range finds next to nothing again in the
 * mirrored photo. */
static bool finds_much(const struct comparison *c)
{
	return c->of_taken.worth > c->count;
}

/* Usual ranges: 0 to 1, -1 to 1, 0 to 255, and less the mean of data sets. */
static int try_scales(struct comparison *c)
{
	static const struct {
		double mean[3], std[3];
	} ranges[] = {
		{ { 0, 0, 0 }, { 255, 255, 255 } },
		{ { 127.5, 127.5, 127.5 }, { 127.5, 127.5, 127.5 } },
		{ { 0, 0, 0 }, { 1, 1, 1 } },
		{ { 104, 117, 123 }, { 1, 1, 1 } },
		{ { 123.675, 116.28, 103.53 }, { 58.395, 57.12, 57.375 } },
	};

	for (int i = 0; i < (int)(sizeof(ranges) / sizeof(*ranges)); i++) {
		struct usual_preprocess u = c->taken;
		struct trial_found found;

		for (int k = 0; k < 3; k++) {
			u.mean[k] = ranges[i].mean[k];
			u.std[k] = ranges[i].std[k];
		}
		if (consider(c, &u, &found))
			return -1;
	}
	return 0;
}

/* The numbers stay with their channels: what models are fed by mistake, or
 * trained so, is the photo in the other order. */
static int try_order(struct comparison *c)
{
	c->other = c->best;
	c->other.color = c->best.color == COLOR_RGB ? COLOR_BGR : COLOR_RGB;
	return consider(c, &c->other, &c->of_other);
}

static int try_resizes(struct comparison *c)
{
	for (int rule = RESIZE_STRETCH; rule <= RESIZE_LETTERBOX_TOPLEFT;
	     rule++) {
		struct usual_preprocess u = c->best;
		struct trial_found found;

		u.resize = (enum resize_rule)rule;
		if (consider(c, &u, &found))
			return -1;
	}
	return 0;
}

/* ---- The check ---- */

static struct usual_preprocess preprocess_of(const struct preprocess *p)
{
	struct usual_preprocess u = { .color = p->color,
				      .resize = p->fit,
				      .pad_value = p->pad_value };

	for (int i = 0; i < 3; i++) {
		u.mean[i] = (double)p->mean[i];
		/* as people write it: 255, not 254.999985 */
		u.std[i] = round(1e4 / (double)p->scale[i]) / 1e4;
	}
	return u;
}

static void warn(const struct comparison *c)
{
	char text[PREPROCESS_TEXT];

	diag_alert(c->t->d,
		   "%s: %d of the photos contradict the preprocessing that is "
		   "taken: what the float model finds has %.1f points, and "
		   "%.1f with another (squared scores, less those of what it "
		   "does not find in the mirrored photo)",
		   c->t->c->model_path, c->count, c->of_taken.worth,
		   c->of_best.worth);
	diag_hint(c->t->d, "if it was trained so, give %s",
		  preprocess_options(&c->best, text));
}

/*
 * Networks find objects in either order, but not at the same places: what they
 * find says little of which one they were trained with. Where it matters, that
 * is said.
 */
static int check_order(const struct comparison *c)
{
	char text[PREPROCESS_TEXT];
	double agreement;

	if (!finds_much(c) || c->of_other.worth < POSSIBLE * c->of_best.worth)
		return 0;
	if (trial_agreement(c->t, &c->taken, &c->other, c->places, c->count,
			    &agreement))
		return -1;
	if (agreement >= DIFFERENT)
		return 0;
	diag_alert(c->t->d,
		   "%s: %d of the photos do not tell the order of colors: what "
		   "the float model finds has %.1f points as %s, which is "
		   "taken, and %.1f as %s, but the boxes agree by %.0f %% only",
		   c->t->c->model_path, c->count, c->of_taken.worth,
		   preprocess_color_name(c->taken.color), c->of_other.worth,
		   preprocess_color_name(c->other.color), 100 * agreement);
	diag_hint(c->t->d,
		  "measure both on labelled photos (eval), or if it was "
		  "trained so, give %s",
		  preprocess_options(&c->other, text));
	return 0;
}

int preprocess_check(struct trial *t)
{
	const struct preprocess *p = model_runner_preprocess(t->runner);
	struct comparison c = { .t = t };

	if (p->channels != 3)
		return 0;
	if (t->threshold > UNSURE)
		t->threshold = UNSURE;
	c.taken = c.best = preprocess_of(p);
	if (choose_photos(&c) || look(&c, &c.taken, &c.of_taken))
		return -1;
	c.of_best = c.of_taken;
	if ((!finds_much(&c) && try_scales(&c)) || try_order(&c) ||
	    try_resizes(&c))
		return -1;
	if (usual_is_equal(&c.best, &c.taken))
		return check_order(&c);
	warn(&c);
	return 0;
}
