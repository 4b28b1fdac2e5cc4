/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/reference.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/reference_move.h"
#include "tests/support/reference_pointwise.h"
#include "tests/support/reference_resize.h"
#include "tests/support/reference_sum.h"
#include "tests/support/reference_window.h"

static const struct {
	const char *op;
	void (*compute)(const struct ref_node *n);
} operators[] = {
	{ "Add", ref_add },
	{ "AveragePool", ref_average_pool },
	{ "BatchNormalization", ref_batch_norm },
	{ "Cast", ref_identity },
	{ "Clip", ref_clip },
	{ "Concat", ref_concat },
	{ "Conv", ref_conv },
	{ "ConvTranspose", ref_conv_transpose },
	{ "DepthToSpace", ref_depth_to_space },
	{ "Div", ref_div },
	{ "Flatten", ref_flatten },
	{ "Gather", ref_gather },
	{ "Gemm", ref_gemm },
	{ "GlobalAveragePool", ref_global_average_pool },
	{ "GlobalMaxPool", ref_global_max_pool },
	{ "Identity", ref_identity },
	{ "InstanceNormalization", ref_instance_norm },
	{ "MatMul", ref_mat_mul },
	{ "Max", ref_max },
	{ "MaxPool", ref_max_pool },
	{ "Min", ref_min },
	{ "Mul", ref_mul },
	{ "PRelu", ref_prelu },
	{ "Pad", ref_pad },
	{ "Pow", ref_pow },
	{ "ReduceMax", ref_reduce_max },
	{ "ReduceMean", ref_reduce_mean },
	{ "ReduceSum", ref_reduce_sum },
	{ "Reshape", ref_reshape },
	{ "Resize", ref_resize },
	{ "Slice", ref_slice },
	{ "Softmax", ref_softmax },
	{ "SpaceToDepth", ref_space_to_depth },
	{ "Split", ref_split },
	{ "Squeeze", ref_squeeze },
	{ "Sub", ref_sub },
	{ "Transpose", ref_transpose },
	{ "Unsqueeze", ref_unsqueeze },
};

void reference_init(struct reference *r, const struct onnx_builder *b)
{
	memset(r, 0, sizeof(*r));
	r->graph = &b->graph;
	r->opset = b->opset->version;
	arena_init(&r->arena, 0);
}

void reference_free(struct reference *r)
{
	arena_free(&r->arena);
}

static struct ref_tensor *new_value(struct reference *r, const char *name)
{
	struct ref_value *v = arena_alloc(&r->arena, sizeof(*v));

	assert_non_null(v);
	v->name = name;
	v->next = r->values;
	r->values = v;
	return &v->t;
}

void reference_set(struct reference *r, const char *name, int rank,
		   const int64_t *dim, const double *v)
{
	const struct ref_node n = { .arena = &r->arena };
	struct ref_tensor *t = new_value(r, name);

	ref_shape(&n, t, rank, dim);
	memcpy(t->v, v, (size_t)ref_count(t) * sizeof(*v));
}

/* The builder writes raw_data alone. */
static double element(const Onnx__TensorProto *p, int64_t i)
{
	union {
		float f;
		int64_t i;
	} u;

	if (p->data_type == ONNX_FLOAT) {
		memcpy(&u.f, p->raw_data.data + 4 * i, 4);
		return (double)u.f;
	}
	assert_int_equal(p->data_type, ONNX_INT64);
	memcpy(&u.i, p->raw_data.data + 8 * i, 8);
	return (double)u.i;
}

static const struct ref_tensor *read_initializer(struct reference *r,
						 const Onnx__TensorProto *p)
{
	const struct ref_node n = { .arena = &r->arena };
	struct ref_tensor *t = new_value(r, p->name);

	ref_shape(&n, t, (int)p->n_dims, p->dims);
	for (int64_t i = 0; i < ref_count(t); i++)
		t->v[i] = element(p, i);
	return t;
}

const struct ref_tensor *reference_value(struct reference *r, const char *name)
{
	for (const struct ref_value *v = r->values; v; v = v->next)
		if (!strcmp(v->name, name))
			return &v->t;
	for (size_t i = 0; i < r->graph->n_initializer; i++)
		if (!strcmp(r->graph->initializer[i]->name, name))
			return read_initializer(r, r->graph->initializer[i]);
	fail_msg("reference: no value '%s'", name);
	return NULL;
}

/* The range of a value in the other runs, and 0. */
static void range_of(const struct reference *r, const char *name, double *low,
		     double *high)
{
	*low = *high = 0;
	for (int k = 0; k < r->run_count; k++) {
		const struct ref_tensor *t = reference_value(&r->runs[k], name);

		for (int64_t i = 0; i < ref_count(t); i++) {
			*low = fmin(*low, t->v[i]);
			*high = fmax(*high, t->v[i]);
		}
	}
}

static void round_levels(const struct reference *r, const char *name,
			 struct ref_tensor *t)
{
	double low, high, step;

	range_of(r, name, &low, &high);
	step = (high - low) / (r->levels - 1);
	for (int64_t i = 0; step > 0 && i < ref_count(t); i++)
		t->v[i] = step * round(fmax(low, fmin(high, t->v[i])) / step);
}

static void compute(const struct ref_node *n)
{
	if (ref_function(n))
		return;
	for (size_t i = 0; i < sizeof(operators) / sizeof(*operators); i++)
		if (!strcmp(operators[i].op, n->proto->op_type)) {
			operators[i].compute(n);
			return;
		}
	fail_msg("reference: no operator '%s'", n->proto->op_type);
}

void reference_node(struct reference *r, const Onnx__NodeProto *p)
{
	struct ref_node n = { .proto = p,
			      .opset = r->opset,
			      .arena = &r->arena,
			      .in_count = (int)p->n_input,
			      .out_count = (int)p->n_output };

	assert_true(n.in_count <= REF_MAX_VALUES);
	assert_true(n.out_count <= REF_MAX_VALUES);
	for (int i = 0; i < n.in_count; i++)
		if (*p->input[i])
			n.in[i] = reference_value(r, p->input[i]);
	for (int i = 0; i < n.out_count; i++)
		n.out[i] = new_value(r, p->output[i]);
	compute(&n);
	for (int i = 0; r->levels && i < n.out_count; i++)
		round_levels(r, p->output[i], n.out[i]);
}

void reference_run(struct reference *r)
{
	for (size_t i = 0; i < r->graph->n_node; i++)
		reference_node(r, r->graph->node[i]);
}
