/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_COMPARED_SAMPLES_H
#define DBC_CONVERTER_COMPARED_SAMPLES_H

#include "base/arena.h"
#include "converter/measure/fidelity.h"

/* The samples of a conversion on which the packed model is compared with the
 * float model. */
struct compared_samples {
	/* [calibrated] of those that calibrated, then those held out, then
	 * others that did not calibrate either */
	const struct dataset_item **items;
	int calibrated, held, others;
};

/*
 * Takes the first `calibrated` of the samples of --calib (64 at most, evenly
 * spread), the rest of them, which is held out, and the photos of `others`
 * whose content is not that of a sample of --calib. Everything lives in the
 * arena and the datasets. -1 with a diagnostic.
 */
int compared_samples_init(struct compared_samples *s,
			  const struct dataset *calib, int calibrated,
			  const struct dataset *others, struct arena *a,
			  struct diag *d);

/* All of them, for a result. */
struct fidelity_set compared_all(const struct compared_samples *s,
				 const struct config *c);
/* Those held out, for a step of a search. */
struct fidelity_set compared_held(const struct compared_samples *s,
				  const struct config *c);

#endif
