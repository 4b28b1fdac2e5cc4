/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/measure/fidelity.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "converter/measure/accuracy.h"
#include "converter/measure/detection_ap.h"
#include "converter/measure/fidelity_run.h"

/* Outputs and detections that disagree: the signal is hardly above the noise
 * but nearly all detections agree, or the reverse. */
#define LOW_SQNR_DB 8
#define HIGH_SQNR_DB 30
#define HIGH_AGREEMENT 0.9

/* ---- Outputs ---- */

double fidelity_decibels(double signal, double noise)
{
	return noise > 0 ? 10 * log10(fmax(signal, noise * 1e-30) / noise) :
			   FIDELITY_NO_ERROR_DB;
}

static double cosine(const struct output_sums *s)
{
	double norm = sqrt(s->signal) * sqrt(s->packed);

	return norm > 0 ? s->dot / norm : s->signal == s->packed;
}

static void add_sums(struct output_sums *to, const struct output_sums *s,
		     bool first)
{
	to->count += s->count;
	to->signal += s->signal;
	to->noise += s->noise;
	to->packed += s->packed;
	to->dot += s->dot;
	to->max_error = fmax(to->max_error, s->max_error);
	to->low = first ? s->low : fmin(to->low, s->low);
	to->high = first ? s->high : fmax(to->high, s->high);
}

static int sum_outputs(const struct fidelity_run *m, struct arena *a,
		       struct fidelity *out)
{
	struct output_sums all = { 0 };

	out->output_count = m->g->output_count;
	out->outputs = arena_array(a, (size_t)out->output_count,
				   sizeof(*out->outputs));
	if (!out->outputs)
		return -1;
	for (int o = 0; o < out->output_count; o++) {
		struct fidelity_output *f = &out->outputs[o];
		struct output_sums s = { 0 };
		double range;

		for (int i = m->set->calibrated; i < m->set->count; i++)
			add_sums(&s, &m->samples[i].outputs[o],
				 i == m->set->calibrated);
		if (!(s.count > 0)) /* nothing agrees with nothing */
			s.noise = 1;
		range = s.high - s.low;
		f->name = arena_strdup(a, m->g->outputs[o]->name);
		f->sqnr_db = fidelity_decibels(s.signal, s.noise);
		f->cosine = cosine(&s);
		f->max_rel_error = range > 0 ? s.max_error / range :
					       s.max_error;
		if (!f->name)
			return -1;
		add_sums(&all, &s, o == 0);
	}
	out->sqnr_db = fidelity_decibels(all.signal, all.noise);
	out->cosine = cosine(&all);
	return 0;
}

/* ---- Errors on samples that calibrated ---- */

/* Error power over signal power of output o, on samples [from, to), and its
 * standard error by the choice of samples. */
static double error_share(const struct fidelity_run *m, int o, int from, int to,
			  double *standard_error)
{
	double signal = 0, noise = 0, spread = 0, share, n = to - from;

	for (int i = from; i < to; i++) {
		signal += m->samples[i].outputs[o].signal;
		noise += m->samples[i].outputs[o].noise;
	}
	share = signal > 0 ? noise / signal : 0;
	for (int i = from; i < to; i++) {
		const struct output_sums *s = &m->samples[i].outputs[o];
		double x = s->noise - share * s->signal;

		spread += x * x;
	}
	*standard_error = n > 1 && signal > 0 ?
				  sqrt(spread * n / (n - 1)) / signal :
				  share;
	return share;
}

/* How much larger errors may be on samples that did not calibrate: the root of
 * the power there plus a standard error, over the power where they did. */
static double *find_factors(struct fidelity_run *m)
{
	const struct fidelity_set *s = m->set;
	double *factors = arena_array(&m->arena, (size_t)m->g->output_count,
				      sizeof(*factors));

	for (int o = 0; factors && o < m->g->output_count; o++) {
		double error, ignored;
		double fresh =
			error_share(m, o, s->calibrated, s->count, &error);
		double used = error_share(m, o, 0, s->calibrated, &ignored);

		factors[o] = used > 0 && fresh + error > used ?
				     sqrt((fresh + error) / used) :
				     1;
	}
	return factors;
}

/* ---- Heads ---- */

/* Detections come best first. */
static int count_over(const struct dbrt_detection *list, int count, float least)
{
	int n = 0;

	while (n < count && list[n].score >= least)
		n++;
	return n;
}

/* Uses the confident detections of the float model as the truth. */
static int add_sample(struct ap *ap, const struct fidelity_sample *s,
		      float threshold)
{
	int count = count_over(s->truth, s->truth_count, threshold);
	struct ap_truth *truth = calloc((size_t)count + 1, sizeof(*truth));
	int err;

	if (!truth)
		return -1;
	for (int i = 0; i < count; i++)
		truth[i] = ap_truth_of(&s->truth[i]);
	err = ap_add(ap, truth, count, s->found, s->found_count, 0);
	free(truth);
	return err;
}

static uint32_t class_count(const struct fidelity_run *m)
{
	const struct dbp_head *head = m->file->head;

	return head ? head->class_count - head->background : 0;
}

static int sum_boxes(const struct fidelity_run *m, struct fidelity *out)
{
	const struct dbp_head *head = m->file->head;
	struct ap *ap = ap_new(class_count(m));
	struct ap_result all;
	int err = ap ? 0 : -1;

	for (int i = m->set->calibrated; !err && i < m->set->count; i++)
		err = add_sample(ap, &m->samples[i], head->score_threshold);
	if (!err) {
		ap_total(ap, head->score_threshold, &all);
		out->truth_boxes = all.truths;
		out->f1 = all.truths ? all.f1 : (double)NAN;
		out->map50 = all.ap50;
	}
	ap_free(ap);
	return err;
}

static int sum_head(const struct fidelity_run *m, struct fidelity *out)
{
	const struct dbp_head *head = m->file->head;
	int same = 0;

	for (int i = m->set->calibrated; i < m->set->count; i++)
		same += m->samples[i].same_class;
	out->has_classes = head && head->kind == DBP_HEAD_CLASSIFIER;
	out->top1_agreement = out->samples ? (double)same / out->samples :
					     (double)NAN;
	out->has_boxes = head && head->kind == DBP_HEAD_DETECTOR;
	return out->has_boxes ? sum_boxes(m, out) : 0;
}

/* ---- Agreement ---- */

static void view_sample(const struct fidelity_run *m, int i,
			struct agreement_photo *p)
{
	const struct dbp_head *head = m->file->head;
	const struct fidelity_sample *s = &m->samples[i];
	bool boxes = head && head->kind == DBP_HEAD_DETECTOR;
	float least =
		boxes ? fminf(head->score_threshold, ACCURACY_LEAST_SCORE) : 0;

	*p = (struct agreement_photo){
		.expected = s->truth,
		.expected_count = s->truth_count,
		.found = s->found,
		.found_count = count_over(s->found, s->found_count, least),
		.same_class = s->same_class,
	};
	for (int o = 0; o < m->g->output_count; o++) {
		double factor = i < m->set->calibrated ? m->error_factor[o] : 1;

		p->signal += s->outputs[o].signal;
		p->noise += s->outputs[o].noise * factor * factor;
	}
}

static bool finds_something(const struct fidelity_run *m)
{
	for (int i = 0; i < m->set->count; i++)
		if (count_over(m->samples[i].truth, m->samples[i].truth_count,
			       m->file->head->score_threshold))
			return true;
	return false;
}

static int find_agreement(const struct fidelity_run *m, struct fidelity *out)
{
	struct agreement_photo *photos =
		calloc((size_t)m->set->count, sizeof(*photos));
	enum agreement_kind kind = out->has_boxes   ? AGREEMENT_BOXES :
				   out->has_classes ? AGREEMENT_CLASSES :
						      AGREEMENT_SIGNAL;
	bool nothing = out->has_boxes && !finds_something(m);
	int err;

	if (!photos)
		return -1;
	for (int i = 0; i < m->set->count; i++)
		view_sample(m, i, &photos[i]);
	err = agreement_estimate(kind, photos, nothing ? 0 : m->set->count,
				 class_count(m), &out->agreement);
	free(photos);
	return err;
}

/* ---- The whole ---- */

bool fidelity_is_empty(const struct fidelity *f)
{
	return f->has_boxes && isnan(f->agreement.value);
}

const char *fidelity_contradiction(const struct fidelity *f)
{
	const struct agreement *a = &f->agreement;

	if (!f->has_boxes && !f->has_classes)
		return NULL;
	if (f->sqnr_db < LOW_SQNR_DB && a->value > HIGH_AGREEMENT)
		return "the agreement with the float model is high, but its "
		       "outputs are mostly noise: compare accuracies on "
		       "labelled photos (--labels)";
	if (f->sqnr_db > HIGH_SQNR_DB && a->high < HIGH_AGREEMENT)
		return "the outputs are near those of the float model, but the "
		       "agreement is low: compare accuracies on labelled "
		       "photos (--labels)";
	return NULL;
}

int fidelity_measure(const struct fidelity_set *set,
		     const struct packed_file *f, struct arena *a,
		     struct fidelity *out, const struct progress *progress,
		     struct diag *d)
{
	struct progress p = progress ? *progress : (struct progress){ 0 };
	struct fidelity_run m = { .set = set, .file = f };
	int err = -1;

	p.stage = "measure";
	*out = (struct fidelity){ .samples = set->count - set->calibrated,
				  .calibrated = set->calibrated };
	if (fidelity_run_init(&m, d) || fidelity_run_all(&m, &p, d))
		goto done;
	if (set->calibrated) {
		m.error_factor = find_factors(&m);
		if (m.error_factor && fidelity_run_calibrated(&m, &p, d))
			goto done;
	}
	if ((set->calibrated && !m.error_factor) || sum_outputs(&m, a, out) ||
	    sum_head(&m, out) || find_agreement(&m, out))
		diag_error(d, "out of memory");
	else
		err = 0;
done:
	fidelity_run_free(&m);
	return err;
}
