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
struct engine;

struct engine *engine_open(const char *path, const struct config *c,
			   struct diag *d);
/* Opens a packed model in memory, aligned to 64 bytes, which the caller owns;
 * `name` is for messages. */
struct engine *engine_open_bytes(const uint8_t *dbp, uint32_t size,
				 const char *name, struct diag *d);
void engine_close(struct engine *e);

/* How photos are prepared. */
const struct preprocess *engine_preprocess(const struct engine *e);
/* Says what preprocess_warn() says of a float model. */
void engine_warn_preprocess(const struct engine *e, struct diag *d);
/* Prepares photos for a float model in another way. */
void engine_set_preprocess(struct engine *e, const struct usual_preprocess *u);
int engine_inputs(const struct engine *e);
const char *engine_input_name(const struct engine *e, int i);
/* Runs a photo or tensor (.npy, .pb) for each input. `photo` gets the image
 * (free it in any case); its width is 0 for tensors. */
int engine_run(struct engine *e, const char *const *files, struct image *photo,
	       struct diag *d);
/* Runs a model of one input on a photo in memory; `name` is for messages. */
int engine_run_photo(struct engine *e, const char *name,
		     const struct image *photo, struct diag *d);

int engine_outputs(const struct engine *e);
const char *engine_output_name(const struct engine *e, int i);
/* Output i of the last run: float32, or the integers of an integer output.
 * Free it with tensor_free(). */
int engine_output(const struct engine *e, int i, const char **name,
		  struct tensor *t, struct diag *d);

enum engine_result { ENGINE_TENSORS, ENGINE_DETECTIONS, ENGINE_CLASSES };
/* The meaning of the outputs. */
enum engine_result engine_result(const struct engine *e);
/* Detections of the last run, best first; returns their number. */
int engine_detections(const struct engine *e, struct dbrt_detection *out,
		      int max);
/* The same with another score threshold than that of the head. */
int engine_detections_at(const struct engine *e, float threshold,
			 struct dbrt_detection *out, int max);
/* The values of the head; classes are counted without the background. */
float engine_threshold(const struct engine *e);
uint32_t engine_classes(const struct engine *e);
/* For ENGINE_TENSORS: why the outputs are not understood. */
const char *engine_no_result(const struct engine *e);
/* The output that holds one score for each class. */
int engine_scores(const struct engine *e);
const char *engine_class_name(const struct engine *e, uint32_t class_id);

#endif
