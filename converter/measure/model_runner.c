/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/measure/model_runner.h"

#include <stdlib.h>
#include <string.h>

#include "converter/data/tensor_file.h"
#include "converter/heads/head_find.h"
#include "converter/measure/float_detections.h"
#include "converter/onnx/model_load.h"
#include "converter/pack/packed_file.h"
#include "evaluator/evaluator.h"

struct model_runner {
	const char *path;
	bool is_packed;
	struct preprocess preprocess;
	struct head head;
	float threshold, nms_iou; /* as asked; -1: that of the packed file */
	struct dbrt_frame frame;  /* of the last photo; width 0: a tensor */

	struct packed_file packed;

	struct arena arena; /* of the float graph */
	struct graph *g;
	struct evaluator *evaluator;
	void **inputs; /* float model: in their layout and type */
	float *photo;  /* the first before it has that type */
};

static int start_packed(struct model_runner *e, struct diag *d)
{
	if (packed_file_bind(&e->packed, d))
		return -1;
	packed_file_preprocess(&e->packed, &e->preprocess);
	return 0;
}

static int open_packed(struct model_runner *e, const struct config *c,
		       struct diag *d)
{
	e->threshold = c->score_threshold;
	e->nms_iou = c->nms_iou;
	if (c->mean_given || c->scale_given || c->color_given)
		diag_warn(d,
			  "%s: photos are prepared as the packed model "
			  "says; --mean, --scale and --color do not count",
			  e->path);
	if (c->head || c->classes)
		diag_warn(d,
			  "%s: the packed model says what its outputs mean; "
			  "--head and --classes do not count",
			  e->path);
	if (packed_file_read(&e->packed, e->path, d))
		return -1;
	return start_packed(e, d);
}

static int alloc_inputs(struct model_runner *e)
{
	e->inputs = arena_array(&e->arena, (size_t)e->g->input_count,
				sizeof(*e->inputs));
	for (int i = 0; e->inputs && i < e->g->input_count; i++) {
		int64_t n = shape_elements(&e->g->inputs[i]->shape);

		e->inputs[i] = arena_array(&e->arena, (size_t)n, 8);
		if (!e->inputs[i])
			return -1;
	}
	return e->inputs ? 0 : -1;
}

static int alloc_photo(struct model_runner *e)
{
	int64_t n =
		e->g->input_count ? shape_elements(&e->g->inputs[0]->shape) : 0;

	e->photo = arena_array(&e->arena, (size_t)n, sizeof(*e->photo));
	return e->photo ? 0 : -1;
}

static int open_float(struct model_runner *e, const struct config *c,
		      struct diag *d)
{
	struct config own = *c;
	uint8_t sha256[32];

	own.model_path = e->path;
	e->g = model_load(&own, &e->arena, sha256, NULL, d);
	if (!e->g || head_find(e->g, c, &e->arena, &e->head, d) ||
	    preprocess_init(&e->preprocess, e->g, c, head_preprocess(&e->head),
			    d))
		return -1;
	if (alloc_inputs(e) || alloc_photo(e))
		return diag_error(d, "%s: out of memory", e->path);
	e->evaluator = evaluator_new(e->g, d);
	return e->evaluator ? 0 : -1;
}

static struct model_runner *new_engine(const char *path, bool is_packed,
				       struct diag *d)
{
	struct model_runner *e = calloc(1, sizeof(*e));

	if (!e) {
		diag_error(d, "out of memory");
		return NULL;
	}
	e->path = path;
	e->is_packed = is_packed;
	e->threshold = e->nms_iou = -1;
	arena_init(&e->arena, 0);
	return e;
}

static struct model_runner *opened(struct model_runner *e, int err)
{
	if (!err)
		return e;
	model_runner_close(e);
	return NULL;
}

struct model_runner *model_runner_open(const char *path, const struct config *c,
				       struct diag *d)
{
	struct model_runner *e = new_engine(path, packed_file_name(path), d);

	if (!e)
		return NULL;
	return opened(e, e->is_packed ? open_packed(e, c, d) :
					open_float(e, c, d));
}

struct model_runner *model_runner_open_bytes(const uint8_t *dbp, uint32_t size,
					     const char *name, struct diag *d)
{
	struct model_runner *e = new_engine(name, true, d);

	if (!e)
		return NULL;
	return opened(e, packed_file_open(&e->packed, dbp, size, name, d) ||
				 start_packed(e, d));
}

void model_runner_close(struct model_runner *e)
{
	if (!e)
		return;
	packed_file_close(&e->packed);
	evaluator_free(e->evaluator);
	arena_free(&e->arena);
	free(e);
}

/* ---- Running ---- */

static int set_photo(struct model_runner *e, const char *name,
		     const struct image *photo, struct diag *d)
{
	if (!e->preprocess.is_image)
		return diag_error(d,
				  "%s: the input of the model is not an image; "
				  "give tensors (.npy, .pb)",
				  name);
	e->frame = detect_frame(&e->preprocess, photo->width, photo->height);
	if (!e->is_packed)
		return preprocess_photo(&e->preprocess, photo->pixels,
					photo->width, photo->height, e->photo,
					d) ||
				       preprocess_to_input(e->photo,
							   e->g->inputs[0],
							   e->inputs[0], d) ?
			       -1 :
			       0;
	return packed_file_status(
		&e->packed,
		dbrt_set_image(&e->packed.model, 0, photo->pixels, photo->width,
			       photo->height, (size_t)photo->width * 3),
		"cannot take the photo", d);
}

static int set_packed_tensor(struct model_runner *e, int i, const char *input,
			     const struct tensor *t, struct diag *d)
{
	struct dbrt_tensor to;
	struct shape shape;
	float *data;
	int err;

	dbrt_input(&e->packed.model, (uint32_t)i, &to);
	shape = packed_shape(&to);
	data = malloc((size_t)shape_elements(&shape) * sizeof(*data) + 1);
	if (!data)
		return diag_error(d, "out of memory");
	err = tensor_convert(t, input, DT_F32, &shape, LAYOUT_NHWC, data, d);
	if (!err)
		err = packed_file_status(
			&e->packed,
			dbrt_set_input_f32(&e->packed.model, (uint32_t)i, data,
					   (size_t)shape_elements(&shape)),
			"cannot take the tensor", d);
	free(data);
	return err;
}

static int set_tensor(struct model_runner *e, int i, const char *input,
		      struct diag *d)
{
	struct tensor t;
	int err;

	if (tensor_read(input, &t, d))
		return -1;
	if (e->is_packed)
		err = set_packed_tensor(e, i, input, &t, d);
	else
		err = tensor_convert(&t, input, e->g->inputs[i]->dtype,
				     &e->g->inputs[i]->shape, LAYOUT_NCHW,
				     e->inputs[i], d);
	tensor_free(&t);
	return err;
}

const struct preprocess *model_runner_preprocess(const struct model_runner *e)
{
	return &e->preprocess;
}

void model_runner_warn_preprocess(const struct model_runner *e, struct diag *d)
{
	if (!e->is_packed)
		preprocess_warn(&e->preprocess, e->head.kind,
				head_preprocess(&e->head), d);
}

void model_runner_set_preprocess(struct model_runner *e,
				 const struct usual_preprocess *u)
{
	e->preprocess.color = u->color;
	e->preprocess.fit = u->resize;
	e->preprocess.pad_value = u->pad_value;
	for (int i = 0; i < 4; i++) {
		e->preprocess.mean[i] = (float)u->mean[i < 3 ? i : 0];
		e->preprocess.scale[i] = (float)(1 / u->std[i < 3 ? i : 0]);
	}
}

int model_runner_inputs(const struct model_runner *e)
{
	return e->is_packed ? (int)dbrt_input_count(&e->packed.model) :
			      e->g->input_count;
}

const char *model_runner_input_name(const struct model_runner *e, int i)
{
	struct dbrt_tensor t;

	if (!e->is_packed)
		return e->g->inputs[i]->name;
	return dbrt_input(&e->packed.model, (uint32_t)i, &t) == DBRT_OK ?
		       t.name :
		       "";
}

/* Only the first input can be a photo. */
static int set_input(struct model_runner *e, int i, const char *file,
		     struct image *photo, struct diag *d)
{
	if (tensor_file_name(file))
		return set_tensor(e, i, file, d);
	/* before it is read: a model that takes no photo says so */
	if (e->preprocess.is_image && image_read(file, photo, d))
		return -1;
	return set_photo(e, file, photo, d);
}

static int run(struct model_runner *e, struct diag *d)
{
	if (e->is_packed)
		return packed_file_status(&e->packed,
					  dbrt_run(&e->packed.model),
					  "cannot run", d);
	return evaluator_run(e->evaluator, (const void *const *)e->inputs, NULL,
			     NULL, d);
}

int model_runner_run_photo(struct model_runner *e, const char *name,
			   const struct image *photo, struct diag *d)
{
	return set_photo(e, name, photo, d) || run(e, d) ? -1 : 0;
}

int model_runner_run(struct model_runner *e, const char *const *files,
		     struct image *photo, struct diag *d)
{
	*photo = (struct image){ 0 };
	e->frame = (struct dbrt_frame){ 0 };
	for (int i = 0; i < model_runner_inputs(e); i++)
		if (set_input(e, i, files[i], photo, d))
			return -1;
	return run(e, d);
}

/* ---- Results ---- */

int model_runner_outputs(const struct model_runner *e)
{
	return e->is_packed ? (int)dbrt_output_count(&e->packed.model) :
			      e->g->output_count;
}

const char *model_runner_output_name(const struct model_runner *e, int i)
{
	struct dbrt_tensor t;

	if (!e->is_packed)
		return e->g->outputs[i]->name;
	return dbrt_output(&e->packed.model, (uint32_t)i, &t) == DBRT_OK ?
		       t.name :
		       "";
}

static int packed_output(const struct model_runner *e, int i, const char **name,
			 struct tensor *t, struct diag *d)
{
	struct dbrt_tensor from;
	struct shape s;
	int64_t n;

	if (dbrt_output(&e->packed.model, (uint32_t)i, &from) != DBRT_OK)
		return diag_error(d, "%s: has no output %d", e->path, i);
	s = packed_shape(&from);
	*name = from.name;
	if (tensor_init(t, DT_F32, &s))
		return diag_error(d, "out of memory");
	packed_floats(&from, t->data);
	if (from.dtype != DBRT_I32)
		return 0;
	n = shape_elements(&s);
	t->dtype = DT_I32;
	for (int64_t k = 0; k < n; k++)
		((int32_t *)t->data)[k] = (int32_t)((const float *)t->data)[k];
	return 0;
}

int model_runner_output(const struct model_runner *e, int i, const char **name,
			struct tensor *t, struct diag *d)
{
	const struct value *v;

	if (e->is_packed)
		return packed_output(e, i, name, t, d);
	v = e->g->outputs[i];
	*name = v->name;
	if (tensor_init(t, v->dtype, &v->shape))
		return diag_error(d, "out of memory");
	memcpy(t->data, evaluator_output(e->evaluator, i), tensor_bytes(t));
	return 0;
}

static const struct dbp_head *head_of(const struct model_runner *e)
{
	return e->is_packed ? e->packed.head : e->head.data;
}

enum model_runner_result model_runner_result(const struct model_runner *e)
{
	const struct dbp_head *h = head_of(e);

	if (!h)
		return MODEL_RUNNER_TENSORS;
	return h->kind == DBP_HEAD_DETECTOR ? MODEL_RUNNER_DETECTIONS :
					      MODEL_RUNNER_CLASSES;
}

const char *model_runner_no_result(const struct model_runner *e)
{
	return e->head.why ? e->head.why : "the file says nothing about it";
}

uint32_t model_runner_classes(const struct model_runner *e)
{
	return head_of(e) ? head_classes(head_of(e)) : 0;
}

float model_runner_threshold(const struct model_runner *e)
{
	if (e->threshold >= 0)
		return e->threshold;
	return head_of(e) ? head_of(e)->score_threshold : 0;
}

static struct dbrt_frame frame_of(const struct model_runner *e)
{
	if (e->frame.width)
		return e->frame;
	return detect_whole_input(&e->preprocess, &e->g->inputs[0]->shape);
}

int model_runner_detections_at(const struct model_runner *e, float threshold,
			       struct dbrt_detection *out, int max)
{
	const struct dbp_head *h = head_of(e);
	struct dbrt_frame frame;
	int n;

	if (e->is_packed) {
		n = dbrt_detections_at(&e->packed.model, threshold,
				       e->nms_iou >= 0 ? e->nms_iou :
							 h->nms_iou,
				       out, (uint32_t)max);
		return n < 0 ? 0 : n;
	}
	frame = frame_of(e);
	return detect_float(h, e->g, e->evaluator, &frame, threshold, out, max);
}

int model_runner_points(const struct model_runner *e,
			const struct dbrt_detection *d,
			float xy[2 * DBP_HEAD_MAX_POINTS])
{
	struct dbrt_frame frame;
	int n;

	if (e->is_packed) {
		n = dbrt_detection_points(&e->packed.model, d, xy,
					  DBP_HEAD_MAX_POINTS);
		return n < 0 ? 0 : n;
	}
	frame = frame_of(e);
	n = detect_float_points(head_of(e), e->g, e->evaluator, &frame, d, xy,
				DBP_HEAD_MAX_POINTS);
	return n < 0 ? 0 : n;
}

int model_runner_detections(const struct model_runner *e,
			    struct dbrt_detection *out, int max)
{
	return model_runner_detections_at(e, model_runner_threshold(e), out,
					  max);
}

int model_runner_scores(const struct model_runner *e)
{
	return (int)head_of(e)->scores_output;
}

const char *model_runner_class_name(const struct model_runner *e,
				    uint32_t class_id)
{
	return e->is_packed ? dbrt_class_name(&e->packed.model, class_id) :
			      head_class_name(&e->head, class_id);
}
