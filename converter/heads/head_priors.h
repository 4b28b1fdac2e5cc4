/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_HEADS_HEAD_PRIORS_H
#define DBC_CONVERTER_HEADS_HEAD_PRIORS_H

#include "converter/heads/head_finder.h"

#define HEAD_PRIOR_LEVELS 6
#define HEAD_MAX_PRIORS 24 /* of a cell */

/* Centre from the point of the cell, and size, in pixels of the input. */
struct head_prior {
	float x, y, width, height;
};

/*
 * The anchors (priors) that the training code of a family makes for each cell;
 * the graph does not hold them.
 */
struct head_priors {
	int levels, anchors[HEAD_PRIOR_LEVELS]; /* boxes a cell */
	int strides[HEAD_PRIOR_LEVELS];         /* 0: any */
	/* Those of one cell, as many as anchors. */
	void (*make)(const struct head_finder *f, int level,
		     struct head_prior *out);
	float center_variance, size_variance;
	bool centers; /* they are not all at the point of the cell */
	/* the point of a cell: a share of the stride, and pixels */
	float offset, offset_pixels;
	bool exact_strides; /* input / cells, even if not whole */
	bool clipped;       /* no prior is larger than the image */
};

/* Whether the levels have that form: boxes of four numbers without activation,
 * no objectness, and as many anchors. */
bool head_has_priors(const struct head_finder *f, const struct head_priors *p);
/* Builds f->out as offsets from these priors; classes with `background` are
 * behind a softmax, those without it behind a sigmoid. */
bool head_fill_priors(struct head_finder *f, const struct head_priors *p,
		      bool background);

#endif
