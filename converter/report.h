/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_REPORT_H
#define DBC_CONVERTER_REPORT_H

#include <jansson.h>

#include "base/stage_time.h"
#include "converter/measure/accuracy.h"
#include "converter/convert.h"
#include "converter/measure/fidelity.h"
#include "converter/measure/layer_error.h"
#include "converter/target.h"

#define REPORT_BUDGETS 3
#define ACCURACY_LINES 8 /* more classes are not listed */

struct report_budget {
	const char *name; /* "max_latency", "max_size", "max_ram" */
	const char *unit; /* "us", "bytes" */
	int64_t limit, value;
	bool met;
};

/* The figures of a conversion. Everything lives in the arena. */
struct report {
	const struct config *c;
	const struct conversion *v;
	const char *name; /* of the model: the file's stem */
	struct cost_target target;
	double *layer_us; /* by packed layer, modelled */
	double latency_us;
	double weight_bits_file, weight_bits_memory; /* means, of codes */
	double compression; /* FP32 parameter bytes over the packed file */
	uint8_t calib_sha256[32], dbp_sha256[32];
	struct report_budget budgets[REPORT_BUDGETS];
	int budget_count;
	/* Times differ from run to run: only where the user asks for them. */
	const struct stage_time *stages;
	int stage_count;
};

/* `name` is the stem of the files to be written. */
int report_build(struct report *r, const struct config *c,
		 const struct conversion *v, const struct cost_target *target,
		 const char *name, struct arena *a, struct diag *d);
/* Adds one error for each budget that is not met, with a hint. Returns their
 * number. */
int report_check_budgets(const struct report *r, struct diag *d);
/* Whether --min-accuracy is met. Accuracy must have been measured. */
bool report_is_accurate(const struct report *r);
/* Whether --min-fidelity is met. It is not where nothing was measured. */
bool report_is_faithful(const struct report *r);
/* How packed layer i got its bits; NULL: it has no weights. */
const struct quantizer_layer *report_layer(const struct report *r, int i);
/* Parts of the JSON: the preprocessing, null for none, and the warnings. */
json_t *report_preprocess_json(const struct preprocess *p);
json_t *report_warnings_json(const struct diag *d);
/* The JSON of dbconvert(1), a newline at its end; malloc'ed. */
char *report_json(const struct report *r, struct diag *d);
/* The JSON of verify: the fidelity part and the layers; malloc'ed. */
char *report_verify_json(const struct fidelity *f,
			 const struct layer_error *layers, int layer_count,
			 struct diag *d);
/* The JSON of eval; malloc'ed. */
char *report_accuracy_json(const struct accuracy *a, struct diag *d);
/* Prints a summary for people. */
void report_print(const struct report *r, FILE *out);
/* Plots size against loss of every model of the search. */
void report_plot(const struct report *r, FILE *out);
void fidelity_print(const struct fidelity *f, FILE *out);

#endif
