/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "converter/report.h"

#include <float.h>
#include <math.h>
#include <sodium.h>
#include <string.h>

#include "converter/latency.h"
#include "runtime/dbrt.h"

/* A mean of widths that is over the width asked for by more than this. */
#define BITS_MORE 0.05

/* ---- Figures ---- */

/* Mean bits per weight over all layers: in memory or, coded, in the file. */
static double mean_bits(const struct conversion *v, bool coded)
{
	double bits = 0, weights = 0;

	for (int i = 0; i < v->search.layer_count; i++) {
		const struct quantizer_layer *l = &v->search.layers[i];
		double count = (double)l->weights;

		bits += count * (coded ? l->entropy_bits : l->bits);
		weights += count;
	}
	return weights > 0 ? bits / weights : 0;
}

const struct quantizer_layer *report_layer(const struct report *r, int i)
{
	const struct search_result *s = &r->v->search;
	const struct node *n = r->v->packed.layers[i].node;

	for (int k = 0; n && k < s->layer_count; k++)
		if (s->layers[k].node == n && r->v->packed.layers[i].w_bits)
			return &s->layers[k];
	return NULL;
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
		r->layer_us[i] = latency_of_layer(&r->target, &p->layers[i]);
		r->latency_us += r->layer_us[i];
	}
	return 0;
}

int report_build(struct report *r, const struct config *c,
		 const struct conversion *v, const struct cost_target *target,
		 const char *name, struct arena *a, struct diag *d)
{
	*r = (struct report){ .c = c, .v = v, .name = name, .target = *target };
	if (cost_layers(r, a))
		return diag_error(d, "out of memory");
	r->weight_bits_memory = mean_bits(v, false);
	r->weight_bits_file = mean_bits(v, v->packed.file != v->packed.bytes);
	r->compression = v->packed.file_size ?
				 4.0 * (double)v->model_params /
					 (double)v->packed.file_size :
				 0;
	crypto_hash_sha256(r->dbp_sha256, v->packed.file, v->packed.file_size);
	if (v->dataset.count && dataset_digest(&v->dataset, r->calib_sha256, d))
		return -1;
	add_budget(r, "max_latency", "us", c->max_latency_us,
		   (int64_t)(r->latency_us + 0.5));
	add_budget(r, "max_size", "bytes", c->max_size_bytes,
		   v->packed.file_size);
	add_budget(r, "max_ram", "bytes", c->max_ram_bytes,
		   v->packed.ram_bytes);
	return 0;
}

/* ---- Budgets ---- */

static const char *remedy(const struct report *r, const char *name)
{
	if (!strcmp(name, "max_ram"))
		return "a smaller input (--shape) needs less work memory";
	if (!strcmp(name, "max_size") && r->target.coded &&
	    r->v->packed.file == r->v->packed.bytes)
		return "coded it would be smaller, but then it is expanded "
		       "into memory: more of that (--max-ram) would help";
	if (r->v->search.searched)
		return !strcmp(name, "max_size") ?
			       "no width of any layer makes it smaller" :
			       "a smaller input (--shape) would help";
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
	return (double)(!strcmp(budget, "max_size") ? l->file_bytes :
						      l->memory_bytes);
}

/* The layer with the highest cost below `above`; -1: none. */
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

/* Writes the three layers with the highest cost for a budget. */
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

bool report_is_accurate(const struct report *r)
{
	return accuracy_value(r->v->accuracy_packed) >=
	       (double)r->c->min_accuracy;
}

bool report_is_faithful(const struct report *r)
{
	return r->v->fidelity &&
	       r->v->fidelity->agreement.low >= (double)r->c->min_fidelity;
}

/* The error of an agreement that is measured and too low, or too uncertain. */
static void refuse_fidelity(const struct report *r, struct diag *d)
{
	const struct agreement *a = &r->v->fidelity->agreement;
	double limit = (double)r->c->min_fidelity;
	int needed = agreement_photos_needed(a, limit);

	diag_error(d,
		   "%s: min_fidelity cannot be met: agreement with the float "
		   "model is %.4f, and from %.4f to %.4f with %.0f %% "
		   "confidence; the lower end is below the limit, %.4f",
		   r->c->model_path, a->value, a->low, a->high,
		   100 * AGREEMENT_CONFIDENCE, limit);
	if (needed)
		diag_hint(d,
			  "%d photos tell too little (--calib, --images): with "
			  "about %d like these the lower end would be above "
			  "the limit; or more bits (--bits, --max-size) would "
			  "help",
			  a->photos, needed);
	else
		diag_hint(d, "more bits (--bits 4, --bits 8), wider limits or "
			     "more photos to calibrate on (--calib) would "
			     "help");
}

static int check_fidelity(const struct report *r, struct diag *d)
{
	const struct fidelity *f = r->v->fidelity;

	if (r->c->min_fidelity <= 0 || report_is_faithful(r))
		return 0;
	if (f && fidelity_is_empty(f)) {
		diag_error(d,
			   "%s: min_fidelity cannot be met: the float model "
			   "finds nothing on the %d photos",
			   r->c->model_path, f->samples + f->calibrated);
		diag_hint(d, "photos with what it detects are needed "
			     "(--calib), and the preprocessing that it was "
			     "trained with (--mean, --scale, --color, "
			     "--resize)");
		return 1;
	}
	if (!f) {
		diag_error(d,
			   "%s: min_fidelity cannot be met: agreement with "
			   "the float model is not measured",
			   r->c->model_path);
		diag_hint(d, "five or more photos (--calib) are needed");
		return 1;
	}
	refuse_fidelity(r, d);
	return 1;
}

static int check_accuracy(const struct report *r, struct diag *d)
{
	const struct accuracy *a = r->v->accuracy_packed;

	if (r->c->min_accuracy <= 0 || report_is_accurate(r))
		return 0;
	if (accuracy_missing(a)) {
		diag_error(d,
			   "%s: min_accuracy cannot be met: nothing is "
			   "measured on %d photos: %s",
			   r->c->model_path, a->photos + a->skipped,
			   accuracy_missing(a));
		if (a->empty == a->photos)
			diag_hint(d, "a label belongs to the photo of the same "
				     "name, without the ending");
		return 1;
	}
	diag_error(d,
		   "%s: min_accuracy cannot be met: %s is %.4f (%.4f in "
		   "float), the limit is %.4f",
		   r->c->model_path, accuracy_metric(a), accuracy_value(a),
		   accuracy_value(r->v->accuracy_float),
		   (double)r->c->min_accuracy);
	diag_hint(d, "more bits (--bits 4, --bits 8) or more photos to "
		     "calibrate on (--calib) would help");
	return 1;
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
	missed += check_fidelity(r, d);
	missed += check_accuracy(r, d);
	return missed;
}

/* ---- For people ---- */

static void print_agreement(const struct fidelity *f, FILE *out)
{
	const struct agreement *a = &f->agreement;
	int needed = agreement_photos_needed(a, a->value - AGREEMENT_TELLS);

	fprintf(out, "agreement    %.3f%s, %.0f %% interval %.3f to %.3f\n",
		a->value, f->has_boxes ? " of mAP50 kept" : "",
		100 * AGREEMENT_CONFIDENCE, a->low, a->high);
	fprintf(out, "             on %d samples", a->photos);
	if (f->calibrated)
		fprintf(out, ", %d of them calibrated on", f->calibrated);
	if (f->has_boxes)
		fprintf(out, ", with about %.0f true boxes", a->evidence);
	fputc('\n', out);
	if (a->value - a->low > AGREEMENT_TELLS && needed)
		fprintf(out,
			"             too few to tell: about %d like these are "
			"needed to be sure of %.2f\n",
			needed, fmax(a->value - AGREEMENT_TELLS, 0));
}

void fidelity_print(const struct fidelity *f, FILE *out)
{
	fprintf(out, "fidelity     %d samples, SQNR %.1f dB, cosine %.5f\n",
		f->samples, f->sqnr_db, f->cosine);
	if (fidelity_is_empty(f)) {
		fprintf(out, "             detections: not measured, the float "
			     "model finds nothing\n");
		return;
	}
	if (f->has_boxes && f->truth_boxes)
		fprintf(out,
			"             detections: F1 %.3f, mAP50 %.3f "
			"against %d of the float model's\n",
			f->f1, f->map50, f->truth_boxes);
	if (f->has_classes)
		fprintf(out, "             same class in %.1f %%\n",
			100 * f->top1_agreement);
	print_agreement(f, out);
}

static void print_accuracies(const struct accuracy *f, const struct accuracy *q,
			     FILE *out)
{
	if (accuracy_missing(q)) {
		fprintf(out, "accuracy     not measured: %s\n",
			accuracy_missing(q));
		return;
	}
	fprintf(out, "accuracy     %s %.4f in float, %.4f packed, on %d photos",
		accuracy_metric(q), accuracy_value(f), accuracy_value(q),
		q->photos);
	if (q->is_boxes)
		fprintf(out, " with %d boxes", q->truths);
	for (int i = 0; q->is_boxes && q->class_count <= ACCURACY_LINES &&
			i < q->class_count;
	     i++)
		fprintf(out, "%s%s %.3f to %.3f", i ? ", " : "\n             ",
			TEXT_PRINTABLE(q->classes[i].name),
			f->classes[i].result.ap50, q->classes[i].result.ap50);
	fputc('\n', out);
}

/* What a target says of its kernels, and how much of the time has no such
 * source. */
static void print_latency(const struct report *r, FILE *out)
{
	double estimated = latency_estimated(&r->target, &r->v->packed);

	fprintf(out, "latency      %.1f ms on %s, %s", r->latency_us / 1e3,
		TEXT_PRINTABLE(r->target.name),
		latency_source(&r->target, &r->v->packed));
	if (estimated >= 0.005 && estimated < 0.995)
		fprintf(out, " (%.0f%% of it estimated)", 100 * estimated);
	fputc('\n', out);
}

/* What a weight takes, and why that is more than was asked for. */
static void print_bits(const struct report *r, FILE *out)
{
	fprintf(out, "weights      %.2f bits in the file, %.2f in memory",
		r->weight_bits_file, r->weight_bits_memory);
	if (r->v->search.raised)
		fprintf(out, ", raised from --bits %d for the agreement",
			r->c->bits);
	else if (!r->v->search.searched &&
		 r->weight_bits_memory > r->c->bits + BITS_MORE)
		fprintf(out,
			"; --bits %d: the first, depthwise and last layers "
			"have 8",
			r->c->bits);
	fputc('\n', out);
}

void report_print(const struct report *r, FILE *out)
{
	const struct packed *p = &r->v->packed;

	fprintf(out,
		"model        %s: %lld operators, %.1f K parameters, "
		"%.1f M multiply-accumulates\n",
		TEXT_PRINTABLE(r->name), (long long)r->v->model_nodes,
		(double)r->v->model_params / 1e3,
		(double)r->v->model_macs / 1e6);
	fprintf(out, "packed       %u bytes, %.1fx smaller than FP32\n",
		p->file_size, r->compression);
	print_bits(r, out);
	if (p->file != p->bytes)
		fprintf(out, "memory       %u bytes, %u of them work memory\n",
			p->ram_bytes, p->arena_bytes);
	else
		fprintf(out, "work memory  %u bytes\n", p->arena_bytes);
	print_latency(r, out);
	if (r->v->fidelity)
		fidelity_print(r->v->fidelity, out);
	if (r->v->accuracy_packed)
		print_accuracies(r->v->accuracy_float, r->v->accuracy_packed,
				 out);
}
