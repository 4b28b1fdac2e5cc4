/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_QUANTIZER_BITS_COST_H
#define DBC_QUANTIZER_BITS_COST_H

#include <stdbool.h>
#include <stdint.h>

#include "ir/graph.h"
#include "schemas/dbp_kernel.h"

/*
 * Cost model of a target. Its numbers come from a target file
 * (converter/target.h), each with its source: measured, simulated, estimated.
 */
struct cost_kernel {
	const char *pattern; /* kernel name, or the part of it before one of its
			      * dots, with at most one '*' in it */
	/* One of the two is over 0: the kernel's work is multiply-accumulates,
	 * or bytes of activations read and written. Per core. */
	double macs_per_cycle, bytes_per_cycle;
	double efficiency;    /* share of that speed that is reached, 0 to 1 */
	double output_cycles; /* more for each element of the output */
	double window_cycles; /* more for each row of gathered windows */
	double byte_cycles;  /* more for each byte of activations and weights */
	double setup_cycles; /* per layer, in addition to the target's */
	bool parallel;       /* all cores share the work */
	const char *source;  /* "measured...", "simulated...", else estimated */
};

struct cost_target {
	const char *name, *description, *source;
	int cores;
	int64_t clock_hz;
	double memory_bytes_per_second; /* all cores together */
	double op_overhead_cycles;      /* dispatch of an operator */
	int64_t ram_bytes, flash_bytes; /* 0: not a limit */
	bool coded; /* models are expanded into RAM when they are loaded */
	const struct cost_kernel *kernels; /* the first match counts */
	int kernel_count;
};

struct cost_work {
	const char *kernel;  /* "conv_w2a8", "max_pool_s8", ... */
	int64_t macs;        /* with the padding of tiles; 0: none */
	int64_t outputs;     /* elements */
	int64_t window_rows; /* of convolutions that gather their windows */
	int64_t weight_bytes;
	int64_t memory_bytes; /* activations read and written */
};

/* Fills in all of *k but the bits and the sizes of the numbers, for a node as
 * below. */
void cost_kernel_of_conv(struct dbp_kernel *k, const struct node *n);

/* Fills in macs, outputs and window_rows of a Conv, ConvTranspose or Gemm with
 * constant weights, as the device library tiles it. */
void cost_work_of_conv(struct cost_work *w, const struct node *n);

/*
 * Time of one layer: its kernel's cycles, shared over the cores, or its
 * memory traffic over the bandwidth, whichever is longer, plus set-up. A
 * kernel without a row counts one byte or multiply-accumulate a cycle.
 */
double cost_latency_us(const struct cost_target *t, const struct cost_work *w);

/* Where the time of a kernel comes from, worst first. */
enum cost_source { COST_ESTIMATED, COST_SIMULATED, COST_MEASURED };
enum cost_source cost_source_of(const struct cost_target *t,
				const char *kernel);

#endif
