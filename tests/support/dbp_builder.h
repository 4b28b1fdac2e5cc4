/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_TESTS_DBP_BUILDER_H
#define DBC_TESTS_DBP_BUILDER_H

/*
 * Builds packed models (.dbp) in memory for tests, field by field and with no
 * checks: dbrt_open() must find what a test puts in wrong.
 * Running out of memory ends the test program.
 *
 *	struct dbp_builder b;
 *	uint32_t x, y, dims[] = { 1, 4, 4, 8 };
 *
 *	dbp_builder_init(&b);
 *	x = dbp_add_tensor(&b, DBP_S8, 4, dims, 0.1f, -3);
 *	y = dbp_add_tensor(&b, DBP_F32, 4, dims, 0, 0);
 *	dbp_add_input(&b, x);
 *	dbp_add_output(&b, y);
 *	dbp_add_op(&b, DBP_OP_DEQUANTIZE, &x, 1, &y, 1, NULL, 0, 0);
 *	file = dbp_builder_finish(&b, &bytes);   (free() it)
 *	dbp_builder_free(&b);
 */
#include <stddef.h>
#include <stdint.h>

#include "schemas/dbp.h"

struct dbp_buffer {
	uint8_t *data;
	size_t bytes, capacity;
};

struct dbp_builder {
	struct dbp_header header;
	struct dbp_buffer section[DBP_SECTION_SIGNATURE + 1]; /* by kind */
	struct dbp_buffer io[2]; /* ids of inputs, of outputs */
	uint32_t arena_bytes;    /* 64-aligned end of all arena tensors */
};

void dbp_builder_init(struct dbp_builder *b);
void dbp_builder_free(struct dbp_builder *b);

/* A dense tensor with separate arena memory; returns its id. */
uint32_t dbp_add_tensor(struct dbp_builder *b, int dtype, uint32_t rank,
			const uint32_t *dims, float scale, int32_t zero_point);
/* A dense constant; data is copied into the data section. */
uint32_t dbp_add_constant(struct dbp_builder *b, int dtype, uint32_t rank,
			  const uint32_t *dims, float scale, int32_t zero_point,
			  const void *data);
/* A range [start, start + last_dim) of the last dim of tensor `of`. */
uint32_t dbp_add_view(struct dbp_builder *b, uint32_t of, uint32_t start,
		      uint32_t last_dim);
/* The tensor's row, to change; valid until the next tensor is added. */
struct dbp_tensor *dbp_tensor_of(struct dbp_builder *b, uint32_t id);

/* Copies an array into the data section, 16-aligned; returns its offset. */
uint32_t dbp_add_data(struct dbp_builder *b, const void *data, size_t bytes);
/* Appends a string; returns its offset in the strings section. */
uint32_t dbp_add_string(struct dbp_builder *b, const char *text);
/* Sets a section's bytes (preprocess, head, golden, meta). */
void dbp_set_section(struct dbp_builder *b, int kind, const void *data,
		     size_t bytes);

/*
 * Appends an operator with its own scratch memory at the arena's end, and
 * names it the writer of its outputs. Returns its index.
 */
uint32_t dbp_add_op(struct dbp_builder *b, int kind, const uint32_t *inputs,
		    uint32_t input_count, const uint32_t *outputs,
		    uint32_t output_count, const void *params,
		    size_t params_bytes, uint32_t scratch_bytes);
struct dbp_op *dbp_op_of(struct dbp_builder *b, uint32_t op);

void dbp_add_input(struct dbp_builder *b, uint32_t id);
void dbp_add_output(struct dbp_builder *b, uint32_t id);

/* The file: 64-aligned, checksums in place; the caller frees it. */
uint8_t *dbp_builder_finish(struct dbp_builder *b, size_t *bytes);

/*
 * Makes all CRCs right again after a change of the file's bytes (not the
 * SHA-256, which the device does not read). Sections that lie outside the
 * file are left alone. Nothing happens to a file shorter than its header.
 */
void dbp_fix_checksums(uint8_t *file, size_t bytes);

/*
 * Conv weights, codes[group * rows + row][column] each in its own byte, into
 * the order of struct dbp_conv; returns malloc'd bytes. `rows` is Cout/groups
 * and `columns` K. Depthwise: codes[channel][tap].
 */
uint8_t *dbp_pack_conv_weights(const int8_t *codes, uint32_t groups,
			       uint32_t rows, uint32_t columns, int bits,
			       size_t *bytes);
uint8_t *dbp_pack_depthwise_weights(const int8_t *codes, uint32_t channels,
				    uint32_t taps, int bits, size_t *bytes);

#endif
