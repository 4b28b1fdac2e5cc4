/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_MEASURE_SHARE_CHECK_H
#define DBC_CONVERTER_MEASURE_SHARE_CHECK_H

/*
 * Whether a share that is seen in some cases reaches a limit. Its interval of
 * 95 % decides where the limit lies outside of it. Inside, the share itself
 * decides if the interval is narrow: if the end beyond the limit is no further
 * away than `margin`. Else there are too few cases to tell.
 */
enum share_verdict { SHARE_PASSED, SHARE_FAILED, SHARE_TOO_FEW };

struct share_check {
	double value, low, high;
	int count;  /* cases: boxes, detections or photos */
	int needed; /* too few: about as many would tell, 0: not known */
	enum share_verdict verdict;
};

#define SHARE_MARGIN 0.1 /* where nobody asks for another */

/* At least `limit`, by Wilson's interval. Without cases there are too few. */
struct share_check share_at_least(double value, int count, double limit,
				  double margin);
/* At most `limit`. */
struct share_check share_at_most(double value, int count, double limit,
				 double margin);

/* What two models get right of the same cases: both, only the new one, only
 * the old one, neither. */
struct share_pairs {
	int both, only_new, only_old, neither;
};

/*
 * The new share less the old one is at least -drop. The interval is Newcombe's
 * (1998, Statistics in Medicine 17, 2635-2650, method 10): Wilson's of both
 * shares, less what the pairs have in common; without pairs (NULL) they count
 * as independent. `value`, `low` and `high` are the difference.
 */
struct share_check share_drop(double value_new, int count_new, double value_old,
			      int count_old, const struct share_pairs *pairs,
			      double drop, double margin);

#endif
