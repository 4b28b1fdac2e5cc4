/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBP_EXPECTED_H
#define DBP_EXPECTED_H

/*
 * Predicted numbers of a packed file: offsets of arrays that follow each
 * other, sizes, zero points times sums of weights. The coded form stores only
 * the differences: schemas/dbp.md, "Differences".
 *
 * Written once for both directions, and safe on any bytes, because a reader
 * does not know yet whether the file is valid.
 */
#include <string.h>

#include "schemas/dbp.h"
#include "schemas/dbp_coded.h"

struct dbp_expecting {
	uint8_t *file;
	int restores; /* 1: differences become numbers; 0: the other way */
	struct dbp_section tensors, ops, params, data;
	uint32_t last_output;          /* id */
	uint32_t params_end, data_end; /* end of the arrays so far */
	/* ends of the numbers that have been restored, each once: the time
	 * stays linear in the size of the file */
	uint32_t tables_end, weights_end, biases_end;
};

/* ---- One number ---- */

/* The number; *field holds the number or the difference before. */
static inline uint32_t dbp_expect(const struct dbp_expecting *e,
				  uint32_t *field, uint32_t expected)
{
	uint32_t had = *field;

	*field = e->restores ? had + expected : had - expected;
	return e->restores ? *field : had;
}

/* An offset that may be absent, else a multiple of 4. */
static inline uint32_t dbp_expect_offset(const struct dbp_expecting *e,
					 uint32_t *field, uint32_t expected)
{
	return *field == DBP_NONE ? DBP_NONE : dbp_expect(e, field, expected);
}

static inline int dbp_lies_in(const struct dbp_section *s, uint32_t offset,
			      uint64_t bytes)
{
	return offset <= s->bytes && bytes <= s->bytes - offset;
}

/* ---- Tensors ---- */

static inline void dbp_expect_tensors(const struct dbp_expecting *e)
{
	uint32_t writer = DBP_NONE;

	for (uint32_t i = 0; i < e->tensors.bytes / sizeof(struct dbp_tensor);
	     i++) {
		uint8_t *at = e->file + e->tensors.offset +
			      i * sizeof(struct dbp_tensor);
		struct dbp_tensor t;
		uint32_t rows = 1, last, pitch, next;

		memcpy(&t, at, sizeof(t));
		if (!t.rank || t.rank > DBP_MAX_RANK)
			continue;
		for (int k = 0; k < t.rank - 1; k++)
			rows *= t.dims[k];
		last = t.dims[t.rank - 1];
		pitch = dbp_expect(e, &t.pitch, last);
		dbp_expect(e, &t.bytes,
			   ((rows - 1) * pitch + last) *
				   (t.dtype == DBP_S8 ? 1 : 4));
		next = dbp_expect(e, &t.writer, writer + 1);
		writer = next == DBP_NONE ? writer : next;
		memcpy(at, &t, sizeof(t));
	}
}

/* ---- Convolutions ---- */

/* An array of the data section; arrays follow each other. */
static inline uint32_t dbp_expect_array(struct dbp_expecting *e,
					uint32_t *field, uint64_t bytes)
{
	uint32_t offset = dbp_expect_offset(e, field, e->data_end);
	uint64_t end = offset == DBP_NONE ? 0 : offset + bytes;

	end = (end + DBP_BLOB_ALIGN - 1) & ~(uint64_t)(DBP_BLOB_ALIGN - 1);
	if (end > e->data_end && end <= e->data.bytes)
		e->data_end = (uint32_t)end;
	return offset;
}

static inline uint32_t dbp_sum_of_row(const uint8_t *tiles,
				      const struct dbp_run *r, uint32_t group,
				      uint32_t row, int half)
{
	uint32_t sum = 0;

	for (uint32_t c = 0; c < r->columns; c++) {
		uint32_t code = (uint32_t)dbp_run_code(tiles, r, group, row, c);

		sum += half ? 2 * code + 1 : code;
	}
	return sum;
}

/* Biases hold -zero * (sum of the row's weights). */
static inline void dbp_expect_biases(const struct dbp_expecting *e,
				     const struct dbp_run *r, uint32_t weights,
				     uint32_t biases, int half, uint32_t zero)
{
	const uint8_t *tiles = e->file + e->data.offset + weights;
	uint8_t *at = e->file + e->data.offset + biases;

	for (uint32_t g = 0; g < r->groups; g++)
		for (uint32_t row = 0; row < r->rows; row++, at += 4) {
			uint32_t bias;

			memcpy(&bias, at, 4);
			dbp_expect(e, &bias,
				   0 - zero * dbp_sum_of_row(tiles, r, g, row,
							     half));
			memcpy(at, &bias, 4);
		}
}

/* Tables are curves: an entry is near the entries before it. */
static inline void dbp_expect_tables(const struct dbp_expecting *e,
				     uint32_t table, uint32_t size,
				     uint32_t bytes)
{
	uint8_t *at = e->file + e->data.offset + table, before = 0;

	for (uint32_t i = 0; i < bytes; i++) {
		uint8_t had = at[i];

		if (i % size == 0)
			before = 0;
		at[i] = (uint8_t)(e->restores ? had + before : had - before);
		before = e->restores ? at[i] : had;
	}
}

static inline void dbp_expect_conv(struct dbp_expecting *e, uint8_t *params,
				   uint32_t x, uint32_t y)
{
	uint32_t count = e->tensors.bytes / (uint32_t)sizeof(struct dbp_tensor);
	const uint8_t *tensors = e->file + e->tensors.offset;
	struct dbp_tensor in, out;
	struct dbp_conv c;
	struct dbp_run r;
	uint32_t channels, weights, biases, bytes, from, table;
	uint64_t table_bytes;

	if (x >= count || y >= count)
		return;
	memcpy(&in, tensors + x * sizeof(in), sizeof(in));
	memcpy(&out, tensors + y * sizeof(out), sizeof(out));
	memcpy(&c, params, sizeof(c));
	channels = out.dims[3];
	r = dbp_conv_run(&c, in.dims[3], channels);
	table_bytes = dbp_conv_table_size(&c);
	if (c.post == DBP_POST_TABLES)
		table_bytes *= channels;
	from = e->data_end;
	table = dbp_expect_array(e, &c.table, table_bytes);
	if (table >= from && table >= e->tables_end &&
	    dbp_lies_in(&e->data, table, table_bytes)) {
		e->tables_end = table + (uint32_t)table_bytes;
		dbp_expect_tables(e, table, dbp_conv_table_size(&c),
				  (uint32_t)table_bytes);
	}
	from = e->data_end;
	bytes = dbp_expect(e, &c.weights_bytes, (uint32_t)dbp_run_bytes(&r));
	weights = dbp_expect_array(e, &c.weights, bytes);
	dbp_expect_array(e, &c.levels,
			 (uint64_t)channels << (c.weight_bits & 15));
	biases = dbp_expect_array(e, &c.bias, 4 * (uint64_t)channels);
	dbp_expect_array(e, &c.multiplier, 2 * (uint64_t)channels);
	dbp_expect_array(e, &c.shift, channels);
	dbp_expect_array(e, &c.multiplier2, 2 * (uint64_t)channels);
	dbp_expect_array(e, &c.shift2, channels);
	dbp_expect_array(e, &c.float_scale, 4 * (uint64_t)channels);
	memcpy(params, &c, sizeof(c));
	if (bytes && bytes == dbp_run_bytes(&r) && c.grid != DBP_GRID_LEVELS &&
	    weights >= from && biases >= from && weights >= e->weights_end &&
	    biases >= e->biases_end && dbp_lies_in(&e->data, weights, bytes) &&
	    dbp_lies_in(&e->data, biases, 4 * (uint64_t)r.groups * r.rows)) {
		e->weights_end = weights + bytes;
		e->biases_end = biases + 4 * r.groups * r.rows;
		dbp_expect_biases(e, &r, weights, biases,
				  c.grid == DBP_GRID_HALF,
				  (uint32_t)in.zero_point);
	}
}

/* ---- Operators ---- */

/* Ids: an output is usually the next tensor, and the next operator reads it. 0
 * if they are not within the section. */
static inline int dbp_expect_ids(struct dbp_expecting *e,
				 const struct dbp_op *op, uint32_t offset,
				 uint32_t *first_input, uint32_t *first_output)
{
	uint32_t count = (uint32_t)op->input_count + op->output_count;

	if (!dbp_lies_in(&e->params, offset, 4 * (uint64_t)count))
		return 0;
	for (uint32_t i = 0; i < count; i++) {
		uint8_t *at = e->file + e->params.offset + offset + 4 * i;
		int output = i >= op->input_count;
		uint32_t id;

		memcpy(&id, at, 4);
		if (output) {
			e->last_output = dbp_expect(e, &id, e->last_output + 1);
			if (i == op->input_count)
				*first_output = e->last_output;
		} else {
			uint32_t input = dbp_expect(e, &id, e->last_output);

			if (!i)
				*first_input = input;
		}
		memcpy(at, &id, 4);
	}
	return 1;
}

static inline void dbp_expect_ops(struct dbp_expecting *e)
{
	for (uint32_t i = 0; i < e->ops.bytes / sizeof(struct dbp_op); i++) {
		uint8_t *at =
			e->file + e->ops.offset + i * sizeof(struct dbp_op);
		uint32_t ids, params, x = DBP_NONE, y = DBP_NONE;
		struct dbp_op op;

		memcpy(&op, at, sizeof(op));
		ids = dbp_expect_offset(e, &op.tensors, e->params_end);
		e->params_end = ids + 4u * (op.input_count + op.output_count);
		params = dbp_expect_offset(e, &op.params, e->params_end);
		if (params != DBP_NONE)
			e->params_end = params + op.params_bytes;
		memcpy(at, &op, sizeof(op));
		if (dbp_expect_ids(e, &op, ids, &x, &y) &&
		    (op.kind == DBP_OP_CONV ||
		     op.kind == DBP_OP_CONV_TRANSPOSE) &&
		    dbp_lies_in(&e->params, params, sizeof(struct dbp_conv)))
			dbp_expect_conv(e, e->file + e->params.offset + params,
					x, y);
	}
}

/* ---- The file ---- */

/*
 * Replaces the numbers of a packed file of `size` bytes by differences, or
 * (restores: 1) back. Bytes that are no packed file stay unchanged.
 */
static inline void dbp_expect_file(uint8_t *file, uint32_t size, int restores)
{
	struct dbp_expecting e = { .file = file,
				   .restores = restores,
				   .last_output = DBP_NONE };
	struct dbp_header h;

	if (size < sizeof(h))
		return;
	memcpy(&h, file, sizeof(h));
	if (h.section_count > (size - sizeof(h)) / sizeof(struct dbp_section))
		return;
	for (uint32_t i = 0; i < h.section_count; i++) {
		struct dbp_section s;

		memcpy(&s, file + sizeof(h) + i * sizeof(s), sizeof(s));
		if (s.offset > size || s.bytes > size - s.offset)
			return;
		if (s.kind == DBP_SECTION_TENSORS)
			e.tensors = s;
		else if (s.kind == DBP_SECTION_OPS)
			e.ops = s;
		else if (s.kind == DBP_SECTION_PARAMS)
			e.params = s;
		else if (s.kind == DBP_SECTION_DATA)
			e.data = s;
	}
	dbp_expect_tensors(&e);
	dbp_expect_ops(&e);
}

#endif
