/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_MEASURE_FIDELITY_H
#define DBC_CONVERTER_MEASURE_FIDELITY_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/parallel.h"
#include "converter/data/dataset.h"
#include "converter/measure/agreement.h"
#include "converter/pack/packed_file.h"
#include "ir/config.h"

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

/* Samples to compare both models on. */
struct fidelity_set {
	const struct config *config;
	const struct dataset_item *const *items; /* [count] */
	int count;
	/* The first of them calibrated the packed model, which suits it: they
	 * count for the agreement alone, and their errors are multiplied by
	 * what the others' errors are larger. All but one at most; 0: none. */
	int calibrated;
};

struct fidelity {
	int samples, calibrated; /* that did not, and that did calibrate */
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
	/* Over samples that calibrated as well. Its value is NAN where float
	 * has no detection above the head's threshold on any of them. */
	struct agreement agreement;
};

/* Whether a detector was compared on photos on which float finds nothing. */
bool fidelity_is_empty(const struct fidelity *f);
/* A warning, where outputs and agreement say opposite things: one of them that
 * the models are alike, the other one that they are not. NULL: they do not. */
const char *fidelity_contradiction(const struct fidelity *f);

/*
 * Runs the float model config->model_path, as its author wrote it, with the
 * evaluator and the packed model with the device library on the samples, and
 * compares their outputs. Photos are preprocessed as the packed file says.
 * `progress` may be NULL; its stage is not used. Results live in the arena and
 * do not depend on the number of threads. -1 with a diagnostic.
 */
int fidelity_measure(const struct fidelity_set *set,
		     const struct packed_file *f, struct arena *a,
		     struct fidelity *out, const struct progress *progress,
		     struct diag *d);

#endif
