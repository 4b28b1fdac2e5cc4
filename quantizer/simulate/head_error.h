/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_QUANTIZER_SIMULATE_HEAD_ERROR_H
#define DBC_QUANTIZER_SIMULATE_HEAD_ERROR_H

#include "base/arena.h"
#include "base/diag.h"
#include "quantizer/simulate/runner.h"

/*
 * The error of the float network's heads after one change to it: squared error
 * over variance, summed over the heads and averaged over some samples. It
 * measures sensitivities.
 */
struct head_error {
	const struct graph *g;
	const struct samples *samples;
	struct runner *runners; /* by worker */
	int count, threads;     /* count: samples */
	float **heads;          /* [sample]: all heads, concatenated */
	double *loss;           /* [sample] */
	double *variance;       /* by head, over all samples */
	size_t head_floats;     /* elements of all heads, of one sample */
	bool record;
	eval_observer *change; /* NULL: the change is in the graph itself */
	void *change_ctx;
	struct arena arena;
};

/* Records the heads of the network as it is. -1 with a diagnostic; free it in
 * any case. */
int head_error_init(struct head_error *p, const struct graph *g,
		    const struct samples *samples, int jobs, struct diag *d);
void head_error_free(struct head_error *p);
/* Runs the network with the graph's constants changed, or with values as
 * change() leaves them; several threads call change(). */
int head_error_measure(struct head_error *p, eval_observer *change, void *ctx,
		       double *loss, struct diag *d);

#endif
