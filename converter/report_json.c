/* SPDX-License-Identifier: Apache-2.0 */
/* Reports as JSON, for scripts: names and types here are an interface. */
#include <jansson.h>
#include <math.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "converter/json_text.h"
#include "converter/latency.h"
#include "converter/report.h"
#include "runtime/dbrt.h"

static json_t *hex(const uint8_t sha256[32])
{
	char text[65];

	sodium_bin2hex(text, sizeof(text), sha256, 32);
	return json_string(text);
}

/* null where x is not a number. */
static json_t *number_json(double x)
{
	return isfinite(x) ? json_real(x) : json_null();
}

static json_t *detections_json(const struct fidelity *f)
{
	return f->has_boxes ?
		       json_pack("{s:o,s:o,s:i}", "f1", number_json(f->f1),
				 "map50", number_json(f->map50), "float_boxes",
				 f->truth_boxes) :
		       json_null();
}

static json_t *outputs_json(const struct fidelity *f)
{
	json_t *list = json_array();

	for (int i = 0; i < f->output_count; i++) {
		const struct fidelity_output *o = &f->outputs[i];

		json_array_append_new(
			list, json_pack("{s:o,s:f,s:f,s:f}", "name",
					json_text(o->name), "sqnr_db",
					o->sqnr_db, "cosine", o->cosine,
					"max_rel_error", o->max_rel_error));
	}
	return list;
}

/* null where there is nothing to agree on. */
static json_t *agreement_json(const struct fidelity *f)
{
	const struct agreement *a = &f->agreement;
	int needed = agreement_photos_needed(a, a->value - AGREEMENT_TELLS);

	if (!isfinite(a->value))
		return json_null();
	return json_pack("{s:s,s:f,s:f,s:f,s:f,s:i,s:i,s:f,s:o}", "of",
			 f->has_boxes   ? "map50" :
			 f->has_classes ? "top1" :
					  "signal",
			 "value", a->value, "low", a->low, "high", a->high,
			 "confidence", AGREEMENT_CONFIDENCE, "images",
			 a->photos, "calibrated", f->calibrated, "evidence",
			 a->evidence, "images_needed",
			 a->value - a->low <= AGREEMENT_TELLS || !needed ?
				 json_null() :
				 json_integer(needed));
}

static json_t *fidelity_object(const struct fidelity *f)
{
	if (!f)
		return json_pack("{s:i,s:n,s:n,s:n,s:n,s:n,s:[]}", "images", 0,
				 "sqnr_db", "cosine", "detections",
				 "top1_agreement", "agreement", "outputs");
	return json_pack(
		"{s:i,s:f,s:f,s:o,s:o,s:o,s:o}", "images", f->samples,
		"sqnr_db", f->sqnr_db, "cosine", f->cosine, "detections",
		detections_json(f), "top1_agreement",
		f->has_classes ? json_real(f->top1_agreement) : json_null(),
		"agreement", agreement_json(f), "outputs", outputs_json(f));
}

/* The value of a class: AP50 of a detector, recall of a classifier. */
static double class_value(const struct accuracy *a, int i)
{
	return a->is_boxes ? a->classes[i].result.ap50 :
			     a->classes[i].result.recall;
}

static json_t *both_accuracies(const struct report *r)
{
	const struct accuracy *f = r->v->accuracy_float,
			      *q = r->v->accuracy_packed;
	json_t *classes;

	if (!f || !q)
		return json_null();
	classes = json_object();
	for (int i = 0; i < q->class_count && i < f->class_count; i++)
		json_object_set_new(classes, q->classes[i].name,
				    json_pack("{s:f,s:f}", "float",
					      class_value(f, i), "quantized",
					      class_value(q, i)));
	return json_pack("{s:i,s:i,s:i,s:s,s:o,s:o,s:o}", "images", q->photos,
			 "skipped", q->skipped, "labels", q->truths, "metric",
			 accuracy_metric(q), "float",
			 number_json(accuracy_value(f)), "quantized",
			 number_json(accuracy_value(q)), "per_class", classes);
}

static json_t *report_fidelity(const struct report *r)
{
	json_t *j;

	if (!r->v->fidelity && !r->v->accuracy_packed)
		return json_null();
	j = fidelity_object(r->v->fidelity);
	json_object_set_new(j, "accuracy", both_accuracies(r));
	return j;
}

static json_t *layer_json(const struct report *r, int i)
{
	const struct packed_layer *l = &r->v->packed.layers[i];
	const struct quantizer_layer *q = report_layer(r, i);
	json_t *j = json_pack(
		"{s:o,s:s,s:s,s:i,s:i,s:I,s:I,s:f,s:o,s:I}", "name",
		json_text(l->name), "op", l->op, "kernel", l->kernel, "w_bits",
		l->w_bits, "a_bits", l->a_bits, "macs", (json_int_t)l->macs,
		"weight_bytes", (json_int_t)l->weight_bytes, "latency_us",
		r->layer_us[i], "sqnr_db",
		number_json(r->v->layer_errors ? r->v->layer_errors[i].sqnr_db :
						 (double)NAN),
		"file_bytes", (json_int_t)l->file_bytes);

	if (j && q)
		json_object_update_new(
			j, json_pack("{s:f,s:o,s:o,s:s}", "entropy_bits",
				     q->entropy_bits, "sensitivity",
				     number_json(q->sensitivity), "loss",
				     number_json(q->loss), "why", q->why));
	return j;
}

static json_t *layers_json(const struct report *r)
{
	json_t *list = json_array();

	for (int i = 0; i < r->v->packed.layer_count; i++)
		json_array_append_new(list, layer_json(r, i));
	return list;
}

/* One point where nothing was searched. */
static json_t *pareto_json(const struct report *r)
{
	const struct search_result *s = &r->v->search;
	json_t *list = json_array();

	for (int i = 0; i < s->point_count; i++) {
		const struct search_point *p = &s->points[i];
		bool chosen = i == s->chosen;

		json_array_append_new(
			list,
			json_pack("{s:f,s:I,s:f,s:o,s:I,s:o,s:o,s:b,s:b}",
				  "weight_bits_mean",
				  chosen ? r->weight_bits_file : p->weight_bits,
				  "dbp_bytes", (json_int_t)p->dbp_bytes,
				  "latency_us", p->latency_us, "loss",
				  number_json(p->loss), "ram_bytes",
				  (json_int_t)p->ram_bytes, "predicted_loss",
				  number_json(p->predicted_loss), "fidelity",
				  number_json(p->agreement), "built", p->built,
				  "chosen", chosen));
	}
	return list;
}

static json_t *budgets_json(const struct report *r)
{
	json_t *list = json_array();

	for (int i = 0; i < r->budget_count; i++) {
		const struct report_budget *b = &r->budgets[i];

		json_array_append_new(
			list, json_pack("{s:s,s:I,s:I,s:b}", "name", b->name,
					"limit", (json_int_t)b->limit, "value",
					(json_int_t)b->value, "met", b->met));
	}
	if (r->c->min_accuracy > 0 && r->v->accuracy_packed)
		json_array_append_new(
			list,
			json_pack("{s:s,s:f,s:o,s:b}", "name", "min_accuracy",
				  "limit", (double)r->c->min_accuracy, "value",
				  number_json(accuracy_value(
					  r->v->accuracy_packed)),
				  "met", report_is_accurate(r)));
	if (r->c->min_fidelity > 0)
		json_array_append_new(
			list,
			json_pack(
				"{s:s,s:f,s:o,s:b}", "name", "min_fidelity",
				"limit", (double)r->c->min_fidelity, "value",
				r->v->fidelity ?
					number_json(
						r->v->fidelity->agreement.low) :
					json_null(),
				"met", report_is_faithful(r)));
	return list;
}

static json_t *floats_json(const float *v, int count)
{
	json_t *list = json_array();

	for (int i = 0; i < count; i++)
		json_array_append_new(list, json_real((double)v[i]));
	return list;
}

json_t *report_preprocess_json(const struct preprocess *p)
{
	if (!p->is_image)
		return json_null();
	return json_pack("{s:s,s:o,s:o,s:s,s:i,s:s}", "color",
			 preprocess_color_name(p->color), "mean",
			 floats_json(p->mean, p->channels), "scale",
			 floats_json(p->scale, p->channels), "resize",
			 preprocess_resize_name(p->fit), "pad_value",
			 p->pad_value, "source",
			 preprocess_source_name(p->source));
}

json_t *report_warnings_json(const struct diag *d)
{
	json_t *list = json_array();

	for (size_t i = 0; i < d->count; i++)
		if (d->entries[i].level == DIAG_WARNING)
			json_array_append_new(list,
					      json_text(d->entries[i].text));
	return list;
}

static json_t *inputs_json(const struct report *r)
{
	return json_pack("{s:o,s:o,s:I}", "model_sha256",
			 hex(r->v->model_sha256), "calib_sha256",
			 r->v->dataset.count ? hex(r->calib_sha256) :
					       json_null(),
			 "seed", (json_int_t)r->c->seed);
}

static json_t *model_json(const struct report *r)
{
	return json_pack("{s:o,s:I,s:I,s:I,s:I}", "name", json_text(r->name),
			 "nodes", (json_int_t)r->v->model_nodes, "params",
			 (json_int_t)r->v->model_params, "macs",
			 (json_int_t)r->v->model_macs, "fp32_bytes",
			 (json_int_t)(4 * r->v->model_params));
}

static json_t *output_json(const struct report *r)
{
	char dbp[300], header[300];

	snprintf(dbp, sizeof(dbp), "%.250s.dbp", r->name);
	snprintf(header, sizeof(header), "%.250s.h", r->name);
	return json_pack(
		"{s:o,s:o,s:I,s:o,s:f,s:f,s:f,s:i,s:b,s:f,s:I,s:f,s:s,s:I,s:I,"
		"s:i,s:i}",
		"dbp", json_text(dbp), "header", json_text(header), "dbp_bytes",
		(json_int_t)r->v->packed.file_size, "dbp_sha256",
		hex(r->dbp_sha256), "weight_bits_mean", r->weight_bits_file,
		"weight_bits_file", r->weight_bits_file, "weight_bits_memory",
		r->weight_bits_memory, "weight_bits_asked", r->c->bits,
		"weight_bits_raised", r->v->search.raised, "compression",
		r->compression, "arena_bytes",
		(json_int_t)r->v->packed.arena_bytes, "latency_us",
		r->latency_us, "latency_source",
		latency_source(&r->target, &r->v->packed), "flash_bytes",
		(json_int_t)r->v->packed.file_size, "ram_bytes",
		(json_int_t)r->v->packed.ram_bytes, "input_width",
		(int)r->v->preprocess.width, "input_height",
		(int)r->v->preprocess.height);
}

static json_t *stages_json(const struct report *r)
{
	json_t *list = json_array();

	for (int i = 0; i < r->stage_count; i++)
		json_array_append_new(
			list, json_pack("{s:s,s:f,s:f,s:f}", "name",
					r->stages[i].name, "seconds",
					r->stages[i].seconds, "cpu_seconds",
					r->stages[i].cpu_seconds, "peak_mb",
					r->stages[i].peak_mb));
	return list;
}

char *report_json(const struct report *r, struct diag *d)
{
	json_t *root = json_pack(
		"{s:i,s:{s:s,s:s},s:o,s:o,s:o,s:{s:s,s:i,s:I},s:o,s:o,s:o,s:o,"
		"s:o,s:o}",
		"schema", 1, "tool", "name", "dbconvert", "version",
		dbrt_version(), "inputs", inputs_json(r), "model",
		model_json(r), "preprocessing",
		report_preprocess_json(&r->v->preprocess), "target", "name",
		r->target.name, "cores", r->target.cores, "clock_hz",
		(json_int_t)r->target.clock_hz, "output", output_json(r),
		"fidelity", report_fidelity(r), "budgets", budgets_json(r),
		"layers", layers_json(r), "pareto", pareto_json(r), "warnings",
		report_warnings_json(d));

	if (r->stage_count)
		json_object_set_new(root, "stages", stages_json(r));
	return json_lines(root, d);
}

char *report_verify_json(const struct fidelity *f,
			 const struct layer_error *layers, int layer_count,
			 struct diag *d)
{
	json_t *root = fidelity_object(f), *list = json_array();

	json_object_set_new(root, "accuracy", json_null());
	for (int i = 0; i < layer_count; i++)
		json_array_append_new(
			list,
			json_pack("{s:o,s:s,s:o}", "name",
				  json_text(layers[i].name), "op", layers[i].op,
				  "sqnr_db", number_json(layers[i].sqnr_db)));
	json_object_set_new(root, "layers", list);
	return json_lines(root, d);
}

static json_t *class_object(const struct accuracy *a, int i)
{
	const struct ap_result *r = &a->classes[i].result;

	if (!a->is_boxes)
		return json_pack("{s:i,s:f}", "photos", r->truths, "top1",
				 r->recall);
	return json_pack("{s:i,s:o,s:o,s:o,s:o}", "boxes", r->truths, "ap50",
			 number_json(r->ap50), "ap", number_json(r->ap),
			 "precision", number_json(r->precision), "recall",
			 number_json(r->recall));
}

char *report_accuracy_json(const struct accuracy *a, struct diag *d)
{
	json_t *classes = json_object(), *root;

	for (int i = 0; i < a->class_count; i++)
		json_object_set_new(classes, a->classes[i].name,
				    class_object(a, i));
	root = json_pack("{s:i,s:i,s:i,s:s,s:o}", "images", a->photos,
			 "skipped", a->skipped, "labels", a->truths, "metric",
			 accuracy_metric(a), "value",
			 number_json(accuracy_value(a)));
	if (a->is_boxes)
		json_object_update_new(
			root, json_pack("{s:o,s:o,s:f,s:o,s:o,s:o}", "ap50",
					number_json(a->total.ap50), "ap",
					number_json(a->total.ap), "threshold",
					(double)a->threshold, "precision",
					number_json(a->total.precision),
					"recall", number_json(a->total.recall),
					"f1", number_json(a->total.f1)));
	json_object_set_new(root, "per_class", classes);
	return json_lines(root, d);
}
