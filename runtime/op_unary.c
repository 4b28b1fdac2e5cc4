/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of one float (enum dbp_unary). NaN results are canonical, because
 * processors make different NaNs. */
#include "runtime/float_block.h"
#include "runtime/tensor_walk.h"

static float softplus(float x)
{
	if (x > 20)
		return x;
	return dbrt_log1pf(dbrt_expf(x));
}

static float clip(float x, float low, float high)
{
	x = x < low ? low : x;
	return x > high ? high : x;
}

static float power(float x, float y)
{
	if (y == 2)
		return x * x;
	if (y == 0.5f && x > 0)
		return dbrt_sqrtf(x);
	return dbrt_powf(x, y);
}

static float gelu(float x)
{
	return 0.5f * x * (1 + dbrt_erff(x * 0.70710678f));
}

static float sign(float x)
{
	return x > 0 ? 1.0f : x < 0 ? -1.0f : x;
}

static float unary_float(const struct dbp_unary_params *p, float x)
{
	switch ((enum dbp_unary)p->kind) {
	case DBP_U_NEG:
		return -x;
	case DBP_U_ABS:
		return dbrt_absf(x);
	case DBP_U_EXP:
		return dbrt_expf(x);
	case DBP_U_LOG:
		return dbrt_logf(x);
	case DBP_U_SQRT:
		return dbrt_sqrtf(x);
	case DBP_U_SIGMOID:
		return dbrt_sigmoidf(x);
	case DBP_U_TANH:
		return dbrt_tanhf(x);
	case DBP_U_ERF:
		return dbrt_erff(x);
	case DBP_U_FLOOR:
		return dbrt_floorf(x);
	case DBP_U_CEIL:
		return dbrt_ceilf(x);
	case DBP_U_ROUND:
		return dbrt_roundf(x);
	case DBP_U_RECIPROCAL:
		return 1 / x;
	case DBP_U_CLIP:
		return clip(x, p->a, p->b);
	case DBP_U_LEAKY:
		return x < 0 ? p->a * x : x;
	case DBP_U_HARD_SIGMOID:
		return clip(p->a * x + p->b, 0, 1);
	case DBP_U_SILU:
		return x * dbrt_sigmoidf(x);
	case DBP_U_HARD_SWISH:
		return x * clip(x / 6 + 0.5f, 0, 1);
	case DBP_U_GELU:
		return gelu(x);
	case DBP_U_MISH:
		return x * dbrt_tanhf(softplus(x));
	case DBP_U_ELU:
		return x < 0 ? p->a * (dbrt_expf(x) - 1) : x;
	case DBP_U_SOFTPLUS:
		return softplus(x);
	case DBP_U_SIGN:
		return sign(x);
	case DBP_U_NOT:
		return x == 0 ? 1.0f : 0.0f;
	case DBP_U_POW:
		return power(x, p->a);
	case DBP_U_COUNT:
		break;
	}
	return dbrt_nan(); /* dbrt_unary_check() refuses these kinds */
}

/* unary_float() for a block, for the functions that large tensors use. 0 if
 * the kind has no block form. */
static int unary_block(uint32_t kind, float *x)
{
	float y[DBRT_BLOCK];
	int i;

	switch (kind) {
	case DBP_U_EXP:
		dbrt_exp_block(x);
		return 1;
	case DBP_U_SIGMOID:
		dbrt_sigmoid_block(x);
		return 1;
	case DBP_U_SILU:
		memcpy(y, x, sizeof(y));
		dbrt_sigmoid_block(y);
		for (i = 0; i < DBRT_BLOCK; i++)
			x[i] *= y[i];
		return 1;
	default:
		return 0;
	}
}

#define UNARY_WORK 8 /* of an element, in copies of one */

static void unary_row(const void *ctx, struct dbrt_walk *w)
{
	const struct dbp_unary_params *p = ctx;
	const float *in = (const void *)w->at[1];
	float *out = (void *)w->at[0], x[DBRT_BLOCK] = { 0 };
	uint32_t i, k, n;

	for (i = 0; i < w->n; i += n) {
		n = w->n - i < DBRT_BLOCK ? w->n - i : DBRT_BLOCK;
		dbrt_load_block(x, in + (ptrdiff_t)i * w->inner[1], w->inner[1],
				n);
		if (n < DBRT_BLOCK || !unary_block(p->kind, x))
			for (k = 0; k < n; k++)
				x[k] = unary_float(p, x[k]);
		dbrt_store_block(out + (ptrdiff_t)i * w->inner[0], x,
				 w->inner[0], n);
	}
}

int dbrt_unary_check(const struct dbrt_op_view *v)
{
	const struct dbp_unary_params *p = v->params;

	return dbrt_expect(p->kind >= DBP_U_NEG && p->kind < DBP_U_COUNT &&
			   dbrt_in(v, 0)->dtype == DBP_F32 &&
			   dbrt_out(v, 0)->dtype == DBP_F32 &&
			   dbrt_same_dims(dbrt_in(v, 0), dbrt_out(v, 0)));
}

void dbrt_unary_run(const struct dbrt_op_view *v)
{
	dbrt_walk_op(v, 1, UNARY_WORK, unary_row, v->params);
}
