/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CLI_SUITE_RUN_H
#define DBC_CLI_SUITE_RUN_H

#include "cli/suite_check.h"
#include "cli/suite_photos.h"

#define SUITE_WORST 5 /* photos that are named where a slice fails */

/* A slice, or the model's own limits, of one model. */
struct suite_outcome {
	const char *name;
	enum share_verdict verdict; /* the worst of the checks */
	int photos, truths;         /* true boxes, or photos with a class */
	struct suite_check *checks;
	int check_count;
	const char *worst[SUITE_WORST]; /* photos with the most errors */
	int worst_count;
};

struct suite_result {
	const char *model;
	float threshold;   /* where it is deployed */
	bool is_packed;    /* the rest is known */
	int64_t size, ram; /* bytes: of the file; to load it and run */
	double latency_us; /* modelled */
	const char *target, *latency_source;
	struct suite_outcome *outcomes;
	int outcome_count;
	int passed, failed, too_few; /* outcomes */
};

/*
 * Runs each model, and the baseline where a slice compares with it, once on all
 * photos, and checks every slice. `results` has room for each model; memory is
 * the arena's. Results do not depend on the number of threads. -1 with a
 * diagnostic.
 */
int suite_run(const struct suite *s, const struct suite_photos *photos,
	      const char *const *models, int model_count,
	      struct suite_result *results, struct arena *a,
	      const struct progress *progress, struct diag *d);

/* Runs one model once on all photos. -1 with a diagnostic; free the results in
 * any case. */
int suite_run_photos(const struct suite *s, const struct suite_photos *photos,
		     const char *model, struct photo_results *results,
		     const struct progress *progress, struct diag *d);

/* Size, RAM and modelled latency of a packed file; nothing of an ONNX one. */
int suite_describe_model(const char *path, const char *target,
			 struct suite_result *r, struct arena *a,
			 struct diag *d);

/* What a slice is measured with; it stays as long as the slice. */
struct suite_view {
	const struct suite_where *where; /* suite_slice_of() sets it */
	const struct suite_photos *photos;
	const struct photo_results *results;
};
/* Slice `i` for the results of one model. A class that the model does not have
 * is an error. */
int suite_slice_of(const struct suite *s, int i, struct suite_view *view,
		   const char *model, struct slice *out, struct arena *a,
		   struct diag *d);

#endif
