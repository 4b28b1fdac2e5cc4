/* SPDX-License-Identifier: Apache-2.0 */
/* Describes the operators of a packed model for reports. */
#include "converter/pack/pack_describe.h"

#include "converter/pack/op_kernel.h"
#include "runtime/dbrt.h"

/* The operators that are being described. */
struct description {
	const struct device_model *m;
	const struct dbrt_model *packed;
	const uint32_t *tensor_ids;
	struct arena *arena;
};

static bool multiplies(enum dbp_op_kind kind)
{
	return kind == DBP_OP_CONV || kind == DBP_OP_CONV_TRANSPOSE ||
	       kind == DBP_OP_MATMUL;
}

/* Inputs of fewer than 8 bits are stored in bytes too, with clamped codes. */
static int input_bits(const struct description *k, const struct dev_op *op)
{
	const struct value *x = op->node ? op->node->inputs[0] : NULL;

	if (k->m->tensors[op->inputs[0]].dtype != DBP_S8)
		return 32;
	return x && x->quant && !x->quant->codes && op->weight_bits ?
		       x->quant->bits :
		       8;
}

static int describe_op(const struct description *k, const struct dev_op *op,
		       uint32_t index, struct packed_layer *l)
{
	struct dbrt_work work = { 0 };
	char kernel[64] = "";

	if (op_kernel_name(k->packed, index, kernel, sizeof(kernel)) < 0)
		return -1;
	if (multiplies(op->kind))
		dbrt_op_work(k->packed, index, &work);
	*l = (struct packed_layer){
		.node = op->node,
		.name = op->node ? op->node->name : "",
		.op = op->node ? op_info(op->node->op)->name : "",
		.kernel = arena_strdup(k->arena, kernel),
		.w_bits = op->weight_bits,
		.a_bits = input_bits(k, op),
		.macs = op->node && multiplies(op->kind) ? node_macs(op->node) :
							   0,
		.steps = (int64_t)work.steps,
		.outputs = dev_elements(&k->m->tensors[op->outputs[0]]),
		.window_rows = (int64_t)op_window_rows(k->packed, index),
		.weight_bytes = op->weight_bytes,
		.output_tensor = k->tensor_ids[op->outputs[0]],
	};
	for (int i = 0; i < op->input_count; i++)
		l->memory_bytes +=
			(int64_t)dev_bytes(&k->m->tensors[op->inputs[i]]);
	for (int i = 0; i < op->output_count; i++)
		l->memory_bytes +=
			(int64_t)dev_bytes(&k->m->tensors[op->outputs[i]]);
	return l->kernel ? 0 : -1;
}

int pack_describe(const struct device_model *m, const uint32_t *tensor_ids,
		  struct packed *out, struct arena *a)
{
	struct dbrt_model packed;
	const struct description k = { m, &packed, tensor_ids, a };
	uint32_t left = 0, n = 0;

	if (dbrt_open(&packed, out->bytes, out->size) != DBRT_OK)
		return -1;
	for (uint32_t i = 0; i < m->op_count; i++)
		left += !m->ops[i].dropped;
	out->layer_count = (int)left;
	out->layers = arena_array(a, left, sizeof(*out->layers));
	for (uint32_t i = 0; out->layers && i < m->op_count; i++) {
		if (m->ops[i].dropped)
			continue;
		if (describe_op(&k, &m->ops[i], n, &out->layers[n]))
			return -1;
		n++;
	}
	return out->layers ? 0 : -1;
}
