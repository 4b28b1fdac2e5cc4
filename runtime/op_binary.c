/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of two floats that broadcast (enum dbp_binary). Comparisons give 1
 * or 0. */
#include "runtime/float_block.h"
#include "runtime/tensor_walk.h"

/* The result has the sign of the divisor, as in Python. */
static float modulo(float a, float b)
{
	float m = dbrt_fmodf(a, b);

	return m != 0 && (m < 0) != (b < 0) ? m + b : m;
}

static float binary_float(uint32_t kind, float a, float b)
{
	switch ((enum dbp_binary)kind) {
	case DBP_B_ADD:
		return a + b;
	case DBP_B_SUB:
		return a - b;
	case DBP_B_MUL:
		return a * b;
	case DBP_B_DIV:
		return a / b;
	case DBP_B_MIN:
		return a != a || a < b ? a : b;
	case DBP_B_MAX:
		return a != a || a > b ? a : b;
	case DBP_B_POW:
		return b == 2 ? a * a : dbrt_powf(a, b);
	case DBP_B_MOD:
		return modulo(a, b);
	case DBP_B_PRELU:
		return a < 0 ? b * a : a;
	case DBP_B_LESS:
		return a < b;
	case DBP_B_LESS_EQUAL:
		return a <= b;
	case DBP_B_GREATER:
		return a > b;
	case DBP_B_GREATER_EQUAL:
		return a >= b;
	case DBP_B_EQUAL:
		return a == b;
	case DBP_B_AND:
		return a != 0 && b != 0;
	case DBP_B_OR:
		return a != 0 || b != 0;
	case DBP_B_COUNT:
		break;
	}
	return dbrt_nan(); /* dbrt_binary_check() refuses these kinds */
}

/* a[i] = binary_float(kind, a[i], b[i]) for a block, for the functions that
 * large tensors use. 0 if the kind has no block form. */
static int binary_block(uint32_t kind, float *a, const float *b)
{
	int i;

	switch (kind) {
	case DBP_B_ADD:
		for (i = 0; i < DBRT_BLOCK; i++)
			a[i] += b[i];
		return 1;
	case DBP_B_SUB:
		for (i = 0; i < DBRT_BLOCK; i++)
			a[i] -= b[i];
		return 1;
	case DBP_B_MUL:
		for (i = 0; i < DBRT_BLOCK; i++)
			a[i] *= b[i];
		return 1;
	case DBP_B_DIV:
		for (i = 0; i < DBRT_BLOCK; i++)
			a[i] /= b[i];
		return 1;
	default:
		return 0;
	}
}

/* Whole blocks; returns the elements done. */
static uint32_t binary_blocks(uint32_t kind, const struct dbrt_walk *w)
{
	const float *a = (const void *)w->at[1], *b = (const void *)w->at[2];
	float *out = (void *)w->at[0], x[DBRT_BLOCK], y[DBRT_BLOCK];
	uint32_t i;

	for (i = 0; i + DBRT_BLOCK <= w->n; i += DBRT_BLOCK) {
		ptrdiff_t at = (ptrdiff_t)i;

		dbrt_load_block(x, a + at * w->inner[1], w->inner[1],
				DBRT_BLOCK);
		dbrt_load_block(y, b + at * w->inner[2], w->inner[2],
				DBRT_BLOCK);
		if (!binary_block(kind, x, y))
			break;
		dbrt_store_block(out + at * w->inner[0], x, w->inner[0],
				 DBRT_BLOCK);
	}
	return i;
}

static void binary_row(const void *ctx, struct dbrt_walk *w)
{
	uint32_t kind = ((const struct dbp_binary_params *)ctx)->kind;
	uint32_t i = DBRT_HAS_BLOCKS ? binary_blocks(kind, w) : 0;
	const float *a = (const float *)(const void *)w->at[1] +
			 (ptrdiff_t)i * w->inner[1];
	const float *b = (const float *)(const void *)w->at[2] +
			 (ptrdiff_t)i * w->inner[2];
	float *out = (float *)(void *)w->at[0] + (ptrdiff_t)i * w->inner[0];

	for (; i < w->n; i++) {
		*out = dbrt_canonical(binary_float(kind, *a, *b));
		out += w->inner[0];
		a += w->inner[1];
		b += w->inner[2];
	}
}

int dbrt_binary_check(const struct dbrt_op_view *v)
{
	const struct dbp_binary_params *p = v->params;
	const struct dbp_tensor *y = dbrt_out(v, 0);

	return dbrt_expect(p->kind >= DBP_B_ADD && p->kind < DBP_B_COUNT &&
			   dbrt_in(v, 0)->dtype == DBP_F32 &&
			   dbrt_in(v, 1)->dtype == DBP_F32 &&
			   y->dtype == DBP_F32 &&
			   dbrt_broadcasts(dbrt_in(v, 0), y) &&
			   dbrt_broadcasts(dbrt_in(v, 1), y));
}

void dbrt_binary_run(const struct dbrt_op_view *v)
{
	dbrt_walk_op(v, 2, 1, binary_row, v->params);
}
