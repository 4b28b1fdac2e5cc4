/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_QUANTIZER_WEIGHTS_ROUNDED_LAYER_H
#define DBC_QUANTIZER_WEIGHTS_ROUNDED_LAYER_H

#include "quantizer/graph/weighted_layers.h"

/* The codes of a layer. Its arrays live in the arena of layer_round(). */
struct rounded_layer {
	int bits; /* of the codes */
	enum quant_grid grid;
	float *scale;        /* [channels], in the units of layer.data */
	int8_t *levels;      /* GRID_LEVELS: [channels][1 << bits] */
	int8_t *codes;       /* dense, in the constant's order */
	float *values;       /* real values of the codes, for the evaluator */
	float *bias;         /* corrected; NULL: the layer's own */
	double loss;         /* squared error of the output, per patch, over all
			      * channels, each times its importance; 0 without
			      * an input covariance */
	double plain_loss;   /* the same without importance */
	double entropy_bits; /* of all codes, by their own frequencies */
};

/* The weight that code k of channel c represents, in the units of
 * layer.data. */
double rounded_layer_weight(const struct rounded_layer *r, int64_t c,
			    int64_t k);
/* Puts codes and bias into the graph. -1 with a diagnostic. */
int rounded_layer_install(struct graph *g, const struct weighted_layer *l,
			  const struct rounded_layer *r, struct diag *d);

#endif
