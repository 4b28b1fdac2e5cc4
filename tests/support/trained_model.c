/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/trained_model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/trained_net.h"

static bool on_codes(const struct net *n)
{
	return n->s->form == TRAINED_OPERATOR;
}

/* ---- Weights ---- */

struct weights {
	char name[NAME], scale[NAME], zero[NAME]; /* of the codes */
	float steps[MOST_CHANNELS];
	char real[NAME]; /* dequantized */
};

static void shape_text(char *text, const int *dims, int rank)
{
	size_t at = 0;

	for (int i = 0; i < rank; i++)
		at += (size_t)snprintf(text + at, NAME - at, "%s%d",
				       i ? "x" : "", dims[i]);
}

/* Codes of channel c; returns its zero point. */
static int round_weights(const struct net *n, const float *w, int count,
			 float *step, int *out)
{
	int first, last, zero;
	double low = 0, high = 0;

	trained_code_range(n->s->weight_type, &first, &last);
	for (int i = 0; i < count; i++) {
		low = fmin(low, (double)w[i]);
		high = fmax(high, (double)w[i]);
	}
	if (!n->s->asymmetric) {
		high = fmax(-low, high);
		low = -high;
		first = first < 0 ? -last : first + 1;
	}
	*step = (float)((high - low) / (last - first));
	zero = n->s->asymmetric ? (int)rint(first - low / (double)*step) :
				  (first + last) / 2;
	for (int i = 0; i < count; i++) {
		out[i] = (int)rint((double)(w[i] / *step)) + zero;
		out[i] = out[i] < first ? first : out[i] > last ? last : out[i];
	}
	return zero;
}

static void quantize_weights(struct net *n, struct weights *w, const float *v,
			     const int *dims, int rank, int count)
{
	int rows = n->s->per_channel ? dims[0] : 1, zero[MOST_CHANNELS];
	int *c = malloc(MOST_WEIGHTS * sizeof(*c));
	char shape[NAME], vector[NAME] = "";

	for (int i = 0; c && i < rows; i++)
		zero[i] = round_weights(n, v + i * (count / rows), count / rows,
					&w->steps[i], c + i * (count / rows));
	for (int i = rows; i < dims[0]; i++)
		w->steps[i] = w->steps[0];
	if (rows > 1)
		snprintf(vector, sizeof(vector), "%d", rows);
	shape_text(shape, dims, rank);
	if (n->s->form == TRAINED_PYTORCH) {
		char real[NAME];
		Onnx__NodeProto *p;

		trained_floats(n, real, shape, v, (size_t)count);
		trained_floats(n, w->scale, vector, w->steps, (size_t)rows);
		trained_codes(n, w->zero, n->s->weight_type, vector, zero,
			      (size_t)rows);
		p = trained_node(n, "QuantizeLinear", trained_name(n, w->name),
				 "%s %s %s", real, w->scale, w->zero);
		onnx_build_attr_int(n->b, p, "axis", 0);
	} else {
		trained_codes(n, w->name, n->s->weight_type, shape, c,
			      (size_t)count);
		trained_floats(n, w->scale, vector, w->steps, (size_t)rows);
		trained_codes(n, w->zero, n->s->weight_type, vector, zero,
			      (size_t)rows);
	}
	free(c);
}

static void dequantize_weights(struct net *n, struct weights *w)
{
	Onnx__NodeProto *p = trained_node(n, "DequantizeLinear",
					  trained_name(n, w->real), "%s %s %s",
					  w->name, w->scale, w->zero);

	trained_set_domain(n, p, n->s->domain);
	onnx_build_attr_int(n->b, p, "axis", 0);
}

static void make_weights(struct net *n, struct weights *w, const int *dims,
			 int rank)
{
	float v[MOST_WEIGHTS];
	struct at real = { .name = "" };
	char shape[NAME];
	int count = 1;

	for (int i = 0; i < rank; i++)
		count *= dims[i];
	for (int i = 0; i < count; i++)
		v[i] = (trained_normal(n) + (n->s->asymmetric ? 0.2f : 0)) /
		       sqrtf((float)(count / dims[0]));
	if (n->s->form != TRAINED_QONNX) {
		quantize_weights(n, w, v, dims, rank, count);
		if (n->s->form != TRAINED_OPERATOR &&
		    n->s->form != TRAINED_DYNAMIC)
			dequantize_weights(n, w);
		return;
	}
	for (int i = 0; i < count; i++)
		v[i] *= n->s->weight_scale * 1.5f *
			sqrtf((float)(count / dims[0]));
	shape_text(shape, dims, rank);
	trained_floats(n, real.name, shape, v, (size_t)count);
	trained_quant(n, &real, (double)n->s->weight_scale, n->s->weight_bits,
		      true);
	strcpy(w->real, real.name);
}

/* A bias; in units of x times w where the form has codes for it. */
static void make_bias(struct net *n, const struct at *x,
		      const struct weights *w, int count, char *name)
{
	int v[MOST_CHANNELS];
	float real[MOST_CHANNELS], steps[MOST_CHANNELS];
	char shape[NAME], c[NAME], s[NAME];

	snprintf(shape, sizeof(shape), "%d", count);
	for (int i = 0; i < count; i++) {
		real[i] = 0.3f * trained_normal(n);
		steps[i] = x->step * w->steps[i];
		v[i] = (int)rint((double)(real[i] / steps[i]));
	}
	if (n->s->form != TRAINED_QDQ && n->s->form != TRAINED_OPERATOR) {
		trained_floats(n, name, shape, real, (size_t)count);
		return;
	}
	onnx_build_raw(n->b,
		       onnx_build_initializer(n->b, trained_name(n, c),
					      ONNX_INT32, shape),
		       v, sizeof(*v) * (size_t)count);
	strcpy(name, c);
	if (n->s->form == TRAINED_OPERATOR)
		return;
	trained_floats(n, s, shape, steps, (size_t)count);
	onnx_build_attr_int(n->b,
			    trained_node(n, "DequantizeLinear",
					 trained_name(n, name), "%s %s", c, s),
			    "axis", 0);
}

/* ---- Layers ---- */

static void set_window(struct net *n, Onnx__NodeProto *p, int k, int group)
{
	const int64_t pads[4] = { k / 2, k / 2, k / 2, k / 2 };

	onnx_build_attr_ints(n->b, p, "pads", pads, 4);
	onnx_build_attr_int(n->b, p, "group", group);
}

/* The codes of x, its scale and zero point, found while the model runs; the
 * sums are floats again. */
static void dynamic_product(struct net *n, struct at *x, const char *op,
			    const struct weights *w, const char *bias, int k,
			    int group)
{
	char q[NAME], s[NAME], z[NAME], sum[NAME], f[NAME], scale[NAME];
	char y[NAME], out[NAME], shaped[NAME], shape[NAME], both[3 * NAME + 3];
	Onnx__NodeProto *p;

	snprintf(both, sizeof(both), "%s %s %s", trained_name(n, q),
		 trained_name(n, s), trained_name(n, z));
	trained_node(n, "DynamicQuantizeLinear", both, "%s", x->name);
	p = trained_node(n, op, trained_name(n, sum), "%s %s %s %s", q, w->name,
			 z, w->zero);
	if (k)
		set_window(n, p, k, group);
	p = trained_node(n, "Cast", trained_name(n, f), "%s", sum);
	onnx_build_attr_int(n->b, p, "to", ONNX_FLOAT);
	trained_node(n, "Mul", trained_name(n, scale), "%s %s", s, w->scale);
	trained_node(n, "Mul", trained_name(n, y), "%s %s", f, scale);
	onnx_build_int64s(n->b, trained_name(n, shape),
			  k ? (const int64_t[]){ 1, -1, 1, 1 } :
			      (const int64_t[]){ 1, -1 },
			  k ? 4 : 2);
	trained_node(n, "Reshape", trained_name(n, shaped), "%s %s", bias,
		     shape);
	trained_node(n, "Add", trained_name(n, out), "%s %s", y, shaped);
	strcpy(x->name, out);
}

static void batch_norm(struct net *n, struct at *x, int channels)
{
	float v[4][MOST_CHANNELS];
	char name[4][NAME], shape[NAME], out[NAME];
	float unit = n->s->activation_scale *
		     (float)(1 << (n->s->activation_bits - 2));

	for (int c = 0; c < channels; c++) {
		v[0][c] = unit * (1.2f + 0.3f * trained_normal(n)); /* gain */
		v[0][c] *= c % 5 ? 1 : -1;
		v[1][c] = unit * (0.4f + 0.3f * trained_normal(n));
		v[2][c] = 0.1f * trained_normal(n);
		v[3][c] = 10 * n->s->weight_scale * n->s->activation_scale *
			  (2.0f + 0.3f * trained_normal(n));
		v[3][c] *= v[3][c];
	}
	snprintf(shape, sizeof(shape), "%d", channels);
	for (int i = 0; i < 4; i++)
		trained_floats(n, name[i], shape, v[i], (size_t)channels);
	trained_node(n, "BatchNormalization", trained_name(n, out),
		     "%s %s %s %s %s", x->name, name[0], name[1], name[2],
		     name[3]);
	strcpy(x->name, out);
}

static void relu(struct net *n, struct at *x)
{
	char out[NAME];

	trained_node(n, "Relu", trained_name(n, out), "%s", x->name);
	strcpy(x->name, out);
}

/* The grid of the output of an operator on codes; x has its inputs. */
static void on_operator(struct net *n, struct at *x, const char *op,
			const char *in, double low, double high, int k,
			int group, const char *bias)
{
	struct at y = *x;
	Onnx__NodeProto *p;

	trained_set_grid(n, &y, low, high);
	p = trained_node(n, op, trained_name(n, y.name), "%s %s %s%s%s", in,
			 y.scale, y.zero, *bias ? " " : "", bias);
	if (strcmp(op, "QLinearConv"))
		trained_set_domain(n, p, "com.microsoft");
	if (k)
		set_window(n, p, k, group);
	*x = y;
}

static void conv(struct net *n, struct at *x, int outputs, int k, int group,
		 double low, double high)
{
	const int dims[4] = { outputs, x->channels / group, k, k };
	struct weights w;
	char bias[NAME], in[512], out[NAME];
	struct at from = *x;

	if (n->s->form == TRAINED_INPUTS) {
		trained_set_grid(n, &from, low < 0 ? -4 : 0, 4);
		trained_pair(n, &from);
	}
	make_weights(n, &w, dims, 4);
	make_bias(n, &from, &w, outputs, bias);
	x->channels = outputs;
	if (n->s->form == TRAINED_OPERATOR) {
		snprintf(in, sizeof(in), "%s %s %s %s %s %s", x->name, x->scale,
			 x->zero, w.name, w.scale, w.zero);
		on_operator(n, x, "QLinearConv", in, low, high, k, group, bias);
		return;
	}
	if (n->s->form == TRAINED_DYNAMIC) {
		dynamic_product(n, x, "ConvInteger", &w, bias, k, group);
	} else {
		bool no_bias = n->s->form == TRAINED_QONNX && n->s->batch_norm;

		set_window(n,
			   trained_node(n, "Conv", trained_name(n, out),
					"%s %s%s%s", from.name, w.real,
					no_bias ? "" : " ",
					no_bias ? "" : bias),
			   k, group);
		strcpy(x->name, out);
	}
	if (n->s->form == TRAINED_QONNX && n->s->batch_norm)
		batch_norm(n, x, outputs);
	/* a pair that ends at 0 needs no Relu */
	if (low >= 0 && n->s->form != TRAINED_QDQ)
		relu(n, x);
	trained_round(n, x, low, high);
}

static void add(struct net *n, struct at *x, const struct at *other)
{
	char in[512], out[NAME];

	if (on_codes(n)) {
		snprintf(in, sizeof(in), "%s %s %s %s %s %s", x->name, x->scale,
			 x->zero, other->name, other->scale, other->zero);
		on_operator(n, x, "QLinearAdd", in, 0, 6, 0, 1, "");
		return;
	}
	trained_node(n, "Add", trained_name(n, out), "%s %s", x->name,
		     other->name);
	strcpy(x->name, out);
	relu(n, x);
	trained_round(n, x, 0, 6);
}

static void max_pool(struct net *n, struct at *x)
{
	char out[NAME];
	Onnx__NodeProto *p =
		trained_node(n, "MaxPool", trained_name(n, out), "%s", x->name);

	onnx_build_attr_ints(n->b, p, "kernel_shape", (int64_t[]){ 2, 2 }, 2);
	onnx_build_attr_ints(n->b, p, "strides", (int64_t[]){ 2, 2 }, 2);
	strcpy(x->name, out);
}

static void global_pool(struct net *n, struct at *x)
{
	char in[512], out[NAME];

	if (on_codes(n)) {
		snprintf(in, sizeof(in), "%s %s %s", x->name, x->scale,
			 x->zero);
		on_operator(n, x, "QLinearGlobalAveragePool", in, 0, 3, 0, 1,
			    "");
	} else {
		trained_node(n, "GlobalAveragePool", trained_name(n, out), "%s",
			     x->name);
		strcpy(x->name, out);
		trained_round(n, x, 0, 3);
	}
	trained_node(n, "Flatten", trained_name(n, out), "%s", x->name);
	strcpy(x->name, out);
}

static void gemm(struct net *n, struct at *x, int outputs)
{
	const int dims[2] = { outputs, x->channels };
	struct weights w;
	char bias[NAME], in[512], out[NAME];
	struct at from = *x;

	if (n->s->form == TRAINED_INPUTS) {
		trained_set_grid(n, &from, 0, 3);
		trained_pair(n, &from);
	}
	make_weights(n, &w, dims, 2);
	make_bias(n, &from, &w, outputs, bias);
	x->channels = outputs;
	if (on_codes(n)) {
		snprintf(in, sizeof(in), "%s %s %s %s %s %s %s", x->name,
			 x->scale, x->zero, w.name, w.scale, w.zero, bias);
		on_operator(n, x, "QGemm", in, -4, 4, 0, 1, "");
		onnx_build_attr_int(n->b,
				    n->b->graph.node[n->b->graph.n_node - 1],
				    "transB", 1);
		trained_dequantize(n, x);
		return;
	}
	onnx_build_attr_int(n->b,
			    trained_node(n, "Gemm", trained_name(n, out),
					 "%s %s %s", from.name, w.real, bias),
			    "transB", 1);
	strcpy(x->name, out);
	trained_round(n, x, -4, 4);
}

void trained_model_build(struct onnx_builder *b, const struct trained_style *s)
{
	struct net n = { b, s, 7, 0 };
	struct at x = { .name = "x", .channels = 3 }, shortcut;

	b->opset->version = 21;
	onnx_build_input(b, "x", ONNX_FLOAT, "1x3x12x12");
	if (s->form == TRAINED_QONNX) {
		trained_quant(&n, &x, 1.0 / 128, 8, true);
	} else if (on_codes(&n)) {
		char out[NAME];

		trained_set_grid(&n, &x, -1, 1);
		trained_quantize(&n, &x, out);
		strcpy(x.name, out);
	} else {
		trained_round(&n, &x, -1, 1);
	}
	conv(&n, &x, 8, 3, 1, 0, 4);
	shortcut = x;
	conv(&n, &x, 8, 3, 8, 0, 4);
	conv(&n, &x, 8, 1, 1, s->form == TRAINED_QONNX ? 0 : -4, 4);
	add(&n, &x, &shortcut);
	max_pool(&n, &x);
	conv(&n, &x, 16, 3, 1, 0, 4);
	if (s->form != TRAINED_QONNX && s->form != TRAINED_DYNAMIC) {
		global_pool(&n, &x);
		gemm(&n, &x, 5);
	}
	trained_node(&n, "Identity", "y", "%s", x.name);
	onnx_build_output(b, "y");
}
