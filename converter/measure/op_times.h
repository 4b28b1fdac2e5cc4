/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_MEASURE_OP_TIMES_H
#define DBC_CONVERTER_MEASURE_OP_TIMES_H

/*
 * The time of each operator on this machine. Needs nothing of the host but C
 * and a clock, because it is built for boards as well (bench/time_dbp.c).
 */
#include "runtime/dbrt.h"

struct op_time {
	const char *name; /* of the node in the model */
	const char *op;   /* "conv", "max_pool", ... */
	char kernel[40];  /* op_kernel_name() */
	char shape[48];   /* of its output: "1x80x80x64" */
	struct dbrt_work work;
	uint64_t outputs;     /* elements */
	uint64_t window_rows; /* that a convolution gathers */
	double us;            /* the least of all runs */
};

struct op_times {
	uint32_t count;
	struct op_time *ops;
	double best_us, median_us; /* of a whole run */
	int runs;
};

/* Describes the operators of an open model. A negative enum dbrt_status if it
 * fails; op_times_free() anyhow. */
int op_times_prepare(const struct dbrt_model *m, struct op_times *t);
/* Runs the model `runs` times. It must be bound and have its inputs, and have
 * run once to warm up. A negative enum dbrt_status if it fails. */
int op_times_measure(struct dbrt_model *m, int runs, struct op_times *t);
void op_times_free(struct op_times *t);

#endif
