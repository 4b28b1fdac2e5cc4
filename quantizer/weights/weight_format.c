/* SPDX-License-Identifier: Apache-2.0 */
#include "quantizer/weights/weight_format.h"

#include "schemas/dbp_kernel.h"

int layer_tile_bits(const struct weighted_layer *l, int bits)
{
	return dbp_tile_bits(bits, l->depthwise);
}

bool layer_takes_codebook(const struct weighted_layer *l, int bits)
{
	int needed = METHOD_CODEBOOK | METHOD_GPTQ;

	return bits == 2 && (l->settings->methods & needed) == needed;
}

int64_t layer_codebook_bytes(const struct weighted_layer *l,
			     struct weight_format f)
{
	return f.codebook ? l->channels << f.bits : 0;
}

struct weight_format weight_format_default(const struct weighted_layer *l,
					   const struct config *c, bool coded)
{
	struct weight_format f = { .bits = c->bits };

	/* the decode tail or the caller reads the last layer in float */
	if (!c->uniform && (l->depthwise || l->first || l->last))
		f.bits = 8;
	f.codebook = !coded && layer_takes_codebook(l, f.bits);
	return f;
}
