/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/report.h"

#include <float.h>
#include <jansson.h>
#include <math.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/dbrt.h"

/* ---- Figures ---- */

/* Bits a weight over all layers that have codes. */
static double mean_bits(const struct graph *g)
{
	double bits = 0, weights = 0;

	for (const struct node *n = g->first; n; n = n->next) {
		const struct value *w = node_input(n, 1);
		double count;

		if (!value_is_const(w) || !w->quant || !w->quant->codes)
			continue;
		count = (double)shape_elements(&w->shape);
		bits += count * w->quant->bits;
		weights += count;
	}
	return weights > 0 ? bits / weights : 0;
}

static void add_budget(struct report *r, const char *name, const char *unit,
		       int64_t limit, int64_t value)
{
	if (limit > 0)
		r->budgets[r->budget_count++] =
			(struct report_budget){ name, unit, limit, value,
						value <= limit };
}

static int cost_layers(struct report *r, struct arena *a)
{
	const struct packed *p = &r->v->packed;

	r->layer_us = arena_array(a, (size_t)p->layer_count, sizeof(double));
	if (!r->layer_us)
		return -1;
	for (int i = 0; i < p->layer_count; i++) {
		const struct packed_layer *l = &p->layers[i];
		const struct cost_work work = { l->kernel, l->macs,
						l->weight_bytes,
						l->memory_bytes };

		r->layer_us[i] = cost_latency_us(&r->target, &work);
		r->latency_us += r->layer_us[i];
	}
	return 0;
}

int report_build(struct report *r, const struct config *c,
		 const struct conversion *v, const struct fidelity *f,
		 const struct layer_error *layers,
		 const struct cost_target *target, const char *name,
		 struct arena *a, struct diag *d)
{
	*r = (struct report){ .c = c,
			      .v = v,
			      .fidelity = f,
			      .layers = layers,
			      .name = name,
			      .target = *target };
	if (cost_layers(r, a))
		return diag_error(d, "out of memory");
	r->weight_bits_mean = mean_bits(v->graph);
	r->compression = v->packed.size ? 4.0 * (double)v->model_params /
						  (double)v->packed.size :
					  0;
	crypto_hash_sha256(r->dbp_sha256, v->packed.bytes, v->packed.size);
	if (v->dataset.count && dataset_digest(&v->dataset, r->calib_sha256, d))
		return -1;
	add_budget(r, "max_latency", "us", c->max_latency_us,
		   (int64_t)(r->latency_us + 0.5));
	add_budget(r, "max_size", "bytes", c->max_size_bytes, v->packed.size);
	add_budget(r, "max_ram", "bytes", c->max_ram_bytes,
		   v->packed.arena_bytes);
	return 0;
}

/* ---- Budgets ---- */

static const char *remedy(const struct report *r, const char *name)
{
	if (!strcmp(name, "max_ram"))
		return "a smaller input (--shape) needs less work memory";
	if (r->c->bits > 2)
		return "fewer bits (--bits 4, --bits 2) or a smaller input "
		       "(--shape) would help";
	return "a smaller input (--shape) would help";
}

static double layer_cost(const struct report *r, const char *budget, int i)
{
	const struct packed_layer *l = &r->v->packed.layers[i];

	if (!strcmp(budget, "max_latency"))
		return r->layer_us[i];
	return (double)(!strcmp(budget, "max_size") ? l->weight_bytes :
						      l->memory_bytes);
}

/* The layer that costs most of those that cost less than `above`; -1: none. */
static int costly_layer(const struct report *r, const char *budget,
			double above)
{
	double most = 0;
	int best = -1;

	for (int i = 0; i < r->v->packed.layer_count; i++) {
		double cost = layer_cost(r, budget, i);

		if (cost > most && cost < above) {
			most = cost;
			best = i;
		}
	}
	return best;
}

/* The three layers that cost most, for a budget. */
static void name_layers(const struct report *r, const char *budget, char *text,
			size_t bytes)
{
	const char *unit = strcmp(budget, "max_latency") ? "bytes" : "us";
	double above = DBL_MAX;
	size_t used = 0;

	text[0] = 0;
	for (int k = 0; k < 3 && used < bytes; k++) {
		int i = costly_layer(r, budget, above);

		if (i < 0)
			return;
		above = layer_cost(r, budget, i);
		used += (size_t)snprintf(text + used, bytes - used,
					 "%s%.60s (%.0f %s)", k ? ", " : "",
					 r->v->packed.layers[i].name, above,
					 unit);
	}
}

int report_check_budgets(const struct report *r, struct diag *d)
{
	int missed = 0;

	for (int i = 0; i < r->budget_count; i++) {
		const struct report_budget *b = &r->budgets[i];
		char layers[400];

		if (b->met)
			continue;
		missed++;
		name_layers(r, b->name, layers, sizeof(layers));
		diag_error(d,
			   "%s: %s cannot be met: it takes %lld %s, the "
			   "limit is %lld",
			   r->c->model_path, b->name, (long long)b->value,
			   b->unit, (long long)b->limit);
		diag_hint(d, "most goes to %s; %s", layers, remedy(r, b->name));
	}
	return missed;
}

/* ---- JSON ---- */

static json_t *hex(const uint8_t sha256[32])
{
	char text[65];

	sodium_bin2hex(text, sizeof(text), sha256, 32);
	return json_string(text);
}

/* Names come from files: bytes that are not UTF-8 become '?'. */
static json_t *name_json(const char *s)
{
	json_t *j = json_string(s);
	char *copy;

	if (j)
		return j;
	copy = strdup(s);
	for (char *p = copy; p && *p; p++)
		if ((unsigned char)*p > 126)
			*p = '?';
	j = copy ? json_string(copy) : NULL;
	free(copy);
	return j;
}

static json_t *detections_json(const struct fidelity *f)
{
	return f->has_boxes ?
		       json_pack("{s:f,s:f}", "f1", f->f1, "map50", f->map50) :
		       json_null();
}

static json_t *outputs_json(const struct fidelity *f)
{
	json_t *list = json_array();

	for (int i = 0; i < f->output_count; i++) {
		const struct fidelity_output *o = &f->outputs[i];

		json_array_append_new(
			list, json_pack("{s:o,s:f,s:f,s:f}", "name",
					name_json(o->name), "sqnr_db",
					o->sqnr_db, "cosine", o->cosine,
					"max_rel_error", o->max_rel_error));
	}
	return list;
}

static json_t *fidelity_object(const struct fidelity *f)
{
	if (!f)
		return json_null();
	return json_pack("{s:i,s:f,s:f,s:o,s:o,s:n,s:o}", "images", f->samples,
			 "sqnr_db", f->sqnr_db, "cosine", f->cosine,
			 "detections", detections_json(f), "top1_agreement",
			 f->has_classes ? json_real(f->top1_agreement) :
					  json_null(),
			 "accuracy", "outputs", outputs_json(f));
}

static json_t *sqnr_json(double decibels)
{
	return isnan(decibels) ? json_null() : json_real(decibels);
}

static json_t *layers_json(const struct report *r)
{
	const struct packed *p = &r->v->packed;
	json_t *list = json_array();

	for (int i = 0; i < p->layer_count; i++) {
		const struct packed_layer *l = &p->layers[i];

		json_array_append_new(
			list,
			json_pack("{s:o,s:s,s:s,s:i,s:i,s:I,s:I,s:f,s:o}",
				  "name", name_json(l->name), "op", l->op,
				  "kernel", l->kernel, "w_bits", l->w_bits,
				  "a_bits", l->a_bits, "macs",
				  (json_int_t)l->macs, "weight_bytes",
				  (json_int_t)l->weight_bytes, "latency_us",
				  r->layer_us[i], "sqnr_db",
				  sqnr_json(r->layers ? r->layers[i].sqnr_db :
							(double)NAN)));
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
	return json_pack("{s:o,s:I,s:I,s:I,s:I}", "name", name_json(r->name),
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
	return json_pack("{s:o,s:o,s:I,s:o,s:f,s:f,s:I,s:f,s:s,s:I}", "dbp",
			 name_json(dbp), "header", name_json(header),
			 "dbp_bytes", (json_int_t)r->v->packed.size,
			 "dbp_sha256", hex(r->dbp_sha256), "weight_bits_mean",
			 r->weight_bits_mean, "compression", r->compression,
			 "arena_bytes", (json_int_t)r->v->packed.arena_bytes,
			 "latency_us", r->latency_us, "latency_source",
			 "modelled", "flash_bytes",
			 (json_int_t)r->v->packed.size);
}

/* The text of an object, which is used up; NULL after a diagnostic. */
static char *dump(json_t *root, struct diag *d)
{
	char *text = root ? json_dumps(root, JSON_INDENT(1) |
						     JSON_REAL_PRECISION(6)) :
			    NULL;
	char *line = NULL;
	size_t n = text ? strlen(text) : 0;

	json_decref(root);
	if (text && (line = realloc(text, n + 2)) != NULL)
		memcpy(line + n, "\n", 2);
	if (!line) {
		free(text);
		diag_error(d, "out of memory for the report");
	}
	return line;
}

char *report_json(const struct report *r, struct diag *d)
{
	json_t *root = json_pack(
		"{s:i,s:{s:s,s:s},s:o,s:o,s:{s:s,s:i,s:I},s:o,s:o,s:o,s:o,"
		"s:[{s:f,s:I,s:f,s:n}]}",
		"schema", 1, "tool", "name", "dbconvert", "version",
		dbrt_version(), "inputs", inputs_json(r), "model",
		model_json(r), "target", "name", r->target.name, "cores",
		r->target.cores, "clock_hz", (json_int_t)r->target.clock_hz,
		"output", output_json(r), "fidelity",
		fidelity_object(r->fidelity), "budgets", budgets_json(r),
		"layers", layers_json(r), "pareto", "weight_bits_mean",
		r->weight_bits_mean, "dbp_bytes", (json_int_t)r->v->packed.size,
		"latency_us", r->latency_us, "loss");

	return dump(root, d);
}

char *report_verify_json(const struct fidelity *f,
			 const struct layer_error *layers, int layer_count,
			 struct diag *d)
{
	json_t *root = fidelity_object(f), *list = json_array();

	for (int i = 0; i < layer_count; i++)
		json_array_append_new(list,
				      json_pack("{s:o,s:s,s:o}", "name",
						name_json(layers[i].name), "op",
						layers[i].op, "sqnr_db",
						sqnr_json(layers[i].sqnr_db)));
	json_object_set_new(root, "layers", list);
	return dump(root, d);
}

/* ---- For people ---- */

void fidelity_print(const struct fidelity *f, FILE *out)
{
	fprintf(out, "fidelity     %d samples, SQNR %.1f dB, cosine %.5f\n",
		f->samples, f->sqnr_db, f->cosine);
	if (f->has_boxes)
		fprintf(out,
			"             detections: F1 %.3f, mAP50 %.3f "
			"against %d of the float model's\n",
			f->f1, f->map50, f->truth_boxes);
	if (f->has_classes)
		fprintf(out, "             same class in %.1f %%\n",
			100 * f->top1_agreement);
}

void report_print(const struct report *r, FILE *out)
{
	const struct packed *p = &r->v->packed;

	fprintf(out,
		"model        %s: %lld operators, %.1f K parameters, "
		"%.1f M multiply-accumulates\n",
		r->name, (long long)r->v->model_nodes,
		(double)r->v->model_params / 1e3,
		(double)r->v->model_macs / 1e6);
	fprintf(out,
		"packed       %u bytes, %.1fx smaller than FP32, %.2f "
		"bits a weight\n",
		p->size, r->compression, r->weight_bits_mean);
	fprintf(out, "work memory  %u bytes\n", p->arena_bytes);
	fprintf(out, "latency      %.1f ms on %s, modelled\n",
		r->latency_us / 1e3, r->target.name);
	if (r->fidelity)
		fidelity_print(r->fidelity, out);
}
