/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cholesky factors through OpenBLAS. The library is loaded at run time because
 * it chooses its kernels while it loads, by the environment. It is pinned to
 * the kernels of Nehalem (SSE4.2, part of x86-64-v2; no FMA) and to one
 * thread, so that every machine computes the same bytes.
 */
#include "evaluator/blas.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define CORE "Nehalem"

typedef void potrf_fn(const char *uplo, const int *n, double *a, const int *lda,
		      int *info);
typedef void trtri_fn(const char *uplo, const char *diag, const int *n,
		      double *a, const int *lda, int *info);
typedef const char *corename_fn(void);
typedef void set_threads_fn(int count);

static pthread_once_t once = PTHREAD_ONCE_INIT;
static potrf_fn *potrf;
static trtri_fn *trtri;
static const char *problem;

static void *load_library(void)
{
	static const char *const names[] = { "libopenblas.so.0",
					     "libopenblas.so" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		void *lib = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);

		if (lib)
			return lib;
	}
	return NULL;
}

static void load_functions(void)
{
	set_threads_fn *set_threads;
	corename_fn *corename;
	void *lib;

	setenv("OPENBLAS_CORETYPE", CORE, 1);
	setenv("OPENBLAS_NUM_THREADS", "1", 1);
	lib = load_library();
	if (!lib) {
		problem = "OpenBLAS (libopenblas.so.0) cannot be loaded";
		return;
	}
	/* ISO C has no conversion between object and function pointers */
	*(void **)&corename = dlsym(lib, "openblas_get_corename");
	*(void **)&set_threads = dlsym(lib, "openblas_set_num_threads");
	*(void **)&potrf = dlsym(lib, "dpotrf_");
	*(void **)&trtri = dlsym(lib, "dtrtri_");
	if (set_threads)
		set_threads(1);
	if (!potrf || !trtri)
		problem = "OpenBLAS has no dpotrf or dtrtri";
	else if (corename && strcmp(corename(), CORE))
		problem = "OpenBLAS cannot be pinned to one kind of "
			  "processor";
}

/* Loads OpenBLAS on the first call. */
static int require_blas(struct diag *d)
{
	pthread_once(&once, load_functions);
	if (!problem)
		return 0;
	diag_error(d, "%s", problem);
	diag_hint(d, "install the package libopenblas0-pthread, a build that "
		     "holds the kernels of all processors");
	return -1;
}

/*
 * OpenBLAS takes a buffer of this size for each call that runs at the same
 * time, keeps it, and tries again for ever where it gets none. So whether there
 * is room is tried first.
 */
#define BUFFER_BYTES ((size_t)128 << 20)
#define BUFFER_MARGIN ((size_t)8 << 20)

static atomic_int calls, buffers; /* that run; that OpenBLAS has */

static int begin_call(struct diag *d)
{
	int running = atomic_fetch_add(&calls, 1) + 1;
	int had = atomic_load(&buffers);
	void *volatile room; /* compilers leave out an unused malloc() */

	if (running <= had)
		return 0;
	room = malloc(BUFFER_BYTES + BUFFER_MARGIN);
	free(room);
	if (!room) {
		atomic_fetch_sub(&calls, 1);
		diag_error(d, "out of memory");
		diag_hint(d, "each thread needs 128 MB for matrix products; "
			     "--jobs 1 takes least");
		return -1;
	}
	while (had < running &&
	       !atomic_compare_exchange_weak(&buffers, &had, running))
		;
	return 0;
}

static void end_call(void)
{
	atomic_fetch_sub(&calls, 1);
}

/* LAPACK is column-major: its upper triangle is our lower one. */
int blas_inverse_factor(double *h, int n, struct diag *d)
{
	int info = 0;

	if (require_blas(d) || begin_call(d))
		return -1;
	potrf("U", &n, h, &n, &info);
	if (!info)
		trtri("U", "N", &n, h, &n, &info);
	end_call();
	if (info)
		return diag_error(d,
				  "a matrix of %d rows has no Cholesky "
				  "factor",
				  n);
	for (int i = 0; i < n; i++)
		for (int k = i + 1; k < n; k++)
			h[(size_t)i * (size_t)n + (size_t)k] = 0;
	return 0;
}
