/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_TESTS_HEAD_JOINED_H
#define DBC_TESTS_HEAD_JOINED_H

/* Heads with priors, whose levels are joined in rows: [1, n, 4], [1, n, scores]
 * and [1, n, points]. */
#include <stdbool.h>

#include "tests/support/head_case.h"

struct head_joined {
	int levels, scores, points; /* numbers */
	const char *score;          /* operator behind the scores, or NULL */
	const int *strides, *anchors;
};

void head_joined_write(struct head_graph *g, const struct head_joined *j);

/* A prior: centre and size in pixels. */
struct head_prior_box {
	double x, y, w, h;
};

/* The next candidate: offsets in variances `center` and `size`; y before x if
 * so. */
void head_prior_decode(struct head_decoded *d, const struct head_prior_box *p,
		       double center, double size, bool y_first);
/* Points of the last candidate. */
void head_prior_points(struct head_decoded *d, const struct head_prior_box *p,
		       int count, double scale);
/* The score of the last candidate, the largest behind the background. */
void head_prior_score(struct head_decoded *d, int numbers, int background);

#endif
