/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_MEASURE_ACCURACY_H
#define DBC_CONVERTER_MEASURE_ACCURACY_H

#include "base/parallel.h"
#include "converter/data/annotations.h"
#include "converter/measure/detection_ap.h"
#include "converter/measure/measure_set.h"
#include "converter/measure/model_runner.h"

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
 * Runs the model on the photos and compares its results with the labels.
 * Classes of the labels and the model are matched by name where both have
 * names, else by number; for a detector of one class all labels count.
 * `progress` may be NULL; its stage is not used. Results live in the arena and
 * do not depend on the number of threads. -1 with a diagnostic.
 */
int accuracy_measure(const struct measure_set *photos,
		     const struct accuracy_model *m,
		     const struct annotations *labels, struct arena *a,
		     struct accuracy *out, const struct progress *progress,
		     struct diag *d);

#endif
