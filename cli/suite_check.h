/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CLI_SUITE_CHECK_H
#define DBC_CLI_SUITE_CHECK_H

#include "cli/suite_file.h"
#include "converter/measure/share_check.h"
#include "converter/measure/slice_measure.h"

/* One expectation, and what came of it. */
struct suite_check {
	const char *metric; /* "recall", ...; of the model "max-size", ... */
	enum suite_bound bound;
	double limit, value; /* shares; of the model bytes or microseconds */
	double baseline;     /* its value; NAN: there is none to compare with */
	const char *cases;   /* what share.count counts; NULL: the value is
			      * exact */
	struct share_check share;
	enum share_verdict verdict;
};

/* A figure of a slice, NAN where there is nothing to measure; how many cases it
 * is a share of, and what they are ("boxes"). */
struct suite_figure {
	double value;
	int count;
	const char *cases;
};
struct suite_figure suite_figure_of(const struct slice_counts *c, bool is_boxes,
				    enum suite_metric metric);
/* Whether a detector, or a classifier, has that figure. */
bool suite_metric_is_of(enum suite_metric m, bool is_boxes);

/* What comes of an expectation; `baseline` is for SUITE_DROP only. */
struct suite_check suite_check_of(const struct suite_expectation *e,
				  const struct slice_counts *counts,
				  const struct slice_counts *baseline,
				  bool is_boxes, double margin);

#endif
