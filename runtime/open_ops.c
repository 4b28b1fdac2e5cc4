/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/open_ops.h"

#include "runtime/tensor_walk.h"
#include "runtime/work.h"

static int is_inside(const struct dbp_tensor *t, const struct dbp_tensor *of)
{
	return of->memory == DBP_IN_ARENA && t->offset >= of->offset &&
	       t->offset + t->bytes <= of->offset + of->bytes;
}

/* A tensor has a value when operator `op` starts: it is a constant, an input,
 * an output of an earlier operator, or a part of one of these. */
static int is_written(const struct dbrt_model *m, const struct dbp_tensor *t,
		      uint32_t op)
{
	const struct dbp_io *io = dbrt_section(m, DBP_SECTION_IO);
	const uint32_t *ids = (const uint32_t *)(io + 1);
	uint32_t count = io->input_count;

	if (t->memory == DBP_IN_DATA)
		return 1;
	if (t->writer != DBP_NONE) {
		struct dbrt_op_view v;

		if (t->writer >= op)
			return 0;
		v = dbrt_op_at(m, t->writer);
		ids = v.ids + v.op->input_count;
		count = v.op->output_count;
	}
	for (uint32_t i = 0; i < count; i++)
		if (is_inside(t, dbrt_tensor_row(m, ids[i])))
			return 1;
	return 0;
}

int dbrt_check_outputs(struct dbrt_model *m)
{
	const struct dbp_io *io = dbrt_section(m, DBP_SECTION_IO);
	const uint32_t *ids = (const uint32_t *)(io + 1) + io->input_count;

	for (uint32_t i = 0; i < io->output_count; i++)
		if (!is_written(m, dbrt_tensor_row(m, ids[i]), m->op_count))
			return DBRT_ERROR_FORMAT;
	return DBRT_OK;
}

/* ---- Operators: overlaps ---- */

/* Two tensors share a byte. Channel ranges of one buffer (concatenation in
 * place) interleave without sharing one. */
static int overlaps(const struct dbp_tensor *a, const struct dbp_tensor *b)
{
	uint64_t pitch = (uint64_t)a->pitch * dbrt_element_bytes(a);
	uint64_t run_a, run_b, apart;

	if (a->memory != DBP_IN_ARENA || b->memory != DBP_IN_ARENA ||
	    a->offset + a->bytes <= b->offset ||
	    b->offset + b->bytes <= a->offset)
		return 0;
	if (pitch != (uint64_t)b->pitch * dbrt_element_bytes(b))
		return 1;
	run_a = (uint64_t)a->dims[a->rank - 1] * dbrt_element_bytes(a);
	run_b = (uint64_t)b->dims[b->rank - 1] * dbrt_element_bytes(b);
	apart = ((uint64_t)b->offset + pitch - a->offset % pitch) % pitch;
	return apart < run_a || pitch - apart < run_b;
}

/* An elementwise operator may write where it reads. */
static int is_elementwise(uint32_t kind)
{
	return kind == DBP_OP_ADD || kind == DBP_OP_ADD_CHANNELS ||
	       kind == DBP_OP_MUL || kind == DBP_OP_TABLE ||
	       kind == DBP_OP_RESCALE || kind == DBP_OP_COPY ||
	       kind == DBP_OP_UNARY || kind == DBP_OP_BINARY;
}

/* Input i of a concat lies at its position within the output. */
static int is_concat_in_place(const struct dbrt_op_view *v, uint32_t i)
{
	const struct dbp_concat *p = v->params;
	const struct dbp_tensor *in = dbrt_in(v, i), *out = dbrt_out(v, 0);
	uint64_t at = 0, outer = 1;

	if (in->rank != out->rank || p->axis >= out->rank ||
	    in->pitch != out->pitch || in->dtype != out->dtype)
		return 0;
	for (uint32_t k = 0; k < i; k++)
		at += dbrt_in(v, k)->dims[p->axis];
	for (uint32_t d = 0; d < p->axis; d++)
		outer *= out->dims[d];
	if (p->axis != out->rank - 1u) {
		/* A contiguous run of rows: possible only on the first axis
		 * over 1. */
		if (outer != 1)
			return 0;
		for (uint32_t d = p->axis + 1; d < out->rank - 1u; d++)
			at *= out->dims[d];
		at *= out->pitch;
	}
	return in->offset == out->offset + at * dbrt_element_bytes(out);
}

static int may_share(const struct dbrt_op_view *v, uint32_t i)
{
	const struct dbp_tensor *in = dbrt_in(v, i), *out = dbrt_out(v, 0);

	if (v->op->kind == DBP_OP_CONCAT)
		return is_concat_in_place(v, i);
	if (!is_elementwise(v->op->kind) || in->offset != out->offset ||
	    dbrt_element_bytes(in) != dbrt_element_bytes(out))
		return 0;
	if (v->op->kind == DBP_OP_COPY && in->bytes == out->bytes &&
	    dbrt_is_dense(in) && dbrt_is_dense(out))
		return 1;
	return in->pitch == out->pitch && dbrt_same_dims(in, out);
}

static int check_overlaps(const struct dbrt_op_view *v)
{
	uint32_t inputs = v->op->input_count, outputs = v->op->output_count;

	for (uint32_t o = 0; o < outputs; o++) {
		for (uint32_t i = 0; i < inputs; i++)
			if (overlaps(dbrt_in(v, i), dbrt_out(v, o)) &&
			    !(outputs == 1 && may_share(v, i)))
				return DBRT_ERROR_FORMAT;
		for (uint32_t k = 0; k < o; k++)
			if (overlaps(dbrt_out(v, k), dbrt_out(v, o)))
				return DBRT_ERROR_FORMAT;
	}
	return DBRT_OK;
}

/* ---- Operators ---- */

static int check_scratch(const struct dbrt_op_view *v)
{
	const struct dbp_header *h = dbrt_header(v->m);
	uint32_t at = v->op->scratch, bytes = v->op->scratch_bytes;

	if (bytes == 0)
		return dbrt_expect(at == 0);
	if (at % DBP_ALIGN || at > h->arena_bytes ||
	    bytes > h->arena_bytes - at || bytes > h->worker_bytes)
		return DBRT_ERROR_FORMAT;
	for (uint32_t i = 0; i < v->op->input_count + v->op->output_count;
	     i++) {
		const struct dbp_tensor *t = dbrt_tensor_row(v->m, v->ids[i]);

		if (t->memory == DBP_IN_ARENA && t->offset < at + bytes &&
		    at < t->offset + t->bytes)
			return DBRT_ERROR_FORMAT;
	}
	return DBRT_OK;
}

/* The row itself: afterwards its ids and parameters may be read. */
static int check_row(const struct dbrt_model *m, const struct dbp_op *op)
{
	const struct dbrt_op_row *row = dbrt_op_table[op->kind];
	uint32_t room = m->section_bytes[DBP_SECTION_PARAMS];
	uint32_t ids = 4u * (op->input_count + op->output_count);

	if (op->input_count < row->min_inputs ||
	    op->input_count > row->max_inputs ||
	    op->output_count != row->outputs || !dbrt_is_string(m, op->name))
		return DBRT_ERROR_FORMAT;
	if (op->tensors % 4 || op->tensors > room || ids > room - op->tensors)
		return DBRT_ERROR_FORMAT;
	if (op->params == DBP_NONE)
		return dbrt_expect(op->params_bytes == 0 &&
				   row->params_min_bytes == 0);
	return dbrt_expect(op->params % 4 == 0 && op->params <= room &&
			   op->params_bytes <= room - op->params &&
			   op->params_bytes >= row->params_min_bytes);
}

static int check_ids(const struct dbrt_op_view *v, uint32_t op)
{
	uint32_t inputs = v->op->input_count;

	for (uint32_t i = 0; i < inputs + v->op->output_count; i++) {
		const struct dbp_tensor *t;

		if (v->ids[i] >= v->m->tensor_count)
			return DBRT_ERROR_FORMAT;
		t = dbrt_tensor_row(v->m, v->ids[i]);
		if (i < inputs ? !is_written(v->m, t, op) :
				 t->memory != DBP_IN_ARENA || t->writer != op)
			return DBRT_ERROR_FORMAT;
	}
	return DBRT_OK;
}

/* Bytes that the check of an operator reads in the data section. */
static uint64_t array_bytes(const struct dbrt_op_view *v)
{
	const struct dbp_tensor *y = dbrt_out(v, 0);

	switch (v->op->kind) {
	case DBP_OP_CONV:
	case DBP_OP_CONV_TRANSPOSE: /* bias and two slopes */
		return 10 * (uint64_t)y->dims[3];
	case DBP_OP_GATHER:
		return 4 *
		       (uint64_t)((const struct dbp_gather *)v->params)->count;
	case DBP_OP_RESIZE:
		return sizeof(struct dbp_resize_tap) *
		       ((uint64_t)y->dims[1] + y->dims[2]);
	default:
		return 0;
	}
}

/*
 * Operators may share arrays, in whole or in part. Their checks read them
 * again; a real model does so for a fraction of its data, and the sum is
 * limited to keep the time linear.
 */
#define SHARED_TIMES 32
#define SHARED_BYTES (1u << 20)

static int check_op(struct dbrt_model *m, uint32_t i, uint64_t *room)
{
	const struct dbp_op *ops = dbrt_section(m, DBP_SECTION_OPS);
	struct dbrt_op_view v;
	int status;

	if (ops[i].kind >= dbrt_op_kinds || !dbrt_op_table[ops[i].kind])
		return DBRT_ERROR_UNSUPPORTED;
	status = check_row(m, &ops[i]);
	if (status != DBRT_OK)
		return status;
	v = dbrt_op_at(m, i);
	status = check_ids(&v, i);
	if (status == DBRT_OK)
		status = check_overlaps(&v);
	if (status == DBRT_OK)
		status = check_scratch(&v);
	if (status == DBRT_OK && array_bytes(&v) > *room)
		status = DBRT_ERROR_FORMAT;
	if (status != DBRT_OK)
		return status;
	*room -= array_bytes(&v);
	status = dbrt_op_table[v.op->kind]->check(&v);
	if (status == DBRT_OK)
		dbrt_work_add_op(&m->work, &v);
	return status;
}

int dbrt_check_ops(struct dbrt_model *m)
{
	uint64_t room =
		SHARED_BYTES +
		SHARED_TIMES * (uint64_t)m->section_bytes[DBP_SECTION_DATA];
	int status = DBRT_OK;

	for (uint32_t i = 0; i < m->op_count && status == DBRT_OK; i++)
		status = check_op(m, i, &room);
	return status;
}
