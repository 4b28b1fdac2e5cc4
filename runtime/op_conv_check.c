/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/op_conv_check.h"

#include "schemas/dbp_coded.h"

/* Keeps out * stride + k * dilation within int32. */
#define MAX_EXTENT (1u << 24)

static int check_axis(uint32_t kernel, uint32_t stride, uint32_t dilation,
		      uint32_t pad, uint32_t in, uint32_t out, int transposed)
{
	uint64_t extent;

	if (kernel == 0 || stride == 0 || dilation == 0 || in > MAX_EXTENT ||
	    out > MAX_EXTENT)
		return 0;
	extent = (uint64_t)(kernel - 1) * dilation;
	if (extent >= MAX_EXTENT)
		return 0;
	if (transposed) /* every output has an input, or lies just outside */
		return out <= (uint64_t)(in - 1) * stride + extent + stride;
	/* the last window starts within the padded input */
	return (uint64_t)(out - 1) * stride < (uint64_t)in + pad;
}

static int check_geometry(const struct dbp_conv *p, const struct dbp_tensor *x,
			  const struct dbp_tensor *y, int transposed)
{
	return x->rank == 4 && y->rank == 4 && x->dims[0] == y->dims[0] &&
	       check_axis(p->kernel_h, p->stride_h, p->dilation_h, p->pad_top,
			  x->dims[1], y->dims[1], transposed) &&
	       check_axis(p->kernel_w, p->stride_w, p->dilation_w, p->pad_left,
			  x->dims[2], y->dims[2], transposed);
}

static int check_weights(const struct dbrt_op_view *v, const struct dbp_conv *p)
{
	const struct dbp_tensor *x = dbrt_in(v, 0);
	uint32_t channels = dbrt_out(v, 0)->dims[3];
	struct dbp_run run;

	if ((p->weight_bits != 2 && p->weight_bits != 4 &&
	     p->weight_bits != 8 && (p->weight_bits != 3 || p->depthwise)) ||
	    p->grid > DBP_GRID_LEVELS ||
	    (p->weight_bits == 8 && p->grid != DBP_GRID_UNIFORM))
		return 0;
	if (p->groups == 0 || x->dims[3] % p->groups || channels % p->groups ||
	    p->depthwise > 1 ||
	    (p->depthwise &&
	     (p->groups != x->dims[3] || p->groups != channels)) ||
	    dbp_conv_k(p, x->dims[3]) > DBP_CONV_MAX_K)
		return 0;
	run = dbp_conv_run(p, x->dims[3], channels);
	if (!p->weights_bytes || p->weights_bytes != dbp_run_bytes(&run) ||
	    !dbrt_blob(v->m, p->weights, p->weights_bytes, DBP_BLOB_ALIGN))
		return 0;
	return p->grid != DBP_GRID_LEVELS ||
	       dbrt_blob(v->m, p->levels, (uint64_t)channels << p->weight_bits,
			 1);
}

static int check_multipliers(const struct dbrt_op_view *v, uint32_t multiplier,
			     uint32_t shift)
{
	uint32_t channels = dbrt_out(v, 0)->dims[3];
	const uint16_t *m = dbrt_blob(v->m, multiplier, 2ull * channels, 2);
	const uint8_t *s = dbrt_blob(v->m, shift, channels, 1);

	if (!m || !s)
		return 0;
	for (uint32_t c = 0; c < channels; c++)
		if ((m[c] != 0 && m[c] < 32768) || s[c] < 1 || s[c] > 62)
			return 0;
	return 1;
}

int dbrt_conv_has_table(const struct dbp_conv *p)
{
	return p->post == DBP_POST_TABLE || p->post == DBP_POST_TABLES;
}

static int check_post(const struct dbrt_op_view *v, const struct dbp_conv *p)
{
	const struct dbp_tensor *y = dbrt_out(v, 0);
	uint32_t channels = y->dims[3];
	const int32_t *bias = dbrt_blob(v->m, p->bias, 4ull * channels, 4);

	if (!bias || p->post > DBP_POST_TABLES || p->inner_extra > 2 ||
	    (p->inner_extra && !dbrt_conv_has_table(p)))
		return 0;
	for (uint32_t c = 0; c < channels; c++)
		if (bias[c] > 1 << 30 || bias[c] < -(1 << 30))
			return 0;
	if (p->post == DBP_POST_FLOAT)
		return y->dtype == DBP_F32 &&
		       dbrt_blob(v->m, p->float_scale, 4ull * channels, 4);
	if (y->dtype != DBP_S8 || p->clamp_min > p->clamp_max ||
	    !check_multipliers(v, p->multiplier, p->shift))
		return 0;
	if (p->post == DBP_POST_LEAKY)
		return check_multipliers(v, p->multiplier2, p->shift2);
	if (p->post == DBP_POST_TABLE)
		channels = 1;
	return p->post == DBP_POST_CLAMP ||
	       dbrt_blob(v->m, p->table,
			 (uint64_t)dbp_conv_table_size(p) * channels, 1);
}

int dbrt_conv_check_common(const struct dbrt_op_view *v, int transposed)
{
	const struct dbp_conv *p = v->params;
	const struct dbp_tensor *x = dbrt_in(v, 0), *y = dbrt_out(v, 0);

	if (x->dtype != DBP_S8 || p->reserved2[0] || p->reserved2[1] ||
	    (transposed && p->depthwise) ||
	    !check_geometry(p, x, y, transposed) || !check_weights(v, p) ||
	    !check_post(v, p) ||
	    v->op->scratch_bytes < dbp_conv_scratch_bytes(p, x, y))
		return DBRT_ERROR_FORMAT;
	return DBRT_OK;
}
