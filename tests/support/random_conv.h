/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_TESTS_RANDOM_CONV_H
#define DBC_TESTS_RANDOM_CONV_H

/*
 * Random convolutions, and what schemas/dbp.md says that they give, tap by
 * tap.
 */
#include <stdint.h>

#include "tests/support/dbp_run.h"

#define MAX_CELLS 20000
#define MAX_CHANNELS 64
#define MAX_WEIGHTS 40000

/* Which arrays of the second slope are those of the first one, as where the
 * converter stores equal arrays once. */
enum conv_merged {
	CONV_MERGED_MULTIPLIERS = 1,
	CONV_MERGED_SHIFTS = 2,
};

#define MAX_CELLS 20000
#define MAX_CHANNELS 64
#define MAX_WEIGHTS 40000

struct conv_setup {
	int kind;
	uint32_t in[4], out[4];
	struct dbp_conv p;
	int32_t zero_in, zero_out;
	uint32_t gap, workers;
	uint32_t missing; /* last bytes of the tables */
	int merged;       /* enum conv_merged, a sum */
	/* arrays by output channel */
	int8_t codes[MAX_WEIGHTS], levels[MAX_CHANNELS * 16];
	/* read for an inner_extra of 3, too, which is refused */
	int8_t table[MAX_CHANNELS * 2048];
	int32_t bias[MAX_CHANNELS];
	uint16_t multiplier[MAX_CHANNELS], multiplier2[MAX_CHANNELS];
	uint8_t shift[MAX_CHANNELS], shift2[MAX_CHANNELS];
	float scale[MAX_CHANNELS];
	int8_t x[MAX_CELLS];
};

uint32_t conv_cells(const uint32_t *dims);
/* Taps of an output channel. */
uint32_t conv_window(const struct conv_setup *s);

/* Starts the sequence of numbers that all picks take from. */
void conv_seed(uint32_t seed);
/* low to high, both possible */
int conv_pick(int low, int high);
/* A random convolution of this kind of operator. */
void conv_pick_setup(struct conv_setup *s, int kind);
/* Weights, scales and inputs for dims and parameters that are set. */
void conv_pick_arrays(struct conv_setup *s);

/* The status of dbrt_open(); to be closed whatever it is. */
int conv_open(struct dbp_run *r, struct conv_setup *s);
/* Runs it and compares every output with the specification. */
void conv_check(struct conv_setup *s);

#endif
