/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_MEASURE_ACCURACY_H
#define DBC_CONVERTER_MEASURE_ACCURACY_H

#include "converter/data/annotations.h"
#include "converter/data/dataset.h"
#include "converter/measure/detection_ap.h"
#include "converter/measure/model_runner.h"
#include "base/parallel.h"

/* Detections with less are not worth a look, as a rule of the field. */
#define ACCURACY_LEAST_SCORE 0.02f

struct accuracy_class {
	const char *name; /* the model's, the labels', or its number */
	struct ap_result result;
	int right; /* classifier: photos of the class, found */
};

/* How well a model does on labelled photos. */
struct accuracy {
	int photos;  /* that are labelled */
	int skipped; /* photos without labels */
	bool is_boxes;
	float threshold; /* of precision and recall: the head's own */
	struct ap_result total;
	double top1;                    /* classifier: share of photos */
	struct accuracy_class *classes; /* those that the labels have */
	int class_count;
};

/* "map50" or "top1", and its value. */
const char *accuracy_metric(const struct accuracy *a);
double accuracy_value(const struct accuracy *a);

/*
 * What to measure: an .onnx file by the float evaluator, a .dbp file or one
 * in memory (dbp != NULL) by the device library.
 */
struct accuracy_model {
	const char *path; /* and the name for messages */
	const uint8_t *dbp;
	uint32_t dbp_bytes;
};

/*
 * Runs the model on items [first, first + count) of `photos` and scores it.
 * Classes of the labels are the model's by name where both have names, else
 * by number; every class counts for a detector of one. Results live in the
 * arena and do not depend on c->jobs. -1 with a diagnostic.
 */
int accuracy_measure(const struct config *c, const struct accuracy_model *m,
		     const struct dataset *photos, int first, int count,
		     const struct annotations *labels, struct arena *a,
		     struct accuracy *out, progress_fn *progress,
		     void *progress_ctx, struct diag *d);

#endif
