/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/measure/fidelity.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "converter/data/image_file.h"
#include "converter/data/tensor_file.h"
#include "converter/measure/detection_ap.h"
#include "converter/measure/float_detections.h"
#include "converter/onnx/model_load.h"
#include "evaluator/evaluator.h"

#define MAX_DETECTIONS 300
#define LEAST_SCORE 0.01f

/* Sums over one output of one sample. */
struct output_sums {
	double signal, noise, packed, dot, max_error, low, high;
	double count; /* of numbers that can be compared */
};

/* The results of one sample; they are added in the order of the samples. */
struct fidelity_sample {
	struct output_sums *outputs;
	struct dbrt_detection *truth, *found;
	int truth_count, found_count;
	bool same_class;
};

/* One thread's models. */
struct fidelity_worker {
	struct packed_file packed;
	struct evaluator *evaluator;
	float *photo; /* in the float model's order */
	void *input;  /* the same in its type */
	float *device_input;
	float *scores; /* of the largest packed output */
};

struct fidelity_run {
	const struct measure_set *set;
	const struct packed_file *file;
	struct arena arena; /* the float graph, samples */
	struct graph *g;
	struct preprocess preprocess;
	struct fidelity_sample *samples;
	struct fidelity_worker *workers;
};

static void compare_output(const struct value *v, const void *expected,
			   const float *got, struct output_sums *s)
{
	int64_t n = shape_elements(&v->shape);

	for (int64_t i = 0; i < n; i++) {
		double e = tensor_element(v->dtype, expected, i),
		       q = (double)got[i];
		double error;

		if (!isfinite(e)) /* codes cannot agree with it */
			continue;
		q = isfinite(q) ? q : 0;
		error = fabs(e - q);
		s->count++;
		s->signal += e * e;
		s->packed += q * q;
		s->dot += e * q;
		s->noise += error * error;
		s->max_error = error > s->max_error ? error : s->max_error;
		s->low = i == 0 || e < s->low ? e : s->low;
		s->high = i == 0 || e > s->high ? e : s->high;
	}
}

static int64_t arg_max(const struct value *v, const void *data)
{
	int64_t best = 0, n = shape_elements(&v->shape);

	for (int64_t i = 1; i < n; i++)
		if (tensor_element(v->dtype, data, i) >
		    tensor_element(v->dtype, data, best))
			best = i;
	return best;
}

/* ---- Inputs ---- */

static int set_photo(struct fidelity_run *m, struct fidelity_worker *w,
		     const struct dataset_item *item, struct dbrt_frame *frame,
		     struct diag *d)
{
	struct image image;
	int status, err;

	if (preprocess_read_photo(&m->preprocess, item, &image, d))
		return -1;
	err = preprocess_photo(&m->preprocess, image.pixels, image.width,
			       image.height, w->photo, d) ||
	      preprocess_to_input(w->photo, m->g->inputs[0], w->input, d);
	if (!err) {
		status = dbrt_set_image(&w->packed.model, 0, image.pixels,
					image.width, image.height,
					(size_t)image.width * 3);
		err = packed_file_status(&w->packed, status,
					 "cannot take a photo", d);
		*frame =
			detect_frame(&m->preprocess, image.width, image.height);
	}
	image_free(&image);
	return err;
}

static int set_tensor(struct fidelity_run *m, struct fidelity_worker *w,
		      const struct dataset_item *item, struct dbrt_frame *frame,
		      struct diag *d)
{
	struct dbrt_tensor input;
	struct shape shape;
	struct tensor t;
	int err;

	dbrt_input(&w->packed.model, 0, &input);
	shape = packed_shape(&input);
	*frame = detect_whole_input(&m->preprocess, &shape);
	if (tensor_read_finite(item->path, item->name, &t, d))
		return -1;
	err = tensor_convert(&t, item->name, m->g->inputs[0]->dtype,
			     &m->g->inputs[0]->shape, LAYOUT_NCHW, w->input,
			     d) ||
	      tensor_convert(&t, item->name, DT_F32, &shape, LAYOUT_NHWC,
			     w->device_input, d);
	tensor_free(&t);
	if (err)
		return -1;
	return packed_file_status(
		&w->packed,
		dbrt_set_input_f32(&w->packed.model, 0, w->device_input,
				   (size_t)shape_elements(&shape)),
		"cannot take a tensor", d);
}

static int set_inputs(struct fidelity_run *m, struct fidelity_worker *w,
		      const struct dataset_item *item, struct dbrt_frame *frame,
		      struct diag *d)
{
	if (item->kind == ITEM_PHOTO)
		return set_photo(m, w, item, frame, d);
	return set_tensor(m, w, item, frame, d);
}

/* ---- One sample ---- */

static int keep_detections(struct dbrt_detection **kept, int *count,
			   const struct dbrt_detection *list, int n)
{
	*count = n;
	*kept = calloc((size_t)n + 1, sizeof(**kept));
	if (!*kept)
		return -1;
	memcpy(*kept, list, (size_t)n * sizeof(**kept));
	return 0;
}

static int compare_boxes(const struct fidelity_run *m,
			 const struct fidelity_worker *w,
			 const struct dbrt_frame *frame,
			 struct fidelity_sample *s, struct diag *d)
{
	const struct dbp_head *head = m->file->head;
	struct dbrt_detection list[MAX_DETECTIONS];
	int n = detect_float(head, m->g, w->evaluator, frame,
			     head->score_threshold, list, MAX_DETECTIONS);

	if (n < 0 || keep_detections(&s->truth, &s->truth_count, list, n))
		return diag_error(d, "out of memory");
	n = dbrt_detections_at(&w->packed.model, LEAST_SCORE, head->nms_iou,
			       list, MAX_DETECTIONS);
	if (packed_file_status(&w->packed, n, "cannot detect", d))
		return -1;
	return keep_detections(&s->found, &s->found_count, list, n) ?
		       diag_error(d, "out of memory") :
		       0;
}

static int compare_outputs(const struct fidelity_run *m,
			   const struct fidelity_worker *w,
			   struct fidelity_sample *s, struct diag *d)
{
	const struct dbp_head *head = m->file->head;

	for (int i = 0; i < m->g->output_count; i++) {
		const struct value *v = m->g->outputs[i];
		const void *expected = evaluator_output(w->evaluator, i);
		struct dbrt_tensor t;
		float *got = w->scores;

		if (dbrt_output(&w->packed.model, (uint32_t)i, &t) != DBRT_OK)
			return diag_error(d, "output %d cannot be read", i);
		packed_floats(&t, got);
		compare_output(v, expected, got, &s->outputs[i]);
		if (head && head->kind == DBP_HEAD_CLASSIFIER &&
		    (int)head->scores_output == i) {
			struct value floats = { .dtype = DT_F32,
						.shape = v->shape };

			s->same_class = arg_max(v, expected) ==
					arg_max(&floats, got);
		}
	}
	return 0;
}

static int measure_sample(void *ctx, int i, int worker, struct diag *d)
{
	struct fidelity_run *m = ctx;
	struct fidelity_worker *w = &m->workers[worker];
	const struct dbp_head *head = m->file->head;
	struct dbrt_frame frame;
	const void *inputs[1] = { w->input };

	if (set_inputs(m, w, &m->set->dataset->items[m->set->first + i], &frame,
		       d) ||
	    evaluator_run(w->evaluator, inputs, NULL, NULL, d) ||
	    packed_file_status(&w->packed, dbrt_run(&w->packed.model),
			       "cannot run", d) ||
	    compare_outputs(m, w, &m->samples[i], d))
		return -1;
	if (!head || head->kind != DBP_HEAD_DETECTOR)
		return 0;
	return compare_boxes(m, w, &frame, &m->samples[i], d);
}

/* ---- All samples ---- */

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

		for (int i = 0; i < m->set->count; i++)
			add_sums(&s, &m->samples[i].outputs[o], i == 0);
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

/* Uses the confident detections of the float model as the truth. */
static int add_sample(struct ap *ap, const struct fidelity_sample *s)
{
	struct ap_truth *truth =
		calloc((size_t)s->truth_count + 1, sizeof(*truth));
	int err;

	if (!truth)
		return -1;
	for (int i = 0; i < s->truth_count; i++)
		truth[i] =
			(struct ap_truth){ s->truth[i].x1,       s->truth[i].y1,
					   s->truth[i].x2,       s->truth[i].y2,
					   s->truth[i].class_id, false };
	err = ap_add(ap, truth, s->truth_count, s->found, s->found_count, 0);
	free(truth);
	return err;
}

static int sum_boxes(const struct fidelity_run *m, struct fidelity *out)
{
	const struct dbp_head *head = m->file->head;
	struct ap *ap = ap_new(head->class_count - head->background);
	struct ap_result all;
	int err = ap ? 0 : -1;

	for (int i = 0; !err && i < m->set->count; i++)
		err = add_sample(ap, &m->samples[i]);
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

	for (int i = 0; i < m->set->count; i++)
		same += m->samples[i].same_class;
	out->has_classes = head && head->kind == DBP_HEAD_CLASSIFIER;
	out->top1_agreement = m->set->count ? (double)same / m->set->count :
					      (double)NAN;
	out->has_boxes = head && head->kind == DBP_HEAD_DETECTOR;
	return out->has_boxes ? sum_boxes(m, out) : 0;
}

/* ---- Beginning and end ---- */

/* Checks that both models have the same outputs with the same elements. */
static int check_outputs(const struct fidelity_run *m, size_t *largest,
			 struct diag *d)
{
	const struct dbrt_model *model = &m->file->model;

	if (dbrt_output_count(model) != (uint32_t)m->g->output_count)
		return diag_error(d,
				  "'%s' is not made from this model: it has "
				  "%u outputs, not %d",
				  m->file->name, dbrt_output_count(model),
				  m->g->output_count);
	for (int i = 0; i < m->g->output_count; i++) {
		const struct value *v = m->g->outputs[i];
		struct dbrt_tensor t;
		struct shape s;
		int64_t n = shape_elements(&v->shape);

		dbrt_output(model, (uint32_t)i, &t);
		s = packed_shape(&t);
		if (shape_elements(&s) != n)
			return diag_error(d,
					  "'%s' is not made from this "
					  "model: output '%s' differs in "
					  "size",
					  m->file->name, v->name);
		*largest = (size_t)n > *largest ? (size_t)n : *largest;
	}
	return 0;
}

static int worker_init(struct fidelity_run *m, struct fidelity_worker *w,
		       size_t largest, struct diag *d)
{
	size_t n = (size_t)shape_elements(&m->g->inputs[0]->shape);

	w->photo = arena_array(&m->arena, n, sizeof(float));
	w->input = arena_array(&m->arena, n, 8);
	w->device_input = arena_array(&m->arena, n, sizeof(float));
	w->scores = arena_array(&m->arena, largest, sizeof(float));
	if (!w->photo || !w->input || !w->device_input || !w->scores)
		return diag_error(d, "out of memory");
	w->evaluator = evaluator_new(m->g, d);
	if (!w->evaluator || packed_file_open(&w->packed, m->file->bytes,
					      m->file->size, m->file->name, d))
		return -1;
	return packed_file_bind(&w->packed, d);
}

static int run_init(struct fidelity_run *m, int threads, struct diag *d)
{
	uint8_t sha256[32];
	size_t largest = 0;

	m->g = model_load(m->set->config, &m->arena, sha256, NULL, d);
	if (!m->g)
		return -1;
	if (m->g->input_count != 1)
		return diag_error(d,
				  "%s: only models with one input can be "
				  "measured on samples",
				  m->set->config->model_path);
	if (check_outputs(m, &largest, d) ||
	    packed_file_preprocess_for(m->file, m->g, &m->preprocess, d))
		return -1;
	m->samples = arena_array(&m->arena, (size_t)m->set->count,
				 sizeof(*m->samples));
	m->workers =
		arena_array(&m->arena, (size_t)threads, sizeof(*m->workers));
	if (!m->samples || !m->workers)
		return diag_error(d, "out of memory");
	for (int i = 0; i < m->set->count; i++) {
		m->samples[i].outputs = arena_array(&m->arena,
						    (size_t)m->g->output_count,
						    sizeof(struct output_sums));
		if (!m->samples[i].outputs)
			return diag_error(d, "out of memory");
	}
	for (int i = 0; i < threads; i++)
		if (worker_init(m, &m->workers[i], largest, d))
			return -1;
	return 0;
}

static void run_free(struct fidelity_run *m, int threads)
{
	for (int i = 0; m->workers && i < threads; i++) {
		evaluator_free(m->workers[i].evaluator);
		packed_file_close(&m->workers[i].packed);
	}
	for (int i = 0; m->samples && i < m->set->count; i++) {
		free(m->samples[i].truth);
		free(m->samples[i].found);
	}
	arena_free(&m->arena);
}

bool fidelity_is_empty(const struct fidelity *f)
{
	return f->has_boxes && !f->truth_boxes;
}

double fidelity_value(const struct fidelity *f)
{
	double share;

	if (f->has_boxes)
		return f->map50;
	if (f->has_classes)
		return f->top1_agreement;
	share = 1 - pow(10, -f->sqnr_db / 10);
	return share > 0 ? share : 0;
}

int fidelity_measure(const struct measure_set *set, const struct packed_file *f,
		     struct arena *a, struct fidelity *out,
		     const struct progress *progress, struct diag *d)
{
	struct progress p = progress ? *progress : (struct progress){ 0 };
	struct fidelity_run m = { .set = set, .file = f };
	int threads = parallel_threads(set->config->jobs, set->count);
	int err = -1;

	p.stage = "measure";
	*out = (struct fidelity){ .samples = set->count };
	arena_init(&m.arena, 0);
	if (run_init(&m, threads, d) ||
	    parallel_run(threads, set->count, measure_sample, &m, &p, d))
		goto done;
	if (sum_outputs(&m, a, out) || sum_head(&m, out))
		diag_error(d, "out of memory");
	else
		err = 0;
done:
	run_free(&m, threads);
	return err;
}
