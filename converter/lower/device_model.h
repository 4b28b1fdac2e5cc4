/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_LOWER_DEVICE_MODEL_H
#define DBC_CONVERTER_LOWER_DEVICE_MODEL_H

#include "base/arena.h"
#include "base/diag.h"
#include "ir/config.h"
#include "ir/graph.h"
#include "schemas/dbp.h"

/*
 * A model in the device's terms: what lowering makes of a graph, planning
 * gives places in memory, and packing writes down. Tensors, operators and
 * the data section grow as lists; an index stays valid, a pointer into a list
 * only until the next addition.
 *
 * Out of memory is remembered in `failed`, so that the many small additions
 * need no check each: additions then give index 0 or a spare row, and the
 * caller looks at `failed` once, at the end.
 */
struct dev_tensor {
	const char *name;          /* of the graph value; NULL: an inner step */
	const struct value *value; /* stored in it by a node, for reports */
	enum dbp_dtype dtype;
	int rank;
	uint32_t dims[DBP_MAX_RANK];
	float scale;
	int32_t zero_point;
	bool is_constant, is_input, is_output;
	uint32_t data; /* constants: offset in the data section */
	/* Set by plan_memory(): `start` elements into the memory of tensor
	 * `root`, rows `pitch` elements apart. */
	uint32_t root, start, pitch;
	uint32_t offset; /* bytes, in the arena or the data section */
};

#define DEV_MAX_INPUTS 64
#define DEV_MAX_OUTPUTS 2

struct dev_op {
	enum dbp_op_kind kind;
	int input_count, output_count;
	uint32_t *inputs; /* tensors */
	uint32_t outputs[DEV_MAX_OUTPUTS];
	void *params;
	uint32_t params_bytes;
	uint32_t scratch, scratch_bytes;
	bool dropped; /* by planning: it only renamed memory */
	/* for reports */
	const struct node *node; /* it comes from */
	int weight_bits;         /* 0: none */
	uint32_t weight_bytes;   /* all its arrays in the data section */
};

struct dev_blob {
	uint32_t offset, bytes, crc32;
};

struct device_model {
	struct arena *arena;
	bool failed;
	struct dev_tensor *tensors;
	uint32_t tensor_count, tensor_capacity;
	struct dev_op *ops;
	uint32_t op_count, op_capacity;
	struct dev_op spare_op;
	uint8_t *data; /* the data section, in its final form */
	uint32_t data_bytes, data_capacity;
	struct dev_blob *blobs;
	uint32_t blob_count, blob_capacity;
	uint32_t *inputs, *outputs; /* tensors, in the graph's order */
	uint32_t input_count, output_count;
	uint32_t arena_bytes, worker_bytes;
};

/* 0, or -1 with a diagnostic. */
int dev_init(struct device_model *m, struct arena *a, struct diag *d);
uint32_t dev_add_tensor(struct device_model *m, const struct dev_tensor *t);
/* Lists and parameters are copied. */
struct dev_op *dev_add_op(struct device_model *m, enum dbp_op_kind kind,
			  const uint32_t *inputs, int input_count,
			  const uint32_t *outputs, int output_count,
			  const void *params, size_t params_bytes);
/* Offset in the data section; equal arrays are stored once. */
uint32_t dev_add_data(struct device_model *m, const void *data, size_t bytes);

uint32_t dev_element_bytes(enum dbp_dtype t);
uint32_t dev_elements(const struct dev_tensor *t);
uint64_t dev_bytes(const struct dev_tensor *t);
/* Elements of the last dim, and how many such rows there are. */
uint32_t dev_row(const struct dev_tensor *t);
uint32_t dev_rows(const struct dev_tensor *t);
bool dev_same_dims(const struct dev_tensor *a, const struct dev_tensor *b);
/* Equal type, scale and zero point. */
bool dev_same_type(const struct dev_tensor *a, const struct dev_tensor *b);

#endif
