/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_TESTS_FLOAT_OP_H
#define DBC_TESTS_FLOAT_OP_H

/* Runs one float operator of the device library on arrays of a test. */
#include "tests/support/dbp_run.h"

#define FLOAT_MAX_ELEMENTS 4096

struct float_array {
	int dtype; /* 0: DBP_F32 */
	uint32_t rank, dims[DBP_MAX_RANK];
	float data[FLOAT_MAX_ELEMENTS];
};

/* An operator at work; in and out are static arrays of the tests. */
struct float_work {
	int kind;
	const void *params;
	size_t params_bytes;
	const struct float_array *in[2];
	struct float_array *out[2];
	uint32_t gap, workers;
};

uint32_t float_elements(const struct float_array *a);
void float_shape(struct float_array *a, uint32_t rank, const uint32_t *dims);
void float_randomize(struct float_array *a, float size, uint32_t *seed);
/* Element `i`'s index along dim `d`. */
uint32_t float_index(const struct float_array *a, uint32_t i, uint32_t d);
/* Where `a`, broadcast, is read for element `i` of `y`. */
uint32_t float_broadcast(const struct float_array *a,
			 const struct float_array *y, uint32_t i);

/* Dense on one thread, then with gaps on three: the same bits. */
void float_run(struct float_work *w);
/* The file is refused at open. */
void float_refuse(const struct float_work *w);
void float_near(float got, double want, double tolerance, const char *what);

#endif
