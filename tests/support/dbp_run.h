/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_TESTS_DBP_RUN_H
#define DBC_TESTS_DBP_RUN_H

/*
 * Runs models of one operator, for tests of the device library. The arena has
 * exactly the size that the model asks for and is filled with 0xa5, so that
 * writes out of place are found, by the sanitizers or by dbp_run_gaps_kept().
 */
#include "runtime/dbrt.h"
#include "tests/support/dbp_builder.h"

struct dbp_run {
	struct dbrt_model model;
	uint8_t *file;
	size_t bytes;
	void *arena;
};

/* Ends the builder and opens its model for `workers`; the status of
 * dbrt_open(). To be closed whatever it says. */
int dbp_run_open(struct dbp_run *r, struct dbp_builder *b, uint32_t workers);
void dbp_run_close(struct dbp_run *r);

/* A tensor; with `gap` > 0 its rows are that many elements apart, and it
 * starts behind the first of them. */
uint32_t dbp_run_tensor(struct dbp_builder *b, int dtype, uint32_t rank,
			const uint32_t *dims, float scale, int32_t zero_point,
			uint32_t gap);
/* The elements between the rows of an output have not been written. */
int dbp_run_gaps_kept(const struct dbp_run *r, uint32_t output);

/* The next of a sequence of numbers; 32 good bits. */
uint32_t dbp_run_random(uint32_t *seed);
/* -1 to 1 */
float dbp_run_random_float(uint32_t *seed);

#endif
