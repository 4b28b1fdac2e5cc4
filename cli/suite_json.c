/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/suite_json.h"

#include <math.h>

#include "converter/json_text.h"

static const char *const verdicts[] = { [SHARE_PASSED] = "passed",
					[SHARE_FAILED] = "failed",
					[SHARE_TOO_FEW] = "too_few" };

json_t *suite_json_number(double x)
{
	return isnan(x) ? json_null() : json_real(x);
}

static json_t *check_json(const struct suite_check *c)
{
	json_t *j = json_pack("{s:s,s:s,s:o,s:o,s:s}", "metric", c->metric,
			      "bound", suite_bound_name(c->bound), "limit",
			      suite_json_number(c->limit), "value",
			      suite_json_number(c->value), "verdict",
			      verdicts[c->verdict]);

	if (!c->cases)
		return j;
	json_object_set_new(j, "count", json_integer(c->share.count));
	json_object_set_new(j, "of", json_string(c->cases));
	json_object_set_new(j, "low", suite_json_number(c->share.low));
	json_object_set_new(j, "high", suite_json_number(c->share.high));
	if (c->share.needed)
		json_object_set_new(j, "needed", json_integer(c->share.needed));
	if (c->bound == SUITE_DROP)
		json_object_set_new(j, "baseline",
				    suite_json_number(c->baseline));
	return j;
}

static json_t *outcome_json(const struct suite_outcome *o)
{
	json_t *checks = json_array(), *worst = json_array();

	for (int i = 0; i < o->check_count; i++)
		json_array_append_new(checks, check_json(&o->checks[i]));
	for (int i = 0; i < o->worst_count; i++)
		json_array_append_new(worst, json_text(o->worst[i]));
	return json_pack("{s:o,s:s,s:i,s:i,s:o,s:o}", "name",
			 json_text(o->name), "verdict", verdicts[o->verdict],
			 "photos", o->photos, "truths", o->truths, "checks",
			 checks, "worst_photos", worst);
}

static json_t *result_json(const struct suite_result *r)
{
	json_t *slices = json_array(), *j;

	for (int i = 0; i < r->outcome_count; i++)
		json_array_append_new(slices, outcome_json(&r->outcomes[i]));
	j = json_pack("{s:o,s:f,s:i,s:i,s:i,s:o}", "model", json_text(r->model),
		      "threshold", (double)r->threshold, "passed", r->passed,
		      "failed", r->failed, "too_few", r->too_few, "slices",
		      slices);
	if (!r->is_packed)
		return j;
	json_object_set_new(j, "file_bytes", json_integer(r->size));
	json_object_set_new(j, "ram_bytes", json_integer(r->ram));
	json_object_set_new(j, "latency_us", json_real(r->latency_us));
	json_object_set_new(j, "latency_source",
			    json_string(r->latency_source));
	json_object_set_new(j, "target", json_text(r->target));
	return j;
}

char *suite_json(const struct suite *s, const struct suite_result *results,
		 int count, struct diag *d)
{
	json_t *models = json_array();
	int passed = 0, failed = 0, too_few = 0;

	for (int i = 0; i < count; i++) {
		passed += results[i].passed;
		failed += results[i].failed;
		too_few += results[i].too_few;
		json_array_append_new(models, result_json(&results[i]));
	}
	return json_lines(json_pack("{s:i,s:o,s:i,s:i,s:i,s:o}", "schema", 1,
				    "suite", json_text(s->path), "passed",
				    passed, "failed", failed, "too_few",
				    too_few, "models", models),
			  d);
}
