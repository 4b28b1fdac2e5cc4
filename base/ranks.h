/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_BASE_RANKS_H
#define DBC_BASE_RANKS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"
#include "base/parallel.h"

/*
 * The processes of one job under mpirun, called ranks as in MPI. All run the
 * same program on the same arguments, come to the same results, and share the
 * costly steps. Without MPI (make MPI=1), and without mpirun, there is one
 * rank, and nothing here costs anything. All functions are for the main thread.
 */

/* First of all; -1 with a diagnostic. Standard output of other ranks than 0
 * goes nowhere. */
int ranks_begin(struct diag *d);
/* Last of all, with the exit code. A rank that fails by itself, after others
 * may wait for it, ends them all. */
void ranks_end(int code);

int ranks_self(void);  /* 0 to ranks_count() - 1 */
int ranks_count(void); /* 1: alone */

/* While it is set this rank works for itself: it is 0 of 1. */
void ranks_set_alone(bool alone);

/* The lowest number from 0 on that no rank has taken yet. */
int ranks_take(void);
/* Returns when all ranks are here. */
void ranks_wait(void);

/* What a job leaves, on its way from the rank that ran it to the others. */
struct rank_parcel;

/* Sends or receives `bytes` of a job's result at `data`. */
void rank_parcel_add(struct rank_parcel *p, void *data, size_t bytes);
/* Whether the results of another rank are stored; then what is not fixed in
 * size must be allocated. */
bool rank_parcel_receives(const struct rank_parcel *p);

/* Names all that job `i` leaves, with rank_parcel_add(), in the same way on
 * both sides. -1: out of memory. */
typedef int rank_parcel_job(void *ctx, int i, struct rank_parcel *p);

/*
 * parallel_run() of the jobs on all ranks, each of which runs an equal share of
 * neighbours; afterwards all have all results. Where a job fails, all ranks
 * fail, with the diagnostic of the lowest rank that did.
 */
int ranks_run(int threads, int count, parallel_job *job,
	      rank_parcel_job *parcel, void *ctx, const struct progress *p,
	      struct diag *d);

/*
 * The two halves of it, for jobs that are added up as they run: parallel_run()
 * of this rank's share of the jobs, from ranks_first() of its number up to that
 * of the next; and the exchange of `count` results, of which each rank has such
 * a share. err: whether this rank failed.
 */
int ranks_parallel(int threads, int count, parallel_job *job, void *ctx,
		   const struct progress *p, struct diag *d);
int ranks_first(int count, int rank);
int ranks_share(int count, rank_parcel_job *parcel, void *ctx, int err,
		struct diag *d);

#endif
