/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_QUANTIZER_QUANTIZER_STATE_H
#define DBC_QUANTIZER_QUANTIZER_STATE_H

#include "base/parallel.h"
#include "quantizer/activations/calibrate.h"
#include "quantizer/activations/synthetic_images.h"
#include "quantizer/bits/candidates.h"
#include "quantizer/weights/rounded_layer.h"

/* The state of struct quantizer, for the files of this folder only. */
struct quantizer {
	struct graph *g;
	const struct config *c;
	const struct cost_target *target; /* NULL: not known */
	struct synthetic_images synthetic;
	struct samples samples;
	struct samples subset; /* some of the samples, evenly spread */
	bool given;            /* samples were given, not synthesized */
	bool representative;   /* samples look like real ones */
	struct progress progress;
	struct calibration calibration;
	const struct node **trained_grids; /* by scale group, or NULL */
	struct channel_groups channel_groups;
	struct layers layers;
	struct rounding_settings default_settings;
	const double **importance;     /* by layer; NULL: not computed yet */
	struct weight_format *formats; /* by layer */
	struct layer_candidates *candidates; /* by layer; NULL: not listed */
	int *chosen;                         /* candidate, by layer */
	struct rounded_layer *rounded;       /* by layer, the last rounding */
	struct arena arena;
	struct arena results; /* of the last rounding */
};

/* q's progress, of one stage. */
static inline struct progress quantizer_stage(const struct quantizer *q,
					      const char *stage)
{
	return (struct progress){ q->progress.report, q->progress.ctx, stage };
}

#endif
