/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_QUANTIZER_QUANTIZER_STATE_H
#define DBC_QUANTIZER_QUANTIZER_STATE_H

#include "base/parallel.h"
#include "quantizer/activations/activation_bits.h"
#include "quantizer/activations/calibrate.h"
#include "quantizer/activations/synthetic_images.h"
#include "quantizer/bits/candidates.h"
#include "quantizer/bits/input_widths.h"
#include "quantizer/weights/rounded_layer.h"

#define PRESETS_MAX 8

/* The different ways in which presets round layers. */
struct quantizer_variants {
	struct candidate_variant rows[PRESETS_MAX];
	int count;
	int of_preset[PRESETS_MAX];
};

/* The state of struct quantizer, for the files of this folder only. */
struct quantizer {
	struct graph *g;
	const struct config *c;
	const struct cost_target *target; /* NULL: not known */
	struct synthetic_images synthetic;
	struct samples samples;
	struct samples subset; /* some of the samples, evenly spread */
	bool given;            /* samples were given, not synthesized */
	bool draft;            /* less work for the next rounding */
	bool representative;   /* samples look like real ones */
	struct progress progress;
	struct calibration calibration;
	const struct node **trained_grids; /* by scale group, or NULL */
	const uint32_t *scale_group;
	struct channel_groups channel_groups;
	struct input_range image_range;  /* low above high: not known */
	int weight_bits;                 /* the typical width of weights */
	uint8_t *act_bits;               /* of activations, by scale group */
	struct activation_groups groups; /* that may have few bits */
	struct input_groups inputs;      /* whose widths are chosen */
	int *widths;                     /* by input group */
	struct layers layers;
	struct rounding_settings default_settings;
	const double **importance;     /* by layer; NULL: not computed yet */
	struct weight_format *formats; /* by layer */
	int preset;
	/* [variant][layer], of the first `listed` presets; listed 0: none */
	struct layer_candidates *tables[PRESETS_MAX];
	int listed;
	bool listed_coded;                   /* the target's `coded` then */
	struct layer_candidates *candidates; /* by layer, of the preset; NULL:
					      * not listed */
	int *chosen;                         /* candidate, by layer */
	struct rounded_layer *rounded;       /* by layer, the last rounding */
	struct arena arena;
	struct arena scaled;  /* weights in units of input codes */
	struct arena results; /* of the last rounding */
};

/* Sets the activations' scales, once the graph and the calibration are ready.
 * -1 with a diagnostic. */
int quantizer_set_activations(struct quantizer *q, struct diag *d);
/* Measures what activations lose at few bits, where their widths are to be
 * chosen. -1 with a diagnostic. */
int quantizer_list_inputs(struct quantizer *q, struct diag *d);
/* Sets the scales again, where the chosen widths are not those that they have.
 * -1 with a diagnostic. */
int quantizer_set_widths(struct quantizer *q, struct diag *d);

/* Lists the different ways in which the first `count` presets round. */
void quantizer_list_variants(const struct quantizer *q, int count,
			     struct quantizer_variants *out);

/* q's progress, of one stage. */
static inline struct progress quantizer_stage(const struct quantizer *q,
					      const char *stage)
{
	return (struct progress){ q->progress.report, q->progress.ctx, stage };
}

#endif
