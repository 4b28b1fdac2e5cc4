/* SPDX-License-Identifier: Apache-2.0 */
/* Padding by a constant, by the edge, or by reflection without the edge. */
#include "runtime/tensor_walk.h"

#include <string.h>

/* Reflection needs as many elements on an axis as are padded. */
static int reflects(const struct dbp_tensor *x, const struct dbp_tensor *y,
		    const struct dbp_pad *p, uint32_t i)
{
	uint32_t end = y->dims[i] - x->dims[i] - p->begin[i];

	return p->begin[i] < x->dims[i] && end < x->dims[i];
}

int dbrt_pad_check(const struct dbrt_op_view *v)
{
	const struct dbp_pad *p = v->params;
	const struct dbp_tensor *x = dbrt_in(v, 0), *y = dbrt_out(v, 0);
	uint32_t i;

	if (!dbrt_same_type(x, y) || x->rank != y->rank ||
	    x->dtype == DBP_I32 || p->mode > DBP_PAD_REFLECT ||
	    p->code < -128 || p->code > 127)
		return DBRT_ERROR_FORMAT;
	for (i = 0; i < y->rank; i++)
		if (p->begin[i] > y->dims[i] ||
		    y->dims[i] - p->begin[i] < x->dims[i] ||
		    (p->mode == DBP_PAD_REFLECT && !reflects(x, y, p, i)))
			return DBRT_ERROR_FORMAT;
	return DBRT_OK;
}

/* The input index of output index i on an axis of n elements, or -1. */
static int64_t pad_source(uint32_t i, uint32_t begin, uint32_t n, uint32_t mode)
{
	int64_t s = (int64_t)i - begin;

	if (s >= 0 && s < n)
		return s;
	if (mode == DBP_PAD_CONSTANT)
		return -1;
	if (mode == DBP_PAD_EDGE)
		return s < 0 ? 0 : (int64_t)n - 1;
	return s < 0 ? -s : 2 * ((int64_t)n - 1) - s;
}

struct pad {
	struct dbrt_view out, in;
	uint32_t begin[DBP_MAX_RANK];
	uint32_t mode;
	uint8_t fill[4];
};

/* Elements [from, to) of an output row that lie outside of the input's row; in
 * == NULL: the whole row is outside of the input. */
static void pad_part(const struct pad *p, uint8_t *out, const uint8_t *in,
		     uint32_t from, uint32_t to)
{
	const uint32_t last = DBP_MAX_RANK - 1, size = p->out.size;
	int64_t s = -1;

	for (; from < to; from++) {
		if (in)
			s = pad_source(from, p->begin[last], p->in.dims[last],
				       p->mode);
		memcpy(out + (size_t)from * size,
		       s < 0 ? p->fill : in + (size_t)s * size, size);
	}
}

static void pad_row(const struct pad *p, uint8_t *out, const uint8_t *in)
{
	const uint32_t last = DBP_MAX_RANK - 1, size = p->out.size;
	uint32_t begin = p->begin[last], n = p->in.dims[last];

	if (!in) {
		pad_part(p, out, NULL, 0, p->out.dims[last]);
		return;
	}
	pad_part(p, out, in, 0, begin);
	memmove(out + (size_t)begin * size, in, (size_t)n * size);
	pad_part(p, out, in, begin + n, p->out.dims[last]);
}

/* The input row of output row `index`; NULL: all padding. */
static const uint8_t *pad_row_source(const struct pad *p, const uint32_t *index)
{
	const uint8_t *in = p->in.data;
	uint32_t d;
	int64_t s;

	for (d = 0; d + 1 < DBP_MAX_RANK; d++) {
		s = pad_source(index[d], p->begin[d], p->in.dims[d], p->mode);
		if (s < 0)
			return NULL;
		in += (ptrdiff_t)p->in.stride[d] * (ptrdiff_t)s * p->in.size;
	}
	return in;
}

static void pad_start(struct pad *p, const struct dbrt_op_view *v)
{
	const struct dbp_pad *params = v->params;
	const struct dbp_tensor *y = dbrt_out(v, 0);
	int8_t code = (int8_t)params->code;
	uint32_t i;

	memset(p, 0, sizeof(*p));
	dbrt_view_of(&p->out, v->m, y);
	dbrt_view_of(&p->in, v->m, dbrt_in(v, 0));
	for (i = 0; i < y->rank; i++)
		p->begin[dbrt_view_axis(y, i)] = params->begin[i];
	p->mode = params->mode;
	if (y->dtype == DBP_S8)
		memcpy(p->fill, &code, 1);
	else
		memcpy(p->fill, &params->value, 4);
}

/* Goes to the next row; 0 after the last. */
static int next_row(uint32_t *index, const uint32_t *dims)
{
	uint32_t d = DBP_MAX_RANK - 1;

	while (d-- > 0) {
		if (++index[d] < dims[d])
			return 1;
		index[d] = 0;
	}
	return 0;
}

void dbrt_pad_run(const struct dbrt_op_view *v)
{
	uint32_t index[DBP_MAX_RANK] = { 0 };
	uint8_t *out;
	struct pad p;

	pad_start(&p, v);
	out = p.out.data;
	do {
		pad_row(&p, out, pad_row_source(&p, index));
		out += (size_t)dbrt_out(v, 0)->pitch * p.out.size;
	} while (next_row(index, p.out.dims));
}
