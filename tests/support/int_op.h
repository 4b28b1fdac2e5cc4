/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_INT_OP_H
#define TESTS_SUPPORT_INT_OP_H

/*
 * One device operator on codes or whole floats, against a reference that
 * computes one element at a time from the rules of schemas/dbp.md.
 */
#include "tests/support/dbp_run.h"

#define INT_OP_MAX_ELEMENTS 8192
#define INT_OP_MAX_INPUTS 5

/* Elements are whole numbers: codes, or whole floats. */
struct int_tensor {
	int dtype;
	uint32_t rank, dims[DBP_MAX_RANK], gap;
	int32_t zero;
	int32_t v[INT_OP_MAX_ELEMENTS];
};

struct int_op {
	int kind, input_count;
	struct int_tensor in[INT_OP_MAX_INPUTS], out;
	union {
		struct dbp_add add;
		struct dbp_add_channels add_channels;
		struct dbp_mul mul;
		struct dbp_rescale rescale;
		struct dbp_table table;
		struct dbp_transpose transpose;
		struct dbp_slice slice;
		struct dbp_pad pad;
		struct dbp_gather gather;
		struct {
			struct dbp_concat head;
			struct dbp_rescale inputs[INT_OP_MAX_INPUTS];
		} concat;
	} p;
	size_t params_bytes;
	const void *data; /* goes to the data section; NULL: none */
	size_t data_bytes;
	uint32_t *data_at; /* parameter that gets its offset */
};

/* The expected element at `index` of the output. */
typedef int64_t int_op_reference(const struct int_op *t, const uint32_t *index);

/* State of the random numbers; each test sets it first. */
extern uint32_t int_op_seed;

/* A random number from low to high. */
int int_op_pick(int low, int high);
/* Dims from 1 to `largest`. */
void int_op_pick_dims(struct int_tensor *t, uint32_t rank, int largest);
/* A shape that broadcasts into that of `out`. */
void int_op_pick_broadcast(struct int_tensor *t, const struct int_tensor *out);
/* Random elements and a random gap between rows. */
void int_op_fill(struct int_tensor *t, int dtype, int32_t zero);

uint32_t int_op_elements(const struct int_tensor *t);
/* The element at an index. The index may have a higher rank: it is aligned at
 * the last dim, and dims of 1 broadcast. */
int32_t int_op_at(const struct int_tensor *t, const uint32_t *index,
		  uint32_t rank);
int64_t int_op_clamped(int64_t v, int64_t low, int64_t high);
/* floor(v / 2^shift + 0.5). */
int64_t int_op_round_shift(int64_t v, int shift);

/* The status of dbrt_open() of a model with this operator alone. */
int int_op_open(struct int_op *t, struct dbp_run *r);
/* Runs the operator and compares every element. */
void int_op_check(struct int_op *t, int_op_reference *reference);

#endif
