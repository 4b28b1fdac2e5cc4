/* SPDX-License-Identifier: Apache-2.0 */
/* Elementwise operators on codes. Rows are written in order and each element
 * is read before it is written, so that output and input may share memory. */
#include "runtime/copy_views.h"
#include "runtime/fmath.h"
#include "runtime/requant.h"
#include "runtime/row_kernels.h"

#define ADD_MULTIPLIER_MAX (1 << 30)

int dbrt_scaling_ok(uint32_t multiplier, uint32_t shift)
{
	return shift >= 1 && shift <= 62 &&
	       (multiplier == 0 ||
		(multiplier >= 32768 && multiplier <= 65535));
}

static int all_s8(const struct dbrt_op_view *v)
{
	uint32_t i;

	for (i = 0; i < v->op->input_count; i++)
		if (dbrt_in(v, i)->dtype != DBP_S8)
			return 0;
	return dbrt_out(v, 0)->dtype == DBP_S8;
}

static int both_broadcast(const struct dbrt_op_view *v)
{
	return dbrt_broadcasts(dbrt_in(v, 0), dbrt_out(v, 0)) &&
	       dbrt_broadcasts(dbrt_in(v, 1), dbrt_out(v, 0));
}

static struct dbrt_pair pair_of(const struct dbrt_op_view *v)
{
	struct dbrt_pair p = { v->params, dbrt_in(v, 0)->zero_point,
			       dbrt_in(v, 1)->zero_point,
			       dbrt_out(v, 0)->zero_point };

	return p;
}

static void run_pair(const struct dbrt_op_view *v, dbrt_row *row)
{
	struct dbrt_pair p = pair_of(v);

	dbrt_walk_op(v, 2, 1, row, &p);
}

static int multiplier_ok(int32_t m)
{
	return m >= -ADD_MULTIPLIER_MAX && m <= ADD_MULTIPLIER_MAX;
}

int dbrt_add_check(const struct dbrt_op_view *v)
{
	const struct dbp_add *p = v->params;

	return dbrt_expect(all_s8(v) && both_broadcast(v) && p->shift >= 1 &&
			   p->shift <= 62 && p->clamp_min <= p->clamp_max &&
			   multiplier_ok(p->multiplier_a) &&
			   multiplier_ok(p->multiplier_b));
}

void dbrt_add_row(const void *ctx, struct dbrt_walk *w)
{
	const struct dbrt_pair *t = ctx;
	const struct dbp_add p = *(const struct dbp_add *)t->params;
	const int8_t *a = (const int8_t *)w->at[1];
	const int8_t *b = (const int8_t *)w->at[2];
	int8_t *out = (int8_t *)w->at[0];
	int64_t q;
	uint32_t i;

	for (i = 0; i < w->n; i++) {
		q = (int64_t)(*a - t->za) * p.multiplier_a +
		    (int64_t)(*b - t->zb) * p.multiplier_b;
		q = dbrt_round_shift(q, p.shift) + t->zo;
		*out = (int8_t)dbrt_clamp(q, p.clamp_min, p.clamp_max);
		out += w->inner[0];
		a += w->inner[1];
		b += w->inner[2];
	}
}

void dbrt_add_run(const struct dbrt_op_view *v)
{
	run_pair(v, dbrt_best_row(DBRT_ROW_ADD, dbrt_add_row));
}

static const void *channel_multipliers(const struct dbrt_op_view *v)
{
	const struct dbp_add_channels *p = v->params;
	const struct dbp_tensor *y = dbrt_out(v, 0);

	return dbrt_blob(v->m, p->multipliers, 4ull * y->dims[y->rank - 1], 4);
}

int dbrt_add_channels_check(const struct dbrt_op_view *v)
{
	const struct dbp_add_channels *p = v->params;

	return dbrt_expect(
		all_s8(v) && dbrt_same_dims(dbrt_in(v, 0), dbrt_out(v, 0)) &&
		dbrt_same_dims(dbrt_in(v, 1), dbrt_out(v, 0)) &&
		p->shift >= 1 && p->shift <= 24 &&
		p->clamp_min <= p->clamp_max && channel_multipliers(v));
}

void dbrt_add_channels_row(const void *ctx, struct dbrt_walk *w)
{
	const struct dbrt_pair *t = ctx;
	const struct dbp_add_channels p =
		*(const struct dbp_add_channels *)t->params;
	const int8_t *a = (const int8_t *)w->at[1];
	const int8_t *b = (const int8_t *)w->at[2];
	const int16_t *m = (const int16_t *)(const void *)w->at[3];
	int8_t *out = (int8_t *)w->at[0];
	int32_t q, half = 1 << (p.shift - 1);
	uint32_t i;

	for (i = 0; i < w->n; i++) {
		q = (*a - t->za) * m[0] + (*b - t->zb) * m[1];
		q = ((q + half) >> p.shift) + t->zo;
		*out = (int8_t)dbrt_clamp(q, p.clamp_min, p.clamp_max);
		out += w->inner[0];
		a += w->inner[1];
		b += w->inner[2];
		m += 2 * w->inner[3];
	}
}

/* The multipliers are a separate view, one pair for each channel. */
void dbrt_add_channels_run(const struct dbrt_op_view *v)
{
	const struct dbp_tensor *y = dbrt_out(v, 0);
	struct dbrt_view views[4] = { 0 }, *m = &views[3];
	struct dbrt_pair p = pair_of(v);
	uint32_t i;

	dbrt_view_of(&views[0], v->m, y);
	dbrt_view_of(&views[1], v->m, dbrt_in(v, 0));
	dbrt_view_of(&views[2], v->m, dbrt_in(v, 1));
	for (i = 0; i < DBP_MAX_RANK; i++)
		m->dims[i] = 1;
	/* only read */
	m->data = (uint8_t *)(uintptr_t)channel_multipliers(v);
	m->size = 4;
	m->dims[DBP_MAX_RANK - 1] = y->dims[y->rank - 1];
	m->stride[DBP_MAX_RANK - 1] = m->dims[DBP_MAX_RANK - 1] > 1;
	dbrt_walk_rows(
		v->m, views, 4, 1,
		dbrt_best_row(DBRT_ROW_ADD_CHANNELS, dbrt_add_channels_row),
		&p);
}

int dbrt_mul_check(const struct dbrt_op_view *v)
{
	const struct dbp_mul *p = v->params;

	return dbrt_expect(all_s8(v) && both_broadcast(v) &&
			   p->clamp_min <= p->clamp_max &&
			   dbrt_scaling_ok(p->multiplier, p->shift));
}

void dbrt_mul_row(const void *ctx, struct dbrt_walk *w)
{
	const struct dbrt_pair *t = ctx;
	const struct dbp_mul p = *(const struct dbp_mul *)t->params;
	const int8_t *a = (const int8_t *)w->at[1];
	const int8_t *b = (const int8_t *)w->at[2];
	int8_t *out = (int8_t *)w->at[0];
	uint32_t i;

	for (i = 0; i < w->n; i++) {
		*out = (int8_t)dbrt_requantize((*a - t->za) * (*b - t->zb),
					       p.multiplier, p.shift, t->zo,
					       p.clamp_min, p.clamp_max);
		out += w->inner[0];
		a += w->inner[1];
		b += w->inner[2];
	}
}

void dbrt_mul_run(const struct dbrt_op_view *v)
{
	run_pair(v, dbrt_best_row(DBRT_ROW_MUL, dbrt_mul_row));
}

static const int8_t *table_of(const struct dbrt_op_view *v)
{
	const struct dbp_table *p = v->params;

	return dbrt_blob(v->m, p->table, 256, 1);
}

int dbrt_table_check(const struct dbrt_op_view *v)
{
	return dbrt_expect(all_s8(v) && table_of(v) &&
			   dbrt_same_dims(dbrt_in(v, 0), dbrt_out(v, 0)));
}

static void map_op(const struct dbrt_op_view *v, const int8_t *table)
{
	struct dbrt_view views[2];

	dbrt_view_of(&views[0], v->m, dbrt_out(v, 0));
	dbrt_view_of(&views[1], v->m, dbrt_in(v, 0));
	dbrt_map_views(v->m, views, table);
}

void dbrt_table_run(const struct dbrt_op_view *v)
{
	map_op(v, table_of(v));
}

int dbrt_rescale_check(const struct dbrt_op_view *v)
{
	const struct dbp_rescale *p = v->params;

	return dbrt_expect(all_s8(v) &&
			   dbrt_scaling_ok(p->multiplier, p->shift) &&
			   dbrt_same_dims(dbrt_in(v, 0), dbrt_out(v, 0)));
}

void dbrt_rescale_table(int8_t *table, const struct dbp_rescale *p,
			int32_t zero_in, int32_t zero_out)
{
	int32_t q;

	for (q = -128; q <= 127; q++)
		table[q + 128] =
			(int8_t)dbrt_requantize(q - zero_in, p->multiplier,
						p->shift, zero_out, -128, 127);
}

void dbrt_rescale_run(const struct dbrt_op_view *v)
{
	int8_t table[256];

	dbrt_rescale_table(table, v->params, dbrt_in(v, 0)->zero_point,
			   dbrt_out(v, 0)->zero_point);
	map_op(v, table);
}

static int check_types(const struct dbrt_op_view *v, int in, int out)
{
	const struct dbp_tensor *x = dbrt_in(v, 0), *y = dbrt_out(v, 0);

	return dbrt_expect(x->dtype == in && y->dtype == out &&
			   dbrt_same_dims(x, y));
}

int dbrt_quantize_check(const struct dbrt_op_view *v)
{
	return check_types(v, DBP_F32, DBP_S8);
}

static void quantize_row(const void *ctx, struct dbrt_walk *w)
{
	const struct dbp_tensor *y = ctx;
	const float *in = (const float *)(const void *)w->at[1];
	int8_t *out = (int8_t *)w->at[0];
	uint32_t i;

	for (i = 0; i < w->n; i++) {
		*out = dbrt_quantize(*in, y->scale, y->zero_point);
		out += w->inner[0];
		in += w->inner[1];
	}
}

void dbrt_quantize_run(const struct dbrt_op_view *v)
{
	dbrt_walk_op(v, 1, 1, quantize_row, dbrt_out(v, 0));
}

int dbrt_dequantize_check(const struct dbrt_op_view *v)
{
	return check_types(v, DBP_S8, DBP_F32);
}

static void dequantize_row(const void *ctx, struct dbrt_walk *w)
{
	const float scale = ((const struct dbp_tensor *)ctx)->scale;
	const int32_t zero = ((const struct dbp_tensor *)ctx)->zero_point;
	const int32_t to = w->inner[0], from = w->inner[1];
	const int8_t *in = (const int8_t *)w->at[1];
	float *out = (float *)(void *)w->at[0];
	uint32_t n;

	for (n = w->n; n; n--, out += to, in += from)
		*out = scale * (float)(*in - zero);
}

void dbrt_dequantize_run(const struct dbrt_op_view *v)
{
	dbrt_walk_op(v, 1, 1, dequantize_row, dbrt_in(v, 0));
}
