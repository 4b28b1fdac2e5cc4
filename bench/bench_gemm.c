/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_gemm [CORE]: GFLOP/s of the evaluator's matrix products on one thread,
 * each row of instructions that this processor has, over shapes of small
 * detectors, and a hash of the result. Beside them OpenBLAS with the kernels of
 * CORE (its OPENBLAS_CORETYPE, default Nehalem), where it is installed. The
 * fastest of 5 measurements of CPU time.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/cpu_seconds.h"
#include "evaluator/gemm.h"
#include "evaluator/simd/simd.h"

#define TIMES 5
#define FLOP_OF_A_TIME 2e8

enum { ROW_MAJOR = 101, NO_TRANS = 111, TRANS = 112 };

typedef void sgemm_fn(int order, int trans_a, int trans_b, int m, int n, int k,
		      float alpha, const float *a, int lda, const float *b,
		      int ldb, float beta, float *c, int ldc);

struct product {
	int m, n, k;
	bool trans_a, trans_b;
	float *a, *b, *c;
};

/* m, n, k; of pixels x channels where B is transposed, as weights are */
static const struct product shapes[] = {
	{ 4800, 16, 27, .trans_b = true },
	{ 6400, 24, 24, .trans_b = true },
	{ 4800, 32, 16, .trans_b = true },
	{ 1200, 64, 64, .trans_b = true },
	{ 484, 96, 48, .trans_b = true },
	{ 300, 128, 128, .trans_b = true },
	{ 300, 256, 256, .trans_b = true },
	{ 1200, 64, 576, .trans_b = true },
	{ 1600, 128, 1152, .trans_b = true },
	{ 512, 512, 512, .trans_b = false },
	{ 8, 1024, 128, .trans_b = false }, /* GPTQ */
	{ 64, 576, 256, .trans_a = true },  /* covariance */
	{ 64, 288, 4800, .trans_a = true }, /* gradient */
};

static sgemm_fn *sgemm;

static float *numbers(int64_t count)
{
	float *x = malloc((size_t)count * sizeof(*x));
	uint32_t seed = 1;

	for (int64_t i = 0; x && i < count; i++) {
		seed = seed * 1664525u + 1013904223u;
		x[i] = (float)(seed >> 8) / (1 << 23) - 1;
	}
	return x;
}

static int run(const struct product *p, bool blas, struct diag *d)
{
	int lda = p->trans_a ? p->m : p->k, ldb = p->trans_b ? p->k : p->n;

	if (!blas)
		return gemm_f32(p->trans_a, p->trans_b, p->m, p->n, p->k, 1,
				p->a, lda, p->b, ldb, 0, p->c, p->n, d);
	sgemm(ROW_MAJOR, p->trans_a ? TRANS : NO_TRANS,
	      p->trans_b ? TRANS : NO_TRANS, p->m, p->n, p->k, 1, p->a, lda,
	      p->b, ldb, 0, p->c, p->n);
	return 0;
}

static double measure(const struct product *p, bool blas, struct diag *d)
{
	double flop = 2.0 * p->m * p->n * p->k, best = 0;
	int count = (int)(FLOP_OF_A_TIME / flop) + 1;

	for (int t = 0; t < TIMES; t++) {
		double start = cpu_seconds(), rate;

		for (int i = 0; i < count; i++)
			if (run(p, blas, d))
				return 0;
		rate = flop * count / (cpu_seconds() - start) * 1e-9;
		best = rate > best ? rate : best;
	}
	return best;
}

/* FNV-1a */
static uint32_t hash(const struct product *p)
{
	uint32_t h = 2166136261u;

	for (int64_t i = 0; i < (int64_t)p->m * p->n; i++) {
		union {
			float value;
			uint32_t bits;
		} u = { p->c[i] };

		h = (h ^ u.bits) * 16777619u;
	}
	return h;
}

static int bench_product(struct product p, struct diag *d)
{
	uint32_t first = 0;

	p.a = numbers((int64_t)p.m * p.k);
	p.b = numbers((int64_t)p.n * p.k);
	p.c = numbers((int64_t)p.m * p.n);
	if (!p.a || !p.b || !p.c)
		return 1;
	printf("%5d %5d %5d", p.m, p.n, p.k);
	if (sgemm)
		printf(" %8.1f", measure(&p, true, d));
	for (int i = 0; simd_rows()[i]; i++) {
		simd_use(simd_rows()[i]);
		printf(" %8.1f", measure(&p, false, d));
		if (i && hash(&p) != first)
			printf(" DIFFERS");
		first = hash(&p);
	}
	printf("  %08x\n", first);
	free(p.a);
	free(p.b);
	free(p.c);
	return 0;
}

int main(int argc, char **argv)
{
	const char *core = argc > 1 ? argv[1] : "Nehalem";
	struct diag d;
	void *lib;
	int err = 0;

	setenv("OPENBLAS_CORETYPE", core, 1);
	setenv("OPENBLAS_NUM_THREADS", "1", 1);
	lib = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);
	/* ISO C has no conversion between object and function pointers */
	if (lib)
		*(void **)&sgemm = dlsym(lib, "cblas_sgemm");
	diag_init(&d);
	printf("    m     n     k");
	if (sgemm)
		printf(" %8.8s", core);
	for (int i = 0; simd_rows()[i]; i++)
		printf(" %8s", simd_rows()[i]->name);
	printf("  hash, GFLOP/s%s\n",
	       sgemm ? "" : "; skipped OpenBLAS: not installed");
	for (size_t i = 0; !err && i < sizeof(shapes) / sizeof(*shapes); i++)
		err = bench_product(shapes[i], &d);
	diag_free(&d);
	return err;
}
