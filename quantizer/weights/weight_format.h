/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_QUANTIZER_WEIGHTS_WEIGHT_FORMAT_H
#define DBC_QUANTIZER_WEIGHTS_WEIGHT_FORMAT_H

#include <stdbool.h>
#include <stdint.h>

#include "ir/config.h"
#include "quantizer/graph/weighted_layers.h"

/*
 * How a layer's weights are stored. Without a step: codes of `bits` with a
 * scale per output channel, or with a codebook per output channel (see
 * codebook.h). With a step: one step for the whole layer, and codes that are
 * cheap to write, by entropy-constrained quantization.
 */
struct weight_format {
	int bits;      /* 2, 3, 4, 8 */
	bool codebook; /* without a step, up to 4 bits */
	double step;   /* real size of a step over the layer's unit; 0: none */
	int survivors; /* with a step: see struct code_grid */
};

/* Bits of a code in the tiles of the packed file, for codes of `bits`. */
int layer_tile_bits(const struct weighted_layer *l, int bits);
/* Codes of `bits` get codebooks in fixed tiles. With more than two bits, the
 * bytes of the codebooks would gain more as bits of codes. */
bool layer_takes_codebook(const struct weighted_layer *l, int bits);
/* Bytes of the codebooks, in fixed tiles. */
int64_t layer_codebook_bytes(const struct weighted_layer *l,
			     struct weight_format f);

/* The format without a search: the configuration's bits, but 8 for the first
 * and last layers and for depthwise ones. Two bits get codebooks where the file
 * is not coded: codebooks hardly shrink by entropy coding. */
struct weight_format weight_format_default(const struct weighted_layer *l,
					   const struct config *c, bool coded);

#endif
