/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBRT_INTERNAL_H
#define DBRT_INTERNAL_H

#include "runtime/dbrt.h"
#include "schemas/dbp.h"

#ifdef __cplusplus
extern "C" {
#endif

/* An operator of a checked file. */
#define DBRT_MAX_OP_INPUTS 64
#define DBRT_MAX_OP_OUTPUTS 2

struct dbrt_op_view {
	const struct dbrt_model *m;
	const struct dbp_op *op;
	const void *params;  /* op->params_bytes of them; NULL: none */
	const uint32_t *ids; /* inputs, then outputs */
};

/* DBRT_OK if the model is open and its file still the one that was checked;
 * DBRT_ERROR_ARGUMENT for NULL, or DBRT_ERROR_STATE. */
int dbrt_open_status(const struct dbrt_model *m);
/* A model in memory is coded, whether it is whole or not. */
int dbrt_is_coded(const void *dbp, size_t bytes);

/* Parts of an opened file; the index is not checked. */
const struct dbp_header *dbrt_header(const struct dbrt_model *m);
const void *dbrt_section(const struct dbrt_model *m, int kind); /* or NULL */
const struct dbp_tensor *dbrt_tensor_row(const struct dbrt_model *m,
					 uint32_t id);
struct dbrt_op_view dbrt_op_at(const struct dbrt_model *m, uint32_t op);
/* Text at an offset of the strings section; "" for DBP_NONE. */
const char *dbrt_string(const struct dbrt_model *m, uint32_t offset);
/* The offset is inside the strings section, or DBP_NONE. */
int dbrt_is_string(const struct dbrt_model *m, uint32_t offset);

/* Input or output i of an operator. */
const struct dbp_tensor *dbrt_in(const struct dbrt_op_view *v, uint32_t i);
const struct dbp_tensor *dbrt_out(const struct dbrt_op_view *v, uint32_t i);
/* A tensor's memory, in the arena or the file. */
void *dbrt_data(const struct dbrt_model *m, const struct dbp_tensor *t);
/* `bytes` at `offset` of the data section, aligned to `align`; NULL if they
 * are not inside. Used by the checks and by the kernels. */
const void *dbrt_blob(const struct dbrt_model *m, uint32_t offset,
		      uint64_t bytes, uint32_t align);
uint32_t dbrt_elements(const struct dbp_tensor *t);
uint32_t dbrt_element_bytes(const struct dbp_tensor *t);
int dbrt_is_dense(const struct dbp_tensor *t);

/* The status of a check. */
static inline int dbrt_expect(int holds)
{
	return holds ? DBRT_OK : DBRT_ERROR_FORMAT;
}

/*
 * One row for each operator kind. check() runs once, at open, and proves that
 * run() stays in bounds: counts of inputs and outputs, types, shapes, ranges
 * of parameters, arrays in the data section, scratch size. The tensors
 * themselves (ranges within arena or file, rank, pitch) are proven before.
 */
struct dbrt_op_row {
	const char *name;
	uint8_t min_inputs, max_inputs, outputs;
	uint16_t params_min_bytes;
	int (*check)(const struct dbrt_op_view *v); /* enum dbrt_status */
	void (*run)(const struct dbrt_op_view *v);
};

/*
 * What this build has; each of these may be replaced, all together, by the file
 * that `dbconvert inspect --emit ops` writes. The rows of operators by kind,
 * NULL for those left out, and how many kinds there are; NULL: no detectors, no
 * coded models. dbrt_open() and dbrt_load() refuse what is not there.
 */
extern const struct dbrt_op_row *const dbrt_op_table[];
extern const uint32_t dbrt_op_kinds;
extern const struct dbrt_detector *const dbrt_part_detector;
extern const struct dbrt_coding *const dbrt_part_coding;

/* Heads of boxes: dbrt_head_check() and dbrt_select() of a detector. */
struct dbrt_detector {
	int (*fits)(const struct dbp_head *h, const uint32_t *elements,
		    uint32_t outputs);
	int (*select)(const struct dbp_head *head,
		      const struct dbrt_head_output *outputs,
		      const struct dbrt_frame *frame, float score_threshold,
		      float nms_iou, struct dbrt_detection *out, uint32_t max);
};
extern const struct dbrt_detector dbrt_detector;

/* dbrt_expand(). */
struct dbrt_coding {
	int (*expand)(const void *coded, size_t bytes, void *out,
		      size_t out_bytes);
};
extern const struct dbrt_coding dbrt_coding;

/* The operators of the file by the rows of the table; dbrt_model.run of an
 * opened model. Those of a model in C call the functions one by one. */
void dbrt_run_ops(struct dbrt_model *m);
/* Runs jobs by the caller's parallel_for, or one after the other. */
void dbrt_for(const struct dbrt_model *m, uint32_t count, dbrt_job *job,
	      void *arg);
/* Asks the caller's tick, in the thread of worker 0. 1: the run is to end;
 * what has not been computed yet does not matter. */
int dbrt_is_cancelled(const struct dbrt_model *m, uint32_t worker);
/* Scratch of an operator for one worker: op->scratch_bytes, 64-aligned. */
uint8_t *dbrt_scratch(const struct dbrt_op_view *v, uint32_t worker);

#define DBRT_CHECK_RUN(name)                                   \
	int dbrt_##name##_check(const struct dbrt_op_view *v); \
	void dbrt_##name##_run(const struct dbrt_op_view *v);  \
	extern const struct dbrt_op_row dbrt_row_##name
DBRT_CHECK_RUN(conv);
DBRT_CHECK_RUN(conv_transpose);
DBRT_CHECK_RUN(max_pool);
DBRT_CHECK_RUN(avg_pool);
DBRT_CHECK_RUN(add);
DBRT_CHECK_RUN(mul);
DBRT_CHECK_RUN(table);
DBRT_CHECK_RUN(rescale);
DBRT_CHECK_RUN(quantize);
DBRT_CHECK_RUN(dequantize);
DBRT_CHECK_RUN(copy);
DBRT_CHECK_RUN(concat);
DBRT_CHECK_RUN(transpose);
DBRT_CHECK_RUN(slice);
DBRT_CHECK_RUN(pad);
DBRT_CHECK_RUN(gather);
DBRT_CHECK_RUN(resize);
DBRT_CHECK_RUN(unary);
DBRT_CHECK_RUN(binary);
DBRT_CHECK_RUN(softmax);
DBRT_CHECK_RUN(reduce);
DBRT_CHECK_RUN(matmul);
DBRT_CHECK_RUN(expand);
DBRT_CHECK_RUN(arg_max);
DBRT_CHECK_RUN(top_k);
DBRT_CHECK_RUN(add_channels);
#undef DBRT_CHECK_RUN

uint32_t dbrt_crc32(uint32_t crc, const void *data, size_t bytes);

#ifdef __cplusplus
}
#endif
#endif
