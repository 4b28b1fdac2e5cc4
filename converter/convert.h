/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_CONVERT_H
#define DBC_CONVERTER_CONVERT_H

#include "converter/data/dataset.h"
#include "converter/heads/head.h"
#include "converter/pack/pack.h"
#include "converter/data/preprocess.h"
#include "ir/config.h"
#include "base/diag.h"
#include "quantizer/quantizer.h"

/* A model that the search has built, or one that it could have. */
struct search_point {
	bool built;         /* otherwise all but the loss is estimated */
	double weight_bits; /* a weight, in the file */
	int64_t dbp_bytes, ram_bytes;
	double latency_us;
	double predicted_loss, loss; /* error over variance of the heads */
	double fidelity, sqnr_db;    /* NAN: not measured */
};
/* More than all tries of all variants come to. */
#define SEARCH_POINTS 1024

struct search_result {
	struct search_point *points; /* [SEARCH_POINTS], the arena's */
	int point_count, result;     /* which one came out */
	bool searched; /* otherwise layers have the bits asked for */
	struct quantizer_layer *layers;
	int layer_count;
};

/* A whole conversion, nothing written yet. Zero it before; free it after. */
struct conversion {
	struct arena arena;
	struct graph *graph;
	struct head head;
	struct preprocess preprocess;
	struct dataset dataset; /* of --calib; count 0: data-free */
	int calib_count;        /* items used for calibration; the rest of the
				 * dataset is held out to measure fidelity */
	uint8_t model_sha256[32];
	int64_t model_nodes, model_params, model_macs;
	struct packed packed;
	struct search_result search;
};

int convert_model(const struct config *c, const struct cost_target *target,
		  struct conversion *out, FILE *dump, progress_fn *progress,
		  void *progress_ctx, struct diag *d);
void conversion_free(struct conversion *v);

#endif
