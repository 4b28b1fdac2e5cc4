/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_CONVERT_H
#define DBC_CONVERTER_CONVERT_H

#include "base/arena.h"
#include "base/diag.h"
#include "base/dump.h"
#include "base/parallel.h"
#include "converter/compared_samples.h"
#include "converter/data/dataset.h"
#include "converter/data/preprocess.h"
#include "converter/heads/head.h"
#include "converter/measure/accuracy.h"
#include "converter/measure/fidelity.h"
#include "converter/measure/layer_error.h"
#include "converter/pack/pack.h"
#include "converter/search.h"
#include "ir/config.h"
#include "quantizer/bits/cost.h"
#include "quantizer/quantizer.h"

/* A whole conversion, nothing written yet. Zero it before convert_model(),
 * free it afterwards in any case. */
struct conversion {
	/* What it is made with; progress has no stage. */
	const struct config *c;
	const struct dump *dump; /* NULL: none */
	struct progress progress;
	struct diag *d;
	struct cost_target target; /* the search may clear `coded` */

	/* What each step gives, in order. */
	struct arena arena;
	uint8_t model_sha256[32];
	struct graph *graph;
	struct head head;
	int64_t model_nodes, model_params, model_macs;
	struct dataset dataset; /* of --calib; count 0: data-free */
	int calib_count; /* samples that calibrate; the rest is held out */
	struct dataset images; /* of --images; count 0: not given */
	struct compared_samples compared;
	struct preprocess preprocess;
	struct sample_set sample_set; /* over dataset, for the quantizer */
	struct quantizer *quantizer;
	struct packed packed;
	struct search_result search;

	/* What convert_measure() gives. */
	const struct fidelity *fidelity; /* NULL: all samples calibrated */
	const struct layer_error *layer_errors;
	/* On labelled photos; NULL: no labels. */
	const struct accuracy *accuracy_float, *accuracy_packed;
};

/*
 * Converts the model of the configuration: every step from the file to the
 * packed model, see the head of convert.c. `dump` and `progress` may be NULL.
 * 0, or -1 with a diagnostic.
 */
int convert_model(const struct config *c, const struct cost_target *target,
		  struct conversion *v, const struct dump *dump,
		  const struct progress *progress, struct diag *d);

/*
 * Measures the packed model: fidelity on v->compared, errors by layer on the
 * samples that were held out, accuracy where there are labels (c->labels), on
 * c->images or on the photos held out. Accuracy in float is that of `asked`:
 * the model at the input size that the user gave. 0, or -1 with a diagnostic.
 */
int convert_measure(struct conversion *v, const struct config *asked);

void conversion_free(struct conversion *v);

#endif
