/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_DATA_PREPROCESS_H
#define DBC_CONVERTER_DATA_PREPROCESS_H

#include "base/diag.h"
#include "converter/data/dataset.h"
#include "converter/data/image_file.h"
#include "ir/config.h"
#include "ir/graph.h"
#include "ir/samples.h"
#include "schemas/dbp.h"

/* How a photo is converted to the first input of the model: value = (pixel -
 * mean[c]) * scale[c], where c is in the channel order of the model.
 * Calibration, `run`, `verify` and the packed file all use it. */
struct preprocess {
	bool is_image; /* the only input is N,H,W,C or N,C,H,W, C = 1 or 3 */
	enum preprocess_source source;
	struct usual_preprocess usual; /* without options */
	enum layout layout;
	int channels, width, height;
	enum color_order color;
	enum resize_rule fit;
	int pad_value;
	float mean[4], scale[4];
};

/* Initialises it from the options and the input of the prepared graph. `usual`
 * (NULL: none) is taken where no option is given. */
int preprocess_init(struct preprocess *p, const struct graph *g,
		    const struct config *c,
		    const struct usual_preprocess *usual, struct diag *d);
/* The same as options of the command line: "--color bgr --mean 0 ...". Returns
 * `out`. */
#define PREPROCESS_TEXT 256
const char *preprocess_options(const struct usual_preprocess *u,
			       char out[PREPROCESS_TEXT]);
/* Tells the user where the preprocessing is not given by options. `family` and
 * `usual` are those of the head, or NULL. */
void preprocess_warn(const struct preprocess *p, const char *family,
		     const struct usual_preprocess *usual, struct diag *d);
/* "rgb", "stretch", "given" and the like, as options and reports have them. */
const char *preprocess_color_name(enum color_order c);
const char *preprocess_resize_name(enum resize_rule r);
const char *preprocess_source_name(enum preprocess_source s);
/* Converts one RGB photo to floats in the layout of the input:
 * dbrt_fit_image(), mean, scale. The result is bit-exact with the device before
 * it rounds to codes. */
int preprocess_photo(const struct preprocess *p, const uint8_t *rgb,
		     uint32_t width, uint32_t height, float *out,
		     struct diag *d);
/* The same as the values of an input, in its own type. */
int preprocess_to_input(float *photo, const struct value *v, void *out,
			struct diag *d);
/* The resize rule in the terms of the packed file. */
enum dbp_fit preprocess_fit(enum resize_rule rule);
/* The range of input values over all possible photos. */
struct input_range preprocess_range(const struct preprocess *p);

/* Reads the photo of an item for a model with an image input; other inputs are
 * refused. Free it with image_free(). -1 with a diagnostic. */
int preprocess_read_photo(const struct preprocess *p,
			  const struct dataset_item *item, struct image *out,
			  struct diag *d);

/*
 * Samples from the items [first, first + count) of a dataset. Photos go through
 * preprocess_photo(); .npy and .pb tensors are used as they are, but N,C,H,W
 * tensors are transposed if the input of the graph became N,H,W,C. `set` and
 * `p` must outlive it.
 */
struct sample_set {
	const struct dataset *set;
	const struct preprocess *p;
	const struct graph *g;
	int first;
};
struct samples sample_set_samples(struct sample_set *s, int count);

#endif
