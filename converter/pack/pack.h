/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_PACK_PACK_H
#define DBC_CONVERTER_PACK_PACK_H

#include "converter/lower/device_model.h"
#include "converter/heads/head.h"
#include "converter/data/preprocess.h"
#include "base/arena.h"
#include "ir/config.h"
#include "base/diag.h"
#include "ir/graph.h"

/* One operator of the packed file, for the report and for inspect. */
struct packed_layer {
	const struct node *node; /* it comes from; NULL: none */
	const char *name;        /* of that node */
	const char *op;          /* ONNX name of that node */
	const char *kernel; /* "conv_w2a8", "depthwise_w8a8", "max_pool_f32" */
	int w_bits, a_bits; /* 0: none; a_bits 32: float */
	int64_t macs;
	int64_t steps;          /* macs with the padding of tiles */
	int64_t outputs;        /* elements */
	int64_t window_rows;    /* gathered */
	int64_t weight_bytes;   /* codes, levels, biases, multipliers, tables */
	int64_t file_bytes;     /* what these are in the file */
	int64_t memory_bytes;   /* activations read and written */
	uint32_t output_tensor; /* id in the file */
};

struct packed {
	uint8_t *bytes; /* the .dbp, aligned to 64, owned by the arena */
	uint32_t size;
	uint32_t arena_bytes;
	uint8_t *file; /* what is written: the bytes, or their coded form */
	uint32_t file_size;
	uint32_t ram_bytes; /* of dbrt_load(): the arena and, where the file
			     * is coded, what it becomes */
	struct packed_layer *layers;
	int layer_count;
	const char *dump; /* its stages, for --dump-after; NULL: none */
};

/*
 * Writes a planned device model as a packed file: schemas/dbp.md. The golden
 * hash comes from a run of the device library. out->file is the bytes. 0, or
 * -1 with a diagnostic.
 */
int pack_model(const struct device_model *m, const struct preprocess *p,
	       const struct head *head, const struct config *c, struct arena *a,
	       struct packed *out, struct diag *d);

#endif
