/* SPDX-License-Identifier: Apache-2.0 */
/* Faces: boxes relative to priors that the graph does not hold. */
#include "converter/heads/head_families.h"
#include "converter/heads/head_levels.h"
#include "converter/heads/head_priors.h"
#include "converter/heads/head_usual.h"

static const char *const face[] = { "face" };

/* Two scores or more hold a background. */
static bool fill(struct head_finder *f, const struct head_priors *p)
{
	int fields = f->levels[0].score.part->count / p->anchors[0];

	return head_fill_priors(
		f, p, (f->planes ? fields : f->levels[0].score.count) > 1);
}

/* Squares of these sizes at the point of each cell. */
static void squares(const float *sizes, int count, struct head_prior *out)
{
	for (int i = 0; i < count; i++)
		out[i] = (struct head_prior){ 0, 0, sizes[i], sizes[i] };
}

/* ---- UltraFace:
 * github.com/Linzaer/Ultra-Light-Fast-Generic-Face-Detector-1MB,
 * vision/ssd/config/fd_config.py ---- */

static void make_ultraface(const struct head_finder *f, int level,
			   struct head_prior *out)
{
	static const float sizes[4][3] = {
		{ 10, 16, 24 }, { 32, 48 }, { 64, 96 }, { 128, 192, 256 }
	};

	(void)f;
	squares(sizes[level], level == 1 || level == 2 ? 2 : 3, out);
}

static const struct head_priors ultraface = {
	.levels = 4,
	.anchors = { 3, 2, 2, 3 },
	.strides = { 8, 16, 32, 64 },
	.make = make_ultraface,
	.center_variance = .1f,
	.size_variance = .2f,
	.offset = .5f,
	.clipped = true,
};

static bool matches_ultraface(const struct head_finder *f)
{
	return head_has_priors(f, &ultraface);
}

static bool fill_ultraface(struct head_finder *f)
{
	return fill(f, &ultraface);
}

const struct head_family head_family_ultraface = {
	.name = "UltraFace",
	.stage = HEAD_STAGE_ROLES,
	.matches = matches_ultraface,
	.fill = fill_ultraface,
	.preprocess = &head_usual_ultraface,
	.nms_iou = .4f,
	.class_count = 1,
	.class_names = face,
};

/* ---- RetinaFace with the priors of github.com/biubug6/Pytorch_Retinaface,
 * data/config.py; license plates have four points ---- */

static void make_retinaface(const struct head_finder *f, int level,
			    struct head_prior *out)
{
	static const float sizes[3][2] = { { 16, 32 },
					   { 64, 128 },
					   { 256, 512 } };

	(void)f;
	squares(sizes[level], 2, out);
}

static const struct head_priors retinaface = {
	.levels = 3,
	.anchors = { 2, 2, 2 },
	.strides = { 8, 16, 32 },
	.make = make_retinaface,
	.center_variance = .1f,
	.size_variance = .2f,
	.offset = .5f,
	.clipped = true,
};

static bool matches_retinaface(const struct head_finder *f)
{
	const struct head_role *score = &f->levels[0].score;

	return head_has_priors(f, &retinaface) &&
	       (f->planes ? !head_is_activated(score->part) :
			    score->count == 2);
}

static bool fill_retinaface(struct head_finder *f)
{
	return fill(f, &retinaface);
}

const struct head_family head_family_retinaface = {
	.name = "RetinaFace",
	.stage = HEAD_STAGE_ROLES,
	.matches = matches_retinaface,
	.fill = fill_retinaface,
	.preprocess = &head_usual_retinaface,
	.nms_iou = .4f,
	.class_count = 1,
	.class_names = face,
};

/* ---- RetinaFace of github.com/deepinsight/insightface, detection/retinaface
 * ("mnet"): planes with the probabilities of the background first, no
 * variances, anchors about pixel 7.5 of each cell ---- */

static void make_mnet(const struct head_finder *f, int level,
		      struct head_prior *out)
{
	static const float sizes[3][2] = { { 32, 16 },
					   { 128, 64 },
					   { 512, 256 } };

	(void)f;
	squares(sizes[level], 2, out);
}

static const struct head_priors mnet = {
	.levels = 3,
	.anchors = { 2, 2, 2 },
	.strides = { 8, 16, 32 },
	.make = make_mnet,
	.center_variance = 1,
	.size_variance = 1,
	.offset_pixels = 7.5f,
};

static bool matches_mnet(const struct head_finder *f)
{
	const struct head_role *score = &f->levels[0].score;

	return f->planes && score->part->count == 4 &&
	       head_is_activated(score->part) && head_has_priors(f, &mnet);
}

static bool fill_mnet(struct head_finder *f)
{
	if (!fill(f, &mnet))
		return false;
	/* channels are both boxes' backgrounds, then both boxes' faces */
	for (int i = 0; i < f->level_count; i++) {
		struct head_role r = f->levels[i].score;

		r.anchor = 1;
		r.field = 2;
		if (!head_place_role(&r, 2,
				     &head_levels(f->out->data)[i].score))
			return head_unknown(f, "the scores are in no known "
					       "order");
	}
	return true;
}

const struct head_family head_family_mnet = {
	.name = "RetinaFace (insightface)",
	.stage = HEAD_STAGE_ROLES,
	.matches = matches_mnet,
	.fill = fill_mnet,
	.preprocess = &head_usual_mnet,
	.nms_iou = .4f,
	.class_count = 1,
	.class_names = face,
};

/* ---- FaceBoxes: arXiv 1708.05234, section 3.2, and
 * github.com/zisianw/FaceBoxes.PyTorch: small anchors are densified ---- */

/* `side` by `side` anchors of a size, evenly over the cell, from its corner.
 */
static int densify(float size, int side, float stride, struct head_prior *out)
{
	for (int y = 0; y < side; y++)
		for (int x = 0; x < side; x++)
			*out++ = (struct head_prior){
				stride * (float)x / (float)side,
				stride * (float)y / (float)side, size, size
			};
	return side * side;
}

static void make_faceboxes(const struct head_finder *f, int level,
			   struct head_prior *out)
{
	float stride = (float)(32 << level), size = (float)(128 << level);

	(void)f;
	if (level == 0) {
		out += densify(32, 4, stride, out);
		out += densify(64, 2, stride, out);
	}
	*out = (struct head_prior){ stride / 2, stride / 2, size, size };
}

static const struct head_priors faceboxes = {
	.levels = 3,
	.anchors = { 21, 1, 1 },
	.strides = { 32, 64, 128 },
	.make = make_faceboxes,
	.center_variance = .1f,
	.size_variance = .2f,
	.centers = true,
};

static bool matches_faceboxes(const struct head_finder *f)
{
	return head_has_priors(f, &faceboxes);
}

static bool fill_faceboxes(struct head_finder *f)
{
	return fill(f, &faceboxes);
}

const struct head_family head_family_faceboxes = {
	.name = "FaceBoxes",
	.stage = HEAD_STAGE_ROLES,
	.matches = matches_faceboxes,
	.fill = fill_faceboxes,
	.preprocess = &head_usual_faceboxes,
	.nms_iou = .3f,
	.class_count = 1,
	.class_names = face,
};
