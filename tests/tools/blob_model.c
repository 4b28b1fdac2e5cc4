/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The model of the quick tests:
 *
 *	blob_model FOLDER
 *
 * writes blobs.onnx, a small detector of red and of blue blobs, and
 * photos/scene_NN.png, drawn scenes for calibration and detection. The weights
 * that detect are set by hand; the other channels hold seeded noise, so that
 * quantization makes errors. The network has the operators that exporters
 * write: batch norm that is not folded, depthwise convolutions, a residual
 * connection, a concatenation, and a tail that decodes boxes.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "converter/data/image_file.h"
#include "converter/data/image_write.h"
#include "base/file_write.h"
#include "base/arena.h"
#include "onnx.pb-c.h"

#define MAX_NODES 128
#define INPUT_W 128
#define INPUT_H 96
#define STRIDE 8
#define GRID_W (INPUT_W / STRIDE)
#define GRID_H (INPUT_H / STRIDE)
#define CELLS (GRID_W * GRID_H)
#define BOX 27 /* pixels of the input */
#define SCENES 20

/* TensorProto.data_type */
enum { TYPE_FLOAT = 1, TYPE_INT64 = 7 };
/* AttributeProto.type */
enum { KIND_INT = 2, KIND_INTS = 7 };

struct model {
	struct arena arena;
	Onnx__NodeProto *nodes[MAX_NODES];
	Onnx__TensorProto *weights[MAX_NODES];
	size_t node_count, weight_count;
	uint32_t seed;
};

/* Everything here is small: without memory there is nothing to do. */
static void *need(struct model *m, size_t count, size_t size)
{
	void *p = arena_array(&m->arena, count, size);

	if (!p) {
		fprintf(stderr, "blob_model: out of memory\n");
		exit(1);
	}
	return p;
}

/* -1 to 1. */
static float noise(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return (float)(*seed >> 8) / 8388608.0f - 1;
}

/* ---- ONNX ---- */

static char *text(struct model *m, const char *s)
{
	return strcpy(need(m, strlen(s) + 1, 1), s);
}

static Onnx__TensorProto *tensor(struct model *m, const char *name, int type,
				 const int64_t *dims, size_t rank)
{
	Onnx__TensorProto *t = need(m, 1, sizeof(*t));

	onnx__tensor_proto__init(t);
	t->name = text(m, name);
	t->has_data_type = 1;
	t->data_type = type;
	t->n_dims = rank;
	t->dims = need(m, rank, sizeof(*t->dims));
	for (size_t i = 0; i < rank; i++)
		t->dims[i] = dims[i];
	t->has_raw_data = 1;
	m->weights[m->weight_count++] = t;
	return t;
}

static float *floats(struct model *m, const char *name, const int64_t *dims,
		     size_t rank)
{
	Onnx__TensorProto *t = tensor(m, name, TYPE_FLOAT, dims, rank);
	size_t n = 1;

	for (size_t i = 0; i < rank; i++)
		n *= (size_t)dims[i];
	t->raw_data.len = n * sizeof(float);
	t->raw_data.data = need(m, n, sizeof(float));
	return (float *)(void *)t->raw_data.data;
}

static void int64s(struct model *m, const char *name, const int64_t *v,
		   size_t count)
{
	int64_t dims[1] = { (int64_t)count };
	Onnx__TensorProto *t = tensor(m, name, TYPE_INT64, dims, 1);

	t->raw_data.len = count * sizeof(*v);
	t->raw_data.data = need(m, count, sizeof(*v));
	memcpy(t->raw_data.data, v, t->raw_data.len);
}

/* `inputs` are names with blanks between; the node is named as its output. */
static Onnx__NodeProto *node(struct model *m, const char *op,
			     const char *inputs, const char *output)
{
	Onnx__NodeProto *n = need(m, 1, sizeof(*n));
	char *list = text(m, inputs);

	onnx__node_proto__init(n);
	n->op_type = text(m, op);
	n->name = text(m, output);
	n->input = need(m, 8, sizeof(*n->input));
	for (char *s = strtok(list, " "); s; s = strtok(NULL, " "))
		n->input[n->n_input++] = s;
	n->output = need(m, 1, sizeof(*n->output));
	n->output[n->n_output++] = n->name;
	n->attribute = need(m, 8, sizeof(*n->attribute));
	m->nodes[m->node_count++] = n;
	return n;
}

static Onnx__AttributeProto *attribute(struct model *m, Onnx__NodeProto *n,
				       const char *name, int type)
{
	Onnx__AttributeProto *a = need(m, 1, sizeof(*a));

	onnx__attribute_proto__init(a);
	a->name = text(m, name);
	a->has_type = 1;
	a->type = type;
	n->attribute[n->n_attribute++] = a;
	return a;
}

static void set_int(struct model *m, Onnx__NodeProto *n, const char *name,
		    int64_t v)
{
	Onnx__AttributeProto *a = attribute(m, n, name, KIND_INT);

	a->has_i = 1;
	a->i = v;
}

static void set_ints(struct model *m, Onnx__NodeProto *n, const char *name,
		     const int64_t *v, size_t count)
{
	Onnx__AttributeProto *a = attribute(m, n, name, KIND_INTS);

	a->n_ints = count;
	a->ints = need(m, count, sizeof(*v));
	memcpy(a->ints, v, count * sizeof(*v));
}

/* ---- Layers ---- */

/* Weights of noise; the caller writes the meaningful ones over it. */
static float *conv(struct model *m, const char *in, const char *out,
		   int64_t cin, int64_t cout, int64_t kernel, int64_t stride,
		   int64_t groups, bool bias)
{
	const int64_t dims[] = { cout, cin / groups, kernel, kernel };
	const int64_t k[] = { kernel, kernel }, s[] = { stride, stride };
	const int64_t p = kernel / 2, pads[] = { p, p, p, p };
	char weight[64], inputs[160];
	size_t n = (size_t)(cout * cin / groups * kernel * kernel);
	Onnx__NodeProto *node_;
	float *w;

	snprintf(weight, sizeof(weight), "%s_weight", out);
	snprintf(inputs, sizeof(inputs), "%s %s%s%s%s", in, weight,
		 bias ? " " : "", bias ? out : "", bias ? "_bias" : "");
	w = floats(m, weight, dims, 4);
	for (size_t i = 0; i < n; i++)
		w[i] = 0.1f * noise(&m->seed);
	node_ = node(m, "Conv", inputs, out);
	set_ints(m, node_, "kernel_shape", k, 2);
	set_ints(m, node_, "strides", s, 2);
	set_ints(m, node_, "pads", pads, 4);
	set_int(m, node_, "group", groups);
	return w;
}

/* Statistics as training leaves them; for the first two channels, which carry
 * the signal, they cancel out. */
static void batch_norm(struct model *m, const char *in, const char *out,
		       int64_t channels)
{
	static const char *const part[] = { "gamma", "beta", "mean", "var" };
	char name[64], inputs[400];
	float *v[4];

	snprintf(inputs, sizeof(inputs), "%s", in);
	for (int i = 0; i < 4; i++) {
		snprintf(name, sizeof(name), "%s_%s", out, part[i]);
		v[i] = floats(m, name, &channels, 1);
		strcat(strcat(inputs, " "), name);
	}
	for (int64_t c = 0; c < channels; c++) {
		bool signal = c < 2;

		v[3][c] = 0.5f + 0.4f * noise(&m->seed);
		v[2][c] = 0.1f * noise(&m->seed);
		v[0][c] = signal ? 1 : 0.5f;
		v[1][c] = signal ? 0 : 0.1f * noise(&m->seed);
		if (signal) {
			v[3][c] = 4;
			v[0][c] = 2;
			v[1][c] = v[2][c];
		}
	}
	node(m, "BatchNormalization", inputs, out);
}

static float *bias_of(struct model *m, const char *layer, int64_t channels)
{
	char name[64];

	snprintf(name, sizeof(name), "%s_bias", layer);
	return floats(m, name, &channels, 1);
}

/* One output channel: zero but `value` in all taps of one input channel. */
static void pass_channel(float *w, int64_t cin, int64_t taps, int64_t out,
			 int64_t in, float value)
{
	for (int64_t i = 0; i < cin * taps; i++)
		w[out * cin * taps + i] = i / taps == in ? value : 0;
}

static void average_depthwise(float *w)
{
	for (int i = 0; i < 2 * 9; i++)
		w[i] = 1.0f / 9;
}

static void stem(struct model *m)
{
	float *w = conv(m, "image", "stem", 3, 8, 3, 2, 1, false);

	for (int color = 0; color < 2; color++)
		for (int c = 0; c < 3; c++)
			for (int t = 0; t < 9; t++)
				w[color * 27 + c * 9 + t] =
					(c == 2 * color ? 1.0f : -0.5f) / 9;
	batch_norm(m, "stem", "stem_bn", 8);
	node(m, "Relu", "stem_bn", "stem_out");
}

static void backbone(struct model *m)
{
	const int64_t k[] = { 2, 2 };
	Onnx__NodeProto *n;
	float *w;

	average_depthwise(conv(m, "stem_out", "b1_dw", 8, 8, 3, 2, 8, false));
	batch_norm(m, "b1_dw", "b1_dw_bn", 8);
	node(m, "Relu", "b1_dw_bn", "b1_dw_out");
	w = conv(m, "b1_dw_out", "b1_pw", 8, 16, 1, 1, 1, false);
	pass_channel(w, 8, 1, 0, 0, 1.0f);
	pass_channel(w, 8, 1, 1, 1, 1.0f);
	batch_norm(m, "b1_pw", "b1_pw_bn", 16);
	*floats(m, "zero", NULL, 0) = 0;
	*floats(m, "six", NULL, 0) = 6;
	node(m, "Clip", "b1_pw_bn zero six", "b1_out");

	average_depthwise(conv(m, "b1_out", "b2_dw", 16, 16, 3, 1, 16, false));
	batch_norm(m, "b2_dw", "b2_dw_bn", 16);
	node(m, "Elu", "b2_dw_bn", "b2_dw_out");
	w = conv(m, "b2_dw_out", "b2_pw", 16, 16, 1, 1, 1, false);
	pass_channel(w, 16, 1, 0, 0, 1.0f);
	pass_channel(w, 16, 1, 1, 1, 1.0f);
	batch_norm(m, "b2_pw", "b2_pw_bn", 16);
	node(m, "Add", "b1_out b2_pw_bn", "b2_out");

	n = node(m, "MaxPool", "b2_out", "b3_pool");
	set_ints(m, n, "kernel_shape", k, 2);
	set_ints(m, n, "strides", k, 2);
	w = conv(m, "b2_out", "b3_conv", 16, 16, 3, 2, 1, false);
	pass_channel(w, 16, 9, 0, 0, 1.0f / 9);
	pass_channel(w, 16, 9, 1, 1, 1.0f / 9);
	batch_norm(m, "b3_conv", "b3_bn", 16);
	node(m, "LeakyRelu", "b3_bn", "b3_out");
	n = node(m, "Concat", "b3_out b3_pool", "features");
	set_int(m, n, "axis", 1);
}

/* NCHW to [1, cells, per_cell]. */
static void flatten_cells(struct model *m, const char *in, const char *out,
			  int64_t per_cell)
{
	const int64_t perm[] = { 0, 2, 3, 1 };
	const int64_t shape[] = { 1, -1, per_cell };
	char moved[64], shape_name[64], inputs[160];
	Onnx__NodeProto *n;

	snprintf(moved, sizeof(moved), "%s_nhwc", in);
	snprintf(shape_name, sizeof(shape_name), "%s_shape", out);
	snprintf(inputs, sizeof(inputs), "%s %s", moved, shape_name);
	n = node(m, "Transpose", in, moved);
	set_ints(m, n, "perm", perm, 4);
	int64s(m, shape_name, shape, 3);
	node(m, "Reshape", inputs, out);
}

/* Each cell looks at its corner: three convolutions of stride 2 with one row
 * and column of padding in front. */
static void priors(struct model *m)
{
	const int64_t dims[] = { 1, CELLS, 2 };
	float *centre = floats(m, "centres", dims, 3);

	for (int i = 0; i < CELLS; i++) {
		centre[2 * i] = ((float)(i % GRID_W * STRIDE) + 0.5f) / INPUT_W;
		centre[2 * i + 1] =
			((float)(i / GRID_W * STRIDE) + 0.5f) / INPUT_H;
	}
}

static void heads(struct model *m)
{
	const int64_t two = 2, start[] = { 0 }, middle[] = { 2 };
	const int64_t end[] = { 4 }, axis[] = { 2 };
	float *w, *b, *size;

	w = conv(m, "features", "cls", 32, 2, 1, 1, 1, true);
	b = bias_of(m, "cls", 2);
	for (int c = 0; c < 2; c++) {
		for (int i = 0; i < 32; i++)
			w[32 * c + i] = i == c     ? 20.0f :
					i == 1 - c ? -10.0f :
						     0.02f * w[32 * c + i];
		b[c] = -21;
	}
	flatten_cells(m, "cls", "logits", 2);
	node(m, "Sigmoid", "logits", "scores");

	w = conv(m, "features", "box", 32, 4, 1, 1, 1, true);
	for (int i = 0; i < 4 * 32; i++)
		w[i] *= 0.1f;
	bias_of(m, "box", 4);
	flatten_cells(m, "box", "offsets", 4);
	priors(m);
	int64s(m, "at_0", start, 1);
	int64s(m, "at_2", middle, 1);
	int64s(m, "at_4", end, 1);
	int64s(m, "axis_2", axis, 1);
	*floats(m, "variance", NULL, 0) = 0.1f;
	*floats(m, "half", NULL, 0) = 0.5f;
	size = floats(m, "prior_size", &two, 1);
	size[0] = (float)BOX / INPUT_W;
	size[1] = (float)BOX / INPUT_H;
	node(m, "Slice", "offsets at_0 at_2 axis_2", "offset_xy");
	node(m, "Slice", "offsets at_2 at_4 axis_2", "offset_wh");
	node(m, "Mul", "offset_xy variance", "step");
	node(m, "Mul", "step prior_size", "move");
	node(m, "Add", "move centres", "xy");
	node(m, "Mul", "offset_wh variance", "log_wh");
	node(m, "Exp", "log_wh", "ratio_wh");
	node(m, "Mul", "ratio_wh prior_size", "wh");
	node(m, "Mul", "wh half", "half_wh");
	node(m, "Sub", "xy half_wh", "corner_1");
	node(m, "Add", "xy half_wh", "corner_2");
	set_int(m, node(m, "Concat", "corner_1 corner_2", "boxes"), "axis", 2);
}

static Onnx__ValueInfoProto *value_info(struct model *m, const char *name,
					const int64_t *dims, size_t rank)
{
	Onnx__ValueInfoProto *v = need(m, 1, sizeof(*v));
	Onnx__TypeProto *type = need(m, 1, sizeof(*type));
	Onnx__TypeProto__Tensor *t = need(m, 1, sizeof(*t));
	Onnx__TensorShapeProto *shape = need(m, 1, sizeof(*shape));

	onnx__value_info_proto__init(v);
	onnx__type_proto__init(type);
	onnx__type_proto__tensor__init(t);
	onnx__tensor_shape_proto__init(shape);
	v->name = text(m, name);
	v->type = type;
	type->tensor_type = t;
	t->has_elem_type = 1;
	t->elem_type = TYPE_FLOAT;
	t->shape = shape;
	shape->n_dim = rank;
	shape->dim = need(m, rank, sizeof(*shape->dim));
	for (size_t i = 0; i < rank; i++) {
		shape->dim[i] = need(m, 1, sizeof(**shape->dim));
		onnx__tensor_shape_proto__dimension__init(shape->dim[i]);
		shape->dim[i]->has_dim_value = 1;
		shape->dim[i]->dim_value = dims[i];
	}
	return v;
}

static int write_model(struct model *m, const char *path, struct diag *d)
{
	const int64_t image[] = { 1, 3, INPUT_H, INPUT_W };
	const int64_t boxes[] = { 1, CELLS, 4 }, scores[] = { 1, CELLS, 2 };
	Onnx__ValueInfoProto *in = value_info(m, "image", image, 4);
	Onnx__ValueInfoProto *out[2] = { value_info(m, "scores", scores, 3),
					 value_info(m, "boxes", boxes, 3) };
	Onnx__OperatorSetIdProto opset, *opsets = &opset;
	Onnx__GraphProto graph;
	Onnx__ModelProto model;
	uint8_t *bytes;
	size_t size;

	onnx__operator_set_id_proto__init(&opset);
	onnx__graph_proto__init(&graph);
	onnx__model_proto__init(&model);
	opset.has_version = 1;
	opset.version = 13;
	graph.name = text(m, "blobs");
	graph.n_node = m->node_count;
	graph.node = m->nodes;
	graph.n_initializer = m->weight_count;
	graph.initializer = m->weights;
	graph.n_input = 1;
	graph.input = &in;
	graph.n_output = 2;
	graph.output = out;
	model.has_ir_version = 1;
	model.ir_version = 8;
	model.producer_name = text(m, "blob_model");
	model.graph = &graph;
	model.n_opset_import = 1;
	model.opset_import = &opsets;
	size = onnx__model_proto__get_packed_size(&model);
	bytes = need(m, size, 1);
	onnx__model_proto__pack(&model, bytes);
	return file_write_atomic(path, bytes, size, d);
}

/* ---- Scenes ---- */

static uint8_t to_byte(float x)
{
	return (uint8_t)(x < 0 ? 0 : x > 255 ? 255 : x);
}

struct blob {
	float x, y, radius;
	int color; /* 0 red, 1 blue */
};

static struct blob random_blob(uint32_t *seed, const struct image *img)
{
	struct blob b;

	b.radius = (float)img->height * (0.13f + 0.02f * noise(seed));
	b.x = (0.5f + 0.36f * noise(seed)) * (float)img->width;
	b.y = (0.5f + 0.33f * noise(seed)) * (float)img->height;
	b.color = noise(seed) > 0;
	return b;
}

static void draw_blob(struct image *img, const struct blob *b)
{
	static const float color[2][3] = { { 225, 40, 35 }, { 30, 50, 220 } };

	for (uint32_t y = 0; y < img->height; y++)
		for (uint32_t x = 0; x < img->width; x++) {
			float dx = (float)x - b->x, dy = (float)y - b->y;
			float square = dx * dx + dy * dy;
			float r2 = b->radius * b->radius;
			uint8_t *p =
				img->pixels + 3 * ((size_t)y * img->width + x);

			if (square > r2)
				continue;
			for (int c = 0; c < 3; c++)
				p[c] = to_byte(color[b->color][c] *
					       (1 - 0.25f * square / r2));
		}
}

static void draw_background(struct image *img, uint32_t *seed)
{
	float base = 90 + 50 * noise(seed);

	for (uint32_t y = 0; y < img->height; y++)
		for (uint32_t x = 0; x < img->width; x++) {
			uint8_t *p =
				img->pixels + 3 * ((size_t)y * img->width + x);
			float light = base + 60 * (float)y / (float)img->height;

			for (int c = 0; c < 3; c++)
				p[c] = to_byte(light + 14 * noise(seed));
		}
}

static int write_scene(const char *path, uint32_t seed, struct diag *d)
{
	struct image img = { .width = 320, .height = 240 };
	uint32_t state = seed * 2654435761u + 12345;
	int err;

	img.pixels = malloc((size_t)img.width * img.height * 3);
	if (!img.pixels)
		return diag_error(d, "out of memory");
	draw_background(&img, &state);
	for (uint32_t i = 0; i < 2 + seed % 3; i++) {
		struct blob b = random_blob(&state, &img);

		draw_blob(&img, &b);
	}
	err = image_write(path, &img, d);
	image_free(&img);
	return err;
}

static int make_folder(const char *path, struct diag *d)
{
	if (mkdir(path, 0777) == 0 || errno == EEXIST)
		return 0;
	return diag_error(d, "%s: %s", path, strerror(errno));
}

static int write_all(struct model *m, const char *folder, struct diag *d)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/photos", folder);
	if (make_folder(folder, d) || make_folder(path, d))
		return -1;
	snprintf(path, sizeof(path), "%s/blobs.onnx", folder);
	if (write_model(m, path, d))
		return -1;
	for (uint32_t i = 0; i < SCENES; i++) {
		snprintf(path, sizeof(path), "%s/photos/scene_%02u.png", folder,
			 i);
		if (write_scene(path, i, d))
			return -1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct model m = { .seed = 1 };
	struct diag d;
	int err;

	if (argc != 2) {
		fprintf(stderr, "usage: blob_model FOLDER\n");
		return 2;
	}
	diag_init(&d);
	arena_init(&m.arena, 0);
	stem(&m);
	backbone(&m);
	heads(&m);
	err = write_all(&m, argv[1], &d);
	for (size_t i = 0; i < d.count; i++)
		fprintf(stderr, "blob_model: %s\n", d.entries[i].text);
	arena_free(&m.arena);
	diag_free(&d);
	return err ? 1 : 0;
}
