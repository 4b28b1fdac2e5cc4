/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/x86/kernels_x86.h"

#ifdef DBRT_X86

const struct dbrt_kernels *const dbrt_kernels_x86[] = {
	&dbrt_kernels_avx512_vnni, &dbrt_kernels_avx2, &dbrt_kernels_sse41, NULL
};

/* What the processor has, and the system keeps of it. */
int dbrt_kernels_x86_runs(const struct dbrt_kernels *k)
{
	if (k == &dbrt_kernels_sse41)
		return __builtin_cpu_supports("sse4.1") != 0;
	if (k == &dbrt_kernels_avx2)
		return __builtin_cpu_supports("avx2") != 0;
	return k == &dbrt_kernels_avx512_vnni &&
	       __builtin_cpu_supports("avx512f") &&
	       __builtin_cpu_supports("avx512bw") &&
	       __builtin_cpu_supports("avx512vl") &&
	       __builtin_cpu_supports("avx512vnni");
}

#endif
