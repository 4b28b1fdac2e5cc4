/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CLI_SUITE_FILE_H
#define DBC_CLI_SUITE_FILE_H

#include "cli/command.h"
#include "cli/suite_where.h"

enum suite_metric {
	SUITE_RECALL,
	SUITE_PRECISION,
	SUITE_F1,
	SUITE_AP50,
	SUITE_AP,
	SUITE_ACCURACY,
	SUITE_FALSE_ALARMS, /* per 1,000 photos */
	SUITE_METRICS
};

/* What is expected of a slice. */
struct suite_expectation {
	enum suite_metric metric;
	enum suite_bound {
		SUITE_MIN,
		SUITE_MAX,
		SUITE_DROP /* worse than the baseline by so much, at most */
	} bound;
	double limit; /* of false alarms a share, as of the others */
};

struct suite_slice {
	const char *name;
	const char *images; /* folder, list or pattern; NULL: all photos */
	bool empty;         /* the photos show nothing; they need no labels */
	struct suite_where where;
	struct suite_expectation *expect;
	int expect_count;
};

struct suite {
	const char *path;
	struct command command; /* test, with the options of the file */
	const char **models;    /* of the file */
	int model_count;
	struct suite_slice *slices;
	int slice_count;
	double margin;      /* of a share that its interval does not tell */
	bool too_few_fails; /* too few photos to tell fail the suite */
	struct arena arena;
};

const char *suite_metric_name(enum suite_metric m);
const char *suite_bound_name(enum suite_bound b);

/*
 * Reads a suite of dbconvert-test(1): options of the command, `models`,
 * `margin`, `too-few` and `slices`. `base` holds what the command line gave.
 * Paths are relative to the folder of the file. Nothing but the file is read.
 * On -1, with a diagnostic, free the suite too.
 */
int suite_read(struct suite *s, const char *path, const struct command *base,
	       struct diag *d);
void suite_free(struct suite *s);

#endif
