/* SPDX-License-Identifier: Apache-2.0 */
/* Operators that are refused: an error for each type, with the hint that helps.
 */
#include "converter/onnx/onnx_unknown.h"

#include <inttypes.h>
#include <string.h>

#define MOST_TYPES 20 /* that are named */

/* One entry for each type, in order of occurrence. */
struct onnx_unknown {
	const char *domain, *op_type, *first_node;
	int64_t opset;
	int count;
	struct onnx_unknown *next;
};

int onnx_note_unknown(const struct onnx_node *o)
{
	const char *domain = o->proto->domain ? o->proto->domain : "";
	struct onnx_unknown **at = &o->r->unknown;

	for (; *at; at = &(*at)->next)
		if (!strcmp((*at)->op_type, o->op_type) &&
		    !strcmp((*at)->domain, domain)) {
			(*at)->count++;
			return 0;
		}
	if (o->r->unknown_types == MOST_TYPES) {
		o->r->unknown_rest++;
		return 0;
	}
	*at = arena_alloc(o->r->scratch, sizeof(**at));
	if (!*at)
		return onnx_no_memory(o->r);
	**at = (struct onnx_unknown){ domain,   o->op_type, o->name,
				      o->opset, 1,          NULL };
	o->r->unknown_types++;
	return 0;
}

static void refuse(const struct onnx_reader *r, const struct onnx_unknown *u)
{
	const char *dot = *u->domain ? "." : "";
	char count[32] = "";

	if (u->count > 1)
		snprintf(count, sizeof(count), ", %d nodes", u->count);
	diag_error(r->d,
		   "node '%.200s' (%.100s%s%.100s): operator is not supported "
		   "(opset %" PRId64 "%s)",
		   u->first_node, u->domain, dot, u->op_type, u->opset, count);
}

static bool is_any(const char *op_type, const char *const *list)
{
	while (*list && strcmp(*list, op_type))
		list++;
	return *list != NULL;
}

/* What usually stands behind the network: filtering of boxes, and loops. */
static bool is_post_processing(const struct onnx_unknown *u)
{
	static const char *const names[] = { "BatchedNMSDynamic_TRT",
					     "BatchedNMS_TRT",
					     "EfficientNMS_TRT",
					     "If",
					     "Loop",
					     "MultiClassNMS",
					     "NMS",
					     "NonMaxSuppression",
					     "NonZero",
					     "RoiAlign",
					     "Scan",
					     "TRTBatchedNMS",
					     "Unique",
					     NULL };

	return is_any(u->op_type, names) || !strncmp(u->op_type, "Sequence", 8);
}

static bool is_quantized(const struct onnx_unknown *u)
{
	/* of com.microsoft, and of QONNX */
	static const char *const names[] = {
		"DynamicQuantizeLSTM", "MatMulNBits", "QAttention", "QMoE",
		"FloatQuant",          "Trunc",       NULL
	};

	return is_any(u->op_type, names) || !strncmp(u->op_type, "QLinear", 7);
}

static void hint(const struct onnx_reader *r)
{
	for (const struct onnx_unknown *u = r->unknown; u; u = u->next)
		if (is_post_processing(u)) {
			diag_hint(r->d,
				  "export the model without post-processing; "
				  "dbconvert(1) lists the operators");
			return;
		}
	for (const struct onnx_unknown *u = r->unknown; u; u = u->next)
		if (is_quantized(u)) {
			diag_hint(r->d,
				  "export the float model, or the quantized "
				  "one with QuantizeLinear and "
				  "DequantizeLinear (QDQ)");
			return;
		}
	diag_hint(r->d, "simplify the model, or export it with other "
			"operators; dbconvert(1) lists them");
}

int onnx_refuse_unknown(const struct onnx_reader *r)
{
	if (!r->unknown)
		return 0;
	for (const struct onnx_unknown *u = r->unknown; u; u = u->next)
		refuse(r, u);
	if (r->unknown_rest)
		diag_error(r->d,
			   "%d more nodes have operators that are not "
			   "supported",
			   r->unknown_rest);
	hint(r);
	return -1;
}
