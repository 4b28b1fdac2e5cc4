/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/measure/fidelity_run.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/ranks.h"
#include "converter/data/image_file.h"
#include "converter/data/tensor_file.h"
#include "converter/measure/accuracy.h"
#include "converter/measure/float_detections.h"
#include "converter/onnx/model_load.h"

#define MAX_DETECTIONS 300
#define LEAST_SCORE 0.01f

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

static float detect_from(const struct dbp_head *head)
{
	return fminf(head->score_threshold, ACCURACY_LEAST_SCORE);
}

/* Detections of the float model, and of the packed one as the device has
 * them, or from w->outputs where errors are larger than they were. */
static int compare_boxes(const struct fidelity_run *m,
			 const struct fidelity_worker *w,
			 const struct dbrt_frame *frame,
			 struct fidelity_sample *s, struct diag *d)
{
	const struct dbp_head *head = m->file->head;
	struct dbrt_detection list[MAX_DETECTIONS];
	int n = detect_float(head, m->g, w->evaluator, frame, detect_from(head),
			     list, MAX_DETECTIONS);

	if (n < 0 || keep_detections(&s->truth, &s->truth_count, list, n))
		return diag_error(d, "out of memory");
	n = m->error_factor ?
		    detect_outputs(head, m->g, w->outputs, frame, LEAST_SCORE,
				   list, MAX_DETECTIONS) :
		    dbrt_detections_at(&w->packed.model, LEAST_SCORE,
				       head->nms_iou, list, MAX_DETECTIONS);
	if (packed_file_status(&w->packed, n, "cannot detect", d))
		return -1;
	return keep_detections(&s->found, &s->found_count, list, n) ?
		       diag_error(d, "out of memory") :
		       0;
}

/* Reads the packed model's outputs into w->outputs. */
static int read_outputs(const struct fidelity_run *m,
			const struct fidelity_worker *w, struct diag *d)
{
	for (int i = 0; i < m->g->output_count; i++) {
		struct dbrt_tensor t;

		if (dbrt_output(&w->packed.model, (uint32_t)i, &t) != DBRT_OK)
			return diag_error(d, "output %d cannot be read", i);
		packed_floats(&t, w->outputs[i]);
	}
	return 0;
}

/* Multiplies the errors of an output, within the range that the output has in
 * both models. */
static void enlarge_errors(const struct value *v, const void *expected,
			   float *got, double factor)
{
	int64_t n = shape_elements(&v->shape);
	double low = INFINITY, high = -INFINITY;

	for (int64_t i = 0; i < n; i++) {
		double e = tensor_element(v->dtype, expected, i);

		low = fmin(low, fmin(e, (double)got[i]));
		high = fmax(high, fmax(e, (double)got[i]));
	}
	for (int64_t i = 0; i < n; i++) {
		double e = tensor_element(v->dtype, expected, i);
		double x = e + factor * ((double)got[i] - e);

		if (isfinite(x))
			got[i] = (float)fmin(fmax(x, low), high);
	}
}

static bool has_same_class(const struct fidelity_run *m,
			   const struct fidelity_worker *w)
{
	int at = (int)m->file->head->scores_output;
	const struct value *v = m->g->outputs[at];
	const struct value floats = { .dtype = DT_F32, .shape = v->shape };

	return arg_max(v, evaluator_output(w->evaluator, at)) ==
	       arg_max(&floats, w->outputs[at]);
}

static int compare_heads(const struct fidelity_run *m,
			 const struct fidelity_worker *w,
			 const struct dbrt_frame *frame,
			 struct fidelity_sample *s, struct diag *d)
{
	const struct dbp_head *head = m->file->head;

	if (!head)
		return 0;
	if (head->kind == DBP_HEAD_CLASSIFIER)
		s->same_class = has_same_class(m, w);
	return head->kind == DBP_HEAD_DETECTOR ?
		       compare_boxes(m, w, frame, s, d) :
		       0;
}

static int measure_sample(void *ctx, int i, int worker, struct diag *d)
{
	struct fidelity_run *m = ctx;
	struct fidelity_worker *w = &m->workers[worker];
	struct dbrt_frame frame;
	const void *inputs[1] = { w->input };

	if (set_inputs(m, w, m->set->items[i], &frame, d) ||
	    evaluator_run(w->evaluator, inputs, NULL, NULL, d) ||
	    packed_file_status(&w->packed, dbrt_run(&w->packed.model),
			       "cannot run", d) ||
	    read_outputs(m, w, d))
		return -1;
	for (int o = 0; o < m->g->output_count; o++) {
		const struct value *v = m->g->outputs[o];
		const void *expected = evaluator_output(w->evaluator, o);

		if (m->error_factor)
			enlarge_errors(v, expected, w->outputs[o],
				       m->error_factor[o]);
		else
			compare_output(v, expected, w->outputs[o],
				       &m->samples[i].outputs[o]);
	}
	if (i < m->set->calibrated && !m->error_factor)
		return 0;
	return compare_heads(m, w, &frame, &m->samples[i], d);
}

static int send_list(struct dbrt_detection **list, int *count,
		     struct rank_parcel *p)
{
	size_t n;

	rank_parcel_add(p, count, sizeof(*count));
	n = (size_t)*count;
	if (rank_parcel_receives(p)) {
		free(*list);
		*list = calloc(n + 1, sizeof(**list));
	}
	if (!*list)
		return n || rank_parcel_receives(p) ? -1 : 0;
	rank_parcel_add(p, *list, n * sizeof(**list));
	return 0;
}

static int send_sample(void *ctx, int i, struct rank_parcel *p)
{
	const struct fidelity_run *m = ctx;
	struct fidelity_sample *s = &m->samples[i];

	rank_parcel_add(p, s->outputs,
			(size_t)m->g->output_count * sizeof(*s->outputs));
	rank_parcel_add(p, &s->same_class, sizeof(s->same_class));
	return send_list(&s->truth, &s->truth_count, p) ||
			       send_list(&s->found, &s->found_count, p) ?
		       -1 :
		       0;
}

int fidelity_run_all(struct fidelity_run *m, const struct progress *p,
		     struct diag *d)
{
	return ranks_run(m->threads, m->set->count, measure_sample, send_sample,
			 m, p, d);
}

int fidelity_run_calibrated(struct fidelity_run *m, const struct progress *p,
			    struct diag *d)
{
	return ranks_run(m->threads, m->set->calibrated, measure_sample,
			 send_sample, m, p, d);
}

/* ---- Beginning and end ---- */

/* Checks that both models have the same outputs with the same elements. */
static int check_outputs(const struct fidelity_run *m, struct diag *d)
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
	}
	return 0;
}

static int worker_init(struct fidelity_run *m, struct fidelity_worker *w,
		       struct diag *d)
{
	size_t n = (size_t)shape_elements(&m->g->inputs[0]->shape);
	size_t outputs = (size_t)m->g->output_count;

	w->photo = arena_array(&m->arena, n, sizeof(float));
	w->input = arena_array(&m->arena, n, 8);
	w->device_input = arena_array(&m->arena, n, sizeof(float));
	w->outputs = arena_array(&m->arena, outputs, sizeof(*w->outputs));
	if (!w->photo || !w->input || !w->device_input || !w->outputs)
		return diag_error(d, "out of memory");
	for (size_t o = 0; o < outputs; o++) {
		n = (size_t)shape_elements(&m->g->outputs[o]->shape);
		w->outputs[o] = arena_array(&m->arena, n, sizeof(float));
		if (!w->outputs[o])
			return diag_error(d, "out of memory");
	}
	w->evaluator = evaluator_new(m->g, d);
	if (!w->evaluator || packed_file_open(&w->packed, m->file->bytes,
					      m->file->size, m->file->name, d))
		return -1;
	return packed_file_bind(&w->packed, d);
}

static int samples_init(struct fidelity_run *m, struct diag *d)
{
	m->samples = arena_array(&m->arena, (size_t)m->set->count,
				 sizeof(*m->samples));
	if (!m->samples)
		return diag_error(d, "out of memory");
	for (int i = 0; i < m->set->count; i++) {
		m->samples[i].outputs = arena_array(&m->arena,
						    (size_t)m->g->output_count,
						    sizeof(struct output_sums));
		if (!m->samples[i].outputs)
			return diag_error(d, "out of memory");
	}
	return 0;
}

int fidelity_run_init(struct fidelity_run *m, struct diag *d)
{
	uint8_t sha256[32];

	m->threads = parallel_threads(m->set->config->jobs, m->set->count);
	arena_init(&m->arena, 0);
	m->g = model_load(m->set->config, &m->arena, sha256, NULL, d);
	if (!m->g)
		return -1;
	if (m->g->input_count != 1)
		return diag_error(d,
				  "%s: only models with one input can be "
				  "measured on samples",
				  m->set->config->model_path);
	if (check_outputs(m, d) ||
	    packed_file_preprocess_for(m->file, m->g, &m->preprocess, d) ||
	    samples_init(m, d))
		return -1;
	m->workers =
		arena_array(&m->arena, (size_t)m->threads, sizeof(*m->workers));
	if (!m->workers)
		return diag_error(d, "out of memory");
	for (int i = 0; i < m->threads; i++)
		if (worker_init(m, &m->workers[i], d))
			return -1;
	return 0;
}

void fidelity_run_free(struct fidelity_run *m)
{
	for (int i = 0; m->workers && i < m->threads; i++) {
		evaluator_free(m->workers[i].evaluator);
		packed_file_close(&m->workers[i].packed);
	}
	for (int i = 0; m->samples && i < m->set->count; i++) {
		free(m->samples[i].truth);
		free(m->samples[i].found);
	}
	arena_free(&m->arena);
}
