/* SPDX-License-Identifier: Apache-2.0 */
/* Operators that only move elements, of any type unless stated. */
#include "runtime/copy_views.h"

#include <string.h>

/* A tensor's rows, read or written element by element in order. */
struct copy_cursor {
	uint8_t *at;
	uint32_t row, left; /* elements */
	ptrdiff_t gap;      /* bytes from a row's end to the next one */
};

static void cursor_start(struct copy_cursor *c, const struct dbrt_model *m,
			 const struct dbp_tensor *t)
{
	uint32_t last = t->dims[t->rank - 1];

	c->at = dbrt_data(m, t);
	c->row = dbrt_is_dense(t) ? dbrt_elements(t) : last;
	c->left = c->row;
	c->gap = ((ptrdiff_t)t->pitch - last) * dbrt_element_bytes(t);
}

static void cursor_advance(struct copy_cursor *c, uint32_t n, uint32_t bytes)
{
	c->at += bytes;
	c->left -= n;
	if (c->left == 0) {
		c->at += c->gap;
		c->left = c->row;
	}
}

int dbrt_copy_check(const struct dbrt_op_view *v)
{
	const struct dbp_tensor *x = dbrt_in(v, 0), *y = dbrt_out(v, 0);

	return dbrt_expect(dbrt_same_type(x, y) &&
			   dbrt_elements(x) == dbrt_elements(y));
}

/* The shapes may differ: elements keep their order. */
void dbrt_copy_run(const struct dbrt_op_view *v)
{
	const struct dbp_tensor *y = dbrt_out(v, 0);
	uint32_t left = dbrt_elements(y), size = dbrt_element_bytes(y), n;
	struct copy_cursor in, out;

	cursor_start(&in, v->m, dbrt_in(v, 0));
	cursor_start(&out, v->m, y);
	for (; left; left -= n) {
		n = in.left < out.left ? in.left : out.left;
		if (in.at != out.at)
			memmove(out.at, in.at, (size_t)n * size);
		cursor_advance(&in, n, n * size);
		cursor_advance(&out, n, n * size);
	}
}

static const struct dbp_rescale *concat_rescales(const struct dbrt_op_view *v)
{
	return (const void *)((const struct dbp_concat *)v->params + 1);
}

/* How input i is copied: 0 unchanged, 1 rescaled, -1 not at all. */
static int concat_form(const struct dbrt_op_view *v, uint32_t i)
{
	const struct dbp_tensor *x = dbrt_in(v, i), *y = dbrt_out(v, 0);
	const struct dbp_rescale *p = &concat_rescales(v)[i];

	if (y->dtype == DBP_S8 && (p->multiplier || p->shift))
		return x->dtype == DBP_S8 && dbrt_scaling_ok(p->multiplier,
							     p->shift) ?
			       1 :
			       -1;
	return dbrt_same_type(x, y) ? 0 : -1;
}

int dbrt_concat_check(const struct dbrt_op_view *v)
{
	const struct dbp_concat *p = v->params;
	const struct dbp_tensor *y = dbrt_out(v, 0);
	uint32_t n = v->op->input_count, i;
	uint64_t sum = 0;

	if (p->axis >= y->rank ||
	    (y->dtype == DBP_S8 &&
	     v->op->params_bytes < sizeof(*p) + n * sizeof(struct dbp_rescale)))
		return DBRT_ERROR_FORMAT;
	for (i = 0; i < n; i++) {
		if (!dbrt_same_dims_but(dbrt_in(v, i), y, p->axis) ||
		    concat_form(v, i) < 0)
			return DBRT_ERROR_FORMAT;
		sum += dbrt_in(v, i)->dims[p->axis];
	}
	return dbrt_expect(sum == y->dims[p->axis]);
}

void dbrt_concat_run(const struct dbrt_op_view *v)
{
	const struct dbp_concat *p = v->params;
	const struct dbp_tensor *y = dbrt_out(v, 0);
	uint32_t axis = dbrt_view_axis(y, p->axis), i, n;
	struct dbrt_view views[2], rest;
	int8_t table[256];

	dbrt_view_of(&rest, v->m, y);
	for (i = 0; i < v->op->input_count; i++) {
		dbrt_view_of(&views[1], v->m, dbrt_in(v, i));
		n = views[1].dims[axis];
		views[0] = rest;
		views[0].dims[axis] = n;
		rest.data += (ptrdiff_t)rest.stride[axis] * n * rest.size;
		if (concat_form(v, i)) {
			dbrt_rescale_table(table, &concat_rescales(v)[i],
					   dbrt_in(v, i)->zero_point,
					   y->zero_point);
			dbrt_map_views(v->m, views, table);
		} else {
			dbrt_copy_views(v->m, views);
		}
	}
}

int dbrt_transpose_check(const struct dbrt_op_view *v)
{
	const struct dbp_transpose *p = v->params;
	const struct dbp_tensor *x = dbrt_in(v, 0), *y = dbrt_out(v, 0);
	uint32_t seen = 0, i;

	if (!dbrt_same_type(x, y) || x->rank != y->rank)
		return DBRT_ERROR_FORMAT;
	for (i = 0; i < y->rank; i++) {
		if (p->perm[i] >= x->rank || seen & 1u << p->perm[i] ||
		    y->dims[i] != x->dims[p->perm[i]])
			return DBRT_ERROR_FORMAT;
		seen |= 1u << p->perm[i];
	}
	return DBRT_OK;
}

void dbrt_transpose_run(const struct dbrt_op_view *v)
{
	const struct dbp_transpose *p = v->params;
	const struct dbp_tensor *y = dbrt_out(v, 0);
	struct dbrt_view views[2], in;
	uint32_t i, d, from;

	dbrt_view_of(&views[0], v->m, y);
	dbrt_view_of(&in, v->m, dbrt_in(v, 0));
	views[1] = in;
	for (i = 0; i < y->rank; i++) {
		d = dbrt_view_axis(y, i);
		from = dbrt_view_axis(y, p->perm[i]);
		views[1].stride[d] = in.stride[from];
		views[1].dims[d] = in.dims[from];
	}
	dbrt_copy_views(v->m, views);
}

int dbrt_slice_check(const struct dbrt_op_view *v)
{
	const struct dbp_slice *p = v->params;
	const struct dbp_tensor *x = dbrt_in(v, 0), *y = dbrt_out(v, 0);
	int64_t last;
	uint32_t i;

	if (!dbrt_same_type(x, y) || x->rank != y->rank)
		return DBRT_ERROR_FORMAT;
	for (i = 0; i < y->rank; i++) {
		last = p->start[i] +
		       (int64_t)p->step[i] * ((int64_t)y->dims[i] - 1);
		if (p->step[i] == 0 || p->start[i] >= x->dims[i] || last < 0 ||
		    last >= x->dims[i])
			return DBRT_ERROR_FORMAT;
	}
	return DBRT_OK;
}

void dbrt_slice_run(const struct dbrt_op_view *v)
{
	const struct dbp_slice *p = v->params;
	const struct dbp_tensor *y = dbrt_out(v, 0);
	struct dbrt_view views[2];
	uint32_t i, d;

	dbrt_view_of(&views[0], v->m, y);
	dbrt_view_of(&views[1], v->m, dbrt_in(v, 0));
	for (i = 0; i < y->rank; i++) {
		d = dbrt_view_axis(y, i);
		dbrt_view_pick(&views[1], d, p->start[i]);
		/* The step of a single element may have any size. */
		views[1].stride[d] *= y->dims[i] > 1 ? p->step[i] : 0;
	}
	dbrt_copy_views(v->m, views);
}

int dbrt_gather_check(const struct dbrt_op_view *v)
{
	const struct dbp_gather *p = v->params;
	const struct dbp_tensor *x = dbrt_in(v, 0), *y = dbrt_out(v, 0);
	const uint32_t *index =
		dbrt_blob(v->m, p->indices, (uint64_t)p->count * 4, 4);
	uint32_t i;

	if (!index || p->axis >= x->rank || !dbrt_same_type(x, y) ||
	    !dbrt_same_dims_but(x, y, p->axis) || y->dims[p->axis] != p->count)
		return DBRT_ERROR_FORMAT;
	for (i = 0; i < p->count; i++)
		if (index[i] >= x->dims[p->axis])
			return DBRT_ERROR_FORMAT;
	return DBRT_OK;
}

void dbrt_gather_run(const struct dbrt_op_view *v)
{
	const struct dbp_gather *p = v->params;
	const struct dbp_tensor *y = dbrt_out(v, 0);
	const uint32_t *index =
		dbrt_blob(v->m, p->indices, (uint64_t)p->count * 4, 4);
	uint32_t axis = dbrt_view_axis(y, p->axis), i;
	struct dbrt_view in, out, views[2];

	dbrt_view_of(&out, v->m, y);
	dbrt_view_of(&in, v->m, dbrt_in(v, 0));
	for (i = 0; i < p->count; i++) {
		views[0] = out;
		views[1] = in;
		dbrt_view_pick(&views[0], axis, i);
		dbrt_view_pick(&views[1], axis, index[i]);
		dbrt_copy_views(v->m, views);
	}
}

int dbrt_expand_check(const struct dbrt_op_view *v)
{
	const struct dbp_tensor *x = dbrt_in(v, 0), *y = dbrt_out(v, 0);

	return dbrt_expect(dbrt_same_type(x, y) && dbrt_broadcasts(x, y));
}

void dbrt_expand_run(const struct dbrt_op_view *v)
{
	struct dbrt_view views[2];

	dbrt_view_of(&views[0], v->m, dbrt_out(v, 0));
	dbrt_view_of(&views[1], v->m, dbrt_in(v, 0));
	dbrt_copy_views(v->m, views);
}
