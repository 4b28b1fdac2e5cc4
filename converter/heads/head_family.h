/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_HEADS_HEAD_FAMILY_H
#define DBC_CONVERTER_HEADS_HEAD_FAMILY_H

#include "converter/heads/head_finder.h"

/* The facts that are known when matches() is called; stages are tried in this
 * order. */
enum head_stage {
	HEAD_STAGE_OUTPUTS, /* the outputs and how they are computed */
	HEAD_STAGE_LEVELS,  /* and the levels, one part in each */
	HEAD_STAGE_ROLES,   /* and the role of each part, anchors and bins */
};

/*
 * A family of models whose outputs are decoded in the same way. `matches`
 * decides by the finder, which it does not change; `fill` then builds f->out,
 * or returns false after head_unknown().
 */
struct head_family {
	const char *name; /* for struct head's `kind` */
	enum head_stage stage;
	bool (*matches)(const struct head_finder *f);
	bool (*fill)(struct head_finder *f);
	/* How the family's training code feeds photos; NULL: in many ways. */
	const struct usual_preprocess *preprocess;
	bool takes_scaled; /* parts that the graph multiplies at the end */
	float nms_iou;     /* the usual threshold; 0: the tool's default */
	/* Class names of the usual data set, used if the model has this number
	 * of classes; 0: none. */
	uint32_t class_count;
	const char *const *class_names;
};

#endif
