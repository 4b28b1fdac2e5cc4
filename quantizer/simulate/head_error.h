/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_QUANTIZER_SIMULATE_HEAD_ERROR_H
#define DBC_QUANTIZER_SIMULATE_HEAD_ERROR_H

#include "quantizer/internal.h"

/*
 * What the heads of the float network lose when something in it is changed:
 * squared error over variance, summed over the heads, on some samples.
 */
struct probe {
	const struct graph *g;
	const struct samples *samples;
	struct runner *runners; /* by worker */
	int count, threads;
	float **heads;    /* [sample]: all heads behind one another */
	double *loss;     /* [sample] */
	double *variance; /* by head, over all samples */
	size_t head_floats;
	bool record;
	eval_observer *change; /* NULL: the change is in the graph itself */
	void *change_ctx;
	struct arena arena;
};

/* Records the heads of the network as it is. -1 with a diagnostic; free it in
 * any case. */
int probe_init(struct probe *p, const struct graph *g,
	       const struct samples *samples, int jobs, struct diag *d);
void probe_free(struct probe *p);
/* With the graph's constants changed, or values as change() does, which may be
 * called from several threads. */
int probe_loss(struct probe *p, eval_observer *change, void *ctx, double *loss,
	       struct diag *d);

#endif
