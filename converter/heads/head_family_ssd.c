/* SPDX-License-Identifier: Apache-2.0 */
/* SSD and its kin for many classes: the anchors of each training code. */
#include "converter/heads/head_families.h"
#include "converter/heads/head_levels.h"
#include "converter/heads/head_priors.h"
#include "converter/heads/head_usual.h"
#include "evaluator/detmath.h"

static float root(float x)
{
	return (float)det_sqrt((double)x);
}

/* A box of this area (in shares of the input) and ratio of width to height. */
static struct head_prior box_of(const struct head_finder *f, float scale,
				float ratio)
{
	return (struct head_prior){
		.width = scale * root(ratio) * (float)f->width,
		.height = scale / root(ratio) * (float)f->height
	};
}

static bool is_softmax(const struct head_finder *f)
{
	return f->levels[0].score.part->flags & TRACE_SOFTMAX;
}

static int score_fields(const struct head_finder *f, int anchors)
{
	const struct head_role *r = &f->levels[0].score;

	return f->planes ? r->part->count / anchors : r->count;
}

/* ---- TensorFlow object detection: anchor_generators/
 * multiple_grid_anchor_generator.py, create_ssd_anchors(); y before x ---- */

static float tf_scale(int level)
{
	return level > 5 ? 1 : .2f + .15f * (float)level;
}

static void make_tf_ssd(const struct head_finder *f, int level,
			struct head_prior *out)
{
	static const float ratios[] = { 1, 2, .5f, 3, 1 / 3.0f };
	float scale = tf_scale(level);

	if (level == 0) {
		*out++ = box_of(f, .1f, 1);
		*out++ = box_of(f, scale, 2);
		*out = box_of(f, scale, .5f);
		return;
	}
	for (int i = 0; i < 5; i++)
		*out++ = box_of(f, scale, ratios[i]);
	*out = box_of(f, root(scale * tf_scale(level + 1)), 1);
}

static const struct head_priors tf_ssd = {
	.levels = 6,
	.anchors = { 3, 6, 6, 6, 6, 6 },
	.make = make_tf_ssd,
	.center_variance = .1f,
	.size_variance = .2f,
	.offset = .5f,
	.exact_strides = true,
};

static bool matches_tf_ssd(const struct head_finder *f)
{
	return head_has_priors(f, &tf_ssd);
}

static bool fill_tf_ssd(struct head_finder *f)
{
	f->head.flags |= DBP_HEAD_Y_FIRST;
	return head_fill_priors(f, &tf_ssd, score_fields(f, 3) > 1);
}

const struct head_family head_family_tf_ssd = {
	.name = "SSD (TensorFlow)",
	.stage = HEAD_STAGE_ROLES,
	.matches = matches_tf_ssd,
	.fill = fill_tf_ssd,
	.preprocess = &head_usual_unit,
	.nms_iou = .6f,
};

/* ---- torchvision, models/detection/ssdlite.py and anchor_utils.py class
 * DefaultBoxGenerator ---- */

static float ssdlite_scale(int level)
{
	return level > 5 ? 1 : .2f + .75f * (float)level / 5;
}

static void make_ssdlite(const struct head_finder *f, int level,
			 struct head_prior *out)
{
	float scale = ssdlite_scale(level);

	out[0] = box_of(f, scale, 1);
	out[1] = box_of(f, root(scale * ssdlite_scale(level + 1)), 1);
	out[2] = box_of(f, scale, 2);
	out[3] = box_of(f, scale, .5f);
	out[4] = box_of(f, scale, 3);
	out[5] = box_of(f, scale, 1 / 3.0f);
}

static const struct head_priors ssdlite = {
	.levels = 6,
	.anchors = { 6, 6, 6, 6, 6, 6 },
	.make = make_ssdlite,
	.center_variance = .1f,
	.size_variance = .2f,
	.offset = .5f,
	.exact_strides = true,
	.clipped = true,
};

static bool matches_ssdlite(const struct head_finder *f)
{
	return head_has_priors(f, &ssdlite) && f->width != 300;
}

static bool fill_ssdlite(struct head_finder *f)
{
	return head_fill_priors(f, &ssdlite, true);
}

const struct head_family head_family_ssdlite = {
	.name = "SSDLite (torchvision)",
	.stage = HEAD_STAGE_ROLES,
	.matches = matches_ssdlite,
	.fill = fill_ssdlite,
	.preprocess = &head_usual_unit,
};

/* ---- torchvision, models/detection/ssd.py, SSD300 ---- */

static void make_ssd300(const struct head_finder *f, int level,
			struct head_prior *out)
{
	static const float scales[] = { .07f, .15f, .33f, .51f,
					.69f, .87f, 1.05f };
	bool more = level >= 1 && level <= 3;

	out[0] = box_of(f, scales[level], 1);
	out[1] = box_of(f, root(scales[level] * scales[level + 1]), 1);
	out[2] = box_of(f, scales[level], 2);
	out[3] = box_of(f, scales[level], .5f);
	if (more) {
		out[4] = box_of(f, scales[level], 3);
		out[5] = box_of(f, scales[level], 1 / 3.0f);
	}
}

static const struct head_priors ssd300 = {
	.levels = 6,
	.anchors = { 4, 6, 6, 6, 4, 4 },
	.make = make_ssd300,
	.center_variance = .1f,
	.size_variance = .2f,
	.offset = .5f,
	.clipped = true,
};

static bool matches_ssd300(const struct head_finder *f)
{
	return head_has_priors(f, &ssd300) && f->width == 300;
}

static bool fill_ssd300(struct head_finder *f)
{
	static const float steps[] = { 8, 16, 32, 64, 100, 300 };

	if (!head_fill_priors(f, &ssd300, true))
		return false;
	for (int i = 0; i < 6; i++) {
		struct dbp_head_level *l = &head_levels(f->out->data)[i];

		l->stride_x = l->stride_y = steps[i];
	}
	return true;
}

const struct head_family head_family_ssd300 = {
	.name = "SSD300 (torchvision)",
	.stage = HEAD_STAGE_ROLES,
	.matches = matches_ssd300,
	.fill = fill_ssd300,
	.preprocess = &head_usual_ssd300,
	.nms_iou = .45f,
};

/* ---- github.com/qfgaohao/pytorch-ssd, vision/ssd/config/
 * mobilenetv1_ssd_config.py ---- */

static void make_mobilenet_ssd(const struct head_finder *f, int level,
			       struct head_prior *out)
{
	static const float sizes[] = { 60, 105, 150, 195, 240, 285, 330 };
	float least = sizes[level] / 300;

	out[0] = box_of(f, least, 1);
	out[1] = box_of(f, root(least * sizes[level + 1] / 300), 1);
	out[2] = box_of(f, least, 2);
	out[3] = box_of(f, least, .5f);
	out[4] = box_of(f, least, 3);
	out[5] = box_of(f, least, 1 / 3.0f);
}

static const struct head_priors mobilenet_ssd = {
	.levels = 6,
	.anchors = { 6, 6, 6, 6, 6, 6 },
	.make = make_mobilenet_ssd,
	.center_variance = .1f,
	.size_variance = .2f,
	.offset = .5f,
	.clipped = true,
};

static bool matches_mobilenet_ssd(const struct head_finder *f)
{
	return head_has_priors(f, &mobilenet_ssd) && f->width == 300;
}

static bool fill_mobilenet_ssd(struct head_finder *f)
{
	static const float steps[] = { 16, 32, 64, 100, 150, 300 };

	if (!head_fill_priors(f, &mobilenet_ssd, true))
		return false;
	for (int i = 0; i < 6; i++) {
		struct dbp_head_level *l = &head_levels(f->out->data)[i];

		l->stride_x = l->stride_y = steps[i];
	}
	return true;
}

const struct head_family head_family_mobilenet_ssd = {
	.name = "SSD (pytorch-ssd)",
	.stage = HEAD_STAGE_ROLES,
	.matches = matches_mobilenet_ssd,
	.fill = fill_mobilenet_ssd,
	.preprocess = &head_usual_ultraface,
	.nms_iou = .45f,
};

/* ---- EfficientDet: arXiv 1911.09070 and automl/efficientdet/keras/anchors.py;
 * the Lite models to 448 pixels begin with smaller anchors; y before x ---- */

static void make_efficientdet(const struct head_finder *f, int level,
			      struct head_prior *out)
{
	static const float octaves[] = { 1, 1.25992105f, 1.58740105f };
	static const float ratios[] = { 1, 2, .5f };
	float scale = f->width <= 448 ? 3 : 4;
	float width = (float)f->width / (float)f->levels[level].width;
	float height = (float)f->height / (float)f->levels[level].height;

	for (int i = 0; i < 3; i++)
		for (int k = 0; k < 3; k++)
			*out++ = (struct head_prior){
				.width = scale * octaves[i] * width *
					 root(ratios[k]),
				.height = scale * octaves[i] * height /
					  root(ratios[k]),
			};
}

static const struct head_priors efficientdet = {
	.levels = 5,
	.anchors = { 9, 9, 9, 9, 9 },
	.make = make_efficientdet,
	.center_variance = 1,
	.size_variance = 1,
	.offset = .5f,
	.exact_strides = true,
};

static bool matches_efficientdet(const struct head_finder *f)
{
	return head_has_priors(f, &efficientdet) && !is_softmax(f);
}

static bool fill_efficientdet(struct head_finder *f)
{
	f->head.flags |= DBP_HEAD_Y_FIRST;
	return head_fill_priors(f, &efficientdet, false);
}

const struct head_family head_family_efficientdet = {
	.name = "EfficientDet",
	.stage = HEAD_STAGE_ROLES,
	.matches = matches_efficientdet,
	.fill = fill_efficientdet,
	.preprocess = &head_usual_efficientdet,
};
