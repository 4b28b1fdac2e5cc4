/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_MEASURE_FIDELITY_RUN_H
#define DBC_CONVERTER_MEASURE_FIDELITY_RUN_H

#include "converter/measure/fidelity.h"
#include "evaluator/evaluator.h"

/* For the files fidelity*.c only: both models run on the samples. */

/* Sums over one output of one sample. */
struct output_sums {
	double signal, noise, packed, dot, max_error, low, high;
	double count; /* of numbers that can be compared */
};

/* The results of one sample; they are added in the order of the samples. */
struct fidelity_sample {
	struct output_sums *outputs;
	/* of the float and the packed model, best first; those of the float
	 * model from a low score on */
	struct dbrt_detection *truth, *found;
	int truth_count, found_count;
	bool same_class;
};

/* One thread's models. */
struct fidelity_worker {
	struct packed_file packed;
	struct evaluator *evaluator;
	float *photo; /* in the float model's order */
	void *input;  /* the same in its type */
	float *device_input;
	float **outputs; /* of the packed model */
};

struct fidelity_run {
	const struct fidelity_set *set;
	const struct packed_file *file;
	struct arena arena; /* the float graph, samples */
	struct graph *g;
	struct preprocess preprocess;
	struct fidelity_sample *samples;
	struct fidelity_worker *workers;
	int threads;
	/* By output: errors on samples that calibrated are multiplied by it.
	 * NULL: not known yet. */
	const double *error_factor;
};

/* Opens both models. Free it in any case. -1 with a diagnostic. */
int fidelity_run_init(struct fidelity_run *m, struct diag *d);
void fidelity_run_free(struct fidelity_run *m);

/* Runs both models on all samples and fills in m->samples: the sums, and the
 * detections and classes of what did not calibrate. -1 with a diagnostic. */
int fidelity_run_all(struct fidelity_run *m, const struct progress *p,
		     struct diag *d);
/* The detections and classes of the samples that calibrated, with errors as
 * error_factor says. */
int fidelity_run_calibrated(struct fidelity_run *m, const struct progress *p,
			    struct diag *d);

#endif
