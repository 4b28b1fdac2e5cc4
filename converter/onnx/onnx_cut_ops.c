/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/onnx/onnx_cut_ops.h"

#include <string.h>

static bool is_any(const Onnx__NodeProto *n, const char *const *list)
{
	const char *type = n->op_type ? n->op_type : "";

	while (*list && strcmp(*list, type))
		list++;
	return *list != NULL;
}

static bool selects(const Onnx__NodeProto *n)
{
	static const char *const types[] = { "NonMaxSuppression",
					     "NonZero",
					     "TopK",
					     "BatchedNMSDynamic_TRT",
					     "BatchedNMS_TRT",
					     "EfficientNMS_TRT",
					     "MultiClassNMS",
					     "NMS",
					     "TFLite_Detection_PostProcess",
					     "TRTBatchedNMS",
					     "multiclass_nms3",
					     NULL };

	return is_any(n, types);
}

/* Behind it detections are selected: by the node, or by one in its body
 * (Loop, If), as exporters write the suppression of each class or photo. The
 * depth of bodies is limited when the file is unpacked. */
const Onnx__NodeProto *cut_selection_of(const Onnx__NodeProto *n)
{
	if (selects(n))
		return n;
	for (size_t i = 0; i < n->n_attribute; i++) {
		const Onnx__GraphProto *body = n->attribute[i]->g;

		for (size_t k = 0; body && k < body->n_node; k++) {
			const Onnx__NodeProto *in =
				cut_selection_of(body->node[k]);

			if (in)
				return in;
		}
	}
	return NULL;
}

bool cut_is_selection(const Onnx__NodeProto *n)
{
	return cut_selection_of(n) != NULL;
}

bool cut_is_network(const Onnx__NodeProto *n)
{
	static const char *const types[] = { "Conv",        "ConvTranspose",
					     "Gemm",        "MatMul",
					     "ConvInteger", "MatMulInteger",
					     "QLinearConv", "QLinearMatMul",
					     "Einsum",      NULL };

	return is_any(n, types);
}

bool cut_is_gather(const Onnx__NodeProto *n)
{
	static const char *const types[] = { "Gather", "GatherElements",
					     "GatherND", NULL };

	return is_any(n, types);
}

/* Only the shape of its input counts. */
bool cut_is_shape(const Onnx__NodeProto *n)
{
	static const char *const types[] = { "Shape", "Size", NULL };

	return is_any(n, types);
}

bool cut_is_move(const Onnx__NodeProto *n)
{
	static const char *const types[] = { "Flatten",   "Identity",
					     "Reshape",   "Squeeze",
					     "Transpose", "Unsqueeze",
					     NULL };

	return is_any(n, types);
}

/* Behind these, what they read is the better output. */
bool cut_is_criterion(const Onnx__NodeProto *n)
{
	static const char *const types[] = {
		"ArgMax",         "Cast",   "Greater",   "GreaterOrEqual",
		"Identity",       "Gather", "ReduceMax", "Less",
		"LessOrEqual",    "Not",    "Squeeze",   "Unsqueeze",
		"GatherElements", NULL
	};

	return is_any(n, types);
}
