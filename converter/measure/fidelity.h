/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_MEASURE_FIDELITY_H
#define DBC_CONVERTER_MEASURE_FIDELITY_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/parallel.h"
#include "converter/measure/measure_set.h"
#include "converter/pack/packed_file.h"

/* One output of the packed model compared with the float model, over all
 * samples. */
struct fidelity_output {
	const char *name;
	double sqnr_db; /* signal power to error power */
	double cosine;
	double max_rel_error; /* largest error / range of the float output */
};

/* 10 log10(signal / noise); FIDELITY_NO_ERROR_DB if noise is 0. */
#define FIDELITY_NO_ERROR_DB 999.0
double fidelity_decibels(double signal, double noise);

struct fidelity {
	int samples;
	struct fidelity_output *outputs;
	int output_count;
	double sqnr_db, cosine; /* over all outputs together */
	/* The float model's detections above the head's threshold are the
	 * truth (IoU 0.5): F1 at that threshold, average precision over
	 * packed detections from score 0.01 on. */
	bool has_boxes;
	int truth_boxes; /* 0: f1 and map50 are NAN */
	double f1, map50;
	bool has_classes;
	double top1_agreement;
};

/* Whether a detector was compared on photos on which float finds nothing. */
bool fidelity_is_empty(const struct fidelity *f);
/* Agreement as one number from 0 to 1: mAP50 of the detections, the share of
 * samples with the same class, or 1 - error power / signal power. NAN where
 * fidelity_is_empty(). */
double fidelity_value(const struct fidelity *f);

/*
 * Runs the float model config->model_path, as its author wrote it, with the
 * evaluator and the packed model with the device library on the samples, and
 * compares their outputs. Photos are preprocessed as the packed file says.
 * `progress` may be NULL; its stage is not used. Results live in the arena and
 * do not depend on the number of threads. -1 with a diagnostic.
 */
int fidelity_measure(const struct measure_set *set, const struct packed_file *f,
		     struct arena *a, struct fidelity *out,
		     const struct progress *progress, struct diag *d);

#endif
