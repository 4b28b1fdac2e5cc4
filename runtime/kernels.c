/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/kernels.h"

#include "runtime/kernels_portable.h"

const struct dbrt_kernels *dbrt_kernels(void)
{
#ifdef DBRT_X86
	for (uint32_t i = 0; dbrt_kernels_x86[i]; i++)
		if (dbrt_kernels_x86_runs(dbrt_kernels_x86[i]))
			return dbrt_kernels_x86[i];
#endif
#ifdef DBRT_NEON
	return &dbrt_kernels_neon;
#else
	return &dbrt_kernels_portable;
#endif
}
