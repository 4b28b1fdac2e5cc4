/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_MEASURE_KERNEL_FIT_H
#define DBC_CONVERTER_MEASURE_KERNEL_FIT_H

/*
 * Rows of a target file (schemas/target.md) from times of operators. The cycles
 * of a kernel are a sum of terms that are not negative, chosen for the least
 * squared relative error, then scaled so that the sum over the operators is
 * right.
 */
#include <stdbool.h>
#include <stdio.h>

#include "base/arena.h"
#include "converter/measure/op_times.h"

/* What cycles are proportional to. */
enum fit_term {
	FIT_SETUP,   /* 1 */
	FIT_WORK,    /* steps, or bytes without weights */
	FIT_OUTPUTS, /* elements */
	FIT_WINDOWS, /* rows that are gathered */
	FIT_BYTES,   /* of activations and weights, with weights */
	FIT_TERMS
};

/* An operator that was timed. */
struct fit_sample {
	char kernel[sizeof(((struct op_time *)0)->kernel)];
	double terms[FIT_TERMS], cycles;
	int set; /* the model that it is from */
};

/* The cycles of each term. */
struct fit_row {
	char kernel[sizeof(((struct op_time *)0)->kernel)];
	double terms[FIT_TERMS];
	int samples; /* that it was fitted to */
};

struct kernel_fit {
	struct fit_row *rows; /* in the order of a target file */
	int count;
};

struct fit_sample fit_sample_of(const struct op_time *o, double hz, int set);

/* Fits rows for the names of all kernels, and for their parts before dots where
 * enough operators have them, to all sets but one; -1: to all. Memory is the
 * arena's. -1: none left. */
int kernel_fit_find(const struct fit_sample *list, int count, int left_out,
		    struct arena *a, struct kernel_fit *out);

/* The row that counts for a kernel, or NULL. */
const struct fit_row *kernel_fit_row(const struct kernel_fit *f,
				     const char *kernel);
double fit_cycles(const struct fit_row *r, const struct fit_sample *s);

/* Prints the rows as lines of a target file. */
void kernel_fit_print(const struct kernel_fit *f, FILE *out);

/* How well rows predict the operators of one set. */
struct fit_quality {
	int operators;       /* with a row */
	double median_error; /* of an operator, relative, absolute */
	double whole_error;  /* of the sum, relative */
};
int kernel_fit_check(const struct kernel_fit *f, const struct fit_sample *list,
		     int count, int set, struct fit_quality *out);

#endif
