/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_PREPROCESS_TRIAL_H
#define DBC_CONVERTER_PREPROCESS_TRIAL_H

#include "base/parallel.h"
#include "converter/data/dataset.h"
#include "converter/measure/model_runner.h"

/* A float model that is tried on photos with one preprocessing or another. */
struct trial {
	const struct config *c;
	struct model_runner *runner;
	struct model_runner *second; /* for a second thread; NULL: none */
	struct dataset photos;
	float threshold; /* of boxes that count */
	struct progress progress;
	struct diag *d;
};

/*
 * What a model finds on some photos. An input out of its range makes a network
 * sure of boxes that are not there, but seldom of the same ones on the
 * mirrored photo: boxes count by the square of their score, for where they are
 * found again and against where they are not.
 */
struct trial_found {
	int boxes; /* found again */
	double worth;
};

/* On these photos of the set; 0, or -1 with a diagnostic. */
int trial_look(struct trial *t, const struct usual_preprocess *u,
	       const int *places, int count, struct trial_found *out);
/*
 * How far the boxes that are found with two preprocessings are the same ones:
 * 1 where they have the same places and scores, 0 where no two overlap by half.
 */
int trial_agreement(struct trial *t, const struct usual_preprocess *a,
		    const struct usual_preprocess *b, const int *places,
		    int count, double *out);
bool usual_is_equal(const struct usual_preprocess *a,
		    const struct usual_preprocess *b);

#endif
