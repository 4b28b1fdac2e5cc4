/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_MEASURE_MODEL_RUNNER_H
#define DBC_CONVERTER_MEASURE_MODEL_RUNNER_H

#include "base/diag.h"
#include "converter/data/image_file.h"
#include "converter/data/preprocess.h"
#include "ir/config.h"
#include "ir/tensor.h"
#include "runtime/dbrt.h"

/* A model that can run: a packed one with the device library, an ONNX one with
 * the float evaluator. */
struct model_runner;

struct model_runner *model_runner_open(const char *path, const struct config *c,
				       struct diag *d);
/* Opens a packed model in memory, aligned to 64 bytes, which the caller owns;
 * `name` is for messages. */
struct model_runner *model_runner_open_bytes(const uint8_t *dbp, uint32_t size,
					     const char *name, struct diag *d);
void model_runner_close(struct model_runner *e);

/* How photos are prepared. */
const struct preprocess *model_runner_preprocess(const struct model_runner *e);
/* Says what preprocess_warn() says of a float model. */
void model_runner_warn_preprocess(const struct model_runner *e, struct diag *d);
/* Prepares photos for a float model in another way. */
void model_runner_set_preprocess(struct model_runner *e,
				 const struct usual_preprocess *u);
int model_runner_inputs(const struct model_runner *e);
const char *model_runner_input_name(const struct model_runner *e, int i);
/* Runs a photo or tensor (.npy, .pb) for each input. `photo` gets the image
 * (free it in any case); its width is 0 for tensors. */
int model_runner_run(struct model_runner *e, const char *const *files,
		     struct image *photo, struct diag *d);
/* Runs a model of one input on a photo in memory; `name` is for messages. */
int model_runner_run_photo(struct model_runner *e, const char *name,
			   const struct image *photo, struct diag *d);

int model_runner_outputs(const struct model_runner *e);
const char *model_runner_output_name(const struct model_runner *e, int i);
/* Output i of the last run: float32, or the integers of an integer output.
 * Free it with tensor_free(). */
int model_runner_output(const struct model_runner *e, int i, const char **name,
			struct tensor *t, struct diag *d);

enum model_runner_result {
	MODEL_RUNNER_TENSORS,
	MODEL_RUNNER_DETECTIONS,
	MODEL_RUNNER_CLASSES
};
/* The meaning of the outputs. */
enum model_runner_result model_runner_result(const struct model_runner *e);
/* Detections of the last run, best first; returns their number. */
int model_runner_detections(const struct model_runner *e,
			    struct dbrt_detection *out, int max);
/* The same with another score threshold than that of the head. */
int model_runner_detections_at(const struct model_runner *e, float threshold,
			       struct dbrt_detection *out, int max);
/* Key points of one of these detections, x and y of each; returns their number,
 * at most DBP_HEAD_MAX_POINTS. */
int model_runner_points(const struct model_runner *e,
			const struct dbrt_detection *d,
			float xy[2 * DBP_HEAD_MAX_POINTS]);
/* The values of the head; classes are counted without the background. */
float model_runner_threshold(const struct model_runner *e);
uint32_t model_runner_classes(const struct model_runner *e);
/* For MODEL_RUNNER_TENSORS: why the outputs are not understood. */
const char *model_runner_no_result(const struct model_runner *e);
/* The output that holds one score for each class. */
int model_runner_scores(const struct model_runner *e);
const char *model_runner_class_name(const struct model_runner *e,
				    uint32_t class_id);

#endif
