/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_MEASURE_PHOTO_RESULTS_H
#define DBC_CONVERTER_MEASURE_PHOTO_RESULTS_H

#include "base/parallel.h"
#include "converter/data/annotations.h"
#include "converter/measure/detection_ap.h"
#include "converter/measure/measure_set.h"
#include "converter/measure/model_runner.h"

/* Detections with a lower score are ignored, which is a common choice. */
#define PHOTO_LEAST_SCORE 0.02f
/* Detections of each class and photo that count, as in COCO. */
#define PHOTO_MOST_COUNTED 100
#define PHOTO_NO_CLASS UINT32_MAX

/* The model to run: an .onnx file runs with the float evaluator, a .dbp file,
 * or one in memory (dbp not NULL), with the device library. */
struct accuracy_model {
	const char *path; /* also the name for messages */
	const uint8_t *dbp;
	uint32_t dbp_bytes;
};

/* One photo: its labels in the model's terms, and what the model found. */
struct photo_result {
	const struct annotated_photo *labels; /* NULL: none */
	bool counts;                          /* it was run */
	/* of a detector, in pixels of the photo; boxes of classes that the
	 * model does not know are left out */
	struct ap_truth *truth;
	int truth_count;
	struct dbrt_detection *found; /* from PHOTO_LEAST_SCORE on, or from the
				       * model's threshold if that is less */
	int found_count;
	/* of a classifier: the class of the label, or PHOTO_NO_CLASS, the best
	 * class and its score */
	uint32_t label_class, class_id;
	float score;
};

/* What one model gives for a set of photos. */
struct photo_results {
	struct photo_result *photos;
	int count;
	bool is_boxes;
	float threshold; /* the score at which the model is deployed */
	uint32_t class_count;
	const char **class_names; /* of the model, or the labels, or numbers;
				   * no two are equal */
	uint32_t *class_of; /* class of the model, or PHOTO_NO_CLASS, by class
			     * of the labels */
	struct arena arena;
};

/*
 * Runs the model once on every photo of the set. Photos without labels count if
 * the labels say that these show nothing, or if `all` is set; tensors do not
 * count. Classes of the labels and the model are matched by name where both
 * have names, else by number; for a detector of one class all labels count.
 * `progress` may be NULL; its stage is not used. Results do not depend on the
 * number of threads. -1 with a diagnostic; free them in any case.
 */
int photo_results_run(struct photo_results *r, const struct measure_set *photos,
		      const struct accuracy_model *model,
		      const struct annotations *labels, bool all,
		      const struct progress *progress, struct diag *d);
void photo_results_free(struct photo_results *r);

#endif
