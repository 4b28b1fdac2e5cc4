/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_MEASURE_FIDELITY_H
#define DBC_CONVERTER_MEASURE_FIDELITY_H

#include "base/arena.h"
#include "base/diag.h"
#include "converter/data/dataset.h"
#include "converter/heads/head.h"
#include "ir/config.h"
#include "base/parallel.h"
#include "converter/pack/packed_file.h"

/* One output of the packed model beside the float model's, over all samples. */
struct fidelity_output {
	const char *name;
	double sqnr_db; /* signal to error power */
	double cosine;
	double max_rel_error; /* largest error over the float output's range */
};

/* 10 log10(signal / noise), FIDELITY_NO_ERROR_DB where there is no noise. */
#define FIDELITY_NO_ERROR_DB 999.0
double fidelity_decibels(double signal, double noise);

struct fidelity {
	int samples;
	struct fidelity_output *outputs;
	int output_count;
	double sqnr_db, cosine; /* over all outputs together */
	/* Detections against the float model's confident ones (IoU 0.5): F1 at
	 * the head's threshold, average precision from 0.01 on. */
	bool has_boxes;
	int truth_boxes;
	double f1, map50;
	bool has_classes;
	double top1_agreement;
};

/* Agreement in one number from 0 to 1: mAP50 of the detections, the share of
 * the same class, or the share of the outputs' power that is no error. */
double fidelity_value(const struct fidelity *f);

/*
 * Runs the float model (as its author wrote it, by the evaluator) and the
 * packed one (by the device library) on `count` samples of the set from item
 * `first`. Photos are prepared as the packed file says. Results go to the
 * arena and do not depend on c->jobs.
 */
int fidelity_measure(const struct config *c, const struct packed_file *f,
		     const struct dataset *set, int first, int count,
		     struct arena *a, struct fidelity *out,
		     progress_fn *progress, void *progress_ctx, struct diag *d);

#endif
