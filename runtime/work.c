/* SPDX-License-Identifier: Apache-2.0 */
/* The work of operators as schemas/dbp.md counts it: what the kernels do, with
 * the padding of tiles. */
#include "runtime/work.h"

#include "runtime/decode.h"

static void add(uint64_t *sum, uint64_t n)
{
	*sum = *sum + n < n ? UINT64_MAX : *sum + n;
}

/* Below 2^31 * 4 * 2^16; of one pixel below 2^34. */
static uint64_t conv_steps(const struct dbp_conv *p, const struct dbp_tensor *x,
			   const struct dbp_tensor *y)
{
	uint32_t rows = y->dims[3] / p->groups, k16;

	if (p->depthwise)
		return (uint64_t)((y->dims[3] + 15) & ~15u) * p->kernel_h *
		       p->kernel_w;
	k16 = (uint32_t)dbp_conv_k16(p, x->dims[3]);
	return (uint64_t)((rows + 3) & ~3u) * p->groups * k16;
}

/* Cells of a window on one axis, inside of the input. */
static uint32_t pool_cells(uint32_t kernel, uint32_t dilation, uint32_t size)
{
	uint32_t most = (size - 1) / dilation + 1;

	return kernel < most ? kernel : most;
}

/* Steps of an operator; for each element of y, or pixel of a convolution. */
static uint64_t op_steps(const struct dbrt_op_view *v)
{
	const struct dbp_tensor *x = dbrt_in(v, 0), *y = dbrt_out(v, 0);
	const struct dbp_pool *pool = v->params;
	const struct dbp_softmax *top_k = v->params;
	uint32_t n = dbrt_elements(y), k;
	uint64_t each = 1;

	switch (v->op->kind) {
	case DBP_OP_CONV:
	case DBP_OP_CONV_TRANSPOSE:
		n /= y->dims[3];
		each = conv_steps(v->params, x, y);
		break;
	case DBP_OP_MAX_POOL:
	case DBP_OP_AVG_POOL:
		each = (uint64_t)pool_cells(pool->kernel_h, pool->dilation_h,
					    x->dims[1]) *
		       pool_cells(pool->kernel_w, pool->dilation_w, x->dims[2]);
		break;
	case DBP_OP_RESIZE:
		each = 4;
		break;
	case DBP_OP_MATMUL:
		each = x->dims[x->rank - 1];
		break;
	case DBP_OP_TOP_K: /* comparisons with a heap of the k best */
		for (k = y->dims[top_k->axis]; k; k /= 2)
			each++;
		n = dbrt_elements(x);
		break;
	case DBP_OP_REDUCE:
	case DBP_OP_ARG_MAX:
		n = dbrt_elements(x);
		break;
	default:
		break;
	}
	return n * each;
}

void dbrt_work_add_op(struct dbrt_work *w, const struct dbrt_op_view *v)
{
	uint32_t tensors = (uint32_t)v->op->input_count + v->op->output_count;

	add(&w->steps, op_steps(v));
	for (uint32_t i = 0; i < tensors; i++) {
		const struct dbp_tensor *t = dbrt_tensor_row(v->m, v->ids[i]);

		add(&w->bytes,
		    (uint64_t)dbrt_elements(t) * dbrt_element_bytes(t));
	}
	if (v->op->kind == DBP_OP_CONV || v->op->kind == DBP_OP_CONV_TRANSPOSE)
		add(&w->bytes,
		    ((const struct dbp_conv *)v->params)->weights_bytes);
}

void dbrt_work_add_head(struct dbrt_work *w, const struct dbp_head *h)
{
	const struct dbp_head_level *l = dbrt_head_levels(h);
	uint64_t fields = 4u * (h->bins ? h->bins : 1u);
	/* a peak is compared with the cells around it */
	uint64_t scores =
		h->class_count * (h->flags & DBP_HEAD_PEAKS ? (uint64_t)9 : 1);

	if (h->kind == DBP_HEAD_CLASSIFIER)
		add(&w->head_steps, h->class_count);
	for (uint32_t i = 0; i < h->level_count; i++) {
		uint32_t n = dbrt_level_candidates(&l[i]);

		w->candidates += n;
		add(&w->head_steps, n * (fields + scores));
	}
}
