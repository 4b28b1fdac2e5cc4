/* SPDX-License-Identifier: Apache-2.0 */
#include "evaluator/simd/simd.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define VARIABLE "DBCONVERT_SIMD"
#define ROWS_MAX 3

static pthread_once_t once = PTHREAD_ONCE_INIT;
static const struct simd_row *rows[ROWS_MAX + 1], *used;
static const char *wrong; /* value of the variable that names no row */

static void find_rows(void)
{
	int n = 0;

#ifdef __x86_64__
	/* with what the system keeps of registers, too */
	if (__builtin_cpu_supports("avx512f") &&
	    __builtin_cpu_supports("avx512dq") &&
	    __builtin_cpu_supports("avx512bw") &&
	    __builtin_cpu_supports("avx512vl"))
		rows[n++] = &simd_avx512;
	if (__builtin_cpu_supports("avx2"))
		rows[n++] = &simd_avx2;
#endif
	rows[n] = &simd_base;
}

static void choose_row(void)
{
	const char *name = getenv(VARIABLE);

	find_rows();
	used = rows[0];
	if (!name || !*name)
		return;
	for (int i = 0; rows[i]; i++)
		if (!strcmp(rows[i]->name, name)) {
			used = rows[i];
			return;
		}
	used = &simd_base;
	wrong = name;
}

const struct simd_row *simd(void)
{
	pthread_once(&once, choose_row);
	return used;
}

const struct simd_row *const *simd_rows(void)
{
	simd();
	return rows;
}

void simd_use(const struct simd_row *row)
{
	simd();
	used = row;
}

static bool is_known(const char *name)
{
	static const char *const names[] = { "sse2", "avx2", "avx512", "neon" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(names[i], name))
			return true;
	return false;
}

int simd_check(struct diag *d)
{
	simd();
	if (!wrong)
		return 0;
	if (is_known(wrong))
		return diag_error(d, VARIABLE ": this processor has no %s",
				  wrong);
	diag_error(d, VARIABLE ": '%s' is not an instruction set", wrong);
	diag_hint(d, "expected sse2, avx2 or avx512 on x86-64, neon on arm64");
	return -1;
}
