/* SPDX-License-Identifier: Apache-2.0 */
/* Resizing by tables of source cells, which the converter has made. */
#include "runtime/fmath.h"
#include "runtime/tensor_walk.h"

#include <string.h>

#define ONE 2048 /* a weight of 1 */

static const struct dbp_resize_tap *taps_of(const struct dbrt_op_view *v,
					    uint32_t offset, uint32_t count)
{
	return dbrt_blob(v->m, offset,
			 (uint64_t)count * sizeof(struct dbp_resize_tap), 2);
}

static int taps_ok(const struct dbp_resize_tap *t, uint32_t count,
		   uint32_t size)
{
	uint32_t i;

	for (i = 0; t && i < count; i++)
		if (t[i].first >= size || t[i].second >= size ||
		    t[i].weight > ONE)
			return 0;
	return t != NULL;
}

int dbrt_resize_check(const struct dbrt_op_view *v)
{
	const struct dbp_resize *p = v->params;
	const struct dbp_tensor *x = dbrt_in(v, 0), *y = dbrt_out(v, 0);

	if (x->rank != 4 || y->rank != 4 || !dbrt_same_type(x, y) ||
	    x->dtype == DBP_I32 || x->dims[0] != y->dims[0] ||
	    x->dims[3] != y->dims[3])
		return DBRT_ERROR_FORMAT;
	return dbrt_expect(taps_ok(taps_of(v, p->rows, y->dims[1]), y->dims[1],
				   x->dims[1]) &&
			   taps_ok(taps_of(v, p->columns, y->dims[2]),
				   y->dims[2], x->dims[2]));
}

/* The four cells around an output pixel. */
struct cells {
	const uint8_t *at[2][2]; /* [row][column] */
	int32_t wy, wx;          /* of the second row, column */
};

static void blend_s8(const struct cells *c, uint8_t *out, uint32_t n)
{
	const int8_t *a = (const int8_t *)c->at[0][0];
	const int8_t *b = (const int8_t *)c->at[0][1];
	const int8_t *d = (const int8_t *)c->at[1][0];
	const int8_t *e = (const int8_t *)c->at[1][1];
	uint32_t i;

	for (i = 0; i < n; i++) {
		int32_t top = a[i] * ONE + (b[i] - a[i]) * c->wx;
		int32_t bottom = d[i] * ONE + (e[i] - d[i]) * c->wx;
		int32_t sum = top * ONE + (bottom - top) * c->wy;

		out[i] = (uint8_t)((sum + (1 << 21)) >> 22);
	}
}

static void blend_f32(const struct cells *c, uint8_t *to, uint32_t n)
{
	const float *a = (const void *)c->at[0][0];
	const float *b = (const void *)c->at[0][1];
	const float *d = (const void *)c->at[1][0];
	const float *e = (const void *)c->at[1][1];
	float wx = (float)c->wx / ONE, wy = (float)c->wy / ONE;
	float *out = (void *)to;
	uint32_t i;

	for (i = 0; i < n; i++)
		out[i] = dbrt_canonical((a[i] * (1 - wx) + b[i] * wx) *
						(1 - wy) +
					(d[i] * (1 - wx) + e[i] * wx) * wy);
}

struct resize_job {
	const struct dbp_tensor *x, *y;
	const struct dbp_resize_tap *rows, *columns;
	const uint8_t *in;
	uint8_t *out;
};

static const uint8_t *cell(const struct resize_job *r, uint32_t image,
			   uint32_t row, uint32_t column)
{
	const struct dbp_tensor *x = r->x;
	size_t at = ((size_t)image * x->dims[1] + row) * x->dims[2] + column;

	return r->in + at * x->pitch * dbrt_element_bytes(x);
}

static void resize_row(void *arg, uint32_t i, uint32_t worker)
{
	const struct resize_job *r = arg;
	const struct dbp_tensor *y = r->y;
	uint32_t size = dbrt_element_bytes(y), image = i / y->dims[1], k,
		 column;
	struct dbp_resize_tap v = r->rows[i % y->dims[1]];
	uint8_t *out = r->out + (size_t)i * y->dims[2] * y->pitch * size;

	(void)worker;
	for (column = 0; column < y->dims[2]; column++) {
		struct dbp_resize_tap h = r->columns[column];
		struct cells c = { .wy = v.weight, .wx = h.weight };

		for (k = 0; k < 2; k++) {
			uint32_t row = k ? v.second : v.first;

			c.at[k][0] = cell(r, image, row, h.first);
			c.at[k][1] = cell(r, image, row, h.second);
		}
		if (c.wy == 0 && c.wx == 0)
			memcpy(out, c.at[0][0], (size_t)y->dims[3] * size);
		else if (size == 1)
			blend_s8(&c, out, y->dims[3]);
		else
			blend_f32(&c, out, y->dims[3]);
		out += (size_t)y->pitch * size;
	}
}

void dbrt_resize_run(const struct dbrt_op_view *v)
{
	const struct dbp_resize *p = v->params;
	const struct dbp_tensor *y = dbrt_out(v, 0);
	struct resize_job r = {
		.x = dbrt_in(v, 0),
		.y = y,
		.rows = taps_of(v, p->rows, y->dims[1]),
		.columns = taps_of(v, p->columns, y->dims[2]),
		.in = dbrt_data(v->m, dbrt_in(v, 0)),
		.out = dbrt_data(v->m, y),
	};

	dbrt_for(v->m, y->dims[0] * y->dims[1], resize_row, &r);
}
