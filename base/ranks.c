/* SPDX-License-Identifier: Apache-2.0 */
#include "base/ranks.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef HAVE_MPI
#include <mpi.h>

#define CHUNK (1 << 28) /* bytes of one message */
#define TEXT 2048       /* of an error or a hint, cut */

static struct {
	bool begun, alone;
	bool shared; /* something was */
	bool failed; /* all did */
	int self, count;
	MPI_Win window; /* of the next number, at rank 0 */
	int *next;
} ranks = { .count = 1 };

/* Whether mpirun started this process: Open MPI and what speaks PMIx or PMI. */
static bool is_launched(void)
{
	return getenv("OMPI_COMM_WORLD_SIZE") || getenv("PMIX_RANK") ||
	       getenv("PMI_RANK");
}

int ranks_begin(struct diag *d)
{
	int level;

	if (!is_launched())
		return 0;
	if (MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &level) ||
	    level < MPI_THREAD_FUNNELED)
		return diag_error(d, "MPI does not begin");
	ranks.begun = true;
	MPI_Comm_rank(MPI_COMM_WORLD, &ranks.self);
	MPI_Comm_size(MPI_COMM_WORLD, &ranks.count);
	MPI_Win_allocate(sizeof(int), sizeof(int), MPI_INFO_NULL,
			 MPI_COMM_WORLD, &ranks.next, &ranks.window);
	*ranks.next = 0;
	MPI_Barrier(MPI_COMM_WORLD);
	if (ranks.self && !freopen("/dev/null", "w", stdout))
		return diag_error(d, "/dev/null cannot be opened");
	return 0;
}

void ranks_end(int code)
{
	if (!ranks.begun)
		return;
	if (code == 1 && ranks.shared && !ranks.failed)
		MPI_Abort(MPI_COMM_WORLD, code);
	MPI_Win_free(&ranks.window);
	MPI_Finalize();
	ranks.begun = false;
}

int ranks_take(void)
{
	static int alone;
	const int one = 1;
	int number;

	if (!ranks.begun)
		return alone++;
	MPI_Win_lock(MPI_LOCK_EXCLUSIVE, 0, 0, ranks.window);
	MPI_Fetch_and_op(&one, &number, MPI_INT, 0, 0, MPI_SUM, ranks.window);
	MPI_Win_unlock(0, ranks.window);
	return number;
}

void ranks_wait(void)
{
	if (ranks.begun)
		MPI_Barrier(MPI_COMM_WORLD);
}

void ranks_set_alone(bool alone)
{
	ranks.alone = alone;
}

int ranks_self(void)
{
	return ranks.alone ? 0 : ranks.self;
}

int ranks_count(void)
{
	return ranks.alone ? 1 : ranks.count;
}

static void broadcast(void *data, size_t bytes, int from)
{
	uint8_t *at = data;

	for (size_t done = 0; done < bytes; done += CHUNK)
		MPI_Bcast(at + done,
			  (int)(bytes - done < CHUNK ? bytes - done : CHUNK),
			  MPI_BYTE, from, MPI_COMM_WORLD);
}

/* The lowest rank with a true `own`, or ranks_count(). */
static int lowest_with(bool own)
{
	int number = own ? ranks_self() : ranks_count(), lowest;

	MPI_Allreduce(&number, &lowest, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
	return lowest;
}
#else
int ranks_begin(struct diag *d)
{
	(void)d;
	return 0;
}

void ranks_end(int code)
{
	(void)code;
}

int ranks_take(void)
{
	static int next;

	return next++;
}

void ranks_wait(void)
{
}

void ranks_set_alone(bool alone)
{
	(void)alone;
}

int ranks_self(void)
{
	return 0;
}

int ranks_count(void)
{
	return 1;
}
#endif

/* ---- Parcels ---- */

struct rank_parcel {
	uint8_t *at; /* NULL: only counts */
	size_t bytes;
	bool receives;
};

void rank_parcel_add(struct rank_parcel *p, void *data, size_t bytes)
{
	if (p->at && bytes && p->receives)
		memcpy(data, p->at + p->bytes, bytes);
	else if (p->at && bytes)
		memcpy(p->at + p->bytes, data, bytes);
	p->bytes += bytes;
}

bool rank_parcel_receives(const struct rank_parcel *p)
{
	return p->receives;
}

/* ---- Shared runs ---- */

int ranks_first(int count, int rank)
{
	return (int)((int64_t)count * rank / ranks_count());
}

#ifdef HAVE_MPI
/* All ranks fail where one did. */
static int share_failure(int err, struct diag *d)
{
	int failed = lowest_with(err);
	char text[2][TEXT] = { "", "" };

	ranks.shared = true;
	ranks.failed |= failed < ranks_count();
	if (failed == ranks_count())
		return 0;
	if (failed == ranks_self() && d->count) {
		const struct diag_entry *e = &d->entries[d->count - 1];

		snprintf(text[0], TEXT, "%s", e->text ? e->text : "");
		snprintf(text[1], TEXT, "%s", e->hint ? e->hint : "");
	}
	broadcast(text, sizeof(text), failed);
	if (!err) {
		char *former = diag_enter(d, NULL);

		diag_error(d, "%s", *text[0] ? text[0] : "out of memory");
		if (*text[1])
			diag_hint(d, "%s", text[1]);
		diag_leave(d, former);
	}
	return -1;
}

/* The results [first, end) from rank `from` to all others. */
static int share_results(int first, int end, int from, rank_parcel_job *parcel,
			 void *ctx)
{
	bool own = from == ranks_self();
	struct rank_parcel p = { 0 };
	uint64_t bytes;
	int err = 0;

	for (int i = first; own && !err && i < end; i++)
		err = parcel(ctx, i, &p);
	bytes = p.bytes;
	broadcast(&bytes, sizeof(bytes), from);
	p = (struct rank_parcel){ malloc(bytes + 1), 0, !own };
	if (!p.at)
		err = -1;
	for (int i = first; own && !err && i < end; i++)
		err = parcel(ctx, i, &p);
	if (lowest_with(err) == ranks_count()) {
		broadcast(p.at, bytes, from);
		for (int i = first; !own && !err && i < end; i++)
			err = parcel(ctx, i, &p);
	}
	free(p.at);
	return err;
}

int ranks_share(int count, rank_parcel_job *parcel, void *ctx, int err,
		struct diag *d)
{
	int ranks_here = ranks_count();

	if (ranks_here == 1)
		return err;
	if (share_failure(err, d))
		return -1;
	for (int i = 0; i < ranks_here; i++)
		err |= share_results(ranks_first(count, i),
				     ranks_first(count, i + 1), i, parcel, ctx);
	if (err)
		diag_error(d, "out of memory");
	return share_failure(err, d);
}
#else
int ranks_share(int count, rank_parcel_job *parcel, void *ctx, int err,
		struct diag *d)
{
	(void)count;
	(void)parcel;
	(void)ctx;
	(void)d;
	return err;
}
#endif

struct shared_jobs {
	parallel_job *job;
	void *ctx;
	int first; /* of this rank */
};

static int own_job(void *ctx, int i, int worker, struct diag *d)
{
	const struct shared_jobs *s = ctx;

	return s->job(s->ctx, s->first + i, worker, d);
}

int ranks_parallel(int threads, int count, parallel_job *job, void *ctx,
		   const struct progress *p, struct diag *d)
{
	int self = ranks_self();
	struct shared_jobs s = { job, ctx, ranks_first(count, self) };

	return parallel_run(threads, ranks_first(count, self + 1) - s.first,
			    own_job, &s, p, d);
}

int ranks_run(int threads, int count, parallel_job *job,
	      rank_parcel_job *parcel, void *ctx, const struct progress *p,
	      struct diag *d)
{
	int err = ranks_parallel(threads, count, job, ctx, p, d);

	return ranks_share(count, parcel, ctx, err, d);
}
