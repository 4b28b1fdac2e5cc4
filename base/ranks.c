/* SPDX-License-Identifier: Apache-2.0 */
#include "base/ranks.h"

#ifdef HAVE_MPI
#include <mpi.h>
#include <stdlib.h>

static struct {
	bool begun;
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
	return 0;
}

void ranks_end(void)
{
	if (!ranks.begun)
		return;
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

int ranks_self(void)
{
	return ranks.self;
}

int ranks_count(void)
{
	return ranks.count;
}
#else
int ranks_begin(struct diag *d)
{
	(void)d;
	return 0;
}

void ranks_end(void)
{
}

int ranks_take(void)
{
	static int next;

	return next++;
}

void ranks_wait(void)
{
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
