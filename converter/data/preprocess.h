/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_DATA_PREPROCESS_H
#define DBC_CONVERTER_DATA_PREPROCESS_H

#include "converter/data/dataset.h"
#include "ir/config.h"
#include "base/diag.h"
#include "ir/graph.h"
#include "ir/samples.h"
#include "schemas/dbp.h"

/*
 * How a photo becomes the model's first input:
 * value = (pixel - mean[c]) * scale[c], c in the model's own channel order.
 * The one description that calibration, `run`, `verify` and the packed file
 * share.
 */
struct preprocess {
	bool is_image; /* the only input is N,H,W,C or N,C,H,W, C = 1 or 3 */
	bool assumed;  /* mean, scale and colour were not given */
	enum layout layout;
	int channels, width, height;
	enum color_order color;
	enum resize_rule fit;
	int pad_value;
	float mean[4], scale[4];
};

/* From the options and the (prepared) graph's input. */
int preprocess_init(struct preprocess *p, const struct graph *g,
		    const struct config *c, struct diag *d);
/* One RGB photo to floats in the input's layout. Bit for bit what the device
 * computes before it rounds to codes: dbrt_fit_image(), mean, scale. */
int preprocess_photo(const struct preprocess *p, const uint8_t *rgb,
		     uint32_t width, uint32_t height, float *out,
		     struct diag *d);
/* The rule as the packed file has it. */
enum dbp_fit preprocess_fit(enum resize_rule rule);
/* The values that any photo can give. */
struct input_range preprocess_range(const struct preprocess *p);

/*
 * Samples over a dataset, from item `first`, `count` of them: photos through
 * preprocess_photo(), .npy and .pb tensors as they are (N,C,H,W tensors for a
 * graph whose input became N,H,W,C are transposed). `set` and `p` must
 * outlive it.
 */
struct sample_set {
	const struct dataset *set;
	const struct preprocess *p;
	const struct graph *g;
	int first;
};
struct samples sample_set_samples(struct sample_set *s, int count);

#endif
