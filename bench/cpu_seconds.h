/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_BENCH_CPU_SECONDS_H
#define DBC_BENCH_CPU_SECONDS_H

#include <time.h>

/* Of this process, all threads together. */
static inline double cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

#endif
